"""The squared difference between a generated image and a face, and its gradient with respect to the latent.

The gradient is backpropagated through the generator's weights (Rumelhart et al. 1986, doi:10.1038/323533a0) by another
ONNX network: that takes as long as drawing two faces, and the demo needs no torch.
"""

from functools import cached_property

import numpy as np
import onnxruntime

from facegan.model.checks.network import curves_of, weights_of
from facegan.model.checks.values import BASE_SIZE
from facegan.model.onnx_writer import FLOAT, Step, to_onnx

SIDE = 32  # px of the images that are compared: larger ones take as long and hardly change the result


class PixelLoss:
    """The loss of a generator; `content` are the checked bytes of generator.onnx. The network is built on first use."""

    def __init__(self, content: bytes, options: onnxruntime.SessionOptions):
        self._content, self._options = content, options

    def __call__(self, latents: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The losses float32 (n,) of latents (n, d), and their gradients float32 (n, d).

        A loss is the sum of the squared differences between an image, reduced to 32 px in [-1, 1], and `wanted`
        (3, 32, 32), times `weights` (32, 32).
        """
        small, gradients = self._session.run(
            ["small", "gradients"], {"latents": latents, "wanted": wanted[None], "weights": weights[None, None]}
        )
        losses = (np.square(small - wanted) * weights).sum(axis=(1, 2, 3))
        return losses, 2 * gradients

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return onnxruntime.InferenceSession(
            loss_network(self._content), self._options, providers=["CPUExecutionProvider"]
        )


def loss_network(content: bytes) -> bytes:
    """The ONNX network of a PixelLoss, from the bytes of generator.onnx.

    Its inputs are latents, wanted and weights; its outputs `small`, the images at 32 px, and `gradients`, half the
    gradient of the loss with respect to the latents.
    """
    generator = GeneratorSteps(content)
    steps, constants = pixel_steps(generator.size)
    steps = [*generator.forward, *steps, *generator.backward("pixel_gradients")]
    return to_onnx(steps, generator.constants | constants, ("latents", "wanted", "weights"), ("small", "gradients"))


def pixel_steps(size: int) -> tuple[list[Step], dict[str, np.ndarray]]:
    """Steps from `images` of `size` px to `small` and to `pixel_gradients`, half the gradient of the loss."""
    factor = size // SIDE
    constants = {"scales": np.float32([1, 1, factor, factor]), "share": np.float32(1 / factor**2)}
    return [
        Step("AveragePool", ("images",), "small", {"kernel_shape": (factor,) * 2, "strides": (factor,) * 2}),
        Step("Sub", ("small", "wanted"), "missing"),
        Step("Mul", ("missing", "weights"), "weighted"),
        Step("Mul", ("weighted", "share"), "shared"),
        Step("Resize", ("shared", "", "scales"), "pixel_gradients", {"mode": "nearest"}),
    ], constants


class GeneratorSteps:
    """The generator in the bytes of a generator.onnx as ONNX steps: the forward and the backward pass.

    Attributes:
        size: px of its images.
        forward: the steps from `latents` to `images`.
        constants: of `forward` and `backward`.
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
        self.forward, curved = [], "latents"
        slope = np.float32(np.sqrt(2 / np.pi))  # of erf(x / sqrt(2)) at 0
        if (curves := curves_of(content)) is not None:
            self.constants |= {"centre": curves[0], "steepness": curves[1]}
            self.forward += [
                Step("Sub", ("latents", "centre"), "centred"),
                Step("Mul", ("centred", "steepness"), "curved"),
            ]
            curved, slope = "curved", slope * curves[1]
        self.constants |= {"slope": slope, "minus_half": np.float32(-0.5)}
        self._curved = curved
        self.forward += [
            Step("Div", (curved, "root"), "divided"),
            Step("Erf", ("divided",), "cube"),
            Step("Gemm", ("cube", "dense", "bias"), "filled", {"transB": 1}),
            Step("Reshape", ("filled", "shape"), "shaped"),
            Step("Transpose", ("shaped",), "map0", {"perm": (0, 3, 1, 2)}),
        ]
        for level, (kernel, shift) in enumerate(zip(kernels, biases, strict=True)):
            self.constants |= {f"kernel{level}": kernel, f"shift{level}": shift}
            self.forward.append(Step("Relu", (f"map{level}",), f"relu{level}"))
            taken = (f"relu{level}", f"kernel{level}", f"shift{level}")
            self.forward.append(Step("ConvTranspose", taken, f"map{level + 1}", self._HALF))
        self.forward.append(Step("Tanh", (f"map{self._levels}",), "images"))

    def backward(self, image_gradients: str) -> list[Step]:
        """The steps from `image_gradients`, a name, to `gradients`, which are those of the latents."""
        steps = [
            Step("Mul", ("images", "images"), "squares"),
            Step("Sub", ("one", "squares"), "tanh_gradients"),
            Step("Mul", (image_gradients, "tanh_gradients"), f"back{self._levels}"),
        ]
        for level in reversed(range(self._levels)):
            # The gradient of a transposed convolution is the convolution with the same kernel.
            steps.append(Step("Conv", (f"back{level + 1}", f"kernel{level}"), f"conv{level}", self._HALF))
            # 1 where the ReLU is active. The operator Sign gives the same and takes twice as long.
            steps.append(Step("Greater", (f"relu{level}", "zero"), f"above{level}"))
            steps.append(Step("Cast", (f"above{level}",), f"mask{level}", {"to": FLOAT}))
            steps.append(Step("Mul", (f"conv{level}", f"mask{level}"), f"back{level}"))
        return [
            *steps,
            Step("Transpose", ("back0",), "unshaped", {"perm": (0, 2, 3, 1)}),
            Step("Reshape", ("unshaped", "flat"), "unfilled"),
            Step("Gemm", ("unfilled", "dense"), "cube_gradients"),
            # The derivative of erf(x / sqrt(2)) is sqrt(2 / pi) exp(-x^2 / 2).
            Step("Mul", (self._curved, self._curved), "latent_squares"),
            Step("Mul", ("latent_squares", "minus_half"), "exponents"),
            Step("Exp", ("exponents",), "densities"),
            Step("Mul", ("densities", "slope"), "slopes"),
            Step("Mul", ("cube_gradients", "slopes"), "gradients"),
        ]
