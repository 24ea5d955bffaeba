"""Differentiable augmentation of what the discriminator sees, and the controller of its probability.

The same random changes are made to real and to generated faces, so the generator is not taught to draw them
(Zhao et al. 2020, https://arxiv.org/abs/2006.10738). The probability rises while the discriminator is too sure of
the real faces, the sign of overfitting (ADA: Karras et al. 2020, https://arxiv.org/abs/2006.06676).
No cutout: it leaves black boxes in the samples.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

SHIFT = 1 / 8  # of the width, the largest translation; DiffAugment's value


def augment(
    images: torch.Tensor, probability: float, rng: torch.Generator, share: slice = slice(None), processes: int = 1
) -> torch.Tensor:
    """Images float (n, 3, H, W) in [-1, 1] with each change made to each image with `probability` in [0, 1].

    Brightness (+- 0.5), saturation (x 0 to 2), contrast (x 0.5 to 1.5), translation (+- 1/8, reflected border).
    `rng` is a CPU generator, whatever the images' device, so that the draws are the same everywhere; with several
    `processes` each draws for the n * processes images of the whole batch and uses its `share`.
    """
    if probability == 0:
        return images
    n = len(images) * processes
    chosen = (torch.rand(4, n, 1, generator=rng) < probability).float()
    amounts = (2 * torch.rand(3, n, 1, generator=rng) - 1) * chosen[:3]
    reach = round(images.shape[-1] * SHIFT)
    offsets = torch.randint(-reach, reach + 1, (n, 2), generator=rng) * chosen[3].long()
    chosen, amounts, offsets = chosen[:, share], amounts[:, share], offsets[share]
    (rows,) = chosen.any(0)[:, 0].nonzero(as_tuple=True)  # most images stay as they are, and cost nothing
    if len(rows) == 0:
        return images
    where = rows.to(images.device)
    changed = colour(images[where], *amounts[:, rows].to(images.device)[..., None, None])
    return images.index_copy(0, where, translate(changed, offsets[rows], reach))


def colour(
    images: torch.Tensor, brightness: torch.Tensor, saturation: torch.Tensor, contrast: torch.Tensor
) -> torch.Tensor:
    """Brightness by + 0.5 b, saturation by x (1 + s) about grey, contrast by x (1 + 0.5 c) about the mean, in turn.

    All three are (n, 1, 1, 1) in [-1, 1]. Written as one sum, in which each image is read three times and not nine.
    """
    b, s, c = 0.5 * brightness, 1 + saturation, 1 + 0.5 * contrast
    grey, level = images.mean(1, keepdim=True), images.mean((1, 2, 3), keepdim=True)
    return c * s * images + (c * (1 - s) * grey + (b + (1 - c) * level))


def translate(images: torch.Tensor, offsets: torch.Tensor, reach: int) -> torch.Tensor:
    """Move images by (n, 2) whole pixels down and right, each from -reach to reach; the border is reflected."""
    height, width = images.shape[-2:]
    padded = F.pad(images, (reach,) * 4, mode="reflect")
    moved = [
        image[:, reach - dy : reach - dy + height, reach - dx : reach - dx + width]
        for image, (dy, dx) in zip(padded.unbind(), offsets.tolist(), strict=True)
    ]
    return torch.stack(moved)


@dataclass
class AdaptiveProbability:
    """Keeps the sureness of the discriminator (mean sign of D(real); see losses.py) at `target` by its probability.

    The sign heuristic is ADA's. Its target of 0.6 is too low for many faces: 12,000 reach 0.70 without any overfitting
    and lost by it, 300 reach 0.998 (docs/recipes.md; config.py says which gets what). The cap keeps augmented pictures
    the minority, beyond which changes start to leak into samples; `images_to_cap` lets small runs adapt (ADA's 500k
    would be a whole run here).
    """

    target: float
    value: float = 0.0
    cap: float = 0.6
    images_to_cap: int = 100_000

    def update(self, sureness: float, batch: int) -> None:
        """One step for the sureness over `batch` real images."""
        step = batch / self.images_to_cap * self.cap
        self.value = min(max(self.value + (step if sureness > self.target else -step), 0.0), self.cap)
