import numpy as np
import pytest

from facegan.faces.pose import FACE_MODEL, Pose, rotation
from facegan.labels.points import MIRROR, five_points, mirrored_points, mouth_opening, poses


def face_seen(pose: Pose, gap: float = 0.0) -> np.ndarray:
    """Landmarks (1, 68, 2), of the average face in a pose, with lips `gap` eye distances apart."""
    model = np.zeros((68, 3))
    for start, eye in ((36, FACE_MODEL[0]), (42, FACE_MODEL[1])):
        angles = np.radians([180, 120, 60, 0, -60, -120])  # six points around each eye
        model[start : start + 6] = eye + 0.12 * np.stack([np.cos(angles), -np.sin(angles), 0 * angles], axis=1)
    model[30], model[48], model[54] = FACE_MODEL[2:]
    middle = (FACE_MODEL[3] + FACE_MODEL[4]) / 2
    for upper, lower, x in ((61, 67, -0.1), (62, 66, 0), (63, 65, 0.1)):
        model[upper] = middle + (x, -gap / 2, 0)
        model[lower] = middle + (x, gap / 2, 0)
    seen = model @ rotation(pose)[:2].T
    return (seen * 0.38 + (0.5, 0.3))[None]


@pytest.mark.parametrize("pose", [Pose(0, 0, 0), Pose(20, 0, 0), Pose(-15, 8, 5), Pose(0, -12, -10)])
def test_the_pose_of_landmarks_that_were_projected_is_read_back(pose):
    assert poses(face_seen(pose))[0] == pytest.approx([pose.yaw, pose.pitch, pose.roll], abs=0.1)


def test_a_mirrored_face_turns_and_tilts_the_other_way():
    seen = face_seen(Pose(17, 4, 6))
    yaw, pitch, roll = poses(mirrored_points(seen))[0]
    assert (yaw, pitch, roll) == pytest.approx((-17, 4, -6), abs=0.1)


def test_the_mirror_is_its_own_inverse_and_swaps_sides():
    assert sorted(MIRROR) == list(range(68))
    assert (MIRROR[MIRROR] == np.arange(68)).all()
    assert MIRROR[8] == 8 and MIRROR[30] == 30 and MIRROR[0] == 16 and MIRROR[48] == 54 and MIRROR[61] == 63
    points = np.random.RandomState(0).rand(2, 68, 2)
    assert mirrored_points(mirrored_points(points)) == pytest.approx(points)


def test_the_mouth_opens_by_the_gap_between_its_lips():
    assert mouth_opening(face_seen(Pose(0, 0, 0))) == pytest.approx([0], abs=1e-6)
    assert mouth_opening(face_seen(Pose(0, 0, 0), gap=0.3)) == pytest.approx([0.3], abs=1e-5)
    # in eye distances as they are seen, whatever the size of the picture
    assert mouth_opening(face_seen(Pose(0, 0, 0), gap=0.3) * 5) == pytest.approx([0.3], abs=1e-5)


def test_the_five_points_are_those_of_the_faces_room():
    seen = five_points(face_seen(Pose(0, 0, 0)))[0]
    assert (seen - (0.5, 0.3)) / 0.38 == pytest.approx(FACE_MODEL[:, :2], abs=1e-6)


def test_no_faces_have_no_poses():
    assert poses(np.empty((0, 68, 2))).shape == (0, 3)
