"""The adversarial losses: each takes logits (n,) of any dtype and returns a float32 scalar to be minimised."""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F


class AdversarialLoss(Protocol):
    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor: ...

    def generator(self, fake: torch.Tensor) -> torch.Tensor: ...


@dataclass(frozen=True)
class BinaryCrossEntropy:
    """The paper's loss, its generator non-saturating: -log s(real) - log(1 - s(fake)) against -log s(fake).

    Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, section 3.
    """

    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()

    def generator(self, fake: torch.Tensor) -> torch.Tensor:
        return F.softplus(-fake.float()).mean()


@dataclass(frozen=True)
class Hinge:
    """max(0, 1 - real) + max(0, 1 + fake) against -fake. Lim and Ye 2017, https://arxiv.org/abs/1705.02894."""

    def discriminator(self, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
        return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()

    def generator(self, fake: torch.Tensor) -> torch.Tensor:
        return -fake.float().mean()


LOSSES: dict[str, AdversarialLoss] = {"bce": BinaryCrossEntropy(), "hinge": Hinge()}
