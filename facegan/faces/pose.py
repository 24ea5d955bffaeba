"""The pose of a face, from its five keypoints."""

from dataclasses import dataclass

import numpy as np

# The average face in units of its eye distance: x to the image's right, y down, z away from the camera. Fitted to
# the keypoints of 27,000 faces of every pose from three collections, by minimising the residuals of orthographic
# projections (factorisation, Tomasi and Kanade 1992). Such a fit does not determine which pitch is straight ahead: it
# is set to the median pitch of photos that were selected as frontal.
FACE_MODEL = np.array(
    [[-0.5, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.54, -0.452], [-0.413, 1.015, 0.095], [0.413, 1.015, 0.095]]
)


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees. Positive yaw: nose to the image's right; positive pitch: down; positive roll: clockwise."""

    yaw: float
    pitch: float
    roll: float


def rotation(pose: Pose) -> np.ndarray:
    """The rotation matrix (3, 3) of a pose: roll about the view axis after pitch after yaw."""
    yaw, pitch, roll = np.radians((pose.yaw, pose.pitch, pose.roll))
    turn_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turn_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return turn_z @ turn_x @ turn_y


def estimate_pose(keypoints: np.ndarray) -> Pose:
    """The pose of a face from its five keypoints (5, 2) in a photo.

    Weak perspective: the points are a scaled projection of FACE_MODEL, linear in its coordinates, so least squares
    gives the first two rows of the scaled rotation (POS, the first step of POSIT, DeMenthon and Davis 1995).
    They are replaced by the nearest orthonormal pair, which gives the angles.
    """
    model = FACE_MODEL - FACE_MODEL.mean(axis=0)
    image = np.asarray(keypoints, float) - np.mean(keypoints, axis=0)
    rows = np.linalg.lstsq(model, image, rcond=None)[0].T  # (2, 3)
    u, _, vt = np.linalg.svd(rows, full_matrices=False)
    first, second = u @ vt
    matrix = np.stack([first, second, np.cross(first, second)])
    # matrix = Rz(roll) Rx(pitch) Ry(yaw): its third row is (cos p sin y, sin p, cos p cos y) up to Rz's identity
    yaw = np.degrees(np.arctan2(matrix[2, 0], matrix[2, 2]))
    pitch = np.degrees(np.arcsin(np.clip(matrix[2, 1], -1, 1)))
    roll = np.degrees(np.arctan2(-matrix[0, 1], matrix[1, 1]))
    return Pose(float(yaw), float(pitch), float(roll))
