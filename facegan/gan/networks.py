"""Generator and discriminator for training. The generator that models contain is in model/diffusers_networks.py.

DCGAN: Radford et al. 2016, https://arxiv.org/abs/1511.06434
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from facegan.base.curves import EntryCurves
from facegan.base.seeds import LATENT_SIZE
from facegan.gan.convolutions import Conv, conv_transpose

BASE_SIZE = 4  # px, the side of the smallest feature map, next to the dense layer in both networks
SLOPE = 0.2  # of every leaky ReLU, from the paper

THIN_ABOVE = 64  # px: up to this size the thin and the classic layout are the same
_MIN_CHANNELS = 16  # of a level in the thin layout; a grown network needs six for the colours (widen.py)


def channels_at(size: int, width: int, thin: bool = False) -> list[int]:
    """Channels from the 4x4 map up to the last one before RGB. At 64 px they are [8w, 4w, 2w, w].

    Above 64 px the classic layout repeats 8w at the small maps (128 px: [8w, 8w, 4w, 2w, w], four times the work), and
    the thin one adds levels with half the channels at the large maps (128 px: [8w, 4w, 2w, w, w/2]), each of which
    costs about as much as the level before it.

    Raises ValueError unless size is a power of two from 16 on.
    """
    levels = round(math.log2(size / BASE_SIZE))
    if size != BASE_SIZE * 2**levels or levels < 2:
        raise ValueError(f"size must be a power of two from 16 on, not {size}")
    if thin and size > THIN_ABOVE:
        below = channels_at(size // 2, width, thin)
        return [*below, max(below[-1] // 2, min(width, _MIN_CHANNELS))]
    # At most 8w: 16w at the 4x4 map would double the parameters.
    return [width * min(8, 2 ** (levels - 1 - i)) for i in range(levels)]


def uniform_noise(latents: torch.Tensor, curves: EntryCurves = ()) -> torch.Tensor:
    """g ~ N(0, I) to the uniform noise in (-1, 1) of the original system: z = 2 Phi(g) - 1 = erf(g / sqrt 2).

    The last entries go along their `curves`, see diffusers_networks.FaceGANGenerator.
    """
    if curves:
        centre, steepness = latents.new_tensor(curves).T
        last = (latents[:, -len(curves) :] - centre) * steepness
        latents = torch.cat([latents[:, : -len(curves)], last], dim=1)
    return torch.erf(latents / math.sqrt(2))


def _to_map(features: torch.Tensor) -> torch.Tensor:
    """Dense features (n, 4 * 4 * c) as a map (n, c, 4, 4) in channels-last memory format.

    The following layers keep this memory format, which is 1.4 times as fast (width 32, two cores).
    """
    return features.unflatten(1, (BASE_SIZE, BASE_SIZE, -1)).permute(0, 3, 1, 2)


def _fold_nearest(kernel: torch.Tensor, axis: int) -> torch.Tensor:
    """3 taps on the enlarged image to 4 taps of a stride-2 transposed kernel, along one axis."""
    k0, k1, k2 = kernel.split(1, dim=axis)
    return torch.cat([k2, k1 + k2, k0 + k1, k0], dim=axis)


class ResizeConv(nn.Module):
    """Nearest-neighbour up-sampling by two, then a 3x3 convolution, at the cost of one transposed convolution.

    Of three taps on a doubled image two always fall on the same source pixel, so both together equal a 4x4
    transposed convolution with stride 2 whose kernel is a sum of the 3x3 one: `conv2d(interpolate(x, 2), weight,
    padding=1)` to rounding, with 4 multiplications for each output pixel instead of 9. Unlike a free 4x4 kernel it
    cannot produce the checkerboard artefacts of transposed convolutions (Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard).
    """

    def __init__(self, in_channels: int, out_channels: int, bias: bool = False):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_channels, out_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def transposed_weight(self) -> torch.Tensor:
        """The kernel (in, out, 4, 4) of the equivalent ConvTranspose2d(stride=2, padding=1)."""
        return _fold_nearest(_fold_nearest(self.weight, 2), 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return conv_transpose(x, self.transposed_weight(), self.bias)


class TransposedConv(nn.ConvTranspose2d):
    """The paper's up-sampling: a free 4x4 kernel with stride 2."""

    def __init__(self, in_channels: int, out_channels: int, bias: bool = False):
        super().__init__(in_channels, out_channels, 4, stride=2, padding=1, bias=bias)

    def transposed_weight(self) -> torch.Tensor:
        return self.weight


class Generator(nn.Module):
    """Latents float32 (n, 100) ~ N(0, I) to images float (n, 3, size, size) in (-1, 1).

    excite: the 4x4 maps gate the channels of the last maps (skip-layer excitation, Liu et al. 2021,
    https://arxiv.org/abs/2101.04775), which is a short path for gradients through the whole network.
    """

    def __init__(
        self,
        size: int = 64,
        width: int = 32,
        upsample: str = "resize",
        excite: bool = False,
        thin: bool = False,
        channels: Sequence[int] | None = None,
        curves: EntryCurves = (),
    ):
        """`channels`: instead of those of channels_at(size, width, thin). `curves`: see uniform_noise."""
        super().__init__()
        self.curves = curves
        up = {"resize": ResizeConv, "transposed": TransposedConv}[upsample]
        channels = channels or channels_at(size, width, thin)
        self.project = nn.Linear(LATENT_SIZE, channels[0] * BASE_SIZE**2, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(c) for c in channels)
        self.ups = nn.ModuleList(up(a, b) for a, b in zip(channels, channels[1:], strict=False))
        self.to_rgb = up(channels[-1], 3, bias=True)
        self.gate = SkipLayerExcitation(channels[0], channels[-1]) if excite else None
        self.apply(_initialise)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        first = x = F.relu(self.norms[0](_to_map(self.project(uniform_noise(latents, self.curves)))))
        for up, norm in zip(self.ups, self.norms[1:], strict=True):
            x = F.relu(norm(up(x)))
        if self.gate is not None:
            x = x * self.gate(first)
        return torch.tanh(self.to_rgb(x))


class SkipLayerExcitation(nn.Sequential):
    """Maps (n, a, 4, 4) to gates (n, b, 1, 1) in (0, 1) for the channels of maps (n, b, H, W)."""

    def __init__(self, a: int, b: int):
        super().__init__(nn.Conv2d(a, b, BASE_SIZE), nn.LeakyReLU(SLOPE), nn.Conv2d(b, b, 1), nn.Sigmoid())


class MinibatchStd(nn.Module):
    """Append a map with the standard deviation over groups of samples, so that D can detect a lack of variety.

    Karras et al. 2018, https://arxiv.org/abs/1710.10196, section 3.
    """

    def __init__(self, group: int = 4):
        super().__init__()
        self.group = group

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, _, h, w = x.shape
        group = math.gcd(n, self.group)  # the last batch of an evaluation may be smaller
        # Computed in channels-last order and without torch.var, which takes a tenth of a training step here.
        groups = x.permute(0, 2, 3, 1).float().reshape(n // group, group, -1)
        deviation = groups - groups.mean(1, keepdim=True)
        spread = deviation.square().mean(1).add(1e-8).sqrt().mean(1)
        return torch.cat([x, spread.to(x.dtype).repeat_interleave(group).view(n, 1, 1, 1).expand(n, 1, h, w)], dim=1)


class FromMap(nn.Linear):
    """A dense layer on a flattened map. It permutes the weights, because permuting the channels-last map is slower."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = self.weight.unflatten(1, x.shape[1:]).permute(0, 2, 3, 1)
        return F.linear(x.permute(0, 2, 3, 1).flatten(1), weight.flatten(1), self.bias)


class Discriminator(nn.Module):
    """Images float (n, 3, size, size) in [-1, 1] to logits (n,) and predicted attribute values (n, attributes).

    norm "batch": as in the paper, batch normalisation in all but the first layer.
    norm "spectral": Miyato et al. 2018, https://arxiv.org/abs/1802.05957.
    norm "none": for losses with gradient penalties.
    minibatch_std: MinibatchStd at 4x4, without the 3x3 convolution that follows it in the paper, which takes a fifth of
    the time of a whole step.
    """

    def __init__(
        self,
        size: int = 64,
        width: int = 32,
        norm: str = "spectral",
        minibatch_std: bool = True,
        attributes: int = 0,
        thin: bool = False,
    ):
        super().__init__()
        channels = [3, *reversed(channels_at(size, width, thin))]
        layers: list[nn.Module] = []
        for level, (a, b) in enumerate(zip(channels, channels[1:], strict=False)):
            batch_norm = norm == "batch" and level > 0
            layers.append(Conv(a, b, bias=not batch_norm))
            layers += [nn.BatchNorm2d(b)] if batch_norm else []
            layers.append(nn.LeakyReLU(SLOPE, inplace=True))
        layers += [MinibatchStd()] if minibatch_std else []
        layers.append(FromMap((channels[-1] + minibatch_std) * BASE_SIZE**2, 1 + attributes))
        self.layers = nn.Sequential(*layers)
        self.apply(_initialise)
        if norm == "spectral":
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    spectral_norm(layer)
        if norm == "none":  # without normalisation the initial weights must preserve the scale of the maps
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d | nn.Linear):
                    nn.init.kaiming_normal_(layer.weight, SLOPE)

    def first_levels(self, count: int) -> list[nn.Module]:
        """The layers of the first `count` levels, each of which halves the size of the maps."""
        ends = [place for place, layer in enumerate(self.layers) if isinstance(layer, nn.LeakyReLU)]
        return list(self.layers[: ends[count - 1] + 1]) if count else []

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.layers(images)
        return found[:, 0], found[:, 1:]

    def with_maps(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """As `forward`, and also the feature maps (n, c, h, w) of every level, the largest first."""
        maps, x = [], images
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                maps.append(x)
        return x[:, 0], x[:, 1:], maps


def _initialise(module: nn.Module) -> None:
    """N(0, 0.02) weights and N(1, 0.02) batch-norm scales, as the paper prescribes."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | ResizeConv):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
