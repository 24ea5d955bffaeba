"""Measures the exported generator of a run: near copies of training faces, and shares of gender, age and skin tone."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from facegan.base.pictures import encode_png
from facegan.base.stamp import COMPOSITE, stamp
from facegan.faces.cache import FaceCache
from facegan.gan.memorisation import compare, generated_for
from facegan.labels.shares import MOST_FACES, shares_of
from facegan.model.card import write_card
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.model.measurements import NEAR_COPIES_ALLOWED, Memorisation

CLOSEST = "closest.png"  # in RUN, beside the model folder: it shows training faces, so it is never published
_MIN_LABELLED = 200  # generated faces: the standard error of a share is then at most four percentage points


def add_findings(
    model: FaceModel,
    folder: Path,
    cache: FaceCache,
    training: np.ndarray,
    held_out: np.ndarray,
    allow_memorised: bool = False,
    say: Callable[[str], None] = print,
) -> ModelConfig:
    """Measure `model`, add the figures to the config and the card of its `folder`, and return that config.

    `training` and `held_out` are rows of the cache. Takes a minute or two for ten thousand faces. Also
    writes RUN/closest.png: the generated faces that are closest to a training face, each beside that.
    """
    generated = model.base.generate(model.latents(range(generated_for(len(training)))))
    found: dict[str, dict] = {"training": {}, "data": {}}
    comparison = compare(generated, cache.images, training, held_out)
    if comparison is not None:
        path = folder.parent / CLOSEST
        path.write_bytes(stamp(encode_png(comparison.closest), {"shows": "closest"}, COMPOSITE))
        report = Memorisation(
            comparison.near_copies, comparison.distance_ratio, comparison.protocol, allowed=allow_memorised
        )
        found["training"]["memorisation"] = asdict(report)
        say(_sentence(report, path))
    framing, most = float(cache.report["framing"]), min(MOST_FACES, max(len(training), _MIN_LABELLED))
    found["training"]["shares"] = shares_of(generated, np.arange(len(generated)), framing, most)
    found["data"]["shares"] = shares_of(cache.images, training, framing, most)
    config = model.config
    config = replace(config, training={**config.training, **found["training"]}, data={**config.data, **found["data"]})
    config.save(folder)
    write_card(config, folder)
    return config


def _sentence(report: Memorisation, path: Path) -> str:
    text = f"{report.near_copies:.1%} of the generated faces are near copies of a training face; {path} shows the "
    text += "closest pairs, the generated face on the left."
    if report.near_copies > NEAR_COPIES_ALLOWED and not report.allowed:
        text += f" Above {NEAR_COPIES_ALLOWED:.0%} a push needs --allow-memorised."
    return text
