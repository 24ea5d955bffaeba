"""Checks the weights for diffusers against config.json, and those of the discriminator.

With numpy only: a push needs no torch.
"""

import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from facegan.base.curves import entry_curves
from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model.checks.network import weights_of
from facegan.model.checks.values import BASE_SIZE
from facegan.model.folder import ModelConfig, read_part

_WEIGHT = re.compile(r"layers\.(\d{1,3})\.weight", re.ASCII)
_KINDS = (np.dtype("float16"), np.dtype("float32"))


def weight_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights of model/diffusers_networks.py."""
    channels = (*config.channels, 3)
    filled = channels[0] * BASE_SIZE**2
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
    weights = _load(folder, layout.DIFFUSERS_WEIGHTS)
    expected = weight_shapes(config)
    different = sorted(set(weights) ^ set(expected))
    different += [name for name in expected if name in weights and weights[name].shape != expected[name]]
    if different:
        raise FaceGANError(
            f"{file} does not belong to this {layout.CONFIG}, because {different[0][:80]!r} is missing, surplus or of "
            "another shape: export the model again."
        )
    _check_numbers(file, weights)
    _check_same(folder, {name: weights[name] for name in expected})
    return weights


def discriminator_shapes(
    channels: tuple[int, ...], normalised: bool, with_deviation: bool
) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights of gan/networks.py's Discriminator.

    `channels` of its maps from 4x4 upwards, as those of a generator of the same size and width. `normalised`: with
    batch normalisation; `with_deviation`: with a map of the standard deviation over samples.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    layer, maps = 0, (3, *reversed(channels))
    for level, (seen, found) in enumerate(zip(maps[:-1], maps[1:], strict=True)):
        shapes[f"layers.{layer}.weight"] = (found, seen, 4, 4)
        if normalised and level:
            layer += 1
            shapes |= {f"layers.{layer}.{name}": (found,) for name in ("weight", "bias", "running_mean", "running_var")}
            shapes[f"layers.{layer}.num_batches_tracked"] = ()
        else:
            shapes[f"layers.{layer}.bias"] = (found,)
        layer += 2
    layer += with_deviation
    shapes[f"layers.{layer}.weight"] = (1, (maps[-1] + with_deviation) * BASE_SIZE**2)
    shapes[f"layers.{layer}.bias"] = (1,)
    return shapes


def read_discriminator(folder: Path, config: ModelConfig | None = None) -> dict[str, np.ndarray] | None:
    """The weights in discriminator.safetensors, as they are stored: float16 or float32. None where there are none.

    Without `config` they may be of any size and width: a training begins with a new one where they do not fit. Raises
    FaceGANError with the file's name when they are not those of a discriminator, or not of the size and width in
    `config`, or when a number is not finite.
    """
    file = folder / layout.DISCRIMINATOR
    if not (file.exists() or file.is_symlink()):
        return None
    weights = _load(folder, layout.DISCRIMINATOR)
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    channels = config.channels if config else _channels(shapes)
    if not any(shapes == discriminator_shapes(channels, *kind) for kind in product((False, True), repeat=2)):
        whose = f" of the size and width in {layout.CONFIG}" if config else ""
        raise FaceGANError(f"{file} is no discriminator of FaceGAN{whose}{_remedy(layout.DISCRIMINATOR)}")
    _check_numbers(file, {name: tensor for name, tensor in weights.items() if not _is_count(name, tensor)})
    return weights


def check_components(folder: Path) -> None:
    """Check upscaler and encoder for diffusers against their ONNX files and the index of components.

    Raises FaceGANError with the file's name when a part is missing, surplus, or another network.
    """
    upscaler = (layout.UPSCALER_CONFIG, layout.UPSCALER_WEIGHTS, layout.UPSCALER_CODE)
    encoder = (layout.ENCODER_CONFIG, layout.ENCODER_WEIGHTS, layout.ENCODER_CODE)
    _check_component(folder, layout.DIFFUSERS_UPSCALER, upscaler, layout.UPSCALER, _upscaler_named)
    _check_component(folder, layout.DIFFUSERS_ENCODER, encoder, layout.ENCODER, _encoder_named)


Named = tuple[list[str], dict[str, object]]  # names of the weights in their order, and what their config says


def _check_component(
    folder: Path, name: str, parts: tuple[str, str, str], network: str, named: Callable[[list[np.ndarray]], Named]
) -> None:
    """`parts`: config, weights and code of the component `name`; `network`: the ONNX file with the same weights."""
    there = [(folder / path).exists() for path in parts]
    if any(there) != all(there) or any(there) != (name in json.loads(read_part(folder, layout.MODEL_INDEX))):
        raise FaceGANError(f"{folder / name} is incomplete or not named in {layout.MODEL_INDEX}: fit the {name} again.")
    if not any(there):
        return
    file, weights = folder / parts[1], _load(folder, parts[1])
    _check_numbers(file, weights)
    others = weights_of(read_part(folder, network))
    names, expected = named(others)
    same = set(weights) == set(names) and all(
        np.array_equal(weights[name].astype(np.float32), other.astype(np.float32))
        for name, other in zip(names, others, strict=True)
    )
    values = json.loads(read_part(folder, parts[0]))
    if not same or not isinstance(values, dict) or {key: values.get(key) for key in expected} != expected:
        raise FaceGANError(f"{file} is another {name} than {network} beside it: fit the {name} again.")


def _upscaler_named(weights: list[np.ndarray]) -> Named:
    width, depth = weights[0].shape[0], len(weights) // 2 - 2
    layers = ["first", *(f"middle.{level}" for level in range(depth)), "last"]
    return _of_layers(layers), {"width": width, "depth": depth}


def _encoder_named(weights: list[np.ndarray]) -> Named:
    channels = [one.shape[0] for one in weights if one.ndim == 4]
    layers = [*(f"convolutions.{level}" for level in range(len(channels))), "dense", "step"]
    return _of_layers(layers), {"channels": channels, "hidden": weights[-2].shape[1]}


def _of_layers(layers: list[str]) -> list[str]:
    return [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def _channels(shapes: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
    """The channels of a discriminator with weights of these shapes. They are meaningless for any other network."""
    layers = {int(found[1]): shape for name, shape in shapes.items() if (found := _WEIGHT.fullmatch(name))}
    return tuple(layers[number][0] for number in sorted(layers, reverse=True) if len(layers[number]) == 4)


def _load(folder: Path, path: str) -> dict[str, np.ndarray]:
    try:
        return load(read_part(folder, path))
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FaceGANError(f"{folder / path} is not a file of weights ({error}){_remedy(path)}") from error


def _check_same(folder: Path, weights: dict[str, np.ndarray]) -> None:
    """Raises FaceGANError when the network beside the weights, here in their order, does not draw by the same."""
    if not (folder / layout.ONNX).is_file():  # it was not fetched
        return
    try:
        others = weights_of(read_part(folder, layout.ONNX))
    except (FaceGANError, ValueError):
        return  # FaceModel says what is wrong with it, and this is no FaceModel
    for (name, weight), other in zip(weights.items(), others, strict=False):
        if not np.array_equal(weight.astype(np.float32), other.astype(np.float32)):
            raise FaceGANError(
                f"{folder / layout.DIFFUSERS_WEIGHTS} holds another {name} than {layout.ONNX} beside it, so they would "
                "not draw the same faces: export the model again."
            )


def _check_numbers(file: Path, weights: dict[str, np.ndarray]) -> None:
    for name, tensor in weights.items():
        if tensor.dtype not in _KINDS or not np.isfinite(tensor).all():
            raise FaceGANError(
                f"{file} holds numbers in {name[:80]!r} that are not finite float16 or float32{_remedy(file.name)}"
            )


def _is_count(name: str, tensor: np.ndarray) -> bool:
    """Whether a tensor is the batch counter of a batch normalisation, the only integer in a network."""
    return name.endswith(".num_batches_tracked") and tensor.dtype == np.int64


def _remedy(path: str) -> str:
    or_else = ", or remove the file: training then begins with a new one" if path == layout.DISCRIMINATOR else ""
    return f": export the model again{or_else}."


def _check_diffusers_config(folder: Path, config: ModelConfig) -> None:
    file = folder / layout.DIFFUSERS_CONFIG
    try:
        values = json.loads(read_part(folder, layout.DIFFUSERS_CONFIG))
        found = (values["_class_name"], values["channels"], values["latent_size"])
        found += (entry_curves(values.get("curves", [])),)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FaceGANError(f"{file} is not the config of a generator ({error}): export the model again.") from error
    if found != ("FaceGANGenerator", list(config.channels), config.latent_size, config.curves):
        raise FaceGANError(f"{file} describes another network than {layout.CONFIG}: export the model again.")
