"""The attributes that the generator is conditioned on: measured on the faces, or from a user's table.

labels/ scores the faces; attributes.py turns the scores into entries of the latent.
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

FILE = "attributes.safetensors"  # in the run folder, for --resume
MOST = 60  # attributes; the other entries of a latent are for everything else in a face
_LEAST_KNOWN = 0.5  # share of the faces that must have a score for an attribute to be learned
_CHUNK = 256  # faces


def attributes_for(
    run: Path,
    cache: FaceCache,
    table: AttributeTable | None,
    wanted: tuple[str, ...] = (),
    say: Callable[[str], None] = print,
) -> FaceAttributes | None:
    """The attributes of all accepted faces, also saved as RUN/attributes.safetensors; None when none can be learned.

    Args:
        run: the run folder.
        cache: its faces.
        table: the user's attributes, a row for each accepted face in the order of cache.selected.
        wanted: learn exactly these attributes in this order, or none if one of them cannot be learned. Empty: learn
            all that can be learned.
        say: is called with messages on what is learned and what is not.
    """
    own = own_names(table.names) if table is not None else ()
    if _any_missing(set(wanted) - {*NAMES, *OVERALL, *own}, say):  # before any face is scored
        return None
    names, scores = _scores_of(cache)
    if table is not None:
        names, scores = (*names, *own), np.concatenate([scores, table.values], axis=1)
    usable = np.flatnonzero([_has_variety(column) for column in scores.T])
    if _any_missing(set(wanted) - {names[place] for place in usable}, say):
        return None
    places = np.array([names.index(name) for name in wanted], np.int64) if wanted else usable[:MOST]
    if table is not None and (left := [name for i, name in enumerate(names) if i not in places]):
        say(f"Not learned, because too few faces differ in them or {MOST} attributes come before: {', '.join(left)}.")
    if not len(places):
        return None
    learned = tuple(names[place] for place in places)
    found = FaceAttributes.of_scores(learned, cache.selected, scores[:, places], ODD)
    run.mkdir(parents=True, exist_ok=True)
    found.save(run / FILE)
    say(f"The generator learns {len(learned)} attributes by name: {', '.join(learned)}.")
    return found


def _any_missing(missing: set[str], say: Callable[[str], None]) -> bool:
    if missing:
        what = ", ".join(sorted(missing))
        say(
            f"The model was trained with attributes that cannot be learned from these faces ({what}), so none is "
            "learned."
        )
    return bool(missing)


def _scores_of(cache: FaceCache) -> tuple[tuple[str, ...], np.ndarray]:
    """The names and the scores float32 (n, k) of all accepted faces."""
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


def _has_variety(scores: np.ndarray) -> bool:
    """Whether enough faces have a score, and enough scores differ from the most common one."""
    known = scores[np.isfinite(scores)]
    if len(known) < max(2, _LEAST_KNOWN * len(scores)):
        return False
    others = len(known) - np.unique(known, return_counts=True)[1].max()
    return others >= min(MIN_OF_A_CLASS, len(known) // 5 or 1)
