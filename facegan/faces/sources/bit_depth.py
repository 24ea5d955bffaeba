"""Converts pixel values of more than 8 bits to 8 bits. The white point is inferred where the file does not state it."""

import numpy as np

_STRIP = 256  # rows converted at a time: float64 copies of a whole large image would need gigabytes


def to_8_bits(values: np.ndarray, bits: int | None = None, alpha: bool = False) -> np.ndarray:
    """Converts pixel values of any dtype to uint8 of the same shape.

    The white point of integers is the dtype's maximum, or that of 8, 10, 12, 14 or 16 bits if no value is larger:
    cameras and scanners store 10 to 14 bits in 16, other programs 8 in 16 or 32. Negative values become black. The
    white point of floating point is 1, or 255 or 65535 if the 99th percentile is well above 1 (filters overshoot a
    little). NaN becomes black.

    Args:
        values: (H, W) or (H, W, channels).
        bits: per channel according to the file, if fewer than the dtype has.
        alpha: whether the last channel is alpha, which is ignored when the white point is inferred.
    """
    if values.dtype == np.uint8 and bits in (None, 8):
        return values
    light = values[..., :-1] if alpha else values
    white = _white(light, bits)
    full = _full(values.dtype, bits)
    small = np.empty(values.shape, np.uint8)
    for row in range(0, len(values), _STRIP):
        strip = np.nan_to_num(values[row : row + _STRIP].astype(np.float64), nan=0.0)
        scaled = strip * (255 / white)
        if alpha:
            scaled[..., -1] = strip[..., -1] * (255 / full)
        small[row : row + _STRIP] = np.clip(scaled + 0.5, 0, 255)
    return small


def bits_of_jpeg_2000(data: bytes) -> int:
    """The bits per channel of a JPEG 2000 file, from its "ihdr" box or SIZ marker; 8 if it has neither."""
    header, codestream = data.find(b"ihdr", 0, 4096), data.find(b"\xff\x4f\xff\x51")
    at = header + 14 if header >= 0 else codestream + 42 if codestream >= 0 else -1
    return (data[at] & 0x7F) + 1 if 0 <= at < len(data) and data[at] != 0xFF else 8


def _full(dtype: np.dtype, bits: int | None) -> float:
    """The largest value that the dtype, or the file's number of bits, allows."""
    if np.issubdtype(dtype, np.floating):
        return 1.0
    largest = float(np.iinfo(dtype).max)
    return min(largest, float(2**bits - 1)) if bits and np.issubdtype(dtype, np.unsignedinteger) else largest


def _white(values: np.ndarray, bits: int | None) -> float:
    """The inferred white point."""
    if np.issubdtype(values.dtype, np.floating):
        finite = values[np.isfinite(values)]
        usual = float(np.quantile(finite[:: max(1, finite.size // 1_000_000)], 0.99)) if finite.size else 1.0
        return next((white for white in (1.0, 255.0, 65535.0) if usual <= 1.5 * white), usual)
    full, top = _full(values.dtype, bits), float(values.max(initial=0))
    if values.dtype.itemsize == 1:
        return full
    steps = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    return next((white for white in steps if top <= white and white < full), full)
