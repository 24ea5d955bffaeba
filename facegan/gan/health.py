"""Detects failed training: NaN or infinite values, exploding losses, mode collapse, a saturated discriminator."""

import math
from dataclasses import dataclass

import torch

CHECK_EVERY = 1_000  # images: two checks in a row detect a failure within 2,000
_STRIKES = 2  # checks in a row that must fail, where a single unlucky batch can fail one as well
_COLLAPSED = 0.4  # share of the greatest diversity so far; three healthy runs never fell below 0.75
_EXPLODED = 50.0  # times the chance-level loss of the discriminator
_SATURATED = 0.01  # times the chance-level loss: below it D gives G no useful gradient
GRACE_PERIOD = 20_000  # images at the start, when D is far ahead of G in healthy runs too


@dataclass(frozen=True)
class Vitals:
    """Means over the images since the last check."""

    loss_d: float
    loss_g: float
    accuracy: float  # share of pairs in which D gives the real face the higher logit, 0 to 1
    diversity: float  # of the latest generated batch, relative to real faces, see `diversity`
    finite: bool  # all weights of both networks are finite


def diversity(fake: torch.Tensor, real: torch.Tensor) -> float:
    """Mean distance from an image (n, 3, H, W) to its nearest neighbour in the batch: that of `fake` over that of
    `real`.

    It falls to 0 when all samples become the same image, and also when only a few different ones are left.
    """
    return _neighbour_distance(fake) / max(_neighbour_distance(real), 1e-9)


def _neighbour_distance(images: torch.Tensor) -> float:
    flat = images.detach().float().flatten(1)
    distances = torch.cdist(flat, flat)
    distances.fill_diagonal_(math.inf)
    return distances.min(1).values.mean().item() if len(flat) > 1 else 0.0


@dataclass
class Health:
    """Detects failed training over several checks. Checkpoints store the fields by these names."""

    greatest_diversity: float = 0.0
    alike: int = 0  # checks in a row that found mode collapse
    saturated: int = 0  # checks in a row that found a saturated discriminator

    def check(self, vitals: Vitals, images_seen: int, chance_level_loss: float) -> str | None:
        """The failure as a clause for a message; None if the run is healthy.

        `chance_level_loss`: the loss of a discriminator that cannot tell real from generated (all logits are 0).
        """
        if not (vitals.finite and math.isfinite(vitals.loss_d) and math.isfinite(vitals.loss_g)):
            return "a loss or a weight was no longer a finite number"
        if abs(vitals.loss_d) > _EXPLODED * chance_level_loss:
            return f"the discriminator's loss exploded to {vitals.loss_d:.3g}"
        self.greatest_diversity = max(self.greatest_diversity, min(vitals.diversity, 1.0))
        checked = images_seen >= GRACE_PERIOD
        collapsed = checked and vitals.diversity < _COLLAPSED * self.greatest_diversity
        saturated = checked and vitals.loss_d < _SATURATED * chance_level_loss and vitals.accuracy > 0.999
        self.alike = self.alike + 1 if collapsed else 0
        self.saturated = self.saturated + 1 if saturated else 0
        if self.alike >= _STRIKES:
            return f"the generated faces became all alike (diversity {vitals.diversity:.2f}, where real faces have 1)"
        if self.saturated >= _STRIKES:
            return "the discriminator recognised every generated face, so the generator had nothing to learn from"
        return None
