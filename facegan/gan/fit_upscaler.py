"""Fits the upscaler of a generator.

It learns from aligned faces of twice the generator's size, each reduced by two: their details are to be drawn again, by
their distance and by the discriminator's feature maps (feature matching, Wang et al. 2018,
https://arxiv.org/abs/1711.11585). And it learns from the adversary, which sees these and the upscaled images of the
generator beside real faces: the texture that a distance alone would blur (Ledig et al. 2017,
https://arxiv.org/abs/1609.04802). All of them are crops, because texture is local and a crop costs a quarter.
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
CROP = 128  # px of the large images; of smaller ones, the whole
CROPS_SEEN = 160_000  # of both kinds; some 50 minutes of one core
_RATE, _LAST_RATE = 4e-4, 2e-5  # of Adam; it falls along a cosine
_BETAS = (0.5, 0.99)
_WARM_UP = 100  # steps
_ALONE = 0.05  # share of the steps, the first ones, that learn by the distance alone
# The gradients of the other two parts, as shares of the distance's: their sizes change a hundredfold over a training.
_FEATURES, _ADVERSARY = 0.5, 3.0
# How much of that generated images get: no distance holds those, and with more the critic draws dots on smooth skin.
_OF_GENERATED = 0.3
_DECAY = 0.999  # of the average of the weights, which is what is kept
_SAY_EVERY = 60.0  # s


class Critic(nn.Module):
    """Images float (n, 3, H, W) and their details (n, 9, H, W) to logits (n, 1, H / 4, W / 4), and feature maps.

    A logit is of the patch around it (Isola et al. 2017, https://arxiv.org/abs/1611.07004). The details come as they
    are and not as large images, where they are a twentieth of what there is to see.
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

    `images`: faces uint8 (n, 2H, 2H, 3), framed as the generator's are, may be memory-mapped; `rows`: int64, which of
    them are learned from. Raises ValueError for faces of another size.
    """
    with torch.no_grad():
        side = 2 * draw.eval()(torch.zeros(1, LATENT_SIZE)).shape[-1]
    if images.shape[1:] != (side, side, 3):
        raise ValueError(f"faces must be uint8 (n, {side}, {side}, 3), not {images.shape}.")
    fit = _Fit(draw.eval().requires_grad_(False), images, rows, max(1, crops_seen // (2 * BATCH)), seed)
    told = monotonic()
    while fit.done < fit.steps:
        fit.step()
        if monotonic() - told >= _SAY_EVERY:
            told = monotonic()
            say(f"Upscaler: {2 * BATCH * fit.done:,} of {crops_seen:,} crops; {fit.figures()}")
    return fit.average.eval()


class _Fit:
    def __init__(self, draw: nn.Module, images: np.ndarray, rows: np.ndarray, steps: int, seed: int):
        keep_freed_memory()
        torch.manual_seed(seed)
        self.steps, self.done = steps, 0
        self._draw, self._images, self._rows = draw, images, rows
        self._rng, self._numbers = torch.Generator().manual_seed(seed), np.random.RandomState(seed)
        self._crop = min(CROP, images.shape[1])
        self._upscaler, self.average = (Upscaler().to(memory_format=torch.channels_last) for _ in range(2))
        self.average.load_state_dict(self._upscaler.state_dict())
        self.average.requires_grad_(False)
        self._critic = Critic().to(memory_format=torch.channels_last)
        self._adam = torch.optim.Adam(self._upscaler.parameters(), betas=_BETAS)
        self._adam_of_critic = torch.optim.Adam(self._critic.parameters(), betas=_BETAS)
        self._half = choose_precision("cpu") == "bfloat16"
        self._sums: dict[str, list[float]] = {}
        self._spread = torch.cat([split(self._crops_of_faces())[1] for _ in range(8)]).std()

    def step(self) -> None:
        """One batch for both networks."""
        self._set_rates()
        self.done += 1
        faces, generated = self._crops_of_faces(), self._crops_of_generated()
        small, wanted = split(faces)
        given = torch.cat([small, generated]).contiguous(memory_format=torch.channels_last)
        with self._autocast():
            details = self._upscaler.details(given).float()
        distance = (details[:BATCH] - wanted).abs().mean()
        self._note("distance", distance)
        (gradient,) = torch.autograd.grad(distance, details, retain_graph=True)
        if self.done > _ALONE * self.steps:
            self._step_of_critic(given, wanted, details.detach())
            gradient = gradient + self._by_critic(given, wanted, details, gradient[:BATCH].norm())
        self._adam.zero_grad(set_to_none=True)
        details.backward(gradient)
        nn.utils.clip_grad_norm_(self._upscaler.parameters(), 1.0)
        self._adam.step()
        decay = min(_DECAY, self.done / (self.done + 10))
        with torch.no_grad():
            for mine, new in zip(self.average.parameters(), self._upscaler.parameters(), strict=True):
                mine.lerp_(new, 1 - decay)

    def figures(self) -> str:
        """The means of the losses and logits since the last time, in words."""
        words = ", ".join(f"{name} {np.mean(values):.4f}" for name, values in self._sums.items())
        self._sums = {}
        return words

    def _by_critic(
        self, given: torch.Tensor, wanted: torch.Tensor, details: torch.Tensor, size: torch.Tensor
    ) -> torch.Tensor:
        """The gradient for the details by the critic; `size`: that of the distance's, which those of faces get, too."""
        with self._autocast():
            drawn, maps = self._critic(given, details / self._spread)
            with torch.no_grad():
                real, targets = self._critic(given[:BATCH], wanted / self._spread)
        apart = sum((mine[:BATCH].float() - one.float()).abs().mean() for mine, one in zip(maps, targets, strict=True))
        self._note("features", apart)
        gradient = torch.zeros_like(details)
        for loss, share in ((apart, _FEATURES), (F.softplus(real.repeat(2, 1, 1, 1) - drawn).mean(), _ADVERSARY)):
            (by_loss,) = torch.autograd.grad(loss, details, retain_graph=True)
            gradient += share * size / by_loss[:BATCH].norm().clamp_min(1e-12) * by_loss
        gradient[BATCH:] *= _OF_GENERATED
        return gradient

    def _step_of_critic(self, given: torch.Tensor, wanted: torch.Tensor, details: torch.Tensor) -> None:
        """Tell the details of faces from drawn ones: of the same face, and of a generated image (relativistic pairs,
        Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734)."""
        with self._autocast():
            logits, _ = self._critic(torch.cat([given[:BATCH], given]), torch.cat([wanted, details]) / self._spread)
        real, drawn, generated = logits.chunk(3)
        self._note("faces ahead of drawn", (real - drawn).mean())
        self._note("and of generated", (real - generated).mean())
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
        """Float (BATCH, 3, crop, crop) of faces, whose corners are even so that 2x2 px stay together."""
        crops = []
        for row in self._numbers.choice(self._rows, BATCH):
            top, left = (2 * self._numbers.randint(0, (self._images.shape[1] - self._crop) // 2 + 1, 2)).tolist()
            crops.append(self._images[row, top : top + self._crop, left : left + self._crop])
        return self._mirrored(as_floats(torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2)))

    def _crops_of_generated(self) -> torch.Tensor:
        """Float (BATCH, 3, crop / 2, crop / 2) of generated images."""
        with torch.no_grad(), self._autocast():
            drawn = self._draw(torch.randn(BATCH, LATENT_SIZE, generator=self._rng)).float()
        side, crops = self._crop // 2, []
        for image in drawn:
            top, left = self._numbers.randint(0, drawn.shape[-1] - side + 1, 2).tolist()
            crops.append(image[:, top : top + side, left : left + side])
        return self._mirrored(torch.stack(crops))

    def _mirrored(self, crops: torch.Tensor) -> torch.Tensor:
        """Half of the crops mirrored."""
        chosen = torch.rand(len(crops), 1, 1, 1, generator=self._rng) < 0.5
        return torch.where(chosen, crops.flip(3), crops)

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._half)

    def _note(self, name: str, value: torch.Tensor) -> None:
        self._sums.setdefault(name, []).append(float(value.detach()))
