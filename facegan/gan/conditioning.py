"""The attributes that a training teaches its latents: read from the faces, and taken from a user's table.

What the faces say comes from labels/, what is learned of it is in attributes.py.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facegan.base.mapped import release
from facegan.faces.cache import FaceCache
from facegan.gan.attributes import FaceAttributes
from facegan.labels.attributes import NAMES, ODD, OVERALL
from facegan.labels.label import label_faces
from facegan.labels.overall import overall
from facegan.labels.table import MIN_OF_A_CLASS, AttributeTable, own_names

FILE = "attributes.safetensors"  # in the run folder: what it goes on with
MOST = 60  # of the 100 places of a latent; the others are a face's own
_LEAST_KNOWN = 0.5  # of the faces, for an attribute to be learned
_CHUNK = 256


def attributes_for(
    run: Path,
    cache: FaceCache,
    table: AttributeTable | None,
    wanted: tuple[str, ...] = (),
    say: Callable[[str], None] = print,
) -> FaceAttributes | None:
    """The attributes of all faces that passed, kept in RUN/attributes.safetensors; None where nothing differs.

    Args:
        run: the run folder.
        cache: its faces.
        table: a user's own attributes, a row for each of the faces that passed, in the order of cache.selected. Its
            columns are named as their sliders are.
        wanted: exactly these, in their order, or none where the faces do not tell them all.
        say: told what is learned, and what is not.
    """
    own = own_names(table.names) if table is not None else ()
    if _goes_on_without(set(wanted) - {*NAMES, *OVERALL, *own}, say):  # without reading any face
        return None
    names, scores = _read(cache)
    if table is not None:
        names, scores = (*names, *own), np.concatenate([scores, table.values], axis=1)
    fit = np.flatnonzero([_tells_apart(column) for column in scores.T])
    if _goes_on_without(set(wanted) - {names[place] for place in fit}, say):
        return None
    places = np.array([names.index(name) for name in wanted], np.int64) if wanted else fit[:MOST]
    if table is not None and (left := [name for i, name in enumerate(names) if i not in places]):
        say(f"Not learned with the faces, for too few have or lack them, or the places are taken: {', '.join(left)}.")
    if not len(places):
        return None
    learned = tuple(names[place] for place in places)
    found = FaceAttributes.of_scores(learned, cache.selected, scores[:, places], ODD)
    run.mkdir(parents=True, exist_ok=True)
    found.save(run / FILE)
    say(f"The generator learns {len(learned)} attributes by name: {', '.join(learned)}.")
    return found


def _goes_on_without(missing: set[str], say: Callable[[str], None]) -> bool:
    if missing:
        what = ", ".join(sorted(missing))
        say(f"Of the attributes that the model's latents decide these faces do not tell {what}: none is learned on.")
    return bool(missing)


def _read(cache: FaceCache) -> tuple[tuple[str, ...], np.ndarray]:
    """Names, and the scores float32 (n, k) of all faces that passed."""
    rows, framing = cache.selected, float(cache.report["framing"])
    names, parts = (), []
    with tqdm(total=len(rows), unit="face", desc="attributes", disable=len(rows) < _CHUNK) as bar:
        for start in range(0, len(rows), _CHUNK):
            images = np.ascontiguousarray(cache.images[rows[start : start + _CHUNK]])
            labels = label_faces(images, framing, mirror=True)
            names = (*labels.names, *OVERALL)
            parts.append(np.concatenate([labels.values, overall(images)], axis=1))
            release(cache.images)
            bar.update(len(images))
    return names, np.concatenate(parts)


def _tells_apart(scores: np.ndarray) -> bool:
    """Whether enough faces have a score, and enough of them another one than most have."""
    known = scores[np.isfinite(scores)]
    if len(known) < max(2, _LEAST_KNOWN * len(scores)):
        return False
    others = len(known) - np.unique(known, return_counts=True)[1].max()
    return others >= min(MIN_OF_A_CLASS, len(known) // 5 or 1)
