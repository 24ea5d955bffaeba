"""The held-out faces: a tenth of all, by which generators are evaluated and on which no training trains."""

import io
from pathlib import Path

import numpy as np

from facegan.base.files import atomic_write

HELD_OUT = 0.1  # of the faces: enough for KID from 1,000 faces on, little enough not to be missed
LEAST_JUDGED = 4  # held-out faces: with fewer a generator is not evaluated
FILE = "held_out.npy"  # in RUN/faces: int64, rows


def held_out_split(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and the held-out tenth that training never sees, both sorted; the same for the same rows."""
    order = np.random.RandomState(0).permutation(len(rows))
    held_out = round(len(rows) * HELD_OUT)
    return np.sort(rows[order[held_out:]]), np.sort(rows[order[:held_out]])


def split_of(folder: Path, selected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for the selected rows of RUN/faces, as `hold_out` left it there; raises as np.load does."""
    path = folder / FILE
    if not path.exists():  # faces that were made before it was kept
        return held_out_split(selected)
    held_out = np.load(path, allow_pickle=False)
    return np.setdiff1d(selected, held_out), np.intersect1d(selected, held_out)


def hold_out(folder: Path, before: np.ndarray | None, selected: np.ndarray) -> None:
    """Keep which faces are held out: those of before, and a tenth of the new ones.

    So added photos and changed filters never move a face from the held-out ones to the training ones or back, and
    figures of the runs before and after are of the same faces. cache.FaceStore removes the file when it numbers the
    rows anew.

    Args:
        folder: RUN/faces.
        before: the rows that were selected until now, int64; None if that is not known.
        selected: those that are now.
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
    """Writes rows as .npy, all of them or none."""
    file = io.BytesIO()
    np.save(file, rows)
    atomic_write(path, file.getvalue())
