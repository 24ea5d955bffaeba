"""Shares of perceived gender, age and skin tone among faces, for the model card."""

import time

import numpy as np

from facegan.labels.label import label_faces

MOST_FACES = 1_000  # a share is then known to 1.6 points; six seconds on one core
_PATIENCE = 30.0  # s; a busy machine scores fewer faces
_CHUNK = 50

_AGES = {"under 30": (-np.inf, 30), "30 to 44": (30, 45), "45 and over": (45, np.inf)}
# CIELAB L* of the cheeks. It follows the light of the photo, too, so these are tones of pictures, not of people.
_TONES = {"dark": (-np.inf, 45), "medium": (45, 60), "light": (60, np.inf)}


def shares_of(images: np.ndarray, rows: np.ndarray, framing: float, most: int = MOST_FACES) -> dict:
    """Shares among the `rows` of faces uint8 (n, H, H, 3), which may be memory-mapped.

    Up to `most` of them are scored, the same ones every time, for at most half a minute. `framing`: as in
    FaceCache.report. Returns {"faces": their number, "gender": {...}, "age": {...}, "skin tone": {...}}, each share
    from 0 to 1; empty without rows.
    """
    chosen = rows[np.random.RandomState(0).permutation(len(rows))[:most]]
    deadline, found = time.monotonic() + _PATIENCE, []
    for start in range(0, len(chosen), _CHUNK):
        found.append(label_faces(np.asarray(images[np.sort(chosen[start : start + _CHUNK])]), framing))
        if time.monotonic() > deadline:
            break
    if not found:
        return {}
    gender, age, tone = (
        np.concatenate([labels[name] for labels in found]) for name in ("gender", "age", "skin_lightness")
    )
    men = _share(gender > 0)
    return {
        "faces": len(gender),
        "gender": {"women": round(1 - men, 3), "men": men},
        "age": {name: _share((low <= age) & (age < high)) for name, (low, high) in _AGES.items()},
        "skin tone": {name: _share((low <= tone) & (tone < high)) for name, (low, high) in _TONES.items()},
    }


def _share(chosen: np.ndarray) -> float:
    return round(float(chosen.mean()), 3)
