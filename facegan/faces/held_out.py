"""The held-out faces: a tenth of all, which are never trained on and by which generators are evaluated."""

import io
from pathlib import Path

import numpy as np

from facegan.base.files import atomic_write

HELD_OUT = 0.1  # share of the faces: enough for KID from 1,000 faces on, and hardly missed in training
LEAST_JUDGED = 4  # faces; with fewer a generator is not evaluated
FILE = "held_out.npy"  # in RUN/faces: int64, rows


def held_out_split(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into those to train on and the held-out tenth, both sorted. The same rows give the same split."""
    order = np.random.RandomState(0).permutation(len(rows))
    held_out = round(len(rows) * HELD_OUT)
    return np.sort(rows[order[held_out:]]), np.sort(rows[order[:held_out]])


def split_of(folder: Path, selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The split of the selected rows of RUN/faces that `hold_out` stored. Raises what np.load raises."""
    path = folder / FILE
    if not path.exists():  # from a version that did not store the split
        return held_out_split(selected)
    held_out = np.load(path, allow_pickle=False)
    return np.setdiff1d(selected, held_out), np.intersect1d(selected, held_out)


def hold_out(folder: Path, before: np.ndarray | None, selected: np.ndarray) -> None:
    """Store which faces are held out: those held out before, and a tenth of the new ones.

    So a face never moves between the held-out and the training faces when photos are added or filters change, and
    metrics before and after refer to the same faces. cache.FaceStore removes the file when the rows get new numbers.

    Args:
        folder: RUN/faces.
        before: the rows that were selected before, int64; None if not known.
        selected: the rows that are selected now.
    """
    path = folder / FILE
    if path.exists():
        held_out = np.load(path, allow_pickle=False)
        before = selected if before is None else before  # any of them may have been trained on
    else:
        before = before if before is not None else np.empty(0, np.int64)
        held_out = held_out_split(before)[1]  # as `split_of` does
    new = np.setdiff1d(selected, np.union1d(before, held_out))
    save_rows(path, np.union1d(held_out, held_out_split(new)[1]))


def save_rows(path: Path, rows: np.ndarray) -> None:
    """Writes rows as .npy, atomically."""
    file = io.BytesIO()
    np.save(file, rows)
    atomic_write(path, file.getvalue())
