"""Fits the encoder of a model folder and writes it there."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

import numpy as np

from facegan.base.encoding import SIDE
from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.gan.fit_encoder import FACES_SEEN, RealFaces, fit_encoder
from facegan.gan.known_latents import FILE as LATENTS
from facegan.gan.known_latents import KnownLatents
from facegan.model.card import write_card
from facegan.model.diffusers_model import load_generator
from facegan.model.export_encoder import export_encoder
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel


def add_encoder(
    folder: Path,
    cache: FaceCache | None = None,
    *,
    faces_seen: int = FACES_SEEN,
    say: Callable[[str], None] = print,
) -> FaceModel:
    """Fit an encoder to the model in `folder` and write it there; returns the model loaded again.

    `cache`: the faces that it was trained on, of which those held out stay out; without, it learns from generated
    faces alone. Where the run knows their latents, it learns those. Raises FaceGANError for a model or faces that it
    cannot be fitted to.
    """
    begun = monotonic()
    config = ModelConfig.read(folder)
    framing = float(config.data.get("framing") or 0)
    if config.image_size < SIDE:
        raise FaceGANError(
            f"An encoder looks at {SIDE} px, and this model draws {config.image_size} px: train a larger one."
        )
    if not framing:
        raise FaceGANError(
            "The model's config.json does not say how its faces are framed, so no photo can be framed as they are: "
            "train the model again with this version of FaceGAN."
        )
    faces = None if cache is None else _faces_of(cache, config.image_size, framing)
    known = faces.known if faces else None
    of_these = f", {len(known.rows):,} of them with known latents" if known is not None else ""
    say(
        f"Fitting an encoder to {faces_seen:,} faces: generated ones"
        + (f" and {len(faces.rows):,} of the run{of_these}." if faces else ".")
    )
    encoder = fit_encoder(load_generator(folder), config.image_size, framing, faces, faces_seen=faces_seen, say=say)
    export_encoder(encoder, folder)
    write_card(config, folder)
    say(f"The encoder is in {folder}, after {(monotonic() - begun) / 60:.0f} minutes.")
    return FaceModel.load(folder)


def _faces_of(cache: FaceCache, size: int, framing: float) -> RealFaces:
    if cache.size != size or abs(float(cache.report["framing"]) - framing) > 1e-6:
        raise FaceGANError(
            f"The faces in {cache.folder} have {cache.size} px and the framing {cache.report['framing']}, the model's "
            f"{size} px and {framing:g}: give the run that it came from by --data."
        )
    rows, _ = cache.split()
    file = cache.folder.parent / LATENTS
    known = KnownLatents.load(file) if file.is_file() else None
    if known is not None:
        learned = np.isin(known.rows, rows)
        known = KnownLatents(known.rows[learned], known.latents[learned], known.attributes)
        known = known if len(known.rows) else None
    return RealFaces(cache.images, rows, known)
