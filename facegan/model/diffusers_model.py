"""FaceGANPipeline as `from facegan import FaceGANPipeline`: loads a folder or a Hub repository without its code."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from facegan.base.errors import FaceGANError
from facegan.base.seeds import latents_of
from facegan.model import folder as layout
from facegan.model import pipeline
from facegan.model.checks.encoder import check_encoder
from facegan.model.checks.network import weights_of
from facegan.model.checks.upscaler import check_upscaler
from facegan.model.diffusers_networks import FaceGANEncoder, FaceGANGenerator, FaceGANUpscaler
from facegan.model.fetch import find_model
from facegan.model.folder import ModelConfig, read_part, refuse_pickles
from facegan.model.load import digest_of
from facegan.model.tensors import read_weights

_PARTS = (layout.CONFIG, layout.DIFFUSERS_CONFIG, layout.DIFFUSERS_WEIGHTS, layout.UPSCALER, layout.ENCODER)


Network = TypeVar("Network", FaceGANUpscaler, FaceGANEncoder)


class FaceGANPipeline(pipeline.FaceGANPipeline):
    """The pipeline that lies in every model folder, with a loader that runs nothing of the folder."""

    @classmethod
    def from_pretrained(cls, source: str | Path | None = None, revision: str | None = None) -> "FaceGANPipeline":
        """The embedded default, a model folder, or "user/name" on the Hub, at "@revision" or `revision`; float32, CPU.

        Fetches only config, safetensors, upscaler.onnx and encoder.onnx, whose weights are those of their parts for
        diffusers.
        Raises FaceGANError with the file's name when one is not what it should be.
        """
        if revision is not None and isinstance(source, str):
            source = f"{source}@{revision}"
        folder = find_model(source, _PARTS).folder
        refuse_pickles(folder)
        return cls(load_generator(folder), load_encoder(folder), load_upscaler(folder))


def load_generator(folder: Path) -> FaceGANGenerator:
    """The generator of a folder's part for diffusers, each tensor checked; float32 on the CPU, in eval mode.

    Raises FaceGANError with the file's name when one is not what it should be, or when it draws no finite images.
    """
    config = ModelConfig.read(folder)
    weights = read_weights(folder, config)
    generator = FaceGANGenerator(config.channels, config.latent_size, config.curves)
    generator.load_state_dict({name: torch.from_numpy(value.copy()).float() for name, value in weights.items()})
    with torch.no_grad():
        images = generator.eval()(torch.from_numpy(latents_of([0, 1], config.latent_size)))
    if not images.isfinite().all():  # finite weights can still add up to infinity
        raise FaceGANError(f"{folder / layout.DIFFUSERS_WEIGHTS} does not draw finite images: train the model again.")
    return generator


def load_upscaler(folder: Path) -> FaceGANUpscaler | None:
    """The upscaler in upscaler.onnx of a folder, checked; float32 on the CPU, in eval mode. None where it has none.

    Raises FaceGANError with the file's name when it is not what it should be.
    """
    file = folder / layout.UPSCALER
    if not (file.exists() or file.is_symlink()):
        return None
    content = read_part(folder, layout.UPSCALER)
    try:
        check_upscaler(content)
    except ValueError as error:
        raise FaceGANError(f"{file} is no upscaler of a FaceGAN model, because {error}: fit it again.") from error
    weights = weights_of(content)
    return _with_weights(FaceGANUpscaler(weights[0].shape[0], len(weights) // 2 - 2), weights)


def load_encoder(folder: Path) -> FaceGANEncoder | None:
    """The encoder in encoder.onnx of a folder, checked; float32 on the CPU, in eval mode. None where it has none.

    Raises FaceGANError with the file's name when it is not what it should be.
    """
    file = folder / layout.ENCODER
    if not (file.exists() or file.is_symlink()):
        return None
    content = read_part(folder, layout.ENCODER)
    network = read_part(folder, layout.ONNX) if (folder / layout.ONNX).is_file() else None  # it may not be fetched
    try:
        check_encoder(content, None if network is None else digest_of(network))
        return encoder_of(weights_of(content))
    except ValueError as error:
        raise FaceGANError(f"{file} is no encoder of a FaceGAN model, because {error}: fit it again.") from error


def encoder_of(weights: list[np.ndarray]) -> FaceGANEncoder:
    """An encoder with the weights and biases of encoder.onnx in their order. Raises ValueError for others."""
    channels = tuple(weight.shape[0] for weight in weights if weight.ndim == 4)
    encoder = FaceGANEncoder(channels, weights[-4].shape[0], weights[-2].shape[0])
    return _with_weights(encoder, weights)


def _with_weights(network: Network, weights: list[np.ndarray]) -> Network:
    """`network` in eval mode with these weights and biases, in the order of its layers."""
    named = zip(network.state_dict(), weights, strict=True)
    network.load_state_dict({name: torch.from_numpy(weight.astype(np.float32)) for name, weight in named})
    return network.eval()
