"""Checks that encoder.onnx is an encoder of ours, before onnxruntime reads it; see network.py."""

from collections.abc import Iterator

import numpy as np

from facegan.base.encoding import SIDE, SLOPE
from facegan.base.seeds import LATENT_SIZE
from facegan.model.checks.network import check_chain
from facegan.model.checks.wire import read_graph

INPUT, OUTPUT = "pairs", "steps"
_LEVELS = 4  # each halves the maps
_WIDEST, _MOST_HIDDEN = 512, 1024
_CONVOLUTION = {
    "group": 1,
    "auto_pad": b"NOTSET",
    "strides": (2, 2),
    "pads": (1, 1, 1, 1),
    "dilations": (1, 1),
    "kernel_shape": (4, 4),
}
_GEMM = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}


def encoder_steps(channels: tuple[int, ...], hidden: int) -> Iterator[tuple[str, dict, list]]:
    """Each step as (operation, attributes, shapes of its weights), as `network.steps_of` has them of the generator.

    `channels` of its maps from 32 px downwards; `hidden`: width of the dense layer before the last one.
    """
    slope = {"alpha": float(np.float32(SLOPE))}
    for seen, found in zip((6, *channels[:-1]), channels, strict=True):
        yield "Conv", _CONVOLUTION, [(found, seen, 4, 4), (found,)]
        yield "LeakyRelu", slope, []
    flat = channels[-1] * (SIDE >> len(channels)) ** 2
    yield "Flatten", {"axis": 1}, []
    yield "Gemm", _GEMM, [(hidden, flat), (hidden,)]
    yield "LeakyRelu", slope, []
    yield "Gemm", _GEMM, [(LATENT_SIZE, hidden), (LATENT_SIZE,)]


def name_for(weights: str) -> str:
    """The name of the graph of an encoder for the generator with these weights (FaceModel.weights)."""
    return f"encoder of {weights}"


def check_encoder(content: bytes, weights: str | None) -> None:
    """Raises ValueError with what is wrong with the bytes of encoder.onnx, beside a generator with these weights.

    None where that was not fetched.
    """
    if weights is not None and read_graph(content).name != name_for(weights):
        raise ValueError("it was fitted to another generator than the one beside it")
    tensors = read_graph(content).tensors.values()
    kernels, matrices = ([tensor.shape for tensor in tensors if tensor.ndim == ndim] for ndim in (4, 2))
    channels, hidden = tuple(shape[0] for shape in kernels), matrices[0][0] if matrices else 0
    if len(channels) != _LEVELS or max(channels) > _WIDEST or not 1 <= hidden <= _MOST_HIDDEN:
        raise ValueError(f"it has convolutions of {channels[:8]} maps and a dense layer of {hidden}, not as ours")
    check_chain(content, list(encoder_steps(channels, hidden)), INPUT, OUTPUT)
