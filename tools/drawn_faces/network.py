"""MobileStyleGAN (Belousov 2021, https://arxiv.org/abs/2104.04767) from PyPI random-face, without its last level."""

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

W_SIZE = 512
_LAST_SPLIT = "Slice_764/Split"  # the node that splits the wavelet bands of the last level, in the package's graph
# Not pinned, because two processes that pin their threads would share one core.
_CONFIG = {"INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False}


def package_data() -> Path:
    """The folder of the networks in the installed package random-face, which is not imported.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    spec = find_spec("random_face")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("random-face is missing: pip install --no-deps random-face==2021.7.21.1")
    return Path(spec.origin).parent / "data"


class Network:
    """The mapping and the synthesis network on one thread."""

    def __init__(self, data: Path | None = None):
        self._data, self._core = data or package_data(), ov.Core()

    @cached_property
    def _mapping(self) -> ov.CompiledModel:
        return self._core.compile_model(self._core.read_model(self._data / "MappingNetwork.xml"), "CPU", _CONFIG)

    @cached_property
    def _synthesis(self) -> ov.CompiledModel:
        graph = _without_last_level(self._core.read_model(self._data / "SynthesisNetwork.xml"))
        return self._core.compile_model(graph, "CPU", {**_CONFIG, "INFERENCE_PRECISION_HINT": "bf16"})

    def map(self, z: np.ndarray) -> np.ndarray:
        """z float32 (n, 512) ~ N(0, I) to w float32 (n, 512)."""
        return np.concatenate([self._mapping([row[None].astype(np.float32)])[0] for row in z])

    def draw(self, w: np.ndarray) -> np.ndarray:
        """w (512,) to a picture uint8 (512, 512, 3), RGB."""
        image = self._synthesis([w[None].astype(np.float32)])[0][0].transpose(1, 2, 0)
        return ((image + 1) * 127.5).clip(0, 255).round().astype(np.uint8)


def _without_last_level(model: ov.Model) -> ov.Model:
    """The graph up to 512 px, with faster inverse Haar transforms: it takes a third of the time.

    The package's graph spends most of its time in inverse Haar transforms that are written as grouped transposed
    convolutions. They are replaced by sums and differences of four planes and a depth-to-space. The last one, from 512
    to 1024 px, is left out: its low band is the picture at half the size.
    """
    last = next(op for op in model.get_ops() if op.get_friendly_name() == _LAST_SPLIT)
    for split in [op for op in model.get_ordered_ops() if op.get_type_name() == "VariadicSplit"]:
        if len(split.outputs()) == 2 and split.get_friendly_name() != _LAST_SPLIT:
            _replace_inverse_haar(split)
    half = ops.multiply(last.output(0), ops.constant(np.float32(0.5)))
    return ov.Model([half.output(0)], model.get_parameters(), "faces")


def _replace_inverse_haar(split: ov.Node) -> None:
    channels, source = split.output(0).shape[1], split.input_value(0)
    low, end = _trace(split.output(0))
    bands = next(node for node in _users(split.output(1)) if node.get_type_name() == "Reshape")
    bands = _users(bands.output(0))[0]
    kernels = [low] + [_trace(_users(bands.output(k))[0].output(0))[0] for k in range(3)]
    places = [np.arange(channels)] + [channels + np.arange(channels) * 3 + k for k in range(3)]
    planes = [ops.gather(source, ops.constant(p.astype(np.int32)), ops.constant(np.int32(1))) for p in places]
    corners = []
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        signs = [float(kernel[row, column]) for kernel in kernels]
        total = planes[0]
        for sign, plane in zip(signs[1:], planes[1:], strict=True):
            total = ops.add(total, plane) if sign * signs[0] > 0 else ops.subtract(total, plane)
        corners.append(ops.multiply(total, ops.constant(np.float32(signs[0]))))
    larger = ops.depth_to_space(ops.concat(corners, 1), "blocks_first", 2)
    for port in list(end.output(0).get_target_inputs()):
        port.replace_source_output(larger.output(0))


def _trace(output: ov.Output) -> tuple[np.ndarray, ov.Node]:
    """The 2 x 2 kernel of one band's two transposed convolutions, and the node after them."""
    kind = "GroupConvolutionBackpropData"
    first = next(node for node in _users(output) if node.get_type_name() == kind)
    second = next(node for node in _users(_users(first.output(0))[0].output(0)) if node.get_type_name() == kind)
    return np.outer(_taps(first), _taps(second)), _users(second.output(0))[0]


def _taps(node: ov.Node) -> np.ndarray:
    weight = node.input_value(1).get_node()
    return np.asarray(weight.data).reshape(weight.data.shape[0], -1)[0]


def _users(output: ov.Output) -> list[ov.Node]:
    return [port.get_node() for port in output.get_target_inputs()]
