"""Samples of more than 8 bits to 8, as bright as they were meant."""

import numpy as np

_STRIP = 256  # rows at a time: copies of 100 megapixels of float32 would need a gigabyte


def to_8_bits(values: np.ndarray, bits: int | None = None, alpha: bool = False) -> np.ndarray:
    """Greys or colours of any number type as uint8 of the same shape (H, W, ...).

    Integers run from 0 to the type's largest, except where none goes beyond 10, 12 or 14 bits: cameras and scanners
    store those in 16. Signed ones begin at 0. Floating point runs from 0 to 1, which single values may pass a little
    (ringing after a filter); if most pass it, to 255 or to 65535. What is not a number is black.

    Args:
        values: (H, W) or (H, W, channels).
        bits: of a sample as the file says, if it is fewer than the type has.
        alpha: whether the last channel is transparency, which says nothing on brightness.
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
    """Of a sample, from the box "ihdr" or the marker SIZ; 8 where neither is found."""
    header, codestream = data.find(b"ihdr", 0, 4096), data.find(b"\xff\x4f\xff\x51")
    at = header + 14 if header >= 0 else codestream + 42 if codestream >= 0 else -1
    return (data[at] & 0x7F) + 1 if 0 <= at < len(data) and data[at] != 0xFF else 8


def _full(dtype: np.dtype, bits: int | None) -> float:
    """The largest value that a sample may have."""
    if np.issubdtype(dtype, np.floating):
        return 1.0
    largest = float(np.iinfo(dtype).max)
    return min(largest, float(2**bits - 1)) if bits and np.issubdtype(dtype, np.unsignedinteger) else largest


def _white(values: np.ndarray, bits: int | None) -> float:
    """The value that is white."""
    if np.issubdtype(values.dtype, np.floating):
        finite = values[np.isfinite(values)]
        usual = float(np.quantile(finite[:: max(1, finite.size // 1_000_000)], 0.99)) if finite.size else 1.0
        return next((white for white in (1.0, 255.0, 65535.0) if usual <= 1.5 * white), usual)
    full, top = _full(values.dtype, bits), float(values.max(initial=0))
    if values.dtype.itemsize == 1:
        return full
    # What stays below 256 in a 32-bit file has 8 bits; in one of 16 bits that is black.
    steps = (255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    return next((white for white in steps if top <= white and white < full), full)
