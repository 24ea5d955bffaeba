"""Writes a model folder atomically: there is never an incomplete one."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from facegan.base.files import atomic_write_all
from facegan.gan.networks import Discriminator, Generator
from facegan.model import folder as layout
from facegan.model.card import write_card
from facegan.model.export import export_discriminator, export_weights, shipped_form
from facegan.model.export_upscaler import put_upscaler
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.model.showcase import write_showcase


def save_model(
    generator: Generator,
    config: ModelConfig,
    folder: Path,
    films: Iterable[Path] = (),
    discriminator: Discriminator | None = None,
    upscaler: bytes | None = None,
    attempt: Callable[[str, Callable[[], None]], object] = lambda what, step: step(),
) -> FaceModel:
    """Write `generator` (eval mode) as the model folder `folder`, replacing what it holds, and load it again.

    `config.channels` is taken from the generator; `films` of its training have the names that PARTS gives them. With
    its `discriminator`, that of the last step where the generator is the best one, another training may start from it.
    `upscaler`: the bytes of an upscaler.onnx that doubles its images.
    `attempt` runs the optional steps, each with its name. If it catches their errors, the weights are saved anyway.
    """
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    config.save(unfinished)
    export_weights(shipped_form(generator), unfinished)
    if discriminator is not None:
        export_discriminator(discriminator, unfinished)
    if upscaler is not None:
        put_upscaler(upscaler, unfinished)
    model = FaceModel.load(unfinished)
    attempt(f"{layout.SAMPLES} and {layout.MORPH}", lambda: write_showcase(model, unfinished))
    for film in films:
        shutil.copyfile(film, unfinished / layout.PART[film.name].path)
    attempt("The model card", lambda: write_card(config, unfinished))
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return FaceModel.load(folder)


def add_films(films: Iterable[Path], folder: Path) -> None:
    """Put the films of its training into a model folder, and tell of them in its card."""
    atomic_write_all({folder / layout.PART[film.name].path: film.read_bytes() for film in films})
    write_card(ModelConfig.read(folder), folder)
