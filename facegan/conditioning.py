"""The attributes that a training teaches its latents: read from the faces, and taken from a user's table.

It stands above the rooms, like run.py: what the faces say comes from latent/, what is learned of it from gan/.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from facegan.faces.cache import FaceCache
from facegan.gan.attributes import FaceAttributes
from facegan.latent.labels import AttributeTable, label_faces
from facegan.latent.labels.attributes import ODD
from facegan.latent.sliders.fit import OVERALL, overall

FILE = "attributes.safetensors"  # in the run folder: what it goes on with
MOST = 60  # of the 100 places of a latent; the others are a face's own
_LEAST_KNOWN = 0.5  # of the faces, for an attribute to be learned
_CHUNK = 1024


def attributes_for(
    run: Path, cache: FaceCache, table: AttributeTable | None, say: Callable[[str], None] = print
) -> FaceAttributes:
    """The attributes of all faces that passed, kept in RUN/attributes.safetensors.

    Args:
        run: the run folder.
        cache: its faces.
        table: a user's own attributes, a row for each of the faces that passed, in the order of cache.selected.
        say: told what is learned.
    """
    rows = cache.selected
    say(f"Reading the attributes of {len(rows):,} faces, for sliders that are learned with the faces.")
    framing = float(cache.report["framing"])
    names, parts = (), []
    for start in range(0, len(rows), _CHUNK):
        images = np.ascontiguousarray(cache.images[rows[start : start + _CHUNK]])
        labels = label_faces(images, framing, mirror=True)
        names = (*labels.names, *OVERALL)
        parts.append(np.concatenate([labels.values, overall(images)], axis=1))
    scores = np.concatenate(parts)
    if table is not None:
        names, scores = (*names, *table.names), np.concatenate([scores, table.values], axis=1)
    known = np.isfinite(scores)
    varied = np.array([len(np.unique(column[there])) > 1 for column, there in zip(scores.T, known.T, strict=True)])
    places = np.flatnonzero((known.mean(axis=0) >= _LEAST_KNOWN) & varied)[:MOST]
    names = tuple(names[place] for place in places)
    found = FaceAttributes.of_scores(names, rows, scores[:, places], ODD)
    run.mkdir(parents=True, exist_ok=True)
    found.save(run / FILE)
    say(f"The generator learns {len(names)} attributes by name: {', '.join(names)}.")
    return found
