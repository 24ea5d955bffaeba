"""The encoder as it is shipped, a diffusers model. Copied as encoder/encoder.py, so it imports nothing of FaceGAN.

Convolutions with batch normalisation folded in, then two dense layers.
"""

from os import PathLike

import torch
import torch.nn.functional as F
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import nn

_SLOPE = 0.2  # of its leaky ReLUs


class FaceGANEncoder(ModelMixin, ConfigMixin):
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

    @classmethod
    def from_pretrained(cls, path: str | PathLike, **options: object) -> "FaceGANEncoder | tuple":
        """As every model of diffusers, which by itself answers with weights that are missing or no numbers, too.

        Raises ValueError for those.
        """
        told = options.pop("output_loading_info", False)
        encoder, info = super().from_pretrained(path, output_loading_info=True, **options)
        wrong = [f"{name} is missing" for name in info["missing_keys"]]
        wrong += [f"{name} is surplus" for name in info["unexpected_keys"]]
        if not wrong:  # what is missing holds no numbers to look at
            weights = encoder.state_dict().items()
            wrong = [f"{name} holds numbers that are not finite" for name, one in weights if not one.isfinite().all()]
        if wrong:
            raise ValueError(
                f"The weights in {path} are not those of a FaceGAN encoder ({wrong[0][:200]}): fetch the model or fit "
                "its encoder again."
            )
        return (encoder, info) if told else encoder

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        x = pairs
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), _SLOPE)
        return self.step(F.leaky_relu(self.dense(x.flatten(1)), _SLOPE))
