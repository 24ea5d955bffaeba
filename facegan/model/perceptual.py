"""A perceptual loss: the distance between the feature maps of a generated and a real face, and its gradient.

The maps are those of the first half of EfficientNet-Lite1 (ImageNet, Apache-2.0), which tools/convert_maps_network.py
converts. Forward and backward pass are ONNX steps, because the demo has no torch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
import onnxruntime
from safetensors.numpy import load

from facegan.labels.crop import crop_matrices
from facegan.model.onnx_writer import FLOAT, Step, to_onnx
from facegan.model.pixel_loss import GeneratorSteps, pixel_steps

ROUNDING = np.float32(0.02)  # added to either loss, so that its logarithm is finite: about the error of 8-bit colours
# px: the side of the network's input. With 112, that of the label networks, look-alikes are as near (0.80 of the
# distance of the nearest random face, 32 held-out faces) and a step takes a quarter longer.
INPUT_SIDE = 80
_FILE = ("assets", "efficientnet_lite1", "maps.safetensors")


@dataclass(frozen=True)
class Layer:
    """A convolution of the network.

    Attributes:
        weight: float32 (out, in / groups, k, k).
        bias: float32 (out,).
        stride: 1 or 2.
        pads: top, left, bottom, right.
        groups: of the channels.
        clipped: whether a ReLU6 follows, which clips the values to 0..6.
        adds: the length in layers of the residual connection that ends here; 0 for none.
        map: whether its feature maps are compared.
    """

    weight: np.ndarray
    bias: np.ndarray
    stride: int
    pads: Sequence[int]
    groups: int
    clipped: bool
    adds: int
    map: bool


@dataclass(frozen=True)
class LossWeights:
    """The weights of the logarithms of both losses."""

    pixels: float
    maps: float


@cache
def layers() -> tuple[Layer, ...]:
    """The layers in order, which form one chain."""
    content = files("facegan").joinpath(*_FILE).read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    tensors = {name: value.astype(np.float32) for name, value in load(content).items()}
    found = json.loads(header["__metadata__"]["layers"])
    return tuple(Layer(tensors[f"{i}.weight"], tensors[f"{i}.bias"], **one) for i, one in enumerate(found))


def map_names() -> list[str]:
    """The names of the feature maps that are compared, in the steps of `forward_steps`."""
    return [f"layer{number + 1}" for number, layer in enumerate(layers()) if layer.map]


def forward_steps(size: int, framing: float) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from `images` (n, 3, size, size) in [-1, 1] to the maps `map_names`, and their constants.

    The input is the same part of the face as that of the label networks.
    """
    across, down = (matrix.astype(np.float32) for matrix in crop_matrices(size, framing, INPUT_SIDE))
    constants = {"layer_across": np.ascontiguousarray(across.T), "layer_down": down, "layer_one": np.float32(1),
                 "layer_zero": np.float32(0), "layer_six": np.float32(6)}  # fmt: skip
    steps = [
        Step("Add", ("images", "layer_one"), "layer_lifted"),
        Step("MatMul", ("layer_down", "layer_lifted"), "layer_rows"),
        Step("MatMul", ("layer_rows", "layer_across"), "layer_crop"),
        Step("Sub", ("layer_crop", "layer_one"), "layer0"),
    ]
    for number, layer in enumerate(layers()):
        constants |= {f"layer_w{number}": layer.weight, f"layer_b{number}": layer.bias}
        taken = (f"layer{number}", f"layer_w{number}", f"layer_b{number}")
        after = f"layer{number + 1}"
        raw = f"layer_raw{number}" if layer.clipped or layer.adds else after
        steps.append(Step("Conv", taken, raw, _attributes(layer)))
        if layer.clipped:
            steps.append(Step("Clip", (raw, "layer_zero", "layer_six"), after))
        elif layer.adds:
            steps.append(Step("Add", (raw, f"layer{number + 1 - layer.adds}"), after))
    return steps, constants


def backward_steps(map_gradients: Sequence[str]) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from the gradients with respect to the maps to `layer_gradient` (n, 3, H, H), with respect to `images`.

    `map_gradients`: the names of the former, in the order of `map_names`. The steps follow those of `forward_steps`.
    """
    chain = layers()
    constants, steps = {}, []
    # By the index of a value in the chain: the names of the gradients that have reached it so far.
    back = {int(name[5:]): [one] for name, one in zip(map_names(), map_gradients, strict=True)}
    for number in reversed(range(len(chain))):
        layer = chain[number]
        gradient = _summed(steps, back.pop(number + 1), f"layer_sum{number}")
        if layer.adds:
            back.setdefault(number + 1 - layer.adds, []).append(gradient)
        if layer.clipped:  # 1 between 0 and 6, else 0; the fastest of the equivalent expressions in onnxruntime
            steps += [
                Step("Greater", (f"layer{number + 1}", "layer_zero"), f"layer_above{number}"),
                Step("Less", (f"layer{number + 1}", "layer_six"), f"layer_below{number}"),
                Step("And", (f"layer_above{number}", f"layer_below{number}"), f"layer_inside{number}"),
                Step("Cast", (f"layer_inside{number}",), f"layer_mask{number}", {"to": FLOAT}),
                Step("Mul", (gradient, f"layer_mask{number}"), f"layer_masked{number}"),
            ]
            gradient = f"layer_masked{number}"
        steps.append(_back(layer, number, gradient, constants))
        back.setdefault(number, []).append(f"layer_back{number}")
    gradient = _summed(steps, back.pop(0), "layer_sum")
    steps += [
        Step("MatMul", ("layer_lowered", gradient), "layer_unrows"),
        Step("MatMul", ("layer_unrows", "layer_uncrossed"), "layer_gradient"),
    ]
    steps[:0] = [
        Step("Transpose", ("layer_down",), "layer_lowered", {"perm": (1, 0)}),
        Step("Transpose", ("layer_across",), "layer_uncrossed", {"perm": (1, 0)}),
    ]
    return steps, constants


def _summed(steps: list[Step], parts: list[str], name: str) -> str:
    """The name of the sum of one or two values."""
    if len(parts) == 1:
        return parts[0]
    steps.append(Step("Add", tuple(parts), name))
    return name


def _back(layer: Layer, number: int, gradient: str, constants: dict[str, np.ndarray]) -> Step:
    """The step from the gradient with respect to a convolution's output to that with respect to its input."""
    name = f"layer_back{number}"
    if layer.stride > 1:
        return Step("ConvTranspose", (gradient, f"layer_w{number}"), name, _attributes(layer))
    # With stride 1 it is a convolution with the flipped kernel, which is faster.
    flipped = layer.weight[:, :, ::-1, ::-1]
    if layer.groups == 1:
        flipped = flipped.swapaxes(0, 1)
    constants[f"layer_t{number}"] = np.ascontiguousarray(flipped)
    side = layer.weight.shape[-1]
    pads = tuple(side - 1 - pad for pad in layer.pads)
    return Step("Conv", (gradient, f"layer_t{number}"), name, {**_attributes(layer), "pads": pads})


def _attributes(layer: Layer) -> dict[str, int | tuple[int, ...]]:
    side = layer.weight.shape[-1]
    return {
        "kernel_shape": (side, side),
        "strides": (layer.stride,) * 2,
        "pads": tuple(layer.pads),
        "group": layer.groups,
    }


class PerceptualLoss:
    """The distance of a generated face from a real one, by pixels and by feature maps, and its gradient.

    `content` are the checked bytes of generator.onnx, whose faces have the framing `framing`. The networks are built on
    first use.
    """

    def __init__(self, content: bytes, framing: float, options: onnxruntime.SessionOptions):
        self._content, self._framing, self._options = content, framing, options

    def maps(self, image: np.ndarray) -> list[np.ndarray]:
        """The maps float32 (1, c, h, w) of an image float32 (1, 3, size, size) in [-1, 1]."""
        return self._maps_session.run(map_names(), {"images": image})

    def __call__(
        self,
        latent: np.ndarray,
        wanted: np.ndarray,
        weights: np.ndarray,
        maps: Sequence[np.ndarray],
        loss_weights: LossWeights,
    ) -> tuple[float, np.ndarray]:
        """The value and its gradient float32 (1, d) with respect to a latent (1, d).

        The value is loss_weights.pixels * log(p) + loss_weights.maps * log(m). p is the PixelLoss for `wanted` and
        `weights`; m is the relative squared error of each map, averaged over the maps. ROUNDING is added
        to both.
        """
        inputs = {"latents": latent, "wanted": wanted[None], "weights": weights[None, None]}
        inputs |= {
            "pixel_weight": np.array(loss_weights.pixels, np.float32),
            "map_weight": np.array(loss_weights.maps, np.float32),
        }
        for number, level in enumerate(maps):
            unit = np.array(1 / len(maps) / np.square(level).sum(), np.float32)
            inputs |= {f"target{number}": level, f"unit{number}": unit}
        pixels, apart, gradients = self._loss_session.run(["pixel_loss", "map_loss", "gradients"], inputs)
        value = loss_weights.pixels * np.log(float(pixels)) + loss_weights.maps * np.log(float(apart))
        return value, 2 * gradients

    @cached_property
    def _maps_session(self) -> onnxruntime.InferenceSession:
        steps, constants = forward_steps(GeneratorSteps(self._content).size, self._framing)
        return self._session(to_onnx(steps, constants, ("images",), map_names()))

    @cached_property
    def _loss_session(self) -> onnxruntime.InferenceSession:
        return self._session(loss_network(self._content, self._framing))

    def _session(self, content: bytes) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(content, self._options, providers=["CPUExecutionProvider"])


def loss_network(content: bytes, framing: float) -> bytes:
    """The ONNX network of a PerceptualLoss: from a latent to both losses, and to half the gradient of its value."""
    generator = GeneratorSteps(content)
    pixel_part, pixel_constants = pixel_steps(generator.size)
    seen, seen_constants = forward_steps(generator.size, framing)
    names = map_names()
    steps = [
        *generator.forward,
        *pixel_part,
        Step("Mul", ("weighted", "missing"), "pixel_squares"),
        Step("ReduceSum", ("pixel_squares",), "pixel_sum", {"keepdims": 0}),
        Step("Add", ("pixel_sum", "rounding"), "pixel_loss"),
        *seen,
    ]
    total = "rounding"
    for number, name in enumerate(names):
        steps += [
            Step("Sub", (name, f"target{number}"), f"apart{number}"),
            Step("Mul", (f"apart{number}", f"apart{number}"), f"apart_squares{number}"),
            Step("ReduceSum", (f"apart_squares{number}",), f"apart_sum{number}", {"keepdims": 0}),
            Step("Mul", (f"apart_sum{number}", f"unit{number}"), f"apart_share{number}"),
            Step("Add", (total, f"apart_share{number}"), f"apart_total{number}"),
        ]
        total = f"apart_total{number}"
    steps += [
        Step("Identity", (total,), "map_loss"),
        Step("Div", ("pixel_weight", "pixel_loss"), "pixel_factor"),
        Step("Div", ("map_weight", "map_loss"), "map_factor"),
        Step("Mul", ("pixel_gradients", "pixel_factor"), "pixel_part"),
    ]
    for number in range(len(names)):
        steps += [
            Step("Mul", (f"unit{number}", "map_factor"), f"map_factor{number}"),
            Step("Mul", (f"apart{number}", f"map_factor{number}"), f"map_gradient{number}"),
        ]
    back, back_constants = backward_steps([f"map_gradient{number}" for number in range(len(names))])
    steps += [
        *back,
        Step("Add", ("pixel_part", "layer_gradient"), "image_gradients"),
        *generator.backward("image_gradients"),
    ]
    constants = generator.constants | pixel_constants | seen_constants | back_constants
    targets = [f"{kind}{number}" for number in range(len(names)) for kind in ("target", "unit")]
    inputs = ("latents", "wanted", "weights", "pixel_weight", "map_weight", *targets)
    return to_onnx(steps, constants | {"rounding": ROUNDING}, inputs, ("pixel_loss", "map_loss", "gradients"))
