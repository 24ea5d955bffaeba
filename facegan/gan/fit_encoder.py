"""Fits the encoder of a generator, in two stages.

Stage one learns latents: of generated faces, which there are without end, and of the run's faces where their latents
are known. Stage two learns looks: what the generator draws from the answer shall look like the face, on generated and
on the run's faces, by pixels, by features of the label networks and by maps of a pre-trained network. All faces are
changed as photos are (photo_changes.py), and what is asked for is the face without the changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from facegan.base.encoding import PASSES, SIDE
from facegan.gan.allocator import keep_freed_memory
from facegan.gan.config import choose_precision
from facegan.gan.data import as_floats
from facegan.gan.encoder import Encoder, encode, reduced
from facegan.gan.face_features import FaceFeatures
from facegan.gan.known_latents import KnownLatents
from facegan.gan.losses import feature_distance
from facegan.gan.networks import LATENT_SIZE
from facegan.gan.photo_changes import change
from facegan.gan.pretrained import PretrainedMaps

BATCH = 32  # the number of steps mattered more than the size of a batch
FACES_SEEN = 100_000  # in both stages; some 15 minutes of one core
_FIRST, _FEEDBACK = 0.7, 0.5  # shares of them: stage one, and without feedback, which begins within stage one
_RATE, _LAST_RATE = 1.5e-3, 2e-5  # of Adam; it falls along a cosine over both stages
_WARM_UP = 100  # steps
_SEEN = 8  # faces of a batch whose features and maps are compared: they take longer than all the rest
# The weights of stage two, which make the parts about equally strong at its begin.
_PIXELS, _FEATURES, _MAPS, _LATENTS, _TYPICAL = 2.0, 1.0, 1.0, 0.5, 0.02
_SAY_EVERY = 60.0  # s


@dataclass(frozen=True)
class RealFaces:
    """The faces of a run.

    Attributes:
        images: uint8 (n, H, H, 3) of the generator's size and framing, may be memory-mapped.
        rows: int64, which of them are learned from.
        known: the latents of some of them, ascending by row; None without.
    """

    images: np.ndarray
    rows: np.ndarray
    known: KnownLatents | None = None


def fit_encoder(
    draw: nn.Module,
    size: int,
    framing: float,
    faces: RealFaces | None = None,
    *,
    faces_seen: int = FACES_SEEN,
    seed: int = 0,
    say: Callable[[str], None] = print,
) -> Encoder:
    """An encoder of the generator `draw`, latents (n, 100) to images (n, 3, size, size), in eval mode.

    Raises ValueError for a generator of fewer pixels than the encoder looks at.
    """
    if size < SIDE:
        raise ValueError(f"An encoder needs a generator of {SIDE} px or more, not {size}.")
    fit = _Fit(draw.eval().requires_grad_(False), size, framing, faces, seed)
    last_said = monotonic()
    while fit.seen < faces_seen:
        done = fit.seen / faces_seen
        fit.step(done, passes=PASSES if done >= _FEEDBACK else 1, looks=done >= _FIRST)
        if monotonic() - last_said >= _SAY_EVERY:
            last_said = monotonic()
            say(f"Encoder: {fit.seen:,} of {faces_seen:,} faces; {fit.figures()}")
    return fit.encoder.eval()


class _Fit:
    def __init__(self, draw: nn.Module, size: int, framing: float, faces: RealFaces | None, seed: int):
        keep_freed_memory()
        torch.manual_seed(seed)
        self.encoder, self._generator, self._faces = Encoder(), draw, faces
        self.encoder.to(memory_format=torch.channels_last)
        self._adam = torch.optim.Adam(self.encoder.parameters(), betas=(0.9, 0.98))
        self._half = choose_precision("cpu") == "bfloat16"
        self._rng, self._numbers = torch.Generator().manual_seed(seed), np.random.RandomState(seed)
        self._features = FaceFeatures(size, framing)
        self._maps = PretrainedMaps()
        self._scale = self._spread()
        self.seen, self._steps, self._sums = 0, 0, {}

    def step(self, done: float, passes: int, looks: bool) -> None:
        """One step; `done` is the share of all, `looks` whether it is of stage two."""
        self._steps += 1
        cosine = 0.5 * (1 + np.cos(np.pi * done))
        rate = (_LAST_RATE + (_RATE - _LAST_RATE) * cosine) * min(1, self._steps / _WARM_UP)
        for group in self._adam.param_groups:
            group["lr"] = rate
        images, latents, known, real = self._batch(looks)
        clean = reduced(images)
        answers = self._encoded(change(clean, self._rng), passes)
        loss = sum(self._of_latents(one, latents, known, real) for one in answers) / len(answers)
        if looks:
            loss = _LATENTS * loss + self._of_looks(images, clean, answers[-1])
        self._adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.encoder.parameters(), 1.0)
        self._adam.step()
        self.seen += len(images)

    def figures(self) -> str:
        """The means of the losses since the last time, in words."""
        words = ", ".join(f"{name} {total / count:.3f}" for name, (total, count) in self._sums.items())
        self._sums = {}
        return words

    def _batch(self, looks: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images (n, 3, size, size), their latents (n, 100), for which those are known, and which are the run's."""
        rows = self._rows(looks)
        drawn = torch.randn(BATCH - len(rows), LATENT_SIZE, generator=self._rng)
        with torch.no_grad():
            images = self._draw(drawn)
        real, known = torch.arange(BATCH) >= len(drawn), torch.ones(BATCH, dtype=torch.bool)
        if not len(rows):
            return images, drawn, known, real
        faces = as_floats(torch.from_numpy(self._faces.images[rows]).permute(0, 3, 1, 2))
        latents = torch.zeros(len(rows), LATENT_SIZE)
        if self._faces.known is not None:
            among = np.isin(rows, self._faces.known.rows)
            latents[torch.from_numpy(among)] = torch.from_numpy(self._faces.known.of(rows[among].tolist()))
            known[len(drawn) :] = torch.from_numpy(among)
        else:
            known[len(drawn) :] = False
        return torch.cat([images, faces]), torch.cat([drawn, latents]), known, real

    def _rows(self, looks: bool) -> np.ndarray:
        """Half a batch of the run's faces; in stage one only of those with known latents."""
        if self._faces is None:
            return np.empty(0, np.int64)
        rows = self._faces.rows
        if not looks:
            rows = np.intersect1d(rows, self._faces.known.rows) if self._faces.known is not None else rows[:0]
        return np.sort(self._numbers.choice(rows, min(BATCH // 2, len(rows)), replace=False))

    def _of_latents(
        self, answer: torch.Tensor, latents: torch.Tensor, known: torch.Tensor, real: torch.Tensor
    ) -> torch.Tensor:
        """The mean squared error where latents are known."""
        wrong = (answer - latents).square().mean(1)
        self._note("latents", wrong[known & ~real])
        self._note("latents of faces", wrong[known & real])
        return wrong[known].mean() if known.any() else answer.sum() * 0

    def _of_looks(self, images: torch.Tensor, clean: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
        """How much what is drawn differs from the face, in pixels and features, and from a typical latent."""
        drawn = self._draw(answer)
        pixels = (reduced(drawn) - clean).abs().mean((1, 2, 3))
        seen = torch.randperm(len(images), generator=self._rng)[:_SEEN]
        with torch.no_grad():
            wanted = self._seen(images[seen])
        apart = (self._seen(drawn[seen]) - wanted) / self._scale
        features = F.huber_loss(apart, torch.zeros_like(apart), reduction="none").mean(1)
        with self._autocast():
            with torch.no_grad():
                wanted_maps = self._maps(images[seen])
            maps = feature_distance(self._maps(drawn[seen]), wanted_maps)
        typical = F.relu(answer.square().mean(1) - 1)
        named = (("pixels", pixels), ("features", features), ("maps", maps[None]), ("beyond typical", typical))
        for name, values in named:
            self._note(name, values)
        return _PIXELS * pixels.mean() + _FEATURES * features.mean() + _MAPS * maps + _TYPICAL * typical.mean()

    def _spread(self) -> torch.Tensor:
        """The standard deviation of each feature over generated faces, (1920,); of those that hardly vary, more."""
        with torch.no_grad():
            found = [self._seen(self._draw(torch.randn(32, LATENT_SIZE, generator=self._rng))) for _ in range(8)]
        spread = torch.cat(found).std(0)
        return spread.clamp_min(0.2 * spread.mean())

    def _encoded(self, faces: torch.Tensor, passes: int) -> list[torch.Tensor]:
        with self._autocast():
            return encode(self.encoder, self._generator, faces, passes)

    def _draw(self, latents: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            return self._generator(latents).float()

    def _seen(self, images: torch.Tensor) -> torch.Tensor:
        with self._autocast():
            return self._features(images).float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast("cpu", torch.bfloat16, enabled=self._half)

    def _note(self, name: str, values: torch.Tensor) -> None:
        total, count = self._sums.get(name, (0.0, 0))
        if len(values):
            self._sums[name] = total + float(values.detach().sum()), count + len(values)
