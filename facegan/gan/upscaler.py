"""The upscaler: a network from a generator's images to images of twice the size.

It predicts only what the smaller image lacks: for each pixel the three Haar wavelet coefficients of the 2x2 px that
replace it. Their mean is kept. So reducing the large images by two gives the generator's own images, and metrics of
those still hold.
"""

import torch
import torch.nn.functional as F
from torch import nn

from facegan.base.upscaling import SLOPE

WIDTH, DEPTH = 64, 5  # channels of the feature maps; convolutions between the first and the last


class Upscaler(nn.Module):
    """Images float (n, 3, H, W) in [-1, 1] to float32 (n, 3, 2H, 2W), which may lie a little outside; H and W even.

    The feature maps have half the size of the given images. With four times the channels at a quarter of the positions
    the network has a larger receptive field at the same cost (Shi et al. 2016, https://arxiv.org/abs/1609.05158).
    """

    def __init__(self, width: int = WIDTH, depth: int = DEPTH):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 6, stride=2, padding=2), nn.LeakyReLU(SLOPE, inplace=True)]
        for _ in range(depth):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(SLOPE, inplace=True)]
        layers.append(nn.ConvTranspose2d(width, 9, 6, stride=2, padding=2))
        self.layers = nn.Sequential(*layers)
        for layer in layers:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
                nn.init.zeros_(layer.bias)
        nn.init.normal_(layers[-1].weight, std=1e-3)  # at first it only doubles every pixel

    def details(self, images: torch.Tensor) -> torch.Tensor:
        """The predicted details float (n, 9, H, W), see `join`."""
        return self.layers(images)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return join(images, self.details(images))


def join(images: torch.Tensor, details: torch.Tensor) -> torch.Tensor:
    """Images (n, 3, 2H, 2W) whose means over 2x2 px are `images` (n, 3, H, W), with `details` (n, 9, H, W).

    The details are a quarter of the differences left - right, top - bottom and between the diagonals of each 2x2 px,
    for each of the three colours.
    """
    images = images.float()
    across, down, diagonal = details.float().chunk(3, dim=1)
    corners = [
        images + across + down + diagonal,
        images - across + down - diagonal,
        images + across - down - diagonal,
        images - across - down + diagonal,
    ]
    return F.pixel_shuffle(torch.stack(corners, dim=2).flatten(1, 2), 2)


def split(large: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The inverse of `join`: `large` (n, 3, 2H, 2W) to images (n, 3, H, W) and details (n, 9, H, W)."""
    a, b, c, d = F.pixel_unshuffle(large, 2).unflatten(1, (3, 4)).unbind(2)
    return (a + b + c + d) / 4, torch.cat([a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 4
