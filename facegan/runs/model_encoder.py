"""Fits the encoder of a model folder, writes it there, and measures it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np

from facegan.base.encoding import SIDE
from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.gan.fit_encoder import FACES_SEEN, RealFaces, fit_encoder
from facegan.gan.known_latents import FILE as LATENTS
from facegan.gan.known_latents import KnownLatents
from facegan.model import folder as layout
from facegan.model.card import write_card
from facegan.model.diffusers_model import load_generator
from facegan.model.export_encoder import export_encoder, export_for_diffusers
from facegan.model.facts import framing_of
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.runs.look_alikes import add_look_alikes, check_drawn


def add_encoder(
    folder: Path,
    cache: FaceCache | None = None,
    *,
    faces_seen: int = FACES_SEEN,
    drawn: bool = False,
    keep: bool = False,
    say: Callable[[str], None] = print,
) -> FaceModel:
    """Fit an encoder to the model in `folder`, write it there and measure it; returns the model loaded again.

    `cache`: the faces that the model was trained on; the encoder learns from those that are not held out, and their
    known latents if the run has them. None: it learns from generated faces alone. `drawn`: the faces were drawn and
    show nobody, so that the card may have examples of them. `keep`: only measure the existing encoder. Raises
    FaceGANError for a model or faces that do not fit.
    """
    started = monotonic()
    config = ModelConfig.read(folder)
    if config.image_size < SIDE:
        raise FaceGANError(
            f"An encoder needs images of {SIDE} px, and this model draws {config.image_size} px: train a larger model."
        )
    framing = framing_of(config)
    faces = None if cache is None else _real_faces(cache, config.image_size, framing)
    if drawn:
        check_drawn(config, cache)
    if not keep:
        _fit(folder, config, framing, faces, faces_seen, say)
    elif FaceModel.load(folder).encoder is not None:
        export_for_diffusers(folder)
    else:
        raise FaceGANError(f"There is no {layout.ENCODER} in {folder} to keep: leave --keep out.")
    model = add_look_alikes(FaceModel.load(folder), folder, cache, drawn, say)
    say(f"The encoder is in {folder}, after {(monotonic() - started) / 60:.0f} minutes.")
    return model


def _fit(
    folder: Path, config: ModelConfig, framing: float, faces: RealFaces | None, faces_seen: int, say: Callable
) -> None:
    known = faces.known if faces else None
    of_these = f", {len(known.rows):,} of them with known latents" if known is not None else ""
    say(
        f"Fitting an encoder to {faces_seen:,} faces: generated ones"
        + (f" and {len(faces.rows):,} of the run{of_these}." if faces else ".")
    )
    encoder = fit_encoder(load_generator(folder), config.image_size, framing, faces, faces_seen=faces_seen, say=say)
    export_encoder(encoder, folder)
    _remove_measurements(config, folder)


def _remove_measurements(config: ModelConfig, folder: Path) -> None:
    """Remove figures and examples of the previous encoder, in case measuring the new one fails."""
    (folder / layout.LOOK_ALIKES).unlink(missing_ok=True)
    config = replace(config, training={key: one for key, one in config.training.items() if key != "look_alikes"})
    config.save(folder)
    write_card(config, folder)


def _real_faces(cache: FaceCache, size: int, framing: float) -> RealFaces:
    if cache.size != size or abs(float(cache.report["framing"]) - framing) > 1e-6:
        raise FaceGANError(
            f"The faces in {cache.folder} have {cache.size} px and the framing {cache.report['framing']}, the model's "
            f"{size} px and {framing:g}: give the run that the model came from with --data."
        )
    rows, _ = cache.split()
    file = cache.folder.parent / LATENTS
    known = KnownLatents.load(file) if file.is_file() else None
    if known is not None:
        learned = np.isin(known.rows, rows)
        known = KnownLatents(known.rows[learned], known.latents[learned], known.attributes)
        known = known if len(known.rows) else None
    return RealFaces(cache.images, rows, known)
