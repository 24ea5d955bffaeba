"""How a pre-trained network sees faces: maps that a generated and a real one are compared by, and their derivative.

The network is the first half of EfficientNet-Lite1 (ImageNet, Apache-2.0), as tools/convert_maps_network.py writes it.
Here it is written as steps of an ONNX network, forwards and backwards, because the demo has no torch.
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
from facegan.model.derivative import Generator, by_latents, pixel_steps
from facegan.model.written import FLOAT, Step, network

ROUNDING = np.float32(0.02)  # of either loss: what colours in whole levels leave, so that its logarithm has a bottom
# px, of the crop. With 112, which the label networks see, look-alikes are as near (0.80 of the nearest's distance, 32
# held-out faces) and a step takes a quarter longer.
SEEN = 80
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
        clipped: whether its values are cut to 0 to 6 afterwards.
        adds: how many layers before it the maps begin that are added to its own; 0: none are.
        map: whether its maps are compared.
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
class Shares:
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


def compared() -> list[str]:
    """The names of the values that are compared, in the steps of `forwards`."""
    return [f"looks{number + 1}" for number, layer in enumerate(layers()) if layer.map]


def forwards(size: int, framing: float) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from `images` (n, 3, size, size) in [-1, 1] to the maps `compared`, and their constants.

    The network sees the part of the face that the label networks see.
    """
    across, down = (matrix.astype(np.float32) for matrix in crop_matrices(size, framing, SEEN))
    constants = {"looks_across": np.ascontiguousarray(across.T), "looks_down": down, "looks_one": np.float32(1),
                 "looks_zero": np.float32(0), "looks_six": np.float32(6)}  # fmt: skip
    steps = [
        Step("Add", ("images", "looks_one"), "looks_lifted"),
        Step("MatMul", ("looks_down", "looks_lifted"), "looks_rows"),
        Step("MatMul", ("looks_rows", "looks_across"), "looks_crop"),
        Step("Sub", ("looks_crop", "looks_one"), "looks0"),
    ]
    for number, layer in enumerate(layers()):
        constants |= {f"looks_w{number}": layer.weight, f"looks_b{number}": layer.bias}
        taken = (f"looks{number}", f"looks_w{number}", f"looks_b{number}")
        after = f"looks{number + 1}"
        raw = f"looks_raw{number}" if layer.clipped or layer.adds else after
        steps.append(Step("Conv", taken, raw, _how(layer)))
        if layer.clipped:
            steps.append(Step("Clip", (raw, "looks_zero", "looks_six"), after))
        elif layer.adds:
            steps.append(Step("Add", (raw, f"looks{number + 1 - layer.adds}"), after))
    return steps, constants


def backwards(slopes: Sequence[str]) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from the derivatives by the maps `compared`, so named, to `looks_slope` (n, 3, H, H), that by `images`.

    They follow those of `forwards`.
    """
    chain = layers()
    constants, steps = {}, []
    # By the place of a value in the chain: the names of what has come back to it so far.
    back = {int(name[5:]): [slope] for name, slope in zip(compared(), slopes, strict=True)}
    for number in reversed(range(len(chain))):
        layer = chain[number]
        slope = _summed(steps, back.pop(number + 1), f"looks_sum{number}")
        if layer.adds:
            back.setdefault(number + 1 - layer.adds, []).append(slope)
        if layer.clipped:  # 1 inside, 0 at both ends; of all ways to say so onnxruntime does this one fastest
            steps += [
                Step("Greater", (f"looks{number + 1}", "looks_zero"), f"looks_above{number}"),
                Step("Less", (f"looks{number + 1}", "looks_six"), f"looks_below{number}"),
                Step("And", (f"looks_above{number}", f"looks_below{number}"), f"looks_inside{number}"),
                Step("Cast", (f"looks_inside{number}",), f"looks_mask{number}", {"to": FLOAT}),
                Step("Mul", (slope, f"looks_mask{number}"), f"looks_masked{number}"),
            ]
            slope = f"looks_masked{number}"
        steps.append(_back(layer, number, slope, constants))
        back.setdefault(number, []).append(f"looks_back{number}")
    slope = _summed(steps, back.pop(0), "looks_sum")
    steps += [
        Step("MatMul", ("looks_lowered", slope), "looks_unrows"),
        Step("MatMul", ("looks_unrows", "looks_uncrossed"), "looks_slope"),
    ]
    steps[:0] = [
        Step("Transpose", ("looks_down",), "looks_lowered", {"perm": (1, 0)}),
        Step("Transpose", ("looks_across",), "looks_uncrossed", {"perm": (1, 0)}),
    ]
    return steps, constants


def _summed(steps: list[Step], parts: list[str], name: str) -> str:
    """The name of the sum of one or two values."""
    if len(parts) == 1:
        return parts[0]
    steps.append(Step("Add", tuple(parts), name))
    return name


def _back(layer: Layer, number: int, slope: str, constants: dict[str, np.ndarray]) -> Step:
    """The step from the derivative by what a convolution gives to that by what it takes."""
    name = f"looks_back{number}"
    if layer.stride > 1:
        return Step("ConvTranspose", (slope, f"looks_w{number}"), name, _how(layer))
    # With stride 1 it is a convolution with the kernel turned round, which runs faster.
    turned = layer.weight[:, :, ::-1, ::-1]
    if layer.groups == 1:
        turned = turned.swapaxes(0, 1)
    constants[f"looks_t{number}"] = np.ascontiguousarray(turned)
    side = layer.weight.shape[-1]
    pads = tuple(side - 1 - pad for pad in layer.pads)
    return Step("Conv", (slope, f"looks_t{number}"), name, {**_how(layer), "pads": pads})


def _how(layer: Layer) -> dict[str, int | tuple[int, ...]]:
    side = layer.weight.shape[-1]
    return {
        "kernel_shape": (side, side),
        "strides": (layer.stride,) * 2,
        "pads": tuple(layer.pads),
        "group": layer.groups,
    }


class Looks:
    """How unlike a generated face is to a real one, by pixels and by maps, and the derivative by its latent.

    Of the generator in the bytes of a generator.onnx, which were checked, whose faces have this framing. Its networks
    are made when first used.
    """

    def __init__(self, content: bytes, framing: float, options: onnxruntime.SessionOptions):
        self._content, self._framing, self._options = content, framing, options

    def of(self, image: np.ndarray) -> list[np.ndarray]:
        """The maps float32 (1, c, h, w) of an image float32 (1, 3, size, size) in [-1, 1]."""
        return self._forwards.run(compared(), {"images": image})

    def __call__(
        self, latent: np.ndarray, wanted: np.ndarray, weights: np.ndarray, maps: Sequence[np.ndarray], shares: Shares
    ) -> tuple[float, np.ndarray]:
        """The value and its derivative float32 (1, d) by a latent (1, d).

        The value is shares.pixels * log(p) + shares.maps * log(m). p is the loss of model.derivative.Derivative, with
        `wanted` and `weights`. m is the relative squared error of each map, averaged over the maps. ROUNDING is added
        to both.
        """
        inputs = {"latents": latent, "wanted": wanted[None], "weights": weights[None, None]}
        inputs |= {"pixel_weight": np.array(shares.pixels, np.float32), "map_weight": np.array(shares.maps, np.float32)}
        for number, level in enumerate(maps):
            unit = np.array(1 / len(maps) / np.square(level).sum(), np.float32)
            inputs |= {f"target{number}": level, f"unit{number}": unit}
        pixels, apart, slopes = self._both.run(["pixel_loss", "map_loss", "slopes"], inputs)
        value = shares.pixels * np.log(float(pixels)) + shares.maps * np.log(float(apart))
        return value, 2 * by_latents(slopes, latent)

    @cached_property
    def _forwards(self) -> onnxruntime.InferenceSession:
        steps, constants = forwards(Generator(self._content).size, self._framing)
        return self._session(network(steps, constants, ("images",), compared()))

    @cached_property
    def _both(self) -> onnxruntime.InferenceSession:
        return self._session(both(self._content, self._framing))

    def _session(self, content: bytes) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(content, self._options, providers=["CPUExecutionProvider"])


def both(content: bytes, framing: float) -> bytes:
    """The network of Looks: from a latent to both losses, and to half the derivative of the sum of their logarithms."""
    generator = Generator(content)
    pixel_part, pixel_constants = pixel_steps(generator.size)
    seen, seen_constants = forwards(generator.size, framing)
    names = compared()
    steps = [
        *generator.forwards,
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
        Step("Mul", ("pixel_slopes", "pixel_factor"), "pixel_part"),
    ]
    for number in range(len(names)):
        steps += [
            Step("Mul", (f"unit{number}", "map_factor"), f"map_factor{number}"),
            Step("Mul", (f"apart{number}", f"map_factor{number}"), f"map_slope{number}"),
        ]
    back, back_constants = backwards([f"map_slope{number}" for number in range(len(names))])
    steps += [
        *back,
        Step("Add", ("pixel_part", "looks_slope"), "image_slopes"),
        *generator.backwards("image_slopes"),
    ]
    constants = generator.constants | pixel_constants | seen_constants | back_constants
    targets = [f"{kind}{number}" for number in range(len(names)) for kind in ("target", "unit")]
    inputs = ("latents", "wanted", "weights", "pixel_weight", "map_weight", *targets)
    return network(steps, constants | {"rounding": ROUNDING}, inputs, ("pixel_loss", "map_loss", "slopes"))
