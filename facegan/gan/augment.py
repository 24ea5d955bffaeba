"""Differentiable augmentation of what the discriminator sees, and the controller of its probability.

Real and generated faces are changed in the same random ways, so the generator does not learn to draw the changes
(Zhao et al. 2020, https://arxiv.org/abs/2006.10738). The probability rises while ADA's overfitting
heuristic is above its target (Karras et al. 2020, https://arxiv.org/abs/2006.06676).
No cutout: it leaves black boxes in the samples.
"""

from dataclasses import dataclass

import torch

SHIFT = 1 / 8  # of the width, the largest translation; DiffAugment's value
SIZE, SHAPE = 0.35, 0.15  # octaves: the largest changes of size, and of height against width


@dataclass(frozen=True)
class Augmentation:
    """Random changes of n images: brightness (+- 0.5), saturation (x 0 to 2), contrast (x 0.5 to 1.5), translation
    (+- 1/8 in whole pixels), and with `scale` size (x 0.78 to 1.27, height against width x 0.90 to 1.11).

    Attributes:
        colours: float32 (3, n, 1), brightness, saturation and contrast in [-1, 1] (see `colour`).
        factors: float32 (n, 2), scale down and right.
        offsets: float32 (n, 2), translation down and right in pixels.
        chosen: bool (n,), the images that are changed at all.
    """

    colours: torch.Tensor
    factors: torch.Tensor
    offsets: torch.Tensor
    chosen: torch.Tensor

    @classmethod
    def draw(
        cls,
        images: int,
        size: int,
        probability: float,
        rng: torch.Generator,
        share: slice = slice(None),
        processes: int = 1,
        scale: bool = True,
    ) -> "Augmentation":
        """Draw changes of `images` images of `size` pixels, each change of each image with `probability` in [0, 1].

        `rng` is a CPU generator, whatever the images' device, so that the draws are the same everywhere. With several
        `processes` each one draws for the whole batch of images * processes images and uses its `share`.
        """
        n = images * processes
        if probability == 0:  # no random numbers are drawn
            unchanged = torch.zeros(3, images, 1), torch.ones(images, 2), torch.zeros(images, 2)
            return cls(*unchanged, torch.zeros(images, dtype=torch.bool))
        chosen = (torch.rand(4 + scale, n, 1, generator=rng) < probability).float()
        colours = (2 * torch.rand(3, n, 1, generator=rng) - 1) * chosen[:3]
        reach = round(size * SHIFT)
        offsets = torch.randint(-reach, reach + 1, (n, 2), generator=rng) * chosen[3]
        factors = torch.ones(n, 2)
        if scale:
            zoom, shape = ((2 * torch.rand(2, n, 1, generator=rng) - 1) * chosen[4]).unbind()
            factors = (SIZE * zoom + SHAPE / 2 * torch.tensor([1.0, -1.0]) * shape).exp2()
        return cls(colours[:, share], factors[share], offsets[share], chosen[:, share].any(0)[:, 0])

    def apply(self, images: torch.Tensor) -> torch.Tensor:
        """Images float (k, 3, H, H) in [-1, 1], k <= n, with the first k changes; borders are reflected."""
        (rows,) = self.chosen[: len(images)].nonzero(as_tuple=True)  # images that stay as they are cost nothing
        if len(rows) == 0:
            return images
        where = rows.to(images.device)
        changed = colour(images[where], *self.colours[:, rows].to(images.device)[..., None, None])
        return images.index_copy(0, where, scale_and_shift(changed, self.factors[rows], self.offsets[rows]))


def colour(
    images: torch.Tensor, brightness: torch.Tensor, saturation: torch.Tensor, contrast: torch.Tensor
) -> torch.Tensor:
    """Brightness by + 0.5 b, saturation by x (1 + s) about grey, contrast by x (1 + 0.5 c) about the mean, in turn.

    All three are (n, 1, 1, 1) in [-1, 1]. As one sum, which reads each image three times instead of nine.
    """
    b, s, c = 0.5 * brightness, 1 + saturation, 1 + 0.5 * contrast
    grey, level = images.mean(1, keepdim=True), images.mean((1, 2, 3), keepdim=True)
    return c * s * images + (c * (1 - s) * grey + (b + (1 - c) * level))


def scale_and_shift(images: torch.Tensor, factors: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """Scale images (n, 3, H, H) by `factors` (n, 2) about their middle, then move them by `offsets` (n, 2) pixels.

    Both given as (down, right). Bilinear; the border is reflected once. Along each axis it is a matrix product.
    """
    size = images.shape[-1]
    places = torch.arange(size, dtype=torch.float32)
    middle, last = (size - 1) / 2, size - 1
    source = (places - middle - offsets[..., None]) / factors[..., None] + middle  # (n, 2, H)
    source = last - (last - source.abs()).abs()
    taps = (1 - (source[..., None] - places).abs()).clamp_min(0).to(images.device, images.dtype)
    down, right = taps[:, :1], taps[:, 1:]
    return down @ images @ right.transpose(2, 3)


@dataclass
class AdaptiveProbability:
    """Adjusts the augmentation probability `value` so that ADA's heuristic r_t (see losses.py) stays at `target`.

    ADA's own target of 0.6 is too low for large data sets: with 12,000 faces r_t reaches 0.70 without overfitting,
    and the augmentation did harm; with 300 it reaches 0.998 (docs/measurements/recipes.md). config.py chooses the
    target. Each change has at most the probability `cap`, because stronger augmentation starts to leak into the
    samples. `images_to_cap`: images in which the probability can rise from 0 to the cap. ADA's 500,000 are a whole run
    here.
    """

    target: float
    value: float = 0.0
    cap: float = 0.6
    images_to_cap: int = 100_000

    def update(self, heuristic: float, batch: int) -> None:
        """One step of the controller. `heuristic`: r_t over the `batch` real images of this step."""
        step = batch / self.images_to_cap * self.cap
        self.value = min(max(self.value + (step if heuristic > self.target else -step), 0.0), self.cap)
