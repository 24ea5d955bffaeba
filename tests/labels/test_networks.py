import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from facegan.labels.crop import SIDE
from facegan.labels.networks import FEATURE_SIZE, run_network, run_networks

ANSWERS = json.loads((Path(__file__).parent / "face_api_answers.json").read_text(encoding="utf-8"))


def pattern() -> np.ndarray:
    """The picture on which tools/face_api_answers.mjs ran the original JavaScript."""
    y, x, c = np.mgrid[:SIDE, :SIDE, :3]
    return ((x * (c + 2) + y * (5 - c) + ((x * y) >> c)) % 256).astype(np.float32)[None]


@pytest.mark.parametrize(
    ("network", "output", "answer"),
    [
        ("age_gender_model", 0, "age"),
        ("age_gender_model", 1, "gender"),
        ("face_expression_model", 0, "expressions"),
        ("face_landmark_68_tiny_model", 0, "points"),
    ],
)
def test_the_converted_networks_answer_what_the_original_javascript_does(network, output, answer):
    found = run_network(network, pattern())[output].ravel()
    assert found == pytest.approx(ANSWERS[answer], abs=2e-4)


def test_a_batch_is_its_faces_one_by_one():
    crops = np.random.RandomState(0).uniform(0, 255, (18, SIDE, SIDE, 3)).astype(np.float32)  # more than one batch
    together = run_networks(crops)
    alone = run_networks(crops[17:])
    assert together.features.shape == (18, FEATURE_SIZE)
    assert together.features[17:] == pytest.approx(alone.features, abs=1e-3)
    assert together.points[17:] == pytest.approx(alone.points, abs=1e-4)


def test_no_faces_give_no_scores():
    outputs = run_networks(np.empty((0, SIDE, SIDE, 3), np.float32))
    assert outputs.age.shape == (0,) and outputs.features.shape == (0, FEATURE_SIZE)


def test_the_points_of_a_mirrored_face_are_mirrored():
    crop = np.random.RandomState(1).uniform(0, 255, (1, SIDE, SIDE, 3)).astype(np.float32)
    one, other = run_networks(crop).points[0], run_networks(crop[:, :, ::-1]).points[0]
    assert other[8] == pytest.approx([1 - one[8, 0], one[8, 1]], abs=1e-5)  # the chin
    assert other[36] == pytest.approx([1 - one[45, 0], one[45, 1]], abs=1e-5)  # outer corners of the eyes


def test_the_networks_are_small_and_their_licences_lie_beside_them():
    assets = files("facegan").joinpath("assets")
    parts = [file for name in ("face_api", "label_heads") for file in assets.joinpath(name).iterdir()]
    assert sum(len(file.read_bytes()) for file in parts) < 3e6
    licence = assets.joinpath("face_api", "LICENSE").read_text(encoding="utf-8")
    assert "Vladimir Mandic" in licence and "Vincent M" in licence and licence.count("Permission is hereby") == 2
