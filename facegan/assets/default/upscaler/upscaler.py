"""The networks of a model folder as models of diffusers. Copied beside the weights, so it imports nothing of FaceGAN.

The generator is a DCGAN (Radford et al. 2016, https://arxiv.org/abs/1511.06434). In all of them batch normalisation is
folded into the convolutions, and every up-sampling is written as one transposed convolution: one architecture, however
the network was trained.
"""

import math
from os import PathLike

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

BASE_SIZE = 4  # px: the map that the dense layer of the generator fills
_SLOPE = 0.2  # of all leaky ReLUs


class _Network(ModelMixin, ConfigMixin):
    """A model of diffusers that refuses weights which are missing, surplus or no numbers."""

    @classmethod
    def from_pretrained(cls, path: str | PathLike, **options: object) -> "_Network | tuple":
        """As every model of diffusers, which by itself answers with such weights, too. Raises ValueError for those."""
        with_info = options.pop("output_loading_info", False)
        network, info = super().from_pretrained(path, output_loading_info=True, **options)
        wrong = [f"{name} is missing" for name in info["missing_keys"]]
        wrong += [f"{name} is surplus" for name in info["unexpected_keys"]]
        if not wrong:  # what is missing holds no numbers to look at
            weights = network.state_dict().items()
            wrong = [f"{name} holds numbers that are not finite" for name, one in weights if not one.isfinite().all()]
        if wrong:
            raise ValueError(
                f"The weights in {path} are not those of a {cls.__name__} ({wrong[0][:200]}): fetch or export the "
                "model again."
            )
        return (network, info) if with_info else network


class FaceGANGenerator(_Network):
    """Latents float32 (n, latent_size) ~ N(0, I) to images float32 (n, 3, H, W) in (-1, 1).

    H = W = 4 * 2**len(channels) px.
    """

    @register_to_config
    def __init__(
        self,
        channels: tuple[int, ...] = (256, 128, 64, 32),
        latent_size: int = 100,
        curves: tuple[tuple[float, float], ...] = (),
    ):
        """`channels` of the maps from 4x4 upwards.

        `curves`: (centre, steepness) of each of the last entries of a latent, which control attributes. A steep one
        is for an attribute that a face has or has not, such as glasses: half a pair of glasses is a broken picture.
        """
        super().__init__()
        self.project = nn.Linear(latent_size, channels[0] * BASE_SIZE**2)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in zip(channels, (*channels[1:], 3), strict=True)
        )

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        if curves := self.config.curves:
            centre, steepness = latents.new_tensor(curves).T
            last = (latents[:, -len(curves) :] - centre) * steepness
            latents = torch.cat([latents[:, : -len(curves)], last], dim=1)
        # To the uniform cube of the original system: z = 2 Phi(g) - 1.
        x = self.project(torch.erf(latents / math.sqrt(2)))
        x = x.unflatten(1, (BASE_SIZE, BASE_SIZE, -1)).permute(0, 3, 1, 2)
        for up in self.ups:
            x = up(F.relu(x))
        return torch.tanh(x)


class FaceGANUpscaler(_Network):
    """Images float32 (n, 3, H, W) in [-1, 1], H and W even, to float32 (n, 3, 2H, 2W), whose 2x2 means they are.

    It draws the three differences within every 2x2 px (the details of the Haar wavelet).
    """

    @register_to_config
    def __init__(self, width: int = 64, depth: int = 5):
        """`width`: channels of its maps; `depth`: convolutions between the first and the last."""
        super().__init__()
        self.first = nn.Conv2d(3, width, 6, stride=2, padding=2)
        self.middle = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(depth))
        self.last = nn.ConvTranspose2d(width, 9, 6, stride=2, padding=2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = images
        for convolution in (self.first, *self.middle):
            x = F.leaky_relu(convolution(x), _SLOPE)
        across, down, diagonal = self.last(x).chunk(3, dim=1)
        corners = [
            images + across + down + diagonal,
            images - across + down - diagonal,
            images + across - down - diagonal,
            images - across - down + diagonal,
        ]
        return F.pixel_shuffle(torch.stack(corners, dim=2).flatten(1, 2), 2)


class FaceGANEncoder(_Network):
    """Pairs of pictures float32 (n, 6, side, side) in [-1, 1] to steps of the latents (n, latent_size).

    A pair is an aligned face, and what the generator draws from the latents so far (ReStyle, Alaluf et al. 2021,
    https://arxiv.org/abs/2104.02699). `FaceGANPipeline.encode` makes the pairs.
    """

    @register_to_config
    def __init__(
        self,
        channels: tuple[int, ...] = (32, 64, 128, 256),
        hidden: int = 256,
        latent_size: int = 100,
        side: int = 64,
    ):
        """`channels` of the maps from side / 2 px downwards, `hidden` the width of the first dense layer."""
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in zip((6, *channels[:-1]), channels, strict=True)
        )
        self.dense = nn.Linear(channels[-1] * (side >> len(channels)) ** 2, hidden)
        self.step = nn.Linear(hidden, latent_size)

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        x = pairs
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), _SLOPE)
        return self.step(F.leaky_relu(self.dense(x.flatten(1)), _SLOPE))
