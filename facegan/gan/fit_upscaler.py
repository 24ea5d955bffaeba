"""Fits the upscaler of a generator.

It learns from aligned faces of twice the generator's size, each reduced by two, to predict the details that were lost.
The loss has three terms: the distance to the true details; their distance in the feature maps of a discriminator, here
the critic (feature matching, Wang et al. 2018, https://arxiv.org/abs/1711.11585); and the adversarial loss of the
critic, for the texture that distances alone would blur (Ledig et al. 2017, https://arxiv.org/abs/1609.04802). The
critic compares real faces with upscaled faces and with upscaled images of the generator. All images are crops, because
texture is local and a crop costs a quarter.
"""

from collections.abc import Callable
from time import monotonic

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from facegan.gan.allocator import keep_freed_memory
from facegan.gan.config import choose_precision
from facegan.gan.convolutions import Conv
from facegan.gan.data import as_floats
from facegan.gan.networks import LATENT_SIZE, SLOPE
from facegan.gan.upscaler import Upscaler, split

BATCH = 8  # crops of faces, and as many of generated images
CROP = 128  # px of the large images; smaller images are not cropped
CROPS_SEEN = 160_000  # of both kinds; about 50 minutes on one core
_RATE, _LAST_RATE = 4e-4, 2e-5  # learning rate of Adam, which falls along a cosine
_BETAS = (0.5, 0.99)
_WARM_UP = 100  # steps
_DISTANCE_ONLY = 0.05  # share of the steps, at the start, in which the distance is the only loss
# Norms of the gradients of the other two terms, relative to that of the distance. Fixed weights would not do: the ratio
# of the norms changes a hundredfold during training.
_FEATURES, _ADVERSARIAL = 0.5, 3.0
# Factor on these gradients for generated images: they have no true details, and with more the critic causes dots on
# smooth skin.
_GENERATED = 0.3
_DECAY = 0.999  # of the moving average of the weights, which is the result
_SAY_EVERY = 60.0  # s


class Critic(nn.Module):
    """Images float (n, 3, H, W) and their details (n, 9, H, W) to logits (n, 1, H / 4, W / 4), and feature maps.

    Each logit judges the patch around it (Isola et al. 2017, https://arxiv.org/abs/1611.07004). The details are given
    separately, because they are only a twentieth of the contrast of the large images.
    """

    def __init__(self, width: int = 48):
        super().__init__()
        self.first = nn.Conv2d(12, width, 3, padding=1)
        self.levels = nn.ModuleList(Conv(a, b, bias=True) for a, b in ((width, 2 * width), (2 * width, 4 * width)))
        self.last = nn.Conv2d(4 * width, 1, 3, padding=1)
        for layer in (self.first, *self.levels, self.last):
            nn.init.kaiming_normal_(layer.weight, SLOPE)
            nn.init.zeros_(layer.bias)

    def forward(self, images: torch.Tensor, details: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        x, maps = torch.cat([images, details], dim=1).contiguous(memory_format=torch.channels_last), []
        for layer in (self.first, *self.levels):
            x = F.leaky_relu(layer(x), SLOPE)
            maps.append(x)
        return self.last(x).float(), maps


def fit_upscaler(
    draw: nn.Module,
    images: np.ndarray,
    rows: np.ndarray,
    *,
    crops_seen: int = CROPS_SEEN,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> Upscaler:
    """An upscaler of the generator `draw`, latents (n, 100) to images (n, 3, H, H), in eval mode.

    `images`: faces uint8 (n, 2H, 2H, 3) with the generator's framing, may be memory-mapped; `rows`: int64, those that
    are used. Raises ValueError for faces of another size.
    """
    with torch.no_grad():
        side = 2 * draw.eval()(torch.zeros(1, LATENT_SIZE)).shape[-1]
    if images.shape[1:] != (side, side, 3):
        raise ValueError(f"faces must be uint8 (n, {side}, {side}, 3), not {images.shape}.")
    fit = _Fit(draw.eval().requires_grad_(False), images, rows, max(1, crops_seen // (2 * BATCH)), seed)
    reported = monotonic()
    while fit.done < fit.steps:
        fit.step()
        if monotonic() - reported >= _SAY_EVERY:
            reported = monotonic()
            say(f"Upscaler: {2 * BATCH * fit.done:,} of {crops_seen:,} crops; {fit.figures()}")
    return fit.average.eval()


class _Fit:
    """The networks, their optimisers and the random state of one training."""

    def __init__(self, draw: nn.Module, images: np.ndarray, rows: np.ndarray, steps: int, seed: int):
        keep_freed_memory()
        torch.manual_seed(seed)
        self.steps, self.done = steps, 0
        self._draw, self._images, self._rows = draw, images, rows
        self._rng, self._numpy_rng = torch.Generator().manual_seed(seed), np.random.RandomState(seed)
        self._crop = min(CROP, images.shape[1])
        self._upscaler, self.average = (Upscaler().to(memory_format=torch.channels_last) for _ in range(2))
        self.average.load_state_dict(self._upscaler.state_dict())
        self.average.requires_grad_(False)
        self._critic = Critic().to(memory_format=torch.channels_last)
        self._adam = torch.optim.Adam(self._upscaler.parameters(), betas=_BETAS)
        self._adam_of_critic = torch.optim.Adam(self._critic.parameters(), betas=_BETAS)
        self._bfloat16 = choose_precision("cpu") == "bfloat16"
        self._sums: dict[str, list[float]] = {}
        self._spread = torch.cat([split(self._crops_of_faces())[1] for _ in range(8)]).std()  # of the details

    def step(self) -> None:
        """One batch for both networks."""
        self._set_rates()
        self.done += 1
        faces, generated = self._crops_of_faces(), self._crops_of_generated()
        small, targets = split(faces)
        inputs = torch.cat([small, generated]).contiguous(memory_format=torch.channels_last)
        with self._autocast():
            details = self._upscaler.details(inputs).float()
        distance = (details[:BATCH] - targets).abs().mean()
        self._record("distance", distance)
        (gradient,) = torch.autograd.grad(distance, details, retain_graph=True)
        if self.done > _DISTANCE_ONLY * self.steps:
            self._critic_step(inputs, targets, details.detach())
            gradient = gradient + self._critic_gradient(inputs, targets, details, gradient[:BATCH].norm())
        self._adam.zero_grad(set_to_none=True)
        details.backward(gradient)
        nn.utils.clip_grad_norm_(self._upscaler.parameters(), 1.0)
        self._adam.step()
        decay = min(_DECAY, self.done / (self.done + 10))
        with torch.no_grad():
            for mean, current in zip(self.average.parameters(), self._upscaler.parameters(), strict=True):
                mean.lerp_(current, 1 - decay)

    def figures(self) -> str:
        """The means of the losses and differences of logits since the last call, as text."""
        words = ", ".join(f"{name} {np.mean(values):.4f}" for name, values in self._sums.items())
        self._sums = {}
        return words

    def _critic_gradient(
        self, inputs: torch.Tensor, targets: torch.Tensor, details: torch.Tensor, norm: torch.Tensor
    ) -> torch.Tensor:
        """The gradient of feature matching and of the adversarial loss by the details.

        `norm`: of the gradient of the distance, by which both are scaled.
        """
        with self._autocast():
            drawn, maps = self._critic(inputs, details / self._spread)
            with torch.no_grad():
                real, real_maps = self._critic(inputs[:BATCH], targets / self._spread)
        pairs = zip(maps, real_maps, strict=True)
        features = sum((level[:BATCH].float() - true.float()).abs().mean() for level, true in pairs)
        self._record("features", features)
        adversarial = F.softplus(real.repeat(2, 1, 1, 1) - drawn).mean()
        total = torch.zeros_like(details)
        for loss, share in ((features, _FEATURES), (adversarial, _ADVERSARIAL)):
            (gradient,) = torch.autograd.grad(loss, details, retain_graph=True)
            total += share * norm / gradient[:BATCH].norm().clamp_min(1e-12) * gradient
        total[BATCH:] *= _GENERATED
        return total

    def _critic_step(self, inputs: torch.Tensor, targets: torch.Tensor, details: torch.Tensor) -> None:
        """Train the critic to tell true details from those drawn for the same face, and for a generated image.

        A relativistic loss: Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734.
        """
        with self._autocast():
            logits, _ = self._critic(torch.cat([inputs[:BATCH], inputs]), torch.cat([targets, details]) / self._spread)
        real, drawn, generated = logits.chunk(3)
        self._record("critic, real - upscaled", (real - drawn).mean())
        self._record("critic, real - generated", (real - generated).mean())
        self._adam_of_critic.zero_grad(set_to_none=True)
        (F.softplus(drawn - real).mean() + F.softplus(generated - real).mean()).backward()
        self._adam_of_critic.step()

    def _set_rates(self) -> None:
        cosine = 0.5 * (1 + np.cos(np.pi * self.done / self.steps))
        rate = (_LAST_RATE + (_RATE - _LAST_RATE) * cosine) * min(1, (self.done + 1) / _WARM_UP)
        for adam in (self._adam, self._adam_of_critic):
            for group in adam.param_groups:
                group["lr"] = rate

    def _crops_of_faces(self) -> torch.Tensor:
        """Crops of faces, float (BATCH, 3, crop, crop), at even positions so that they align with blocks of 2x2 px."""
        crops = []
        for row in self._numpy_rng.choice(self._rows, BATCH):
            top, left = (2 * self._numpy_rng.randint(0, (self._images.shape[1] - self._crop) // 2 + 1, 2)).tolist()
            crops.append(self._images[row, top : top + self._crop, left : left + self._crop])
        return self._mirrored(as_floats(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)))

    def _crops_of_generated(self) -> torch.Tensor:
        """Crops of generated images, float (BATCH, 3, crop / 2, crop / 2)."""
        with torch.no_grad(), self._autocast():
            drawn = self._draw(torch.randn(BATCH, LATENT_SIZE, generator=self._rng)).float()
        side, crops = self._crop // 2, []
        for image in drawn:
            top, left = self._numpy_rng.randint(0, drawn.shape[-1] - side + 1, 2).tolist()
            crops.append(image[:, top : top + side, left : left + side])
        return self._mirrored(torch.stack(crops))

    def _mirrored(self, crops: torch.Tensor) -> torch.Tensor:
        """The crops, a random half of them mirrored."""
        chosen = torch.rand(len(crops), 1, 1, 1, generator=self._rng) < 0.5
        return torch.where(chosen, crops.flip(3), crops)

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16)

    def _record(self, name: str, value: torch.Tensor) -> None:
        self._sums.setdefault(name, []).append(float(value.detach()))
