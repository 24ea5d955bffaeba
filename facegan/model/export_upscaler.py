"""Exports a fitted upscaler into a model folder, as upscaler.onnx and for diffusers, and checks the file."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.gan.upscaler import Upscaler
from facegan.model import folder as layout
from facegan.model.checks.media import INDEX_OF_UPSCALER
from facegan.model.checks.upscaler import DETAILS, INPUT, OUTPUT, check_upscaler, upscaler_steps
from facegan.model.components import put_component
from facegan.model.diffusers_model import load_upscaler
from facegan.model.export import chain_to_onnx
from facegan.model.upscaler import join

_SIDE = 64  # px of the images by which the file is checked
_TOLERANCE = 2 / 127.5  # two of 256 levels: nobody can see it, and float16 takes half the bytes


@torch.no_grad()
def export_upscaler(upscaler: Upscaler, folder: Path) -> None:
    """Write the upscaler of the generator in `folder`, its weights as float16.

    Raises FaceGANError when the output of the file differs from that of `upscaler`.
    """
    constants = {name: value.detach().float().cpu().numpy() for name, value in upscaler.state_dict().items()}
    kernels = [value for value in constants.values() if value.ndim == 4]
    shapes = {INPUT: [3, "height", "width"], OUTPUT: [DETAILS, "height", "width"]}
    steps = list(upscaler_steps(len(kernels[0]), len(kernels) - 2))
    content = chain_to_onnx("upscaler", steps, constants, shapes, half=True)
    check_upscaler(content)
    images = torch.rand(4, 3, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    drawn = join(images.numpy(), session.run([OUTPUT], {INPUT: images.numpy()})[0])
    differs = np.abs(drawn - upscaler(images).numpy()).max()
    if not differs <= _TOLERANCE:
        raise FaceGANError(
            f"{layout.UPSCALER} differs from the fitted upscaler by {differs:.2g}, so it was not written: please "
            "report this with your versions of torch and onnxruntime."
        )
    put_upscaler(content, folder)


def put_upscaler(content: bytes, folder: Path) -> None:
    """Write the bytes of an upscaler.onnx into a model folder, and the same network for diffusers."""
    atomic_write(folder / layout.UPSCALER, content)
    put_component(folder, load_upscaler(folder), layout.UPSCALER_CODE, INDEX_OF_UPSCALER)
