"""Paths between latents, for morphs. All latents on them have norms that occur in training."""

import numpy as np


def slerp(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """Spherical path from a (t = 0) to b (t = 1): float32 (d,) for one t, (n, d) for t of shape (n,).

    The direction turns at a constant rate (Shoemake 1985) and the length goes linearly from |a| to |b|, so the
    path does not pass near the origin, where no training latent lies and faces become average. Vectors that are
    parallel, opposite or zero are joined by a straight line, because no arc between them is defined.
    """
    a, b, t = (np.asarray(value, np.float64) for value in (a, b, t))
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    t = t[..., None]
    straight = (1 - t) * a + t * b
    if length_a == 0 or length_b == 0:
        return straight.astype(np.float32)
    unit_a, unit_b = a / length_a, b / length_b
    angle = np.arccos(np.clip(unit_a @ unit_b, -1, 1))
    if np.sin(angle) < 1e-6:
        return straight.astype(np.float32)
    direction = (np.sin((1 - t) * angle) * unit_a + np.sin(t * angle) * unit_b) / np.sin(angle)
    return (direction * ((1 - t) * length_a + t * length_b)).astype(np.float32)


def path_through(points: np.ndarray, frames_per_leg: int, loop: bool = False) -> np.ndarray:
    """Latents float32 (frames, d) along the points (n, d) in order, passing exactly through each.

    `frames_per_leg` frames lead from one point to the next. An open path has (n - 1) * frames_per_leg + 1 frames
    and ends on the last point; a loop has n * frames_per_leg and its last frame leads back to the first.

    Raises ValueError for fewer than two points or frames_per_leg below 1.
    """
    if len(points) < 2:
        raise ValueError(f"A path needs at least two points, not {len(points)}.")
    if frames_per_leg < 1:
        raise ValueError(f"frames_per_leg must be at least 1, not {frames_per_leg}.")
    ends = [*points[1:], points[0]] if loop else points[1:]
    steps = np.arange(frames_per_leg) / frames_per_leg
    legs = [slerp(a, b, steps) for a, b in zip(points, ends, strict=False)]
    tail = [] if loop else [np.asarray(points[-1:], np.float32)]
    return np.concatenate([*legs, *tail])


def point_on_path(points: np.ndarray, position: float) -> np.ndarray:
    """The latent float32 (d,) at `position` in [0, 1] of the open path through points (n, d); legs count equally."""
    legs = len(points) - 1
    leg = min(int(position * legs), legs - 1)
    return slerp(points[leg], points[leg + 1], position * legs - leg)
