"""The colours of skin, hair and background, in CIELAB.

The masks have soft edges: with hard ones a score would jump when a slider moves the face by a pixel. Skin is measured
at the cheeks, as the landmarks place them, so that a turned head does not change the skin tone.
"""

import numpy as np

from facegan.labels.crop import places

# sRGB's primaries and white (IEC 61966-2-1) in XYZ, with white at Y = 1.
RGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = RGB_TO_XYZ.sum(axis=1)
_LINEAR = np.arange(256) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4).astype(np.float32)

CHEEK_RADIUS = 0.2  # eye distances
MIN_VISIBLE = 0.4  # of a region's area; less says too little about it
MIN_CHROMA = 3.0  # of skin; a grey picture has no hue
# Hair lies above the forehead (left, top, right, bottom in eye distances). A close crop does not show that place;
# of what it does show, the darkest quarter of a strip along the upper border agreed best with the whole place in wider
# crops of the same photos, and with people's blond and black. The lighter parts are forehead and background.
ABOVE_FOREHEAD = (-0.6, -1.7, 0.6, -1.2)
UPPER_STRIP = (-1.3, -0.78, 1.3, -0.6)
STRIP_SHARE = 0.25
# Background, on this side and on the other.
BESIDE_HEAD = (1.5, -1.8, 2.0, 0.2)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65 (CIE 15:2004) of sRGB colours uint8 (..., 3): L* 0..100, a*, b*; float32."""
    xyz = _LINEAR[rgb] @ (RGB_TO_XYZ / WHITE[:, None]).T.astype(np.float32)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def skin(colours: np.ndarray, points: np.ndarray, framing: float) -> np.ndarray:
    """Lightness L* 0..100 and hue in degrees of the cheeks, float32 (n, 2).

    Hue is the angle of the mean (a*, b*): 0 is red, 90 yellow; skin lies between 20 and 80. NaN in grey pictures.

    Args:
        colours: CIELAB (n, H, H, 3).
        points: the 68 landmarks (n, 68, 2) in eye distances.
        framing: of the pictures.
    """
    x, y = places(colours.shape[1], framing)
    weights = np.zeros(colours.shape[:3], np.float32)
    for centre in cheeks(points):
        distance = (x - centre[:, :1, None]) ** 2 + (y - centre[:, 1:, None]) ** 2
        weights += np.exp(-0.5 * (distance / CHEEK_RADIUS**2) ** 2)
    mean = np.einsum("nhw,nhwc->nc", weights, colours) / weights.sum(axis=(1, 2))[:, None]
    hue = np.degrees(np.arctan2(mean[:, 2], mean[:, 1]))
    hue[np.hypot(mean[:, 1], mean[:, 2]) < MIN_CHROMA] = np.nan
    return np.stack([mean[:, 0], hue], axis=1)


def cheeks(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The centres (n, 2) of both cheeks: between eye, mouth corner, nostril and jaw, from landmarks (n, 68, 2)."""
    left = 0.8 * points[:, 36:42].mean(axis=1) + 0.8 * points[:, 48] + 0.6 * points[:, 31] + points[:, 3]
    right = 0.8 * points[:, 42:48].mean(axis=1) + 0.8 * points[:, 54] + 0.6 * points[:, 35] + points[:, 13]
    return left / 3.2, right / 3.2


def hair_lightness(colours: np.ndarray, framing: float) -> np.ndarray:
    """L* of the hair, float32 (n,), of CIELAB pictures (n, H, H, 3); NaN where the picture is too close to show it."""
    size = colours.shape[1]
    above = _region(ABOVE_FOREHEAD, size, framing)
    if above is not None:
        return colours[:, above, 0].mean(axis=1)
    strip = _region(UPPER_STRIP, size, framing)
    if strip is None:
        return np.full(len(colours), np.nan, np.float32)
    ordered = np.sort(colours[:, strip, 0], axis=1)
    return ordered[:, : round(ordered.shape[1] * STRIP_SHARE)].mean(axis=1)


def background_lightness(colours: np.ndarray, framing: float) -> np.ndarray:
    """L* beside the head, float32 (n,), of CIELAB pictures (n, H, H, 3); NaN where the picture is too close."""
    beside = _region(BESIDE_HEAD, colours.shape[1], framing)
    if beside is None:
        return np.full(len(colours), np.nan, np.float32)
    return colours[:, beside, 0].mean(axis=1)


def in_box(x: np.ndarray, y: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Which places lie in a box, or in its mirror image if it lies on one side of the face; all in eye distances."""
    left, top, right, bottom = box
    across = np.abs(x) if left > 0 else x
    return (across >= left) & (across <= right) & (y >= top) & (y <= bottom)


def _region(box: tuple[float, float, float, float], size: int, framing: float) -> np.ndarray | None:
    """The pixels (H, H) of a box, see `in_box`; None where less than MIN_VISIBLE of it is in the picture."""
    x, y = places(size, framing)
    inside = in_box(x, y, box)
    left, top, right, bottom = box
    area = (right - left) * (bottom - top) * (2 if left > 0 else 1)  # in eye distances
    pixel = float(x[0, 1] - x[0, 0])
    return inside if inside.sum() * pixel**2 >= MIN_VISIBLE * area else None
