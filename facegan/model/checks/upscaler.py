"""Checks that upscaler.onnx is an upscaler of ours, before onnxruntime reads it; see network.py."""

from collections.abc import Iterator

import numpy as np

from facegan.base.upscaling import SLOPE
from facegan.model.checks.network import check_chain
from facegan.model.checks.wire import read_graph

INPUT, OUTPUT = "images", "details"
DETAILS = 9  # maps: three differences within every 2x2 px of three colours, see `upscaler.join`
_WIDEST, _DEEPEST = 256, 16
_ANY = {"group": 1, "auto_pad": b"NOTSET", "dilations": (1, 1)}
_HALVING = {**_ANY, "strides": (2, 2), "pads": (2, 2, 2, 2), "kernel_shape": (6, 6)}
_LEVEL = {**_ANY, "strides": (1, 1), "pads": (1, 1, 1, 1), "kernel_shape": (3, 3)}


def upscaler_steps(width: int, depth: int) -> Iterator[tuple[str, dict, list]]:
    """Each step as (operation, attributes, shapes of its weights), as `network.steps_of` has them of the generator.

    `width`: channels of its maps; `depth`: convolutions between the first and the last.
    """
    slope = {"alpha": float(np.float32(SLOPE))}
    yield "Conv", _HALVING, [(width, 3, 6, 6), (width,)]
    for _ in range(depth):
        yield "LeakyRelu", slope, []
        yield "Conv", _LEVEL, [(width, width, 3, 3), (width,)]
    yield "LeakyRelu", slope, []
    yield "ConvTranspose", {**_HALVING, "output_padding": (0, 0)}, [(width, DETAILS, 6, 6), (DETAILS,)]


def check_upscaler(content: bytes) -> None:
    """Raises ValueError with what is wrong with the bytes of upscaler.onnx."""
    kernels = [tensor.shape for tensor in read_graph(content).tensors.values() if tensor.ndim == 4]
    width, depth = kernels[0][0] if kernels else 0, len(kernels) - 2
    if not 1 <= width <= _WIDEST or not 0 <= depth <= _DEEPEST:
        raise ValueError(f"it has {len(kernels)} convolutions of {width} maps, not as ours")
    check_chain(content, list(upscaler_steps(width, depth)), INPUT, OUTPUT)
