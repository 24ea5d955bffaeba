"""Notices a run that dies: by numbers that are none, an explosion, samples all alike, a saturated discriminator."""

import math
from dataclasses import dataclass

import torch

CHECK_EVERY = 1_000  # images: with two strikes, trouble is noticed within 2,000
_STRIKES = 2  # checks in a row, for signs that a single unlucky batch can show
_ALIKE = 0.4  # of the greatest diversity so far: three runs that went well never fell below 0.75
_EXPLODED = 50.0  # times the loss of a discriminator that knows nothing
_SATURATED = 0.01  # times the same: nothing is left to learn from
_SETTLED = 20_000  # images: before, a discriminator that is sure of itself is only ahead of a generator that draws fog


@dataclass(frozen=True)
class Vitals:
    """Means over the images since the last check."""

    loss_d: float
    loss_g: float
    accuracy: float  # of the discriminator over pairs, 0 to 1
    diversity: float  # of the newest generated batch, 1 is that of real faces
    finite: bool  # every weight of both networks is a number


def diversity(fake: torch.Tensor, real: torch.Tensor) -> float:
    """Mean distance of an image (n, 3, H, W) to its nearest neighbour in the batch, generated over real.

    It falls to 0 when all samples become one, and also when they become a few.
    """
    return _nearest(fake) / max(_nearest(real), 1e-9)


def _nearest(images: torch.Tensor) -> float:
    flat = images.detach().float().flatten(1)
    distances = torch.cdist(flat, flat)
    distances.fill_diagonal_(math.inf)
    return distances.min(1).values.mean().item() if len(flat) > 1 else 0.0


@dataclass
class Health:
    """The memory of the checks; its fields are part of a checkpoint."""

    greatest_diversity: float = 0.0
    alike: int = 0  # checks in a row
    saturated: int = 0

    def check(self, vitals: Vitals, images_seen: int, chance_loss: float) -> str | None:
        """The problem as a part of a sentence, or None. `chance_loss`: the loss at chance level, with logits of 0."""
        if not (vitals.finite and math.isfinite(vitals.loss_d) and math.isfinite(vitals.loss_g)):
            return "a loss or a weight was no longer a finite number"
        if abs(vitals.loss_d) > _EXPLODED * chance_loss:
            return f"the discriminator's loss exploded to {vitals.loss_d:.3g}"
        self.greatest_diversity = max(self.greatest_diversity, min(vitals.diversity, 1.0))
        settled = images_seen >= _SETTLED
        lost = settled and vitals.diversity < _ALIKE * self.greatest_diversity
        sure = settled and vitals.loss_d < _SATURATED * chance_loss and vitals.accuracy > 0.999
        self.alike = self.alike + 1 if lost else 0
        self.saturated = self.saturated + 1 if sure else 0
        if self.alike >= _STRIKES:
            return f"the generated faces became alike (diversity {vitals.diversity:.2f} of that of real faces)"
        if self.saturated >= _STRIKES:
            return "the discriminator told every generated face apart, so the generator had nothing to learn from"
        return None
