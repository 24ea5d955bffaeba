"""The real command and the unmodified client against a Hub on this machine."""

import json
import os
import signal
import subprocess
import sys

import pytest

from facegan.model import folder as layout
from tests.model.conftest import ROOT, content_of

WRITTEN_ANEW = {"README.md", "LICENSE.md"}  # they tell of the repository


def test_a_push_is_one_commit_that_holds_the_model_and_then_a_tag(hub, push, run):
    done = push(run, "user/faces")
    assert done.returncode == 0, done.stderr
    assert "user/faces holds the model (private, tag v1)" in done.stdout
    model = hub.model()
    assert len(model.commits) == 2  # the Hub's own first one, and ours
    assert model.tags == {"v1": model.head}
    assert model.private
    here, there = content_of(run / "model"), hub.files()
    assert set(there) == set(here)
    assert layout.DISCRIMINATOR in there
    for path in set(here) - WRITTEN_ANEW:
        assert there[path] == here[path], path
    for told in (b'FaceModel.load("user/faces")', b"--init user/faces"):
        assert told in there["README.md"]


def test_the_same_push_again_changes_nothing(hub, push, run):
    push(run, "user/faces")
    before = list(hub.model().commits), dict(hub.model().tags)
    done = push(run, "user/faces")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (hub.model().commits, hub.model().tags) == before


def test_a_changed_model_is_a_commit_and_a_tag_more_and_what_is_gone_goes(hub, push, run, rewrite):
    (run / "model" / "progress.mp4").write_bytes((run / "model" / "morph.mp4").read_bytes())
    push(run, "user/faces")
    first = hub.model().head
    hub.model().trees[first]["a file of its owner.txt"] = {"data": b"stays"}
    (run / "model" / "progress.mp4").unlink()
    rewrite(run / "model", truncation=0.6)
    done = push(run, "user/faces")
    assert "tag v2" in done.stdout, done.stderr
    assert len(hub.model().commits) == 3
    assert hub.model().tags == {"v1": first, "v2": hub.model().head}
    there = hub.files()
    assert "progress.mp4" not in there
    assert there["a file of its owner.txt"] == b"stays"
    assert json.loads(there["config.json"])["truncation"] == 0.6
    assert b"truncation=0.6" in there["README.md"]
    assert b"progress.mp4" not in there["README.md"]


@pytest.mark.parametrize(
    ("method", "part", "commits"),
    [("PUT", "/_lfs/", 1), ("POST", "/commit/", 1), ("POST", "/tag/", 2)],
    ids=["while it uploads", "before the commit", "before the tag"],
)
def test_a_push_that_is_killed_ends_in_the_right_state_when_it_is_done_again(
    hub, push, run, tmp_path, method, part, commits
):
    hub.stall(method, part)
    command = [sys.executable, "train/push.py", str(run), "user/faces"]
    process = subprocess.Popen(command, cwd=ROOT, env=hub.environment(tmp_path / "home"))
    try:
        assert hub.stalled.wait(300)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(120)
    assert len(hub.model().commits) == commits  # all of it or nothing
    assert hub.model().tags == {}
    hub.recover()
    done = push(run, "user/faces")
    assert done.returncode == 0, done.stderr
    assert len(hub.model().commits) == 2
    assert hub.model().tags == {"v1": hub.model().head}
    assert set(hub.files()) == set(content_of(run / "model"))


def test_without_a_name_it_is_the_users_and_the_runs(hub, push, run):
    run = run.rename(run.with_name("My faces, 2026"))
    assert push(run).returncode == 0
    assert ("models", "user/My-faces-2026") in hub.repositories


@pytest.mark.parametrize(
    ("faces", "flag", "private"),
    [(999, (), True), (1000, (), False), (999, ("--public",), False), (5000, ("--private",), True)],
)
def test_few_faces_stay_private_unless_it_is_said(hub, push, run, rewrite, faces, flag, private):
    rewrite(run / "model", data={"faces_used": faces - 4})  # 4 are held out
    assert push(run, "user/faces", *flag).returncode == 0
    assert hub.model().private is private


def test_what_is_private_already_stays_private(hub, push, run):
    hub.create("models", "user/faces", private=True)
    done = push(run, "user/faces", "--public")
    assert "(private, tag v1)" in done.stdout
    assert "stays so" in done.stdout


def test_a_sentence_on_the_photos_and_a_contact_can_be_given_with_the_push(hub, push, run, rewrite):
    rewrite(run / "model", data={"about": ""})
    done = push(run, "user/faces", "--about-data", "Photos of my cat.", "--contact", "me@example.org")
    assert done.returncode == 0, done.stderr
    there = hub.files()
    assert json.loads(there["config.json"])["data"]["about"] == "Photos of my cat."
    assert b"write to me@example.org" in there["README.md"]


def test_near_copies_are_pushed_only_when_it_is_said_and_the_card_tells(hub, push, run, rewrite):
    report = {"near_copies": 0.3, "distance_ratio": 0.9, "protocol": "500 faces.", "allowed": False}
    rewrite(run / "model", training={"memorisation": report})
    done = push(run, "user/faces")
    assert done.returncode == 1
    assert "30.0% of the generated faces are near copies" in done.stderr
    assert "--allow-memorised" in done.stderr
    assert hub.repositories == {}
    done = push(run, "user/faces", "--allow-memorised")
    assert done.returncode == 0, done.stderr
    for content in (hub.files(), content_of(run / "model")):
        assert b"chose to publish it in spite of its near copies" in content["README.md"]
        assert json.loads(content["config.json"])["training"]["memorisation"]["allowed"] is True
    assert push(run, "user/faces").returncode == 0  # it was said once


def test_a_model_of_one_person_goes_without_its_discriminator(hub, push, run, rewrite):
    rewrite(run / "model", data={"one_person": True})
    assert (run / "model" / layout.DISCRIMINATOR).exists()
    refused = push(run, "user/faces")
    assert refused.returncode == 1
    assert "discriminator.safetensors tells more of a person's photos" in refused.stderr
    assert not hub.repositories


def test_a_model_of_one_person_stays_private_however_many_photos_there_are(hub, push, run, rewrite):
    rewrite(run / "model", data={"faces_used": 5000, "one_person": True})
    (run / "model" / layout.DISCRIMINATOR).unlink()
    assert push(run, "user/faces").returncode == 0
    assert hub.model().private


def test_a_fine_grained_token_needs_the_right_to_this_repository(hub, push, run):
    assert push(run, "user/faces", token="hf_fine").returncode == 1
    assert push(run, "user/other", token="hf_fine").returncode == 0
    assert list(hub.repositories) == [("models", "user/other")]


def test_an_organisation_that_one_may_write_to_is_as_good(hub, push, run):
    assert push(run, "club/faces").returncode == 0
    assert ("models", "club/faces") in hub.repositories


def test_nothing_but_the_list_of_parts_is_ever_sent(hub, push, run):
    push(run, "user/faces")
    assert set(hub.files()) <= {part.path for part in layout.PARTS}
