"""The command that a failed push or Space prints works as it is printed, and says what was said before."""

import json
import shlex

import pytest

from facegan.publish.push import RunFacts
from facegan.publish.target import PushOptions
from facegan.runs.run_file import facts_of
from tests.model.conftest import content_of


@pytest.fixture
def again(push):
    """again(done): run the last command that a failed one printed, which says the sentence on one line."""

    def run(done):
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        python, script, *arguments = shlex.split(line.rpartition(" later with: ")[2])
        assert python == "python"
        return push(*arguments, script=script.removeprefix("train/"))

    return run


def test_what_was_said_of_the_photos_is_said_again(hub, push, again, run, rewrite):
    rewrite(run / "model", data={"about": "", "contact": ""})
    before = content_of(run / "model")
    hub.refuse("GET", "whoami", 503)
    said = (
        "--about-data",
        "-'Faces' of\n  my cat\u00e9.",
        "--contact",
        "a b@example.org",
        "--space",
        "user/space",
        "--public",
    )
    done = push(run, "user/faces", *said, "--allow-memorised")
    assert "trouble of its own" in done.stderr
    assert content_of(run / "model") == before
    hub.recover()
    done = again(done)
    assert done.returncode == 0, done.stderr
    told = json.loads(hub.files()["config.json"])
    assert (told["data"]["about"], told["data"]["contact"]) == ("-'Faces' of my cat\u00e9.", "a b@example.org")
    assert told["training"]["memorisation"]["allowed"] is True
    assert not hub.model().private
    assert hub.files("spaces", "user/space")


@pytest.mark.parametrize(("method", "part"), [("GET", "whoami"), ("POST", "/variables")])
def test_a_space_that_failed_is_published_by_its_command(hub, push, again, run, method, part):
    assert push(run, "user/faces", "--public").returncode == 0
    hub.refuse(method, part, 503)
    done = push("user/space", "--model", "user/faces", "--private", script="publish_space.py")
    hub.recover()
    done = again(done)
    assert done.returncode == 0, done.stderr
    assert hub.repositories["spaces", "user/space"].private


def test_a_space_that_failed_after_its_model_was_pushed_is_published_by_its_command(hub, push, again, run):
    hub.refuse("POST", "/variables", 503)
    done = push(run, "user/faces", "--public", "--space", "user/space")
    assert "user/faces holds the model (public, tag v1)" in done.stdout
    hub.recover()
    done = again(done)
    assert done.returncode == 0, done.stderr
    assert not hub.repositories["spaces", "user/space"].private


def test_without_a_name_a_run_goes_where_its_training_was_to_push_it(hub, push, run):
    (run / "config.json").write_text(json.dumps({"options": {"push_to_hub": "user/mine"}}))
    assert push(run).returncode == 0
    assert list(hub.repositories) == [("models", "user/mine")]
    assert push(run, "user/other").returncode == 0
    assert ("models", "user/other") in hub.repositories


@pytest.mark.parametrize("text", ["", "[]", '{"options": null}', '{"options": {"push_to_hub": null}}', "{}"])
def test_a_run_that_was_not_to_be_pushed_has_no_name(tmp_path, text):
    assert facts_of(tmp_path) == RunFacts()
    (tmp_path / "config.json").write_text(text)
    assert facts_of(tmp_path) == RunFacts()


def test_the_command_of_a_push_says_no_more_than_was_said(tmp_path):
    assert PushOptions().command(tmp_path) == f"python train/push.py {tmp_path}"
    options = PushOptions("user/faces", True, about="My cat.")
    assert options.command(tmp_path) == f"python train/push.py {tmp_path} user/faces --private '--about-data=My cat.'"


def test_a_text_that_is_not_utf_8_is_refused_in_one_sentence(hub, push, run):
    done = push(run, "user/faces", "--about-data", "Caf\udce9")  # the byte e9, as Python has it of the command line
    assert done.returncode == 2
    assert "argument --about-data: the text is not UTF-8" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("user/space@v1", "user/faces"), ("user/space", "user/faces@v1")])
def test_a_space_shows_the_newest_revision_and_says_so(hub, push, arguments):
    space, model = arguments
    done = push(space, "--model", model, script="publish_space.py")
    assert done.returncode == 1
    assert "names a revision, but the newest one is meant here: give it as USER/NAME only" in done.stderr
    assert not hub.repositories
