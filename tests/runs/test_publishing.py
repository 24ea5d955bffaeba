"""What a run does about the Hub; the way there with the real commands is in end_to_end/test_publish.py."""

from dataclasses import replace
from pathlib import Path

import pytest

from facegan.publish.target import PushOptions
from facegan.runs import publishing
from facegan.runs import run as run_module
from facegan.runs.run_config import RunOptions

OPTIONS = RunOptions(
    data=(Path("photos"),),
    out=Path("runs/me"),
    push_to_hub="user/me",
    space="user/demo",
    private=True,
    about_data="Me.",
)
PUSH = "python train/push.py runs/me user/me --private --space=user/demo"


@pytest.fixture
def pushes(monkeypatch):
    found = []
    monkeypatch.setattr(publishing, "push_run", lambda *arguments: found.append(arguments[:2]))
    return found


def test_a_run_that_ended_by_itself_is_pushed(pushes):
    publishing.publish(OPTIONS, "", print)
    assert pushes == [(Path("runs/me"), PushOptions("user/me", True, space="user/demo"))]


def test_a_run_that_was_stopped_is_not_pushed_and_says_how(pushes):
    said = []
    publishing.publish(OPTIONS, "it was stopped", said.append)
    assert pushes == []
    assert said == [f"The model was not published, because it was stopped: look at it, and publish it with: {PUSH}"]


def test_ctrl_c_in_the_push_tells_the_command_that_pushes(monkeypatch, pushes):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(publishing, "push_run", interrupted)
    with pytest.raises(KeyboardInterrupt, match=f"runs/me/model is complete; publish it with: {PUSH}$"):
        publishing.publish(OPTIONS, "", print)


@pytest.mark.parametrize(
    ("change", "begun", "said"),
    [
        ({}, False, "; the same command continues."),
        ({}, True, "--resume --out {out} --push-to-hub user/me --private --space=user/demo"),
        ({"push_to_hub": ""}, True, "--resume --out {out} --push-to-hub --private --space=user/demo"),
        ({"private": None, "allow_memorised": True}, True, "--push-to-hub user/me --space=user/demo --allow-memorised"),
        ({"push_to_hub": None}, True, "; continue with: python train/train.py --resume --out {out}"),
        ({"resume": True}, True, "; the same command continues."),
        ({"compare_unaligned": True}, True, "; the same command continues."),
    ],
)
def test_ctrl_c_that_ends_a_run_at_once_tells_a_command_that_works(tmp_path, monkeypatch, change, begun, said):
    """A folder with a checkpoint is a run, which the same command will not overwrite."""

    def interrupted(options, say):
        if begun:
            (options.out / "checkpoint").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "_run", interrupted)
    options = replace(OPTIONS, out=tmp_path / "run", **change)
    with pytest.raises(KeyboardInterrupt) as stop:
        run_module.run(options)
    assert str(stop.value).startswith("Stopped. What was done is kept")
    assert str(stop.value).endswith(said.format(out=options.out))
