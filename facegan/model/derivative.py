"""How what a generator draws differs from a face, and the derivative of that by the latent.

The derivative goes backwards through the generator's own weights (Rumelhart et al. 1986, doi:10.1038/323533a0), as one
more network for onnxruntime: it takes as long as drawing two faces, and the demo needs no torch.
"""

from functools import cached_property

import numpy as np
import onnxruntime

from facegan.model.checks.network import weights_of
from facegan.model.checks.values import BASE_SIZE
from facegan.model.written import FLOAT, Step, network

SIDE = 32  # px of the pictures that are compared: a finer one takes as long and hardly changes the answer


class Derivative:
    """Of the generator in the bytes of a generator.onnx, which were checked. Its network is made when first used."""

    def __init__(self, content: bytes, options: onnxruntime.SessionOptions):
        self._content, self._options = content, options

    def __call__(self, latents: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The losses float32 (n,) of latents (n, d), and their derivatives float32 (n, d).

        A loss is the sum of the squared differences between a picture, reduced to 32 px in [-1, 1], and `wanted`
        (3, 32, 32), times `weights` (32, 32).
        """
        small, slopes = self._session.run(
            ["small", "slopes"], {"latents": latents, "wanted": wanted[None], "weights": weights[None, None]}
        )
        losses = (np.square(small - wanted) * weights).sum(axis=(1, 2, 3))
        return losses, 2 * by_latents(slopes, latents)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(backward(self._content), self._options, providers=["CPUExecutionProvider"])


def backward(content: bytes) -> bytes:
    """The network of a Derivative, of the bytes of generator.onnx.

    From latents, wanted and weights to `small`, the pictures at 32 px, and to `slopes`, half the derivative of the loss
    by what the dense layer takes.
    """
    generator = Generator(content)
    steps, constants = pixel_steps(generator.size)
    steps = [*generator.forwards, *steps, *generator.backwards("pixel_slopes")]
    return network(steps, generator.constants | constants, ("latents", "wanted", "weights"), ("small", "slopes"))


def pixel_steps(size: int) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from `images` of `size` px to `small` and `pixel_slopes`, half the derivative of the loss by the images."""
    factor = size // SIDE
    constants = {"scales": np.float32([1, 1, factor, factor]), "share": np.float32(1 / factor**2)}
    return [
        Step("AveragePool", ("images",), "small", {"kernel_shape": (factor,) * 2, "strides": (factor,) * 2}),
        Step("Sub", ("small", "wanted"), "missing"),
        Step("Mul", ("missing", "weights"), "weighted"),
        Step("Mul", ("weighted", "share"), "shared"),
        Step("Resize", ("shared", "", "scales"), "pixel_slopes", {"mode": "nearest"}),
    ], constants


class Generator:
    """The steps of the generator in the bytes of a generator.onnx: from `latents` to `images`, and backwards.

    Attributes:
        size: px of its images.
        forwards: the steps from `latents` to `images`.
        constants: what they and `backwards` need.
    """

    _HALF = {"kernel_shape": (4, 4), "strides": (2, 2), "pads": (1, 1, 1, 1)}

    def __init__(self, content: bytes):
        dense, bias, *others = (weight.astype(np.float32) for weight in weights_of(content))
        kernels, biases = others[::2], others[1::2]
        self._levels, self.size = len(kernels), BASE_SIZE << len(kernels)
        self.constants = {
            "root": np.float32(np.sqrt(2)), "zero": np.float32(0), "one": np.float32(1), "dense": dense, "bias": bias,
            "shape": np.array([-1, BASE_SIZE, BASE_SIZE, kernels[0].shape[0]]), "flat": np.array([-1, len(bias)]),
        }  # fmt: skip
        self.forwards = [
            Step("Div", ("latents", "root"), "divided"),
            Step("Erf", ("divided",), "cube"),
            Step("Gemm", ("cube", "dense", "bias"), "filled", {"transB": 1}),
            Step("Reshape", ("filled", "shape"), "shaped"),
            Step("Transpose", ("shaped",), "map0", {"perm": (0, 3, 1, 2)}),
        ]
        for level, (kernel, shift) in enumerate(zip(kernels, biases, strict=True)):
            self.constants |= {f"kernel{level}": kernel, f"shift{level}": shift}
            self.forwards.append(Step("Relu", (f"map{level}",), f"relu{level}"))
            taken = (f"relu{level}", f"kernel{level}", f"shift{level}")
            self.forwards.append(Step("ConvTranspose", taken, f"map{level + 1}", self._HALF))
        self.forwards.append(Step("Tanh", (f"map{self._levels}",), "images"))

    def backwards(self, slopes: str) -> list[Step]:
        """The steps from the derivative by `images`, so named, to `slopes`, that by what the dense layer takes."""
        steps = [
            Step("Mul", ("images", "images"), "squares"),
            Step("Sub", ("one", "squares"), "tanh_slopes"),
            Step("Mul", (slopes, "tanh_slopes"), f"back{self._levels}"),
        ]
        for level in reversed(range(self._levels)):
            # What a transposed convolution gives back is the convolution with the same kernel.
            steps.append(Step("Conv", (f"back{level + 1}", f"kernel{level}"), f"conv{level}", self._HALF))
            # 1 where the ReLU passes a value on. Sign says the same in twice the time.
            steps.append(Step("Greater", (f"relu{level}", "zero"), f"above{level}"))
            steps.append(Step("Cast", (f"above{level}",), f"mask{level}", {"to": FLOAT}))
            steps.append(Step("Mul", (f"conv{level}", f"mask{level}"), f"back{level}"))
        return [
            *steps,
            Step("Transpose", ("back0",), "unshaped", {"perm": (0, 2, 3, 1)}),
            Step("Reshape", ("unshaped", "flat"), "unfilled"),
            Step("Gemm", ("unfilled", "dense"), "slopes"),
        ]


def by_latents(slopes: np.ndarray, latents: np.ndarray) -> np.ndarray:
    """The derivative by the latents (n, d), of that by what the dense layer takes, which is erf(latents / sqrt(2))."""
    return slopes * (np.sqrt(2 / np.pi) * np.exp(-np.square(latents) / 2)).astype(np.float32)
