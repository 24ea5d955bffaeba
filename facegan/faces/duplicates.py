"""Faces that are the same picture twice: saved again, shrunk, or the next frame of a burst."""

from dataclasses import dataclass

import numpy as np

from facegan.base.mapped import release

SIDE = 16  # of the small grey pictures that are compared
_ROWS = 2048  # faces at a time: their comparison with each other takes 16 MB
_STRIP = 256  # of those, neighbours in the leading coordinate, whose window over the others is narrow
_COLUMNS = 8192  # of the window at a time: 256 x 8,192 products take 8 MB, near the cache
# Coordinates that decide first whether two faces can be twins at all. The first 23 of 256 hold 85 % of what differs
# between faces; with fewer the cheap comparison lets more through, with more it is no longer cheap.
LEADING = 23
_ROUNDING = 1e-4  # more than float32 loses in the cheap comparison: it may let through too much, never too little
_EXACT_ROWS = 16384  # pairs compared exactly at a time: twice 16 MB
_DENSE = 32  # a matrix product takes so much less time for a pair than a comparison of its own
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
        block = images[rows[start : start + _ROWS], : side * cell, : side * cell]
        # Whole numbers first, down the rows in memory: half the work of means of luma. 257 rows would fit 16 bits.
        sums = block.reshape(-1, side, cell, side * cell * 3).sum(axis=2, dtype=np.uint16)
        sums = sums.reshape(-1, side, side, cell, 3).sum(axis=3, dtype=np.uint32)
        cells = (sums.astype(np.float32) @ _LUMA).reshape(-1, side * side) / cell**2
        cells -= cells.mean(axis=1, keepdims=True)
        length = np.linalg.norm(cells, axis=1, keepdims=True)
        out[start : start + _ROWS] = cells / np.maximum(length, 1e-6)
        release(images)
    return out


def near_duplicates(vectors: np.ndarray, quality: np.ndarray, threshold: float) -> list[tuple[int, int, float]]:
    """Which faces go because a better one is almost the same picture.

    A face goes only if a face that stays is its twin, so of a chain of similar frames more than one may stay.
    The faces are judged from the best to the worst, each against those that stay: what has gone is compared with
    nothing any more, and no list of all twins is kept, so a film of one face takes no more memory than a crowd.

    Args:
        vectors: from ``descriptors``, float32 (n, d), none longer than 1.
        quality: (n,), more is better; of equals the first stays.
        threshold: correlation from which two faces are one picture.

    Returns:
        For every face that goes, in their order: its index, the index of the most similar face that is better and
        stays, their correlation.
    """
    order = np.lexsort((np.arange(len(quality)), -quality))
    leading = leading_coordinates(vectors)
    staying = _Staying(vectors, leading, threshold)
    gone: list[tuple[int, int, float]] = []
    for start in range(0, len(order), _ROWS):
        block = order[start : start + _ROWS]
        twin, correlation = staying.twins(block)
        # Within the block a face can only be judged after the better ones.
        worse, better, alike = _pairs(vectors, leading, block, block, threshold)
        before = better < worse
        worse, better, alike = worse[before], better[before], alike[before]
        ends = np.searchsorted(worse, np.arange(len(block) + 1))
        for place in np.unique(worse):
            ours = slice(ends[place], ends[place + 1])
            valid = twin[better[ours]] < 0
            if valid.any():
                best = int(np.argmax(np.where(valid, alike[ours], -1.0)))
                if alike[ours][best] > correlation[place]:
                    twin[place], correlation[place] = block[better[ours][best]], alike[ours][best]
        leaves = twin >= 0
        gone += zip(block[leaves].tolist(), twin[leaves].tolist(), correlation[leaves].tolist(), strict=True)
        staying.add(block[~leaves])
    return sorted(gone)


def leading_coordinates(vectors: np.ndarray) -> np.ndarray:
    """Coordinates whose dot products are never below the vectors' own, float32 (n, k + 1), and few.

    The first k are those on the principal axes, the last is the length of the rest: by Cauchy and Schwarz
    u.v = a.b + r.s <= a.b + |r||s|.
    """
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    heads = vectors @ np.ascontiguousarray(axes[:, ::-1][:, :LEADING])
    rest = np.einsum("ij,ij->i", vectors, vectors) - np.einsum("ij,ij->i", heads, heads)
    return np.column_stack([heads, np.sqrt(np.maximum(rest, 0))])


@dataclass
class _Staying:
    """The faces that stay so far, in the order of their first leading coordinate."""

    vectors: np.ndarray
    leading: np.ndarray
    threshold: float

    def __post_init__(self) -> None:
        self.rows = np.empty(0, np.int64)
        # Vectors of length 1 whose product is t are sqrt(2 - 2t) apart, and no coordinate differs by more.
        self.reach = np.sqrt(max(0.0, 2 - 2 * self.threshold)) + _ROUNDING

    def add(self, rows: np.ndarray) -> None:
        """Rows that stay, too."""
        rows = np.concatenate([self.rows, rows])
        self.rows = rows[np.argsort(self.leading[rows, 0], kind="stable")]

    def twins(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The most similar staying face of each row, int64, -1 for none, and its correlation, float32."""
        twin, correlation = np.full(len(rows), -1, np.int64), np.full(len(rows), -np.inf, np.float32)
        sorted_first = self.leading[self.rows, 0]
        places = np.argsort(self.leading[rows, 0])
        for start in range(0, len(places), _STRIP):
            strip = places[start : start + _STRIP]
            first = self.leading[rows[strip], 0]
            left, right = np.searchsorted(sorted_first, (first[0] - self.reach, first[-1] + self.reach))
            for column in range(left, right, _COLUMNS):
                others = self.rows[column : min(column + _COLUMNS, right)]
                found, other, alike = _pairs(self.vectors, self.leading, rows[strip], others, self.threshold)
                # Of several twins the last that is written wins: the most similar one.
                by_likeness = np.argsort(alike, kind="stable")
                place, other, alike = strip[found[by_likeness]], others[other[by_likeness]], alike[by_likeness]
                better = alike > correlation[place]
                twin[place[better]], correlation[place[better]] = other[better], alike[better]
        return twin, correlation


def _pairs(
    vectors: np.ndarray, leading: np.ndarray, rows: np.ndarray, others: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places in ``rows`` and ``others`` whose vectors' product reaches the threshold, and the product; by row."""
    possible = leading[rows] @ leading[others].T >= threshold - _ROUNDING
    i, j = np.divmod(np.flatnonzero(possible), len(others))  # forty times as fast as nonzero in two dimensions
    if len(i) * _DENSE > possible.size:  # a film: all at once is faster than one by one
        products = (vectors[rows] @ vectors[others].T)[i, j]
    else:
        products = np.empty(len(i), np.float32)
        for start in range(0, len(i), _EXACT_ROWS):
            part = slice(start, start + _EXACT_ROWS)
            products[part] = np.einsum("ij,ij->i", vectors[rows[i[part]]], vectors[others[j[part]]])
    real = products >= threshold
    return i[real], j[real], products[real]
