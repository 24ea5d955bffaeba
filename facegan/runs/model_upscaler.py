"""Fits the upscaler of a model folder and writes it there; and keeps the upscaler of an initial model."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.faces.prepare import prepare_faces
from facegan.gan.config import Start
from facegan.gan.fit_upscaler import CROPS_SEEN, fit_upscaler
from facegan.model import folder as layout
from facegan.model.card import write_card
from facegan.model.diffusers_model import load_generator
from facegan.model.export_upscaler import export_upscaler
from facegan.model.facts import framing_of
from facegan.model.folder import ModelConfig, read_part
from facegan.model.load import FaceModel
from facegan.model.showcase import write_showcase

LARGE_FACES = "upscaler-faces"  # in the run folder: the faces of its photos, aligned at twice the size


def large_faces(
    photos: list[Path],
    folder: Path,
    config: ModelConfig,
    options: FaceOptions | None = None,
    say: Callable[[str], None] = print,
) -> FaceCache:
    """Prepare the faces of `photos` in `folder`, with a model's framing and at twice the size of its generator.

    `options`: how faces are found. Some photos may be too small for twice the size. Raises FaceGANError as
    `prepare_faces` does, and for a model whose framing is not known.
    """
    options = replace(options or FaceOptions(), size=2 * config.image_size, framing=framing_of(config))
    return prepare_faces(photos, folder, options, say=say)


def add_upscaler(
    folder: Path, cache: FaceCache, *, crops_seen: int = CROPS_SEEN, say: Callable[[str], None] = print
) -> FaceModel:
    """Fit an upscaler to the model in `folder` and write it there; returns the model loaded again.

    `cache`: faces of twice the generator's size; those that are held out are not used. Raises FaceGANError for another
    size.
    """
    started, config = monotonic(), ModelConfig.read(folder)
    if cache.size != 2 * config.image_size:
        raise FaceGANError(
            f"The faces in {cache.folder} have {cache.size} px, and the generator draws {config.image_size} px: give "
            f"faces of {2 * config.image_size} px."
        )
    rows, _ = cache.split()
    say(f"Fitting an upscaler to {crops_seen:,} crops, half of them from {len(rows):,} faces of {cache.size} px.")
    export_upscaler(fit_upscaler(load_generator(folder), cache.images, rows, crops_seen=crops_seen, say=say), folder)
    origin = f"it learned from {len(rows):,} faces of {cache.size} px, by {crops_seen:,} crops"
    config = upscaled(config, origin)
    config.save(folder)
    model = FaceModel.load(folder)
    write_showcase(model, folder)
    write_card(config, folder)
    if folder.name == "model":  # in a run folder: a resumed run writes its model again
        keep_upscaler(read_part(folder, layout.UPSCALER), folder.parent)
    say(f"The upscaler is in {folder}, after {(monotonic() - started) / 60:.0f} minutes.")
    return model


def upscaled(config: ModelConfig, origin: str) -> ModelConfig:
    """The config of a model that gets an upscaler. `origin`: where the upscaler came from, as a clause for the card."""
    size = config.image_size
    name = config.name.replace(f"{size} px", f"{2 * size} px")
    return replace(config, name=name, training=config.training | {"upscaler": origin})


def origin_of_upscaler(run: Path, start: Start | None) -> str:
    """The origin of the upscaler that `run` keeps: as its model says, else the model that training started from."""
    folder = run / "model"
    stored = ModelConfig.read(folder).training.get("upscaler") if (folder / layout.CONFIG).is_file() else None
    return str(stored or (f"that of {start.name}" if start else ""))


def keep_upscaler(content: bytes | None, run: Path) -> None:
    """Store the bytes of an upscaler.onnx in a run, for its model; None removes it."""
    if content is not None:
        run.mkdir(parents=True, exist_ok=True)
        atomic_write(run / layout.UPSCALER, content)
    else:
        (run / layout.UPSCALER).unlink(missing_ok=True)


def upscaler_of(run: Path) -> bytes | None:
    """The bytes of the upscaler.onnx that a run keeps; None if it has none."""
    return read_part(run, layout.UPSCALER) if (run / layout.UPSCALER).is_file() else None
