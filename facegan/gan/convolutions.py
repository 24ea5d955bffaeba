"""The two convolutions of a DCGAN (4x4 kernel, stride 2, padding 1), with faster gradients on a CPU.

Weight gradient: for small maps with many channels oneDNN takes several times as long as the equivalent matrix product
(8.0 against 1.8 ms for 128 to 256 channels at 8x8 and batch 64, 40 against 7 ms at twice the channels; bfloat16, one
core). So for small maps the patches are unfolded and multiplied.

Double backward, for gradient penalties: torch uses a convolution with batch and channels exchanged, which takes four
times as long as a weight gradient. Here each of the two convolutions is the gradient of the other, as in
StyleGAN2-ADA's conv2d_gradfix. This also computes weight gradients that a penalty does not need: 1 % of the time when
every eighth step has a penalty.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

_KERNEL, _STRIDE, _PADDING = 4, 2, 1
_UNFOLD_FROM = 3  # channels per pixel of the small map: with fewer, unfolding does not pay off


def conv(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x (n, a, 2h, 2w) and weight (b, a, 4, 4) to (n, b, h, w)."""
    if x.device.type != "cpu":
        return F.conv2d(x, weight, bias, _STRIDE, _PADDING)
    return _Convolution.apply(*_as_multiplied(x, weight, bias), False)


def conv_transpose(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """x (n, a, h, w) and weight (a, b, 4, 4) to (n, b, 2h, 2w)."""
    if x.device.type != "cpu":
        return F.conv_transpose2d(x, weight, bias, _STRIDE, _PADDING)
    return _Convolution.apply(*_as_multiplied(x, weight, bias), True)


def weight_gradient(large: torch.Tensor, small: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The gradient (b, a, 4, 4) of `conv`'s weight from its input (n, a, 2h, 2w) and its output gradient (n, b, h, w).

    For `conv_transpose` the small map is the input, and the large one the output gradient.
    """
    if small.shape[1] < _UNFOLD_FROM * small.shape[-2] * small.shape[-1]:
        of_weight = [False, True, False]
        return torch.ops.aten.convolution_backward(
            small, large, weight, None, [_STRIDE] * 2, [_PADDING] * 2, [1, 1], False, [0, 0], 1, of_weight
        )[1]
    n, channels, height, width = large.shape
    padded = F.pad(large.permute(0, 2, 3, 1), (0, 0, *(_PADDING,) * 4)).contiguous()
    pixel, row, image = channels, (width + 2) * channels, (height + 2) * (width + 2) * channels
    patches = padded.as_strided(
        (n, height // 2, width // 2, _KERNEL, _KERNEL * channels),
        (image, _STRIDE * row, _STRIDE * pixel, row, 1),  # four pixels of a row are contiguous
    ).reshape(-1, _KERNEL * _KERNEL * channels)
    gradients = small.permute(0, 2, 3, 1).reshape(len(patches), -1)
    return (gradients.t() @ patches).view(-1, _KERNEL, _KERNEL, channels).permute(0, 3, 1, 2)


class Conv(nn.Conv2d):
    """`conv` as a layer."""

    def __init__(self, in_channels: int, out_channels: int, bias: bool):
        super().__init__(in_channels, out_channels, _KERNEL, stride=2, padding=1, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return conv(x, self.weight, self.bias)


class _Convolution(torch.autograd.Function):
    """`conv_transpose` if `transposed`, else `conv`: each is the gradient of the other."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, transposed: bool
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.transposed = transposed
        return (F.conv_transpose2d if transposed else F.conv2d)(x, weight, bias, _STRIDE, _PADDING)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias, _ = ctx.needs_input_grad
        large, small = (gradient, x) if ctx.transposed else (x, gradient)
        return (
            _Convolution.apply(gradient, weight, None, not ctx.transposed) if of_x else None,
            weight_gradient(large, small, weight) if of_weight else None,
            gradient.sum((0, 2, 3)) if of_bias else None,
            None,
        )


def _as_multiplied(*tensors: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
    """Cast tensors as autocast would: it does not reach into a custom autograd function."""
    if not torch.is_autocast_enabled("cpu"):
        return tensors
    dtype = torch.get_autocast_dtype("cpu")
    return tuple(tensor if tensor is None else tensor.to(dtype) for tensor in tensors)
