import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from facegan.base.latent_paths import path_through, point_on_path, slerp


def test_slerp_equals_scipys_rotation_slerp():
    # Unit quaternions turned by slerp are the same arc; scipy takes the shorter one, so keep the dot positive.
    a, b = np.array([0.5, 0.5, 0.5, 0.5]), np.array([0.1, 0.2, 0.3, 0.9])
    b /= np.linalg.norm(b)
    times = np.linspace(0, 1, 7)
    expected = Slerp([0, 1], Rotation.from_quat([a, b]))(times).as_quat()
    np.testing.assert_allclose(slerp(a, b, times), expected, atol=1e-6)


def test_slerp_turns_evenly_and_keeps_its_length():
    a, b = np.random.RandomState(0).randn(2, 100)
    a, b = 10 * a / np.linalg.norm(a), 8 * b / np.linalg.norm(b)
    path = slerp(a, b, np.linspace(0, 1, 11))
    np.testing.assert_allclose(np.linalg.norm(path, axis=1), np.linspace(10, 8, 11), rtol=1e-5)
    unit = path / np.linalg.norm(path, axis=1, keepdims=True)
    angles = np.arccos((unit[:-1] * unit[1:]).sum(1))
    np.testing.assert_allclose(angles, angles.mean(), rtol=1e-3)
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-5)


@pytest.mark.parametrize("other", [[2.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_slerp_without_an_arc_is_a_straight_line(other):
    np.testing.assert_allclose(
        slerp(np.array([1.0, 0.0]), np.array(other), 0.25), 0.75 * np.array([1, 0]) + 0.25 * np.array(other)
    )


def test_an_open_path_meets_every_point_in_order():
    points = np.random.RandomState(1).randn(3, 100).astype(np.float32)
    path = path_through(points, 10)
    assert path.shape == (21, 100)
    np.testing.assert_allclose(path[[0, 10, 20]], points, atol=1e-5)


def test_a_loop_leads_back_without_a_doubled_frame():
    points = np.random.RandomState(1).randn(2, 100).astype(np.float32)
    path = path_through(points, 10, loop=True)
    assert path.shape == (20, 100)
    np.testing.assert_allclose(path[[0, 10]], points, atol=1e-5)
    np.testing.assert_allclose(path[19], slerp(points[1], points[0], 0.9), atol=1e-5)


def test_a_point_on_the_path_lies_where_the_frames_lie():
    points = np.random.RandomState(2).randn(4, 100).astype(np.float32)
    path = path_through(points, 5)
    for i, position in enumerate(np.linspace(0, 1, len(path))):
        np.testing.assert_allclose(point_on_path(points, position), path[i], atol=1e-4)


def test_impossible_paths_are_refused():
    points = np.ones((1, 3))
    with pytest.raises(ValueError, match="two points, not 1"):
        path_through(points, 5)
    with pytest.raises(ValueError, match="not 0"):
        path_through(np.ones((2, 3)), 0)
