import numpy as np
import pytest

from facegan.faces.pose import FACE_MODEL, Pose, estimate_pose, rotation


@pytest.mark.parametrize("yaw", [-50, -20, 0, 35])
@pytest.mark.parametrize("pitch", [-25, 0, 15])
@pytest.mark.parametrize("roll", [-70, 0, 40])
def test_a_projected_model_gives_its_angles_back(yaw, pitch, roll):
    points = (FACE_MODEL @ rotation(Pose(yaw, pitch, roll)).T)[:, :2] * 83 + (400, 250)
    found = estimate_pose(points)
    assert (found.yaw, found.pitch, found.roll) == pytest.approx((yaw, pitch, roll), abs=1e-6)


def test_the_rotation_is_a_rotation():
    matrix = rotation(Pose(20, -30, 50))
    assert matrix @ matrix.T == pytest.approx(np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1)


def test_what_the_signs_mean():
    frontal = FACE_MODEL[:, :2] * 100
    assert estimate_pose(frontal + np.eye(5)[2][:, None] * (12, 0)).yaw > 10  # nose to the right
    assert estimate_pose(frontal + np.eye(5)[2][:, None] * (0, 12)).pitch > 5  # nose down
    assert estimate_pose(frontal[:, ::-1] * (-1, 1)).roll == pytest.approx(90, abs=1)  # the face's top to the right


def test_noise_of_a_fortieth_of_the_eye_distance_is_three_degrees():
    points = FACE_MODEL[:, :2] * 40 + np.random.RandomState(0).randn(500, 5, 2)
    assert np.std([estimate_pose(p).yaw for p in points]) < 4


def test_mirroring_a_face_mirrors_yaw_and_roll():
    points = (FACE_MODEL @ rotation(Pose(25, 8, 12)).T)[:, :2]
    mirrored = estimate_pose(points[[1, 0, 2, 4, 3]] * (-1, 1))
    assert (mirrored.yaw, mirrored.pitch, mirrored.roll) == pytest.approx((-25, 8, -12), abs=1e-6)


def test_a_portrait_looks_ahead(scrfd, portrait):
    found = estimate_pose(scrfd.detect(portrait)[0].keypoints)
    assert abs(found.yaw) < 8
    assert abs(found.pitch) < 15
    assert abs(found.roll) < 5


def test_a_portrait_turned_by_hand_is_turned_by_as_much(scrfd, portrait):
    from PIL import Image

    turned = np.asarray(Image.fromarray(portrait).rotate(-25, fillcolor=(128, 128, 128)))  # clockwise
    straight = estimate_pose(scrfd.detect(portrait)[0].keypoints).roll
    assert estimate_pose(scrfd.detect(turned)[0].keypoints).roll - straight == pytest.approx(25, abs=3)
