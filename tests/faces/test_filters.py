from dataclasses import replace

import numpy as np
import pytest

from facegan.faces.align import Frame
from facegan.faces.filters import REASONS, USED, judge, judge_face
from facegan.faces.options import FaceOptions
from facegan.faces.records import FaceRecord, PhotoRecord

GOOD = FaceRecord(
    row=0,
    score=0.8,
    keypoints=Frame(128).template().astype(np.float32),
    eye_distance=32.0,
    yaw=2.0,
    pitch=-3.0,
    roll=1.0,
    brightness=110.0,
    contrast=40.0,
    sharpness=0.9,
    inside=1.0,
)
OPTIONS = FaceOptions(framing=0.8)


def photo(name: str, *faces: FaceRecord, **values) -> PhotoRecord:
    return PhotoRecord(name, 1, 1, **{"sha1": name, "width": 128, "height": 128, **values}, faces=faces)


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (count, 64, 64, 3)).astype(np.uint8)


def test_a_good_face_is_used():
    assert judge_face(GOOD, OPTIONS) == (USED, "")


@pytest.mark.parametrize(
    "change, reason, words",
    [
        ({"eye_distance": 9.0}, "too_small", "9 px"),
        ({"yaw": 31.0}, "turned", "31 degrees to the side"),
        ({"yaw": -31.0}, "turned", "31 degrees to the side"),
        ({"pitch": -35.0}, "turned", "up or down"),
        ({"roll": 80.0}, "turned", "tilted"),
        ({"brightness": 12.0}, "dark_or_flat", "brightness 12"),
        ({"brightness": 250.0}, "dark_or_flat", "brightness 250"),
        ({"contrast": 4.0}, "dark_or_flat", "contrast 4"),
        ({"sharpness": 0.1}, "blurred", "0.10"),
        ({"inside": 0.5}, "cut_off", "50 %"),
    ],
)
def test_each_reason_with_its_measurement(change, reason, words):
    found, detail = judge_face(replace(GOOD, **change), OPTIONS)
    assert found == reason
    assert reason in REASONS
    assert words in detail


def test_too_small_depends_on_the_size_that_is_wanted():
    small = replace(GOOD, eye_distance=12.0)
    assert judge_face(small, FaceOptions(size=64, framing=0.8))[0] == USED
    assert judge_face(small, FaceOptions(size=128, framing=0.8))[0] == "too_small"


def test_enlargement_limit_is_exact():
    target = 32.21714  # pixels between the eyes at 128 px and framing 0.8: 35.2372 * 0.8 * 128 / 112
    options = FaceOptions(size=128, framing=0.8)
    assert judge_face(replace(GOOD, eye_distance=target / 1.6 + 0.01), options)[0] == USED
    assert judge_face(replace(GOOD, eye_distance=target / 1.6 - 0.01), options)[0] == "too_small"


def test_every_photo_gets_a_verdict():
    images = noise(4)
    records = [
        photo("a", GOOD),
        photo("b", replace(GOOD, row=1), replace(GOOD, row=2, yaw=50.0)),
        photo("c"),
        photo("d", problem="unreadable", detail="the file is empty"),
        photo("e", replace(GOOD, row=3), sha1="a"),
    ]
    verdicts = judge(records, images, OPTIONS)
    assert [(v.name, v.reason) for v in verdicts] == [
        ("a", USED),
        ("b", USED),
        ("b", "turned"),
        ("c", "no_face"),
        ("d", "unreadable"),
        ("e", "duplicate"),
    ]
    assert verdicts[-1].detail == "as a"
    assert verdicts[4].detail == "the file is empty"


def test_of_near_duplicates_the_larger_and_sharper_stays():
    images = noise(2)
    images[1] = np.clip(images[0].astype(int) + 3, 0, 255)
    records = [photo("shrunk", replace(GOOD, eye_distance=20.0)), photo("original", replace(GOOD, row=1))]
    verdicts = judge(records, images, OPTIONS)
    assert [v.reason for v in verdicts] == ["near_duplicate", USED]
    assert "original" in verdicts[0].detail


def test_a_refused_face_is_nobodys_twin():
    images = noise(2)
    images[1] = images[0]
    records = [photo("a", replace(GOOD, sharpness=0.1, eye_distance=99.0)), photo("b", replace(GOOD, row=1))]
    assert [v.reason for v in judge(records, images, OPTIONS)] == ["blurred", USED]


def test_no_faces_at_all():
    assert judge([], np.empty((0, 64, 64, 3), np.uint8), OPTIONS) == []
