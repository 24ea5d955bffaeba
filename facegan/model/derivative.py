"""How what a generator draws differs from a face, and the derivative of that by the latent.

The derivative goes backwards through the generator's own weights (Rumelhart et al. 1986, doi:10.1038/323533a0), as one
more network for onnxruntime: it takes as long as drawing two faces, and the demo needs no torch.
"""

from functools import cached_property

import numpy as np
import onnxruntime

from facegan.model.checks.network import weights_of
from facegan.model.checks.values import BASE_SIZE
from facegan.model.written import Step, network

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
        # The derivative of erf(x / sqrt(2)), with which the generator begins; 2 is that of the square.
        return losses, slopes * (2 * np.sqrt(2 / np.pi) * np.exp(-np.square(latents) / 2)).astype(np.float32)

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(backward(self._content), self._options, providers=["CPUExecutionProvider"])


def backward(content: bytes) -> bytes:
    """The network of a Derivative, of the bytes of generator.onnx.

    From latents, wanted and weights to `small`, the pictures at 32 px, and to `slopes`, half the derivative of the loss
    by what the dense layer takes.
    """
    dense, bias, *others = (weight.astype(np.float32) for weight in weights_of(content))
    kernels, biases = others[::2], others[1::2]
    maps, factor = kernels[0].shape[0], (BASE_SIZE << len(kernels)) // SIDE
    constants = {
        "root": np.float32(np.sqrt(2)), "one": np.float32(1), "dense": dense, "bias": bias,
        "shape": np.array([-1, BASE_SIZE, BASE_SIZE, maps]), "flat": np.array([-1, len(bias)]),
        "scales": np.float32([1, 1, factor, factor]), "share": np.float32(1 / factor**2),
    }  # fmt: skip
    half = {"kernel_shape": (4, 4), "strides": (2, 2), "pads": (1, 1, 1, 1)}
    steps = [
        Step("Div", ("latents", "root"), "divided"),
        Step("Erf", ("divided",), "cube"),
        Step("Gemm", ("cube", "dense", "bias"), "filled", {"transB": 1}),
        Step("Reshape", ("filled", "shape"), "shaped"),
        Step("Transpose", ("shaped",), "map0", {"perm": (0, 3, 1, 2)}),
    ]
    for level, (kernel, shift) in enumerate(zip(kernels, biases, strict=True)):
        constants |= {f"kernel{level}": kernel, f"shift{level}": shift}
        steps.append(Step("Relu", (f"map{level}",), f"relu{level}"))
        taken = (f"relu{level}", f"kernel{level}", f"shift{level}")
        steps.append(Step("ConvTranspose", taken, f"map{level + 1}", half))
    steps += [
        Step("Tanh", (f"map{len(kernels)}",), "images"),
        Step("AveragePool", ("images",), "small", {"kernel_shape": (factor,) * 2, "strides": (factor,) * 2}),
        Step("Sub", ("small", "wanted"), "missing"),
        Step("Mul", ("missing", "weights"), "weighted"),
        Step("Mul", ("weighted", "share"), "shared"),
        Step("Resize", ("shared", "", "scales"), "spread", {"mode": "nearest"}),
        Step("Mul", ("images", "images"), "squares"),
        Step("Sub", ("one", "squares"), "tanh_slopes"),
        Step("Mul", ("spread", "tanh_slopes"), f"back{len(kernels)}"),
    ]
    for level in reversed(range(len(kernels))):
        # What a transposed convolution gives back is the convolution with the same kernel.
        steps.append(Step("Conv", (f"back{level + 1}", f"kernel{level}"), f"conv{level}", half))
        steps.append(Step("Sign", (f"relu{level}",), f"sign{level}"))
        steps.append(Step("Mul", (f"conv{level}", f"sign{level}"), f"back{level}"))
    steps += [
        Step("Transpose", ("back0",), "unshaped", {"perm": (0, 2, 3, 1)}),
        Step("Reshape", ("unshaped", "flat"), "unfilled"),
        Step("Gemm", ("unfilled", "dense"), "slopes"),
    ]
    return network(steps, constants, ("latents", "wanted", "weights"), ("small", "slopes"))
