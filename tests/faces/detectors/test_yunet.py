"""YuNet's certainty of aligned faces, on AI-made people."""

import numpy as np
import pytest

from facegan.faces.detectors.yunet import INPUT_SIDE, MAX_ZOOM, MIN_SCORE, YuNetDetector, log_odds
from tests import sheets


@pytest.fixture(scope="module")
def faces():
    found = sheets.sheet_faces()
    if found is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    return np.concatenate([some[:3] for some in found.values()])[:6]


def test_the_certainty_is_that_of_the_surest_face(faces):
    """Log-odds of what `detect` says of the picture alone; the certainties come from four in one picture."""
    detector = YuNetDetector()
    alone = [max(one.score for one in detector.detect(face)) for face in faces]
    assert detector.certainties(faces) == pytest.approx(log_odds(np.array(alone)), abs=0.35)
    assert detector.certainties(faces[:0]).shape == (0,)


def test_a_crop_is_seen_as_in_the_corner_of_the_largest_input(faces):
    """The input is as large as the picture needs, with a margin that makes no difference to the largest."""
    detector = YuNetDetector()
    crop = faces[0]
    side = INPUT_SIDE // int(MAX_ZOOM)
    whole = np.zeros((side, side, 3), np.uint8)
    whole[: crop.shape[0], : crop.shape[1]] = crop
    (alone,), (surrounded,) = detector.detect(crop), detector.detect(whole)
    assert alone.score == pytest.approx(surrounded.score, abs=0.005)
    np.testing.assert_allclose(alone.keypoints, surrounded.keypoints, atol=0.1)


def test_what_is_no_face_is_uncertain(faces):
    detector = YuNetDetector()
    grey = np.full_like(faces[:1], 128)
    noise = np.random.RandomState(0).randint(0, 256, grey.shape).astype(np.uint8)
    assert (detector.certainties(np.concatenate([grey, noise])) < log_odds(np.array(MIN_SCORE))).all()


def test_a_face_does_not_depend_on_its_company(faces):
    detector = YuNetDetector()
    assert detector.certainties(faces)[3] == pytest.approx(detector.certainties(faces[3:4])[0], abs=0.2)  # of 3


def test_log_odds_are_finite():
    assert log_odds(np.array([0.5, 0.0, 1.0])) == pytest.approx([0, -13.8, 13.8], abs=0.1)
