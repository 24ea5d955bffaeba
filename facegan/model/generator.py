"""The generator as it is shipped, a diffusers model. Copied beside the weights, so it imports nothing of FaceGAN.

DCGAN (Radford et al. 2016, https://arxiv.org/abs/1511.06434) with batch normalisation folded into the convolutions
and every up-sampling written as one transposed convolution: one architecture, however the network was trained.
"""

import math
from os import PathLike

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

BASE_SIZE = 4  # px: the map that the dense layer fills


class FaceGANGenerator(ModelMixin, ConfigMixin):
    """Latents float32 (n, latent_size) ~ N(0, I) to images float32 (n, 3, H, W) in (-1, 1).

    H = W = 4 * 2**len(channels) px.
    """

    @register_to_config
    def __init__(self, channels: tuple[int, ...] = (256, 128, 64, 32), latent_size: int = 100):
        """`channels` of the maps from 4x4 upwards."""
        super().__init__()
        self.project = nn.Linear(latent_size, channels[0] * BASE_SIZE**2)
        self.ups = nn.ModuleList(
            nn.ConvTranspose2d(a, b, 4, stride=2, padding=1) for a, b in zip(channels, (*channels[1:], 3), strict=True)
        )

    @classmethod
    def from_pretrained(cls, path: str | PathLike, **options: object) -> "FaceGANGenerator | tuple":
        """As every model of diffusers, which by itself draws with weights that are missing or no numbers, too.

        Raises ValueError for those.
        """
        told = options.pop("output_loading_info", False)
        generator, info = super().from_pretrained(path, output_loading_info=True, **options)
        wrong = [f"{name} is missing" for name in info["missing_keys"]]
        wrong += [f"{name} is surplus" for name in info["unexpected_keys"]]
        if not wrong:  # what is missing holds no numbers to look at
            weights = generator.state_dict().items()
            wrong = [f"{name} holds numbers that are not finite" for name, weight in weights if not _finite(weight)]
        if wrong:
            raise ValueError(
                f"The weights in {path} are not those of a FaceGAN generator ({wrong[0][:200]}): fetch or export the "
                "model again."
            )
        return (generator, info) if told else generator

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        # To the uniform cube of the original system: z = 2 Phi(g) - 1.
        x = self.project(torch.erf(latents / math.sqrt(2)))
        x = x.unflatten(1, (BASE_SIZE, BASE_SIZE, -1)).permute(0, 3, 1, 2)
        for up in self.ups:
            x = up(F.relu(x))
        return torch.tanh(x)


def _finite(weight: torch.Tensor) -> bool:
    return bool(torch.isfinite(weight).all())
