"""A training run: steps, log, samples, the best weights, checkpoints, and the way back when it goes wrong.

Everything is counted in images shown to the discriminator, and what happens when depends on that count alone, so a
run that was killed and resumed is the run that was never killed.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from facegan.base.errors import FaceGANError
from facegan.gan import checkpoint as ckpt
from facegan.gan import samples
from facegan.gan.adversaries import FIGURES, Adversaries, Weights
from facegan.gan.attributes import FaceAttributes
from facegan.gan.best import Best
from facegan.gan.budget import ENDED_EARLY, Budget, Patience
from facegan.gan.config import TrainConfig
from facegan.gan.data import FaceBatches
from facegan.gan.health import CHECK_EVERY, Health, Vitals, diversity
from facegan.gan.judge import JUDGE_EVERY, Judge
from facegan.gan.known_latents import KnownLatents
from facegan.gan.monitor import watch
from facegan.gan.monitor.console import Console
from facegan.gan.monitor.log import RunLog
from facegan.gan.networks import Generator
from facegan.gan.processes import Processes

_SAVE_EVERY = 120  # s: what a kill costs at most
_GOOD_EVERY = 20_000  # images: how far apart the states are to which a run can go back
_OLD_ENOUGH = 4_000  # images: a state closer to the trouble than this may have it already
_ROLLBACKS = 3  # then the run has shown that it cannot go on
_PAGE_EVERY = 15  # s
STOPPED = "stopped"  # how a run ends by Ctrl-C


class Trainer:
    """Trains on the faces and leaves samples, log and checkpoints in the run folder.

    `images` uint8 (n, size, size, 3), may be memory-mapped; `rows` the ones to train on; `sample_latents` float32
    (m, 100), drawn over time; `judge`, needed in the main process only, measures the faces of `judged_latents` now
    and then, and the weights it likes best are exported (without it, the last). `faces_apart`: every machine of
    `processes` has other faces in `images`, a part of the whole. `run` lies on storage that all machines see.
    `weights`: what the networks begin with, for `config.start`. Of the rows, `attributes` for `config.attributes`, and
    `latents` for `config.known_latents`.

    Use: `Trainer(...).resume()` to go on from the newest checkpoint, then `.train(budget)`.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: np.ndarray,
        rows: np.ndarray,
        run: Path,
        sample_latents: np.ndarray,
        judged_latents: np.ndarray,
        judge: Judge | None = None,
        say: Callable[[str], None] = print,
        processes: Processes | None = None,
        faces_apart: bool = False,
        weights: Weights | None = None,
        attributes: FaceAttributes | None = None,
        latents: KnownLatents | None = None,
    ):
        self.config, self.run, self.faces_apart = config, run, faces_apart
        self.processes = processes or Processes(config.device)
        self.say = say if self.processes.main else lambda _: None
        if config.recipe.batch % (self.processes.count * 4):  # MinibatchStd compares groups of four
            raise FaceGANError(
                f"{self.processes.count} processes cannot share a batch of {config.recipe.batch} in whole groups of "
                "four: start a number of processes that divides a quarter of it."
            )
        self.faces = FaceBatches(images, rows, config.seed, attributes, latents)
        self.gan = Adversaries(config, self.processes, weights)
        nothing = torch.zeros(4)
        self._chance_loss = self.gan.loss.discriminator(nothing, nothing).item()
        self.sample_latents = torch.from_numpy(sample_latents).to(self.gan.device)
        self.best = Best(judge, torch.from_numpy(judged_latents).to(self.gan.device), self.processes)
        self.health, self.patience = Health(), Patience(config.recipe.patience)
        self.elapsed, self.next_sample, self.rollbacks = 0.0, 0, 0
        self.good: list[int] = []  # images_seen of the checkpoints known to be good, at most two
        self._sums = torch.zeros(len(FIGURES), device=self.gan.device)
        self._steps = 0  # in _sums

    @property
    def images_seen(self) -> int:
        return self.gan.images_seen

    # -- the loop ----------------------------------------------------------------------------------------------

    def train(self, budget: Budget) -> str:
        """Step until the budget is used up or Ctrl-C; both end with a checkpoint. A second Ctrl-C ends at once.

        Returns how it ended: "finished", ENDED_EARLY, STOPPED or "gave up".
        """
        if self.processes.main:
            samples.forget_after(self.run / "samples", self.images_seen)
        log = RunLog(self.run, self.images_seen, self.say) if self.processes.main else None
        with Console(self.say, quiet=not self.processes.main) as self._console:
            self._log = log
            if self.images_seen:
                where = f"on the {self.config.device} in {self.config.precision}"
                self._event("resumed", f"Training goes on at {self.images_seen:,} images, {where}.")
            else:
                self._event("start", "Training begins.")
            if not self.good:
                self._keep_as_good()
            end = self._loop(budget)
            self._judge()
            self._draw_samples()
            self.save()
            self._event(end, f"The run {end} at {self.images_seen:,} images.")
            if end == ENDED_EARLY:
                self.say(
                    f"There have been no better weights since {self.best.figures['images_seen']:,} images: the "
                    "training ends here. --resume with more --images-seen or --minutes goes on."
                )
            self.write_page(budget, running=False)
        if log:
            log.close()
        return end

    def _loop(self, budget: Budget) -> str:
        """Until there is a reason to end, which is returned as the name of the event."""
        if self.patience.still_over(budget, self.images_seen):
            return ENDED_EARLY
        start, before = time.monotonic(), self.elapsed
        saved = page = checked = start
        checked_images = self.images_seen
        while budget.share(self.images_seen, self.elapsed) < 1:
            if self.processes.agree(self._console.stop_asked):
                return STOPPED
            if self.images_seen >= self.next_sample:
                self._draw_samples()
            images = self.images_seen
            part = self.processes.part(images, self.config.recipe.batch, self.faces_apart)
            self._sums += self.gan.step(*self.faces.batch(*part))
            self._steps += 1
            self.elapsed = self.processes.agree(before + time.monotonic() - start)
            if not self._crossed(images, CHECK_EVERY):
                continue
            now = time.monotonic()
            trouble = self._check((self.images_seen - checked_images) / (now - checked), budget)
            checked, checked_images = now, self.images_seen
            if trouble:
                if not self._roll_back(trouble):
                    return "gave up"
                checked_images = self.images_seen
                continue
            soon = self.patience.images and images < JUDGE_EVERY  # a run on few faces may be at its best by then
            if self._crossed(images, JUDGE_EVERY // 4 if soon else JUDGE_EVERY):
                self._judge()
                best_at = self.processes.agree(self.best.figures.get("images_seen", -1))
                if self.patience.over(budget, self.images_seen, best_at):
                    return ENDED_EARLY
            if self._crossed(images, _GOOD_EVERY) and not self.health.alike and not self.health.saturated:
                self._keep_as_good()
            elif self.processes.agree(now - saved) >= _SAVE_EVERY:
                self.save()
                saved = time.monotonic()
            if now - page >= _PAGE_EVERY:
                self.write_page(budget)
                page = now
        return "finished"

    def _crossed(self, before: int, every: int) -> bool:
        return before // every != self.images_seen // every

    # -- health ------------------------------------------------------------------------------------------------

    def _check(self, images_per_s: float, budget: Budget) -> str | None:
        """Log the means since the last check and return what is wrong, if anything is."""
        loss_d, loss_g, sureness, accuracy, distance = (self._sums / self._steps).tolist()
        self._sums.zero_()
        self._steps = 0
        real, fake = self.gan.newest
        vitals = Vitals(loss_d, loss_g, accuracy, self.processes.agree(diversity(fake, real)), self.gan.finite())
        line = {
            "images_seen": self.images_seen,
            "elapsed_s": round(self.elapsed, 1),
            "images_per_s": round(images_per_s, 1),
            "loss_d": round(loss_d, 4),
            "loss_g": round(loss_g, 4),
            "sureness": round(sureness, 3),
            "accuracy": round(accuracy, 3),
            **({"distance": round(distance, 4)} if self.config.known_latents else {}),
            "diversity": round(vitals.diversity, 3),
            "augment_p": round(self.gan.probability.value, 4),
            "lr_factor": self._lr_factor,
        }
        self._write(line)
        self._console.show(line, budget.share(self.images_seen, self.elapsed))
        return self.health.check(vitals, self.images_seen, self._chance_loss)

    @property
    def _lr_factor(self) -> float:
        return 0.5**self.rollbacks

    def _keep_as_good(self) -> None:
        self.good = [*self.good, self.images_seen][-2:]
        self.save()

    def _roll_back(self, trouble: str) -> bool:
        """Go back to a good state with half the learning rates; False when that was done often enough."""
        at = self.images_seen
        old_enough = [n for n in self.good if n <= at - _OLD_ENOUGH] or self.good[:1]
        found = ckpt.load_checkpoint(self.run / "checkpoint", self.say, newest=old_enough[-1])
        if found is None:
            raise FaceGANError(f"At {at:,} images {trouble}, and no checkpoint to go back to is left in {self.run}.")
        self._stand_at(*found)
        self.good = [n for n in self.good if n <= self.images_seen]
        if self.rollbacks == _ROLLBACKS:
            message = (
                f"At {at:,} images {trouble}, after {_ROLLBACKS} rollbacks: this run cannot go on. It ends as it was "
                f"at {self.images_seen:,} images; the best weights seen are exported."
            )
            self._event("rollback", message, at=at, back_to=self.images_seen)
            self.say(message)
            return False
        self.rollbacks += 1
        self._continue_differently()
        self.processes.agree(0.0)  # nobody reads the files any more that are now removed
        if self.processes.main:
            ckpt.forget_after(self.run / "checkpoint", self.images_seen)
            samples.forget_after(self.run / "samples", self.images_seen)
        self.save()
        message = (
            f"At {at:,} images {trouble}: back to {self.images_seen:,} images, on with learning rates x "
            f"{self._lr_factor:g} (rollback {self.rollbacks} of {_ROLLBACKS})."
        )
        self._event("rollback", message, at=at, back_to=self.images_seen)
        self.say(message)
        return True

    def _continue_differently(self) -> None:
        """With the same noise and rates the same would happen again."""
        self.gan.slow_down(self._lr_factor)
        self.gan.rng.manual_seed(self.config.seed + (self.rollbacks << 32))

    # -- the best weights --------------------------------------------------------------------------------------

    def _judge(self) -> None:
        if figures := self.best.consider(self.gan.ema.generator, self.images_seen):
            self._write({"images_seen": self.images_seen, "elapsed_s": round(self.elapsed, 1), **figures})

    def exported_generator(self) -> Generator:
        """The best averaged generator with batch-norm statistics of its own, in eval mode."""
        return self.best.exported(self.gan.ema.generator)

    # -- what is written ---------------------------------------------------------------------------------------

    def _write(self, values: dict) -> None:
        if self._log:
            self._log.write(values)

    def _event(self, event: str, message: str, at: int | None = None, **more: int) -> None:
        seen = self.images_seen if at is None else at
        self._write({"images_seen": seen, "elapsed_s": round(self.elapsed, 1), "event": event, "message": message,
                     **more})  # fmt: skip

    def _draw_samples(self) -> None:
        self.next_sample = samples.next_sample(self.images_seen)
        if not self.processes.main:
            return
        shown = self.gan.ema.generator
        try:
            path = samples.save_grid(shown, self.sample_latents, self.run / "samples", self.images_seen)
            self._log.picture(self.images_seen, path)
        except OSError as error:  # whether the run can go on without its pictures is for the next checkpoint to say
            self.say(f"The sample faces could not be drawn in {self.run} ({error.strerror}).")

    def write_page(self, budget: Budget, running: bool = True) -> None:
        """RUN/index.html as of now."""
        if self.processes.main:
            share = min(1.0, budget.share(self.images_seen, self.elapsed))
            left = self.elapsed / 60 * (1 - share) / share if share else None
            watch.write_page(self.run, share, left, running)

    def save(self) -> None:
        """A checkpoint of now. Raises FaceGANError when the disk is full; what was saved before is intact."""
        if not self.processes.main:
            return
        tensors, gan = self.gan.state()
        best_tensors, best = self.best.state()
        tensors |= {"sums": self._sums, **best_tensors}
        values = {
            "gan": gan,
            "health": vars(self.health),
            "elapsed": self.elapsed,
            "next_sample": self.next_sample,
            "rollbacks": self.rollbacks,
            "good": self.good,
            "best": best,
            "patience": self.patience.state(),
            "steps": self._steps,
        }
        ckpt.save_checkpoint(self.run / "checkpoint", self.images_seen, tensors, values, keep=self.good)

    def resume(self) -> bool:
        """Go back to the newest readable checkpoint; False when there is none. Raises FaceGANError for an old one."""
        found = ckpt.load_checkpoint(self.run / "checkpoint", self.say)
        if found is None:
            return False
        tensors, values = found
        with ckpt.of_this_version(self.run):
            self._stand_at(tensors, values)
            self.elapsed, self.rollbacks, self.good = values["elapsed"], values["rollbacks"], values["good"]
            self.best.restore(tensors, values["best"])
            self.patience.restore(values.get("patience", {}))
            sums = tensors["sums"]
            self._sums[: len(sums)].copy_(sums)  # runs of before have fewer figures
            self._steps = values["steps"]
        self.gan.slow_down(self._lr_factor)
        return True

    def _stand_at(self, tensors: dict, values: dict) -> None:
        """Take over a checkpoint, but for what a rollback does not turn back: the time, the best weights, the rates."""
        self.gan.restore(tensors, values["gan"])
        self.health = Health(**values["health"])
        self.next_sample = values["next_sample"]
