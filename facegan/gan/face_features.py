"""The label networks in torch, for losses on their features: torch has gradients with respect to the images.

labels/networks.py runs the same files in onnxruntime, which has none. They are under the MIT licence, so a network that
was trained with them may be published.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from facegan.labels.crop import crop_matrices

_NETWORKS = {"age_gender_model": ("places", "features"), "face_expression_model": ("features",)}


class FaceFeatures(nn.Module):
    """Aligned faces float (n, 3, H, W) in [-1, 1] to features (n, 1920), those of labels.networks.inner_features.

    Its weights are buffers, not parameters: they do not learn.
    """

    def __init__(self, size: int, framing: float):
        """`size` in px and `framing` of the faces."""
        super().__init__()
        across, down = crop_matrices(size, framing)
        self.register_buffer("across", torch.from_numpy(across), persistent=False)
        self.register_buffer("down", torch.from_numpy(down), persistent=False)
        self.networks = nn.ModuleList(OnnxNetwork(name, wanted) for name, wanted in _NETWORKS.items())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        crops = (self.down @ (images.float() + 1) @ self.across.T) * 127.5
        pixels = crops.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
        return torch.cat([part for network in self.networks for part in network(pixels)], dim=1)


class OnnxNetwork(nn.Module):
    """One of the networks in assets/face_api: pixels (n, 112, 112, 3) from 0 to 255 to the outputs named `wanted`.

    It runs the operations of the ONNX graph one after the other.
    """

    def __init__(self, name: str, wanted: tuple[str, ...]):
        super().__init__()
        graph, self._wanted = _graph(name), wanted
        self._steps, self._constants = graph
        for number, value in enumerate(self._constants.values()):
            kernel = value.ndim == 4  # in bfloat16 a convolution takes a third of the time with channels last
            value = value.contiguous(memory_format=torch.channels_last) if kernel else value
            self.register_buffer(f"constant_{number}", value, persistent=False)
        self._names = {key: f"constant_{number}" for number, key in enumerate(self._constants)}

    def forward(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        values = {key: getattr(self, name) for key, name in self._names.items()} | {"images": pixels}
        for operation, inputs, outputs, attributes in self._steps:
            found = _OPERATIONS[operation](attributes, *(values[name] for name in inputs))
            values |= zip(outputs, found if isinstance(found, tuple) else (found,), strict=True)
        return [values[name] for name in self._wanted]


@cache
def _graph(name: str) -> tuple[list[tuple[str, list[str], list[str], dict]], dict[str, torch.Tensor]]:
    """The steps of a network as (operation, inputs, outputs, attributes), and its constants, dequantised to float32."""
    import onnx
    from onnx import helper, numpy_helper

    content = files("facegan").joinpath("assets", "face_api", f"{name}.onnx").read_bytes()
    graph = onnx.load_from_string(content).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    steps, constants = [], {}
    for node in graph.node:
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        if node.op_type == "DequantizeLinear":
            stored[node.output[0]] = _dequantised(
                *(stored[name] for name in node.input), axis=attributes.get("axis", 1)
            )
        else:
            steps.append((node.op_type, list(node.input), list(node.output), attributes))
    needed = {name for _, inputs, _, _ in steps for name in inputs}
    constants = {key: torch.from_numpy(np.array(value)) for key, value in stored.items() if key in needed}
    return steps, constants


def _dequantised(levels: np.ndarray, scale: np.ndarray, zero: np.ndarray | None = None, *, axis: int) -> np.ndarray:
    """(levels - zero) * scale as float32; `scale` and `zero` are scalars, or one number for each place along `axis`."""
    shape = [-1 if place == axis else 1 for place in range(levels.ndim)] if scale.ndim else []
    centred = levels.astype(np.float32) - (0 if zero is None else zero.astype(np.float32).reshape(shape))
    return centred * scale.astype(np.float32).reshape(shape)


def _convolved(attributes: dict, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None):
    stride, groups = attributes.get("strides", (1, 1)), attributes.get("group", 1)
    return F.conv2d(_padded(attributes, x, weight.shape[2:], stride), weight, bias, stride, groups=groups)


def _pooled(attributes: dict, x: torch.Tensor) -> torch.Tensor:
    kernel, stride = attributes["kernel_shape"], attributes.get("strides", (1, 1))
    return F.max_pool2d(_padded(attributes, x, kernel, stride, -torch.inf), kernel, stride)


def _padded(
    attributes: dict, x: torch.Tensor, kernel: Sequence[int], stride: Sequence[int], value: float = 0.0
) -> torch.Tensor:
    """Padded as the attributes `pads` or `auto_pad` say; with SAME_UPPER an odd pixel is added at the end."""
    top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
    if attributes.get("auto_pad", b"NOTSET") == b"SAME_UPPER":
        needed = [
            max((-(-size // step) - 1) * step + taps - size, 0)
            for size, taps, step in zip(x.shape[2:], kernel, stride, strict=True)
        ]
        (top, bottom), (left, right) = ((one // 2, one - one // 2) for one in needed)
    return F.pad(x, (left, right, top, bottom), value=value)


def _gemm(attributes: dict, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    return F.linear(x, weight if attributes.get("transB") else weight.T, bias)


def _split(attributes: dict, x: torch.Tensor, sizes: torch.Tensor | None = None) -> tuple[torch.Tensor, ...]:
    axis = attributes.get("axis", 0)
    if sizes is not None:
        return tuple(x.split(sizes.tolist(), axis))
    return tuple(x.chunk(attributes["num_outputs"], axis))


# The operations in the networks of assets/face_api, with the attributes that occur there.
_OPERATIONS: dict[str, Callable] = {
    "Add": lambda _, a, b: a + b,
    "Sub": lambda _, a, b: a - b,
    "Div": lambda _, a, b: a / b,
    "Relu": lambda _, x: F.relu(x),
    "Identity": lambda _, x: x,
    "Flatten": lambda _, x: x.flatten(1),
    "Transpose": lambda attributes, x: x.permute(attributes["perm"]),
    "Concat": lambda attributes, *parts: torch.cat(parts, attributes["axis"]),
    "GlobalAveragePool": lambda _, x: x.mean((2, 3), keepdim=True),
    "Conv": _convolved,
    "MaxPool": _pooled,
    "Gemm": _gemm,
    "Split": _split,
}
