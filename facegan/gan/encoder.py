"""The encoder: a network from an aligned face to the latents of its look-alike."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import nn

from facegan.base.encoding import PASSES, SIDE, SLOPE
from facegan.gan.convolutions import Conv
from facegan.gan.networks import LATENT_SIZE, FromMap

CHANNELS = (32, 64, 128, 256)  # of the maps from 32 px down to 4 px; multiples of 32 suit the matrix units of a CPU
HIDDEN = 256  # units of the dense layer before the last one

Draw = Callable[[torch.Tensor], torch.Tensor]


class Encoder(nn.Module):
    """Pairs of images, stacked to float (n, 6, 64, 64) in [-1, 1], to changes of the latents (n, 100).

    The first image is the face, the second what the generator draws from the latents so far (ReStyle, Alaluf et al.
    2021, https://arxiv.org/abs/2104.02699).
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS, hidden: int = HIDDEN):
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in zip((6, *channels), channels, strict=False):
            layers += [Conv(a, b, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(SLOPE, inplace=True)]
        side = SIDE >> len(channels)
        layers += [FromMap(channels[-1] * side**2, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, LATENT_SIZE)]
        self.layers = nn.Sequential(*layers)
        for layer in layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, SLOPE)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        nn.init.normal_(layers[-1].weight, std=0.01)  # the first predictions are near 0, the average face

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        return self.layers(pairs).float()


def reduced(images: torch.Tensor) -> torch.Tensor:
    """Images (n, 3, H, H) as the encoder sees them, (n, 3, 64, 64): means over squares; enlarged if H is below 64."""
    size = images.shape[-1]
    if size >= SIDE:
        return F.avg_pool2d(images, size // SIDE) if size > SIDE else images
    return F.interpolate(images, scale_factor=SIDE // size)  # nearest neighbour, which is the same in all ONNX runtimes


def encode(encoder: nn.Module, draw: Draw, faces: torch.Tensor, passes: int = PASSES) -> list[torch.Tensor]:
    """The latents float32 (n, 100) after each pass, of faces (n, 3, 64, 64) as `reduced` gives them.

    Gradients flow through the encoder of each pass alone, as in ReStyle.
    """
    latents = torch.zeros(len(faces), LATENT_SIZE, device=faces.device)
    found = []
    for _ in range(passes):
        with torch.no_grad():
            drawn = reduced(draw(latents[:1] if not found else latents).to(faces.dtype)).expand_as(faces)
        latents = latents.detach() + encoder(torch.cat([faces, drawn], dim=1))
        found.append(latents)
    return found
