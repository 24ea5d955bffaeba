"""Exports a fitted encoder into a model folder, as encoder.onnx and for diffusers, and checks the file."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

from facegan.base.encoding import SIDE
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.gan.encoder import Encoder
from facegan.model import folder as layout
from facegan.model.checks.encoder import INPUT, OUTPUT, check_encoder, encoder_steps, name_for
from facegan.model.checks.media import INDEX_OF_ENCODER
from facegan.model.components import drop_component, put_component
from facegan.model.diffusers_model import load_encoder
from facegan.model.export import chain_to_onnx
from facegan.model.folder import read_part
from facegan.model.load import digest_of

_TOLERANCE = 0.05  # standard deviations of a latent, by which rounding to float16 may move it: nobody can see it


@torch.no_grad()
def export_encoder(encoder: Encoder, folder: Path) -> None:
    """Write the encoder of the generator in `folder`, its normalisation folded and its weights as float16.

    Raises FaceGANError when the output of the file differs from that of `encoder` (eval mode).
    """
    constants, weights = folded(encoder), digest_of(read_part(folder, layout.ONNX))
    channels = tuple(value.shape[0] for name, value in constants.items() if value.ndim == 4)
    hidden = next(value.shape[0] for value in constants.values() if value.ndim == 2)
    shapes = {INPUT: [6, SIDE, SIDE], OUTPUT: [encoder.layers[-1].out_features]}
    steps = list(encoder_steps(channels, hidden))
    content = chain_to_onnx(name_for(weights), steps, constants, shapes, half=True)
    check_encoder(content, weights)
    pairs = torch.rand(16, 6, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    differs = np.abs(session.run([OUTPUT], {INPUT: pairs.numpy()})[0] - encoder(pairs).numpy()).max()
    if not differs <= _TOLERANCE:
        raise FaceGANError(
            f"{layout.ENCODER} differs from the fitted encoder by {differs:.2g}, so it was not written: please report "
            "this with your versions of torch and onnxruntime."
        )
    atomic_write(folder / layout.ENCODER, content)
    export_for_diffusers(folder)


def export_for_diffusers(folder: Path) -> None:
    """Write the encoder in encoder.onnx of `folder` for diffusers too, and name it in the index of its components.

    The default model has no such component, because it comes with the program and should stay small:
    `FaceGANPipeline.from_pretrained` reads the same weights from encoder.onnx.
    """
    if folder.resolve() == layout.DEFAULT_FOLDER.resolve():
        drop_component(folder, INDEX_OF_ENCODER)
    else:
        put_component(folder, load_encoder(folder), layout.ENCODER_CODE, INDEX_OF_ENCODER)


def folded(encoder: Encoder) -> dict[str, np.ndarray]:
    """The weights and biases float32 of its steps in their order, with each batch normalisation in its convolution."""
    layers, constants = list(encoder.layers), {}
    for place, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d):
            norm = layers[place + 1]
            scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
            constants[f"{place}.weight"] = layer.weight.double() * scale[:, None, None, None]
            constants[f"{place}.bias"] = norm.bias.double() - norm.running_mean.double() * scale
        elif isinstance(layer, nn.Linear):
            constants |= {f"{place}.weight": layer.weight, f"{place}.bias": layer.bias}
    return {name: value.detach().float().contiguous().numpy() for name, value in constants.items()}
