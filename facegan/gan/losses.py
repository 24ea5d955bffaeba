"""The adversarial losses and the regularisers of the discriminator.

A loss takes logits (n,) of any dtype and returns a float32 scalar to be minimised. Relativistic losses pair the i-th
real with the i-th generated logit.
"""

from dataclasses import dataclass, field
from typing import Protocol

import torch
import torch.nn.functional as F


class AdversarialLoss(Protocol):
    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor: ...

    def generator(self, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor: ...

    def overfitting_heuristic(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        """ADA's overfitting heuristic r_t, -1 to 1: 0 at chance level, 1 when D recognises every real image.

        Karras et al. 2020, https://arxiv.org/abs/2006.06676, section 3.1: the mean sign of D(real).
        """
        ...


class _AbsoluteLogits:
    """A loss under which positive logits mean "real"."""

    def overfitting_heuristic(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return real.float().sign().mean()


@dataclass(frozen=True)
class BinaryCrossEntropy(_AbsoluteLogits):
    """The loss of the first GAN, non-saturating: D minimises -log s(real) - log(1 - s(fake)), G -log s(fake).

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 3.
    """

    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()

    def generator(self, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        return F.softplus(-fake.float()).mean()


@dataclass(frozen=True)
class Hinge(_AbsoluteLogits):
    """D minimises max(0, 1 - real) + max(0, 1 + fake), G -fake. Lim and Ye 2017, https://arxiv.org/abs/1705.02894."""

    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()

    def generator(self, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        return -fake.float().mean()


@dataclass(frozen=True)
class Relativistic:
    """Each generated face is compared with a real one: D minimises -log s(real - fake), G -log s(fake - real).

    Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734. With zero-centred penalties on both sides it converges
    locally and does not drop modes: Huang et al. 2024 (R3GAN), https://arxiv.org/abs/2501.05441.
    """

    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return F.softplus(fake.float() - real.float()).mean()

    def generator(self, fake: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        return F.softplus(real.float() - fake.float()).mean()

    def overfitting_heuristic(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        # Only differences of logits are trained, so their common offset is arbitrary.
        return (real.float() - fake.float()).sign().mean()


def picture_distance(one: torch.Tensor, other: torch.Tensor, scales: int = 4) -> torch.Tensor:
    """Mean absolute difference of images (n, 3, H, W), averaged over `scales` sizes: full, half, a quarter ..."""
    total = one.new_zeros((), dtype=torch.float32)
    for scale in range(scales):
        if scale:
            one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
        total = total + (one - other).abs().float().mean()
    return total / scales


def feature_distance(ones: list[torch.Tensor], others: list[torch.Tensor]) -> torch.Tensor:
    """Mean absolute difference of a network's feature maps, each relative to the mean magnitude of `others`.

    Feature matching on the discriminator: Wang et al. 2018 (pix2pixHD), https://arxiv.org/abs/1711.11585, equation 4.
    """
    distances = [
        (one.float() - other.float()).abs().mean() / other.float().abs().mean().clamp_min(1e-6)
        for one, other in zip(ones, others, strict=True)
    ]
    return torch.stack(distances).mean()


LOSSES: dict[str, AdversarialLoss] = {"bce": BinaryCrossEntropy(), "hinge": Hinge(), "relativistic": Relativistic()}


def gradient_penalty(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Mean squared gradient norm of logits (n,) by the images (n, 3, H, W) that they were computed from.

    R1 on real images, R2 on generated ones, each to be weighted by gamma / 2
    (Mescheder et al. 2018, https://arxiv.org/abs/1801.04406). `images` must require a gradient.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    # Flattened in the memory order of channels last: in another order the double backward is ten times as slow.
    return gradient.float().permute(0, 2, 3, 1).flatten(1).square().sum(1).mean()


@dataclass
class LeCam:
    """A regulariser for few images: it pulls logits towards the running mean of the other side's.

    mean(max(0, real - mean_fake)^2) + mean(max(0, mean_real - fake)^2), Tseng et al. 2021,
    https://arxiv.org/abs/2104.03310, with the rectification and decay of the authors' code.
    """

    decay: float = 0.99
    means: torch.Tensor = field(default_factory=lambda: torch.zeros(2))  # of the logits: real, generated

    def penalty(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        mean_real, mean_fake = self.means
        return F.relu(real.float() - mean_fake).square().mean() + F.relu(mean_real - fake.float()).square().mean()

    @torch.no_grad()
    def update(self, real: torch.Tensor, fake: torch.Tensor) -> None:
        self.means.lerp_(torch.stack([real.float().mean(), fake.float().mean()]), 1 - self.decay)
