"""Keeps the best EMA generator of a run so far, which is exported at the end."""

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
    """Keeps the weights with the lowest held-out KID. Weights that reproduce training faces rank behind all others.

    Without a judge no weights are kept.

    Attributes: `figures` (the metrics of the best weights, with their images_seen; empty before the first evaluation).
    """

    def __init__(self, judge: Judge | None, latents: torch.Tensor, processes: Processes):
        """`latents` float32 (n, 100) on the generator's device; only the main process needs the judge."""
        self.judge, self.latents, self.processes = judge, latents, processes
        self.figures: dict = {}
        self._weights: dict[str, torch.Tensor] = {}
        self._judged_at = -1  # images seen

    def consider(self, generator: Generator, images_seen: int) -> dict:
        """Evaluate the EMA generator and keep its weights if they are the best so far.

        Returns the metrics; empty except in the main process, and if this state was evaluated before.
        """
        figures: dict = {}
        if self.judge is not None and self._judged_at != images_seen:
            ready = recalibrated(generator)
            figures = self.judge.judge(np.concatenate([draw(ready, z) for z in self.latents.split(_AT_ONCE)])).to_dict()
            figures["best"] = not self.figures or _rank(figures) < _rank(self.figures)
        self._judged_at = images_seen
        if self.processes.broadcast(figures.get("best", False)):
            self._weights = {k: v.detach().cpu().clone() for k, v in generator.state_dict().items()}
            self.figures = {"images_seen": images_seen, **figures}
        return figures

    def exported(self, generator: Generator) -> Generator:
        """The best weights, or those of `generator` if none were kept, with recalibrated batch-norm statistics."""
        current = {name: value.clone() for name, value in generator.state_dict().items()}
        generator.load_state_dict(self._weights or current)
        exported = recalibrated(generator)
        generator.load_state_dict(current)
        return exported

    def state(self) -> tuple[dict[str, torch.Tensor], dict]:
        """For a checkpoint: tensors, and JSON-able values."""
        tensors = {f"best.{name}": value for name, value in self._weights.items()}
        return tensors, {"figures": self.figures, "judged_at": self._judged_at}

    def restore(self, tensors: dict[str, torch.Tensor], values: dict) -> None:
        """Restore a `state()`."""
        self._weights = ckpt.with_prefix(tensors, "best")
        self.figures, self._judged_at = values["figures"], values["judged_at"]


def _rank(figures: dict) -> tuple[bool, float]:
    """A sort key; lower is better."""
    return bool(figures.get("repeats")), figures["kid"]
