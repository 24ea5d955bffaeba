"""What config.json tells of a run: figures and published names, and nothing that should stay home."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from facegan.faces.sources.dataset import DatasetChoice
from facegan.gan.config import PRESETS, Start, TrainConfig
from facegan.gan.networks import Generator
from facegan.runs.metadata import model_config
from facegan.runs.run_config import RunOptions

REPORT = {
    "files": 40,
    "photos": {"used": 30, "turned": 7, "too_small": 3},
    "detector": "yunet",
    "framing": 0.8,
    "eye_spread_px_of_128": {"before": {"mean": 2.5, "left_x": 9.0}, "after": None},
    "rows": [["holiday/anna.jpg", "used", ""]],
}
TRAIN = TrainConfig(replace(PRESETS["small"], width=2), 16, 7, "cpu", "float32")


@pytest.fixture
def tell():
    def tell(train=TRAIN, figures=None, report=REPORT, one_person=False, **options):
        gan = SimpleNamespace(generator=Generator(16, 2))
        trainer = SimpleNamespace(gan=gan, best=SimpleNamespace(figures=figures or {}), images_seen=5000, elapsed=150.0)
        values = {"data": (Path("/home/anna/photos"),), "out": Path("/home/anna/run"), "preset": "small", **options}
        return model_config(RunOptions(**values), train, trainer, report, 27, 3, one_person)

    return tell


def test_it_tells_of_network_training_and_faces(tell):
    judged = {"images_seen": 4000, "kid": 9.5, "near_copies": 0.002, "repeats": False}
    config = tell(figures=judged, about_data="Photos of mine.", contact="me@example.org")
    assert (config.image_size, config.channels) == (16, (4, 2))
    training, data = config.training, config.data
    assert (training["preset"], training["images_seen"], training["minutes"], training["seed"]) == ("small", 4000, 2, 7)
    assert training["metrics"] == {"images_seen": 4000, "kid": 9.5, "generated": 1000}
    assert (data["faces_used"], data["faces_held_out"], data["photos"]) == (27, 3, 40)
    assert data["left_out"] == "7 the face is turned too far, 3 the face is too small"
    assert (data["eye_spread_before"], data["eye_spread_after"]) == (2.5, None)
    assert (data["about"], data["contact"]) == ("Photos of mine.", "me@example.org")
    assert "one_person" not in data
    assert tell(one_person=True).data["one_person"] is True


def test_without_a_judge_the_last_weights_are_told_of(tell):
    training = tell().training
    assert training["images_seen"] == 5000
    assert "metrics" not in training


def test_where_it_started_and_what_it_learned_by_name(tell):
    train = replace(TRAIN, start=Start("user/faces@abc", "Photos of many."), attributes=("smile", "age"))
    training = tell(train).training
    assert (training["started_from"], training["start_learned_from"]) == ("user/faces@abc", "Photos of many.")
    assert training["attributes"] == "smile, age"


@pytest.mark.parametrize(("repo", "told"), [("user/people", True), ("/home/anna/set", False), ("tests", False)])
def test_only_a_data_set_on_the_hub_is_named(tell, repo, told):
    data = tell(data=(), dataset=DatasetChoice(repo)).data
    assert data.get("dataset") == (repo if told else None)


def test_no_path_and_no_name_of_a_photo_is_in_it(tell):
    assert "anna" not in json.dumps(asdict(tell()))
