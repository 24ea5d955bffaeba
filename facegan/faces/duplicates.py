"""Faces that are the same picture twice: saved again, shrunk, or the next frame of a burst."""

from collections.abc import Iterator

import numpy as np

SIDE = 16  # of the small grey pictures that are compared
_ROWS = 2048  # compared at a time: 2048 x 200,000 correlations take 1.6 GB, so the columns come in blocks too
_COLUMNS = 16384
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def descriptors(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Grey pictures of SIDE x SIDE with mean 0 and length 1, float32 (n, 256); their dot products are correlations.

    Args:
        images: uint8 (rows, size, size, 3).
        rows: int64 (n,), which of them.
    """
    size = images.shape[1]
    # Means over cells; a size that SIDE does not divide loses its last pixels, of every picture alike.
    cell = max(1, size // SIDE)
    side = min(SIDE, size)
    out = np.empty((len(rows), side * side), np.float32)
    for start in range(0, len(rows), _ROWS):
        block = _remapped(images)[rows[start : start + _ROWS], : side * cell, : side * cell]
        part = block.astype(np.float32) @ _LUMA
        cells = part.reshape(-1, side, cell, side, cell).mean(axis=(2, 4)).reshape(-1, side * side)
        cells -= cells.mean(axis=1, keepdims=True)
        length = np.linalg.norm(cells, axis=1, keepdims=True)
        out[start : start + _ROWS] = cells / np.maximum(length, 1e-6)
    return out


def _remapped(images: np.ndarray) -> np.ndarray:
    """The same pictures through a mapping of their own, so that the pages of a large file do not pile up."""
    if not isinstance(images, np.memmap) or images.filename is None:
        return images
    return np.memmap(images.filename, images.dtype, "r", images.offset, images.shape)


def near_duplicates(vectors: np.ndarray, quality: np.ndarray, threshold: float) -> list[tuple[int, int, float]]:
    """Which faces go because a better one is almost the same picture.

    A face goes only if a face that stays is its twin, so of a chain of similar frames more than one may stay.

    Args:
        vectors: from ``descriptors``, float32 (n, d).
        quality: (n,), more is better; of equals the first stays.
        threshold: correlation from which two faces are one picture.

    Returns:
        For every face that goes: its index, the index of the face that stays, their correlation.
    """
    order = np.lexsort((np.arange(len(quality)), -quality))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    twins: dict[int, list[tuple[int, float]]] = {}
    for first, second, correlation in _pairs(vectors, threshold):
        better, worse = (first, second) if rank[first] < rank[second] else (second, first)
        twins.setdefault(worse, []).append((better, correlation))
    gone: dict[int, tuple[int, float]] = {}
    for worse in sorted(twins, key=lambda index: rank[index]):
        staying = [(better, correlation) for better, correlation in twins[worse] if better not in gone]
        if staying:
            gone[worse] = max(staying, key=lambda twin: twin[1])
    return [(worse, better, correlation) for worse, (better, correlation) in sorted(gone.items())]


def _pairs(vectors: np.ndarray, threshold: float) -> Iterator[tuple[int, int, float]]:
    """Every pair i < j whose dot product reaches the threshold."""
    for top in range(0, len(vectors), _ROWS):
        for left in range(top, len(vectors), _COLUMNS):
            products = vectors[top : top + _ROWS] @ vectors[left : left + _COLUMNS].T
            for i, j in np.argwhere(products >= threshold):
                if top + i < left + j:
                    yield int(top + i), int(left + j), float(products[i, j])
