"""The pose of the head and the opening of the mouth, from the 68 landmarks of a face.

The landmarks are iBUG's (Sagonas et al. 2013, 300 Faces in-the-Wild), counted from 0: 0-16 the jaw from the picture's
left ear to the right one, 17-26 the brows, 27-35 the nose, 36-41 and 42-47 the eyes, 48-59 the outer lips from the
left corner over the top, 60-67 the inner lips.
"""

import numpy as np

from facegan.faces.pose import estimate_pose

LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
NOSE_TIP, LEFT_CORNER, RIGHT_CORNER = 30, 48, 54
UPPER_LIP, LOWER_LIP = (61, 62, 63), (67, 66, 65)  # of the inner lips, one above the other
# Which landmark each one becomes in the mirror.
MIRROR = np.array(
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [*range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65]
)


def mirrored_points(points: np.ndarray) -> np.ndarray:
    """The landmarks (n, 68, 2), in shares of a picture, as they lie in its mirror image."""
    mirrored = points[:, MIRROR].copy()
    mirrored[..., 0] = 1 - mirrored[..., 0]
    return mirrored


def five_points(points: np.ndarray) -> np.ndarray:
    """The five keypoints of the faces room, (n, 5, 2), of landmarks (n, 68, 2)."""
    eyes = [points[:, LEFT_EYE].mean(axis=1), points[:, RIGHT_EYE].mean(axis=1)]
    return np.stack([*eyes, points[:, NOSE_TIP], points[:, LEFT_CORNER], points[:, RIGHT_CORNER]], axis=1)


def poses(points: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll in degrees, float32 (n, 3), with the signs of faces.pose.Pose."""
    found = [estimate_pose(keypoints) for keypoints in five_points(points)]
    return np.array([(pose.yaw, pose.pitch, pose.roll) for pose in found], np.float32).reshape(-1, 3)


def mouth_opening(points: np.ndarray) -> np.ndarray:
    """The gap between the inner lips in eye distances, float32 (n,); 0 is closed."""
    gap = np.linalg.norm(points[:, UPPER_LIP] - points[:, LOWER_LIP], axis=2).mean(axis=1)
    eyes = five_points(points)[:, :2]
    return (gap / np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1)).astype(np.float32)
