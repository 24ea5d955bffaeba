from dataclasses import replace

import numpy as np
import pytest

from facegan.faces.align import Frame
from facegan.faces.filters import _TINTS, filter_faces, tint_distance, why_rejected, why_rejected_for_person
from facegan.faces.options import FaceOptions
from facegan.faces.person.identity import Group, People
from facegan.faces.reasons import REASONS, USED
from facegan.faces.records import Examination, FaceRecord, PhotoRecord

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
    certainty=0.79,
    tint=(14.0, 17.0),
)
OPTIONS = FaceOptions(framing=0.8, min_certainty=0.71)


def photo(name: str, *faces: FaceRecord, **values) -> PhotoRecord:
    return PhotoRecord(name, 1, 1, **{"sha1": name, "width": 128, "height": 128, **values}, faces=faces)


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (count, 64, 64, 3)).astype(np.uint8)


def test_a_good_face_is_used():
    assert why_rejected(GOOD, OPTIONS) == (USED, "")


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
        ({"tint": (40.0, -30.0)}, "colour_cast", "deviations"),  # the violet of a stage
        ({"tint": (-20.0, 20.0)}, "colour_cast", "deviations"),  # neon green
        ({"certainty": 0.62}, "covered", "62 % sure"),
    ],
)
def test_each_reason_with_its_measurement(change, reason, words):
    found, detail = why_rejected(replace(GOOD, **change), OPTIONS)
    assert found == reason
    assert reason in REASONS
    assert words in detail


def test_too_small_depends_on_the_size_that_is_wanted():
    small = replace(GOOD, eye_distance=12.0)
    assert why_rejected(small, FaceOptions(size=64, framing=0.8))[0] == USED
    assert why_rejected(small, FaceOptions(size=128, framing=0.8))[0] == "too_small"


def test_enlargement_limit_is_exact():
    target = 32.21714  # pixels between the eyes at 128 px and framing 0.8: 35.2372 * 0.8 * 128 / 112
    options = FaceOptions(size=128, framing=0.8)
    assert why_rejected(replace(GOOD, eye_distance=target / 1.6 + 0.01), options)[0] == USED
    assert why_rejected(replace(GOOD, eye_distance=target / 1.6 - 0.01), options)[0] == "too_small"


def test_every_photo_gets_a_verdict():
    images = noise(4)
    records = [
        photo("a", GOOD),
        photo("b", replace(GOOD, row=1), replace(GOOD, row=2, yaw=50.0)),
        photo("c"),
        photo("d", problem="unreadable", detail="the file is empty"),
        photo("e", replace(GOOD, row=3), sha1="a"),
    ]
    verdicts = filter_faces(records, images, OPTIONS)
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
    verdicts = filter_faces(records, images, OPTIONS)
    assert [v.reason for v in verdicts] == ["near_duplicate", USED]
    assert "original" in verdicts[0].detail


def test_a_refused_face_is_nobodys_twin():
    images = noise(2)
    images[1] = images[0]
    records = [photo("a", replace(GOOD, sharpness=0.1, eye_distance=99.0)), photo("b", replace(GOOD, row=1))]
    assert [v.reason for v in filter_faces(records, images, OPTIONS)] == ["blurred", USED]


def test_no_faces_at_all():
    assert filter_faces([], np.empty((0, 64, 64, 3), np.uint8), OPTIONS) == []


WHO = np.eye(512, dtype=np.float32)  # who somebody is: one axis a person
UNOBSTRUCTED = Examination(WHO[0].astype(np.float16), clearness=24.0, closed_eyes=-5.0, shades=-9.0)
PERSON = replace(GOOD, examined=UNOBSTRUCTED)


def people(*rows: int) -> People:
    """The person of the first axis is wanted, whose faces are these rows."""
    return People([Group(np.array(rows, np.int64), WHO[0], len(rows))], 0, clearness=24.0)


@pytest.mark.parametrize(
    "change, reason, words",
    [
        ({}, USED, ""),
        ({"closed_eyes": 0.3}, "eyes_closed", "0.3"),
        ({"shades": 0.6}, "sunglasses", "0.6"),
        ({"shades": 0.4}, USED, ""),
        ({"shades": -1.5, "clearness": 0.91 * 24}, "sunglasses", "-1.5"),  # something is before the face
        ({"shades": -2.5, "clearness": 0.91 * 24}, USED, ""),
        ({"clearness": 0.83 * 24}, "covered", "83 %"),
        ({"clearness": 0.85 * 24}, USED, ""),
    ],
)
def test_each_reason_of_one_person_with_its_measurement(change, reason, words):
    found, detail = why_rejected_for_person(replace(GOOD, examined=replace(UNOBSTRUCTED, **change)), OPTIONS, people(0))
    assert found == reason
    assert words in detail


def test_whose_face_it_is_comes_before_what_else_is_wrong_with_it():
    other = replace(PERSON, row=1, yaw=50.0, examined=replace(UNOBSTRUCTED, identity=WHO[1].astype(np.float16)))
    assert why_rejected_for_person(other, OPTIONS, people(0)) == ("other_person", "likeness 0.00, 0.45 is needed")
    assert why_rejected_for_person(replace(PERSON, yaw=50.0), OPTIONS, people(0))[0] == "turned"
    # too small to tell whose it is
    assert why_rejected_for_person(replace(other, eye_distance=4.0), OPTIONS, people(0))[0] == "too_small"


def test_of_two_faces_of_the_person_in_a_photo_the_larger_that_passes_is_used():
    small, large = replace(PERSON, eye_distance=20.0), replace(PERSON, row=1, eye_distance=40.0)
    verdicts = filter_faces([photo("mirror", small, large)], noise(2), OPTIONS, people(0, 1))
    assert [v.reason for v in verdicts] == ["same_photo", USED]
    verdicts = filter_faces([photo("mirror", small, replace(large, yaw=40.0))], noise(2), OPTIONS, people(0, 1))
    assert [v.reason for v in verdicts] == [USED, "turned"]


def test_what_is_asked_of_one_person_is_not_asked_of_everybody():
    blinking = replace(GOOD, examined=replace(UNOBSTRUCTED, closed_eyes=9.0, shades=9.0, clearness=1.0))
    assert [v.reason for v in filter_faces([photo("a", blinking)], noise(1), OPTIONS)] == [USED]


def test_photos_that_all_have_one_tint_keep_it():
    sepia = [photo(f"{i}", replace(GOOD, row=i, tint=(2.0 + 0.1 * i, 58.0))) for i in range(9)]
    stray = photo("stray", replace(GOOD, row=9, tint=(15.0, 16.0)))
    assert why_rejected(sepia[0].faces[0], OPTIONS)[0] == "colour_cast"  # among other photos
    verdicts = filter_faces([*sepia, stray], noise(10), OPTIONS)
    assert [v.reason for v in verdicts] == [USED] * 9 + ["colour_cast"]


def test_what_was_not_measured_is_held_against_no_face():
    unknown = replace(GOOD, certainty=float("nan"), tint=(float("nan"), float("nan")))
    assert why_rejected(unknown, OPTIONS) == (USED, "")
    assert [v.reason for v in filter_faces([photo("a", unknown)], noise(1), OPTIONS)] == [USED]


def test_tints_are_measured_in_deviations():
    # along the direction in which faces differ most, and across it
    values, directions = np.linalg.eigh(_TINTS)
    for value, direction in zip(values, directions.T, strict=True):
        tint = tuple(np.array([15.3, 15.8]) + 3 * np.sqrt(value) * direction)
        assert tint_distance(tint, (15.3, 15.8)) == pytest.approx(3)
