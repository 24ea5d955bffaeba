"""What the run resolves before it calls the rooms; the way as a whole is in end_to_end/test_train.py."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from facegan import run as run_module
from facegan.errors import FaceGANError
from facegan.faces.options import FaceOptions
from facegan.gan.config import PRESETS, TrainConfig, choose_device, choose_preset
from facegan.gan.trainer import Budget
from facegan.run import RunOptions

OPTIONS = RunOptions(data=(Path("photos"),), out=Path("run"), faces=FaceOptions(framing=0.9), preset="small", seed=3)
TRAIN = TrainConfig(PRESETS["small"], 64, 3, "cpu", "float32")


@pytest.mark.parametrize(
    ("images", "minutes", "expected"),
    [
        (None, None, Budget(1_000_000, None)),  # the preset's
        (5000, None, Budget(5000, None)),
        (None, 2.0, Budget(2**62, 2.0)),
        (5000, 2.0, Budget(5000, 2.0)),
    ],
)
def test_the_budget_is_what_was_asked_for_else_the_presets(images, minutes, expected):
    options = replace(OPTIONS, images_seen=images, minutes=minutes)
    assert run_module._budget(options, PRESETS["small"]) == expected


def test_whichever_budget_ends_first_ends_the_run():
    budget = Budget(images_seen=1000, minutes=10)
    assert budget.share(500, 60) == 0.5
    assert budget.share(100, 600) == 1.0
    assert Budget(1000).share(250, 10**6) == 0.25


def test_a_run_goes_on_with_its_own_options_and_only_the_budget_is_new(tmp_path):
    file = tmp_path / "config.json"
    run_module._write_config(file, replace(OPTIONS, minutes=10.0), TRAIN, "abc")
    now = RunOptions(data=(), out=tmp_path, images_seen=7, resume=True, seed=99, preset="classic")
    options, train = run_module._read_config(file, now)
    assert train == TRAIN
    assert (options.data, options.faces, options.preset, options.seed) == (OPTIONS.data, OPTIONS.faces, "small", 3)
    assert (options.images_seen, options.minutes, options.out) == (7, None, tmp_path)


def test_without_a_new_budget_the_old_one_holds(tmp_path):
    file = tmp_path / "config.json"
    run_module._write_config(file, replace(OPTIONS, minutes=10.0), TRAIN, "abc")
    options, _ = run_module._read_config(file, RunOptions(data=(), out=tmp_path, resume=True))
    assert (options.images_seen, options.minutes) == (None, 10.0)


@pytest.mark.parametrize("damage", ["", "{}", json.dumps({"options": {}, "train": asdict(TRAIN)})])
def test_a_config_of_something_else_is_one_sentence(tmp_path, damage):
    (tmp_path / "config.json").write_text(damage)
    with pytest.raises(FaceGANError, match="not the config of a run"):
        run_module._read_config(tmp_path / "config.json", OPTIONS)


@pytest.mark.parametrize(
    ("faces", "device", "expected"), [(300, "cpu", "small"), (20_000, "cpu", "small"), (20_000, "cuda", "large")]
)
def test_auto_chooses_by_faces_and_device_and_says_why(faces, device, expected):
    preset, why = choose_preset("auto", faces, device)
    assert preset == expected
    assert expected in why
    assert choose_preset("classic", faces, device)[0] == "classic"


def test_a_device_that_is_not_there_is_refused_with_what_is_there(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("cpu") == "cpu"
    with pytest.raises(FaceGANError, match="--device cuda was asked for, but torch finds only: .*cpu"):
        choose_device("cuda")
