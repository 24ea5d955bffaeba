import numpy as np
import pytest

from facegan.faces.align import Frame, apply_transform
from facegan.faces.records import PhotoRecord
from facegan.faces.report.spread import centre_transform, eye_spread, eyes_after, eyes_before, robust_spread


def test_robust_spread_is_the_deviation_of_a_normal_distribution():
    values = np.random.RandomState(0).randn(20_000, 2) * (3.0, 0.5) + 7
    values[::10] = 1000  # a tenth are outliers
    assert robust_spread(values) == pytest.approx((3.0, 0.5), rel=0.2)


def test_eye_spread_is_in_pixels_of_128():
    eyes = np.random.RandomState(1).randn(5000, 2, 2) * [[1, 2], [3, 4]]
    found = eye_spread(eyes, 64)
    assert (found.left_x, found.left_y, found.right_x, found.right_y) == pytest.approx((2, 4, 6, 8), rel=0.1)
    assert found.mean == pytest.approx(5, rel=0.1)
    assert found.faces == 5000
    assert eye_spread(eyes[:1], 64) is None


@pytest.mark.parametrize("width, height", [(300, 200), (200, 300), (64, 64)])
def test_centre_transform_shows_the_central_square(width, height):
    side = min(width, height)
    transform = centre_transform(width, height, 64)
    top_left = ((width - side) / 2 - 0.5, (height - side) / 2 - 0.5)  # corners of pixels, not centres
    assert apply_transform(transform, np.array(top_left)) == pytest.approx((-0.5, -0.5))
    assert apply_transform(transform, np.add(top_left, side)) == pytest.approx((63.5, 63.5))


def test_before_is_at_the_scale_of_after():
    frame = Frame(128)
    faces = [
        (PhotoRecord(str(i), 1, 1, width=1000, height=1000), frame.template() + (10 * i, 0) + 400) for i in range(5)
    ]
    eyes = eyes_before(faces, frame)
    assert np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1) == pytest.approx(np.ptp(frame.template()[:2, 0]))
    assert np.diff(eyes[:, 0, 0]) == pytest.approx(10)  # those faces have the template's size in their photos


def test_after_is_what_a_detector_sees(scrfd, portrait):
    from facegan.faces.align import face_transform, warp

    frame = Frame(128)
    keypoints = scrfd.detect(portrait)[0].keypoints
    aligned = warp(portrait, face_transform(keypoints, frame), 128)
    blank = np.full_like(aligned, 128)
    eyes = eyes_after(np.stack([aligned, blank]), frame, scrfd)
    assert eyes.shape == (1, 2, 2)
    assert np.abs(eyes[0] - frame.template()[:2]).max() < 3
