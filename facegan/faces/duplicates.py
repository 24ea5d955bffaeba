"""Finds near-duplicates: copies saved again or shrunk, and the next frames of a burst."""

from dataclasses import dataclass

import numpy as np

from facegan.base.mapped import release

# A "twin" is a face whose correlation with another reaches the threshold.
SIDE = 16  # px, of the small grey pictures that are compared
_ROWS = 2048  # faces at a time: their comparison with each other takes 16 MB
_STRIP = 256  # of those at a time, sorted by the first coordinate: twins lie in a narrow window of the other faces
_COLUMNS = 8192  # of the window at a time: 256 x 8,192 products take 8 MB, about the size of a CPU cache
# Principal coordinates by which a cheap comparison decides whether two faces can be twins at all. The first 23 of 256
# have 85 % of the variance; with fewer more pairs need the exact comparison, with more the cheap one takes longer.
LEADING = 23
_ROUNDING = 1e-4  # tolerance of the cheap comparison, more than the rounding error of float32: no twin may be missed
_EXACT_ROWS = 16384  # pairs compared exactly at a time: twice 16 MB
_DENSE = 32  # for each pair a matrix product is so many times as fast as a separate dot product
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def descriptors(images: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Grey pictures of SIDE x SIDE with mean 0 and length 1, float32 (n, 256); their dot products are correlations.

    Args:
        images: uint8 (rows, size, size, 3).
        rows: int64 (n,), those to describe.
    """
    size = images.shape[1]
    # Means over cells; if SIDE does not divide the size, the last pixels are ignored.
    cell = max(1, size // SIDE)
    side = min(SIDE, size)
    out = np.empty((len(rows), side * side), np.float32)
    for start in range(0, len(rows), _ROWS):
        block = images[rows[start : start + _ROWS], : side * cell, : side * cell]
        # Integer sums first, along rows in memory, take half the time of means of luma. 16 bits suffice for 257 rows.
        sums = block.reshape(-1, side, cell, side * cell * 3).sum(axis=2, dtype=np.uint16)
        sums = sums.reshape(-1, side, side, cell, 3).sum(axis=3, dtype=np.uint32)
        cells = (sums.astype(np.float32) @ _LUMA).reshape(-1, side * side) / cell**2
        cells -= cells.mean(axis=1, keepdims=True)
        length = np.linalg.norm(cells, axis=1, keepdims=True)
        out[start : start + _ROWS] = cells / np.maximum(length, 1e-6)
        release(images)
    return out


def near_duplicates(vectors: np.ndarray, quality: np.ndarray, threshold: float) -> list[tuple[int, int, float]]:
    """The faces to reject because a better one is almost the same picture.

    A face is rejected only if a kept face is its twin, so of a chain of similar frames more than one may be kept. Faces
    are processed from the best to the worst and compared only with those kept so far. No list of all twins is built, so
    a film of one face takes no more memory than photos of a crowd.

    Args:
        vectors: from ``descriptors``, float32 (n, d), none longer than 1.
        quality: (n,), higher is better; of equals the first is kept.
        threshold: correlation from which on two faces are twins.

    Returns:
        For every rejected face, in ascending order: its index, the index of the most similar better face that is kept,
        and their correlation.
    """
    order = np.lexsort((np.arange(len(quality)), -quality))
    leading = leading_coordinates(vectors)
    kept = _Kept(vectors, leading, threshold)
    rejected: list[tuple[int, int, float]] = []
    for start in range(0, len(order), _ROWS):
        block = order[start : start + _ROWS]
        twin, correlation = kept.twins(block)
        # Within the block each face after the better ones, because they must be kept themselves.
        worse, better, products = _pairs(vectors, leading, block, block, threshold)
        before = better < worse
        worse, better, products = worse[before], better[before], products[before]
        ends = np.searchsorted(worse, np.arange(len(block) + 1))
        for place in np.unique(worse):
            own = slice(ends[place], ends[place + 1])
            is_kept = twin[better[own]] < 0
            if is_kept.any():
                best = int(np.argmax(np.where(is_kept, products[own], -1.0)))
                if products[own][best] > correlation[place]:
                    twin[place], correlation[place] = block[better[own][best]], products[own][best]
        out = twin >= 0
        rejected += zip(block[out].tolist(), twin[out].tolist(), correlation[out].tolist(), strict=True)
        kept.add(block[~out])
    return sorted(rejected)


def leading_coordinates(vectors: np.ndarray) -> np.ndarray:
    """Few coordinates, float32 (n, k + 1), whose dot products are upper bounds of those of the vectors.

    The first k are those on the principal axes, the last is the norm of the remainder. With a, b the former and r, s
    the remainders of u, v: u.v = a.b + r.s <= a.b + |r||s| (Cauchy-Schwarz).
    """
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    heads = vectors @ np.ascontiguousarray(axes[:, ::-1][:, :LEADING])
    rest = np.einsum("ij,ij->i", vectors, vectors) - np.einsum("ij,ij->i", heads, heads)
    return np.column_stack([heads, np.sqrt(np.maximum(rest, 0))])


@dataclass
class _Kept:
    """The faces that are kept so far, sorted by their first leading coordinate."""

    vectors: np.ndarray
    leading: np.ndarray
    threshold: float

    def __post_init__(self) -> None:
        self.rows = np.empty(0, np.int64)
        # Vectors of length 1 whose product is t have the distance sqrt(2 - 2t), and no coordinate differs by more.
        self.reach = np.sqrt(max(0.0, 2 - 2 * self.threshold)) + _ROUNDING

    def add(self, rows: np.ndarray) -> None:
        """Also keep these rows."""
        rows = np.concatenate([self.rows, rows])
        self.rows = rows[np.argsort(self.leading[rows, 0], kind="stable")]

    def twins(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The most similar twin of each row among the kept faces, int64, -1 for none; and its correlation, float32."""
        twin, correlation = np.full(len(rows), -1, np.int64), np.full(len(rows), -np.inf, np.float32)
        sorted_first = self.leading[self.rows, 0]
        places = np.argsort(self.leading[rows, 0])
        for start in range(0, len(places), _STRIP):
            strip = places[start : start + _STRIP]
            first = self.leading[rows[strip], 0]
            left, right = np.searchsorted(sorted_first, (first[0] - self.reach, first[-1] + self.reach))
            for column in range(left, right, _COLUMNS):
                others = self.rows[column : min(column + _COLUMNS, right)]
                found, other, products = _pairs(self.vectors, self.leading, rows[strip], others, self.threshold)
                # Of several twins the last assignment counts, so the most similar one comes last.
                order = np.argsort(products, kind="stable")
                place, other, products = strip[found[order]], others[other[order]], products[order]
                better = products > correlation[place]
                twin[place[better]], correlation[place[better]] = other[better], products[better]
        return twin, correlation


def _pairs(
    vectors: np.ndarray, leading: np.ndarray, rows: np.ndarray, others: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The pairs of twins: their indices in ``rows`` and ``others`` and their dot products, sorted by the former."""
    possible = leading[rows] @ leading[others].T >= threshold - _ROUNDING
    i, j = np.divmod(np.flatnonzero(possible), len(others))  # forty times as fast as np.nonzero in two dimensions
    if len(i) * _DENSE > possible.size:  # many pairs, as in a film: one product of all with all is faster
        products = (vectors[rows] @ vectors[others].T)[i, j]
    else:
        products = np.empty(len(i), np.float32)
        for start in range(0, len(i), _EXACT_ROWS):
            part = slice(start, start + _EXACT_ROWS)
            products[part] = np.einsum("ij,ij->i", vectors[rows[i[part]]], vectors[others[j[part]]])
    reached = products >= threshold
    return i[reached], j[reached], products[reached]
