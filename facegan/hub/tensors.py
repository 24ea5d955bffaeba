"""Are the weights for diffusers those that config.json describes? With numpy only: a push needs no torch."""

import json
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from facegan.errors import FaceGANError
from facegan.hub import folder as layout
from facegan.hub.folder import ModelConfig, read_part

_KINDS = (np.dtype("float16"), np.dtype("float32"))


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights of hub/generator.py."""
    channels = (*config.channels, 3)
    filled = channels[0] * 16
    shapes: dict[str, tuple[int, ...]] = {"project.weight": (filled, config.latent_size), "project.bias": (filled,)}
    for level, (maps, drawn) in enumerate(zip(channels[:-1], channels[1:], strict=True)):
        shapes[f"ups.{level}.weight"], shapes[f"ups.{level}.bias"] = (maps, drawn, 4, 4), (drawn,)
    return shapes


def read_weights(folder: Path, config: ModelConfig) -> dict[str, np.ndarray]:
    """The weights in the folder's part for diffusers, as they are stored: float16 or float32.

    Raises FaceGANError with the file's name when it or its config.json differs from what `config` says, or when a
    number is not finite.
    """
    _check_diffusers_config(folder, config)
    file = folder / layout.DIFFUSERS_WEIGHTS
    try:
        weights = load(read_part(folder, layout.DIFFUSERS_WEIGHTS))
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FaceGANError(f"{file} is not a file of weights ({error}): export the model again.") from error
    expected = weight_shapes(config)
    different = sorted(set(weights) ^ set(expected))
    different += [name for name in expected if name in weights and weights[name].shape != expected[name]]
    if different:
        raise FaceGANError(
            f"{file} does not belong to this {layout.CONFIG}, because {different[0][:80]!r} is missing, surplus or of "
            "another shape: export the model again."
        )
    for name, tensor in weights.items():
        if tensor.dtype not in _KINDS or not np.isfinite(tensor).all():
            raise FaceGANError(
                f"{file} holds numbers in {name!r} that are not finite float16 or float32: export the model again."
            )
    return weights


def _check_diffusers_config(folder: Path, config: ModelConfig) -> None:
    file = folder / layout.DIFFUSERS_CONFIG
    try:
        values = json.loads(read_part(folder, layout.DIFFUSERS_CONFIG))
        found = (values["_class_name"], values["channels"], values["latent_size"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FaceGANError(f"{file} is not the config of a generator ({error}): export the model again.") from error
    if found != ("FaceGANGenerator", list(config.channels), config.latent_size):
        raise FaceGANError(f"{file} describes another network than {layout.CONFIG}: export the model again.")
