"""The best averaged generator of a run so far: what is exported, whatever came after it."""

import numpy as np
import torch

from facegan.gan import checkpoint as ckpt
from facegan.gan.ema import recalibrated
from facegan.gan.judge import Judge
from facegan.gan.networks import Generator
from facegan.gan.processes import Processes
from facegan.gan.samples import draw

_AT_ONCE = 100  # faces


class Best:
    """Keeps the weights with the lowest held-out KID among those that do not repeat training faces.

    Where all repeat them, the lowest of all. Without a judge it keeps none.

    Attributes: `figures` (the judgement of the best, with its images_seen; empty before the first).
    """

    def __init__(self, judge: Judge | None, latents: torch.Tensor, processes: Processes):
        """`latents` float32 (n, 100) on the generator's device; only the main process needs the judge."""
        self.judge, self.latents, self.processes = judge, latents, processes
        self.figures: dict = {}
        self._weights: dict[str, torch.Tensor] = {}
        self._judged_at = -1  # images seen

    def consider(self, generator: Generator, images_seen: int) -> dict:
        """Judge the averaged generator and keep it if it is the best so far.

        Returns the figures; none outside the main process and where they were taken already.
        """
        figures: dict = {}
        if self.judge is not None and self._judged_at != images_seen:
            ready = recalibrated(generator)
            figures = self.judge.judge(np.concatenate([draw(ready, z) for z in self.latents.split(_AT_ONCE)])).to_dict()
            figures["best"] = not self.figures or _rank(figures) < _rank(self.figures)
        self._judged_at = images_seen
        if self.processes.agree(figures.get("best", False)):
            self._weights = {k: v.detach().cpu().clone() for k, v in generator.state_dict().items()}
            self.figures = {"images_seen": images_seen, **figures}
        return figures

    def exported(self, generator: Generator) -> Generator:
        """The best, or `generator` if none was kept, with batch-norm statistics of its own, in eval mode."""
        now = {name: value.clone() for name, value in generator.state_dict().items()}
        generator.load_state_dict(self._weights or now)
        found = recalibrated(generator)
        generator.load_state_dict(now)
        return found

    def state(self) -> tuple[dict[str, torch.Tensor], dict]:
        """For a checkpoint: tensors, and JSON-able values."""
        tensors = {f"best.{name}": value for name, value in self._weights.items()}
        return tensors, {"figures": self.figures, "judged_at": self._judged_at}

    def restore(self, tensors: dict[str, torch.Tensor], values: dict) -> None:
        """Put a `state()` back."""
        self._weights = ckpt.with_prefix(tensors, "best")
        self.figures, self._judged_at = values["figures"], values["judged_at"]


def _rank(figures: dict) -> tuple[bool, float]:
    """Lower is better."""
    return bool(figures.get("repeats")), figures["kid"]
