"""Turns the weights of a model folder into a generator that can be trained: the inverse of export.shipped_form."""

import torch
import torch.nn.functional as F

from facegan.gan.networks import Generator, ResizeConv, uniform_noise
from facegan.model.diffusers_networks import BASE_SIZE, FaceGANGenerator

SAMPLES = 1_024  # latents: the deviation of a map to about 2 %
_AT_ONCE = 64
_WIDER = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=torch.float64)  # networks._fold_nearest
# Of the kernel's size: float16 leaves 0.0002 of it, and a free 4x4 kernel differs by about a half.
_FOLDED = 0.01


class NotFoldedError(ValueError):
    """A kernel that no enlargement with a 3x3 convolution has: the generator learned with transposed convolutions."""


@torch.no_grad()
def trainable_form(shipped: FaceGANGenerator, size: int, width: int, upsample: str, thin: bool = False) -> Generator:
    """The same function as `shipped` in eval mode, with batch normalisation and up-sampling unfolded; float32, CPU.

    Folding loses two things that the function does not depend on: how large a kernel was before its normalisation
    took that out, and the mean that was subtracted. So the kernels stay as large as they are shipped, and mean and
    deviation of what they draw are measured, on fixed latents; scale and shift then undo exactly that. The scale comes
    out as it was trained, because it is the deviation of the normalised maps.

    Raises ValueError when the sizes differ, and NotFoldedError for `upsample` "resize" when the 4x4 kernels are no sum
    of 3x3 ones.
    """
    generator = Generator(size, width, upsample, thin=thin, curves=shipped.config.curves)
    channels = tuple(norm.num_features for norm in generator.norms)
    if channels != tuple(shipped.config.channels):
        raise ValueError(f"the channels are {tuple(shipped.config.channels)}, not {channels}")
    shifts = [shipped.project.bias[: channels[0]], *(up.bias for up in shipped.ups[:-1])]
    generator.project.weight.copy_(shipped.project.weight)
    for mine, up in zip((*generator.ups, generator.to_rgb), shipped.ups, strict=True):
        mine.weight.copy_(_unfolded(up.weight) if isinstance(mine, ResizeConv) else up.weight)
    generator.to_rgb.bias.copy_(shipped.ups[-1].bias)
    for norm, shift, (mean, variance) in zip(generator.norms, shifts, _moments(shipped), strict=True):
        norm.running_mean.copy_(mean - shift)  # of the maps without the shift, as the normalisation gets them
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean)
    return generator.eval()


def _unfolded(kernel: torch.Tensor) -> torch.Tensor:
    """The 3x3 kernel (in, out, 3, 3) of which a transposed one (in, out, 4, 4) is the sum, in least squares."""
    narrower = torch.linalg.pinv(_WIDER)
    small = narrower @ kernel.double() @ narrower.T
    lost = (_WIDER @ small @ _WIDER.T - kernel).norm() / kernel.norm().clamp_min(1e-12)
    if lost > _FOLDED:
        raise NotFoldedError(f"{lost:.0%} of a kernel does not come from a 3x3 convolution")
    return small


def _moments(shipped: FaceGANGenerator) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Mean and variance, float64 (channels,), of every map before its ReLU over the samples and places."""
    rng = torch.Generator().manual_seed(0)
    sums = [torch.zeros(2, c, dtype=torch.float64) for c in shipped.config.channels]
    for _ in range(SAMPLES // _AT_ONCE):
        latents = torch.randn(_AT_ONCE, shipped.config.latent_size, generator=rng)
        x = (
            shipped.project(uniform_noise(latents, shipped.config.curves))
            .unflatten(1, (BASE_SIZE, BASE_SIZE, -1))
            .permute(0, 3, 1, 2)
        )
        for level, up in enumerate(shipped.ups):
            sums[level] += torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))])
            x = up(F.relu(x)) if level < len(sums) - 1 else x
    means = [total / (SAMPLES // _AT_ONCE) for total in sums]
    return [(mean, (square - mean.square()).clamp_min(0)) for mean, square in means]
