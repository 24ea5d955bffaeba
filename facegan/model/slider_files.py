"""The sliders of a model folder: sliders.json and sliders.safetensors, both or neither."""

from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write_all
from facegan.model import folder as layout
from facegan.model.folder import ModelConfig, read_part
from facegan.sliders.slider import SliderSet
from facegan.sliders.store import parse_json, parse_safetensors, to_json, to_safetensors


def read_sliders(folder: Path, config: ModelConfig) -> SliderSet | None:
    """The folder's sliders, None where it has none. Raises FaceGANError with the name of the file that is broken."""
    files = layout.SLIDERS, layout.SLIDER_WEIGHTS
    if not any((folder / name).exists() or (folder / name).is_symlink() for name in files):
        return None
    description, tensors = (read_part(folder, name) for name in files)
    try:
        parts = parse_json(description)
    except ValueError as error:
        raise FaceGANError(f"{folder / layout.SLIDERS} is broken, because {error}: fit the sliders again.") from error
    try:
        return parse_safetensors(tensors, *parts, config.latent_size)
    except ValueError as error:
        file = folder / layout.SLIDER_WEIGHTS
        raise FaceGANError(f"{file} is broken, because {error}: fit the sliders again.") from error


def write_sliders(sliders: SliderSet, folder: Path) -> None:
    """Write the sliders of a model folder, replacing any it has."""
    atomic_write_all(
        {folder / layout.SLIDER_WEIGHTS: to_safetensors(sliders), folder / layout.SLIDERS: to_json(sliders)}
    )
