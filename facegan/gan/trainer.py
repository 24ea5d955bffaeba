"""The training loop: steps, log, samples, evaluation, checkpoints, and rollbacks when training fails.

A single training step with its loss terms is `Adversaries.step` (adversaries.py); their weights are in config.py.

The unit of time is a real image shown to the discriminator: only the number of images seen decides when samples are
drawn and the generator is evaluated. A checkpoint has everything that the next step depends on, down to the state of
the random number generator (`Trainer.save`, `Adversaries.state`). So a run that is killed and resumed gives the same
result as one that was never killed.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from facegan.base.errors import FaceGANError
from facegan.base.seeds import latents_of
from facegan.gan import checkpoint as ckpt
from facegan.gan import samples
from facegan.gan.adversaries import FIGURES, Adversaries, Weights
from facegan.gan.allocator import keep_freed_memory
from facegan.gan.best import Best
from facegan.gan.budget import STOPPED_EARLY, Budget, EarlyStopping
from facegan.gan.config import TrainConfig
from facegan.gan.data import FaceBatches, TrainingFaces
from facegan.gan.health import CHECK_EVERY, Health, Vitals, diversity
from facegan.gan.judge import GENERATED_IN_TRAINING, JUDGE_EVERY, Judge
from facegan.gan.monitor import watch
from facegan.gan.monitor.console import Console
from facegan.gan.monitor.log import RunLog
from facegan.gan.networks import Generator
from facegan.gan.processes import Processes

SAVE_EVERY = 120  # s between checkpoints: the most work that a kill can lose
GOOD_EVERY = 20_000  # images between two checkpoints that a rollback can go back to
OLD_ENOUGH = 4_000  # images before a failure; the networks of a later checkpoint may be damaged already
_ROLLBACKS = 3  # at most; then training gives up
_PAGE_EVERY = 15  # s between two versions of RUN/index.html
STOPPED = "stopped"  # the name of the event in log.jsonl when Ctrl-C ends training


class Trainer:
    """Trains on faces, and writes samples, log and checkpoints into the run folder.

    Usage: create a Trainer; call `resume()` to continue from the newest checkpoint; call `train(budget)`.
    """

    def __init__(
        self,
        config: TrainConfig,
        faces: TrainingFaces,
        run: Path,
        *,
        judge: Judge | None = None,
        weights: Weights | None = None,
        processes: Processes | None = None,
        sample_seeds: Sequence[int] = samples.SEEDS,
        judged_faces: int = GENERATED_IN_TRAINING,
        say: Callable[[str], None] = print,
    ):
        """Build the networks.

        Args:
            config: the networks and how they are trained.
            faces: the training faces, of `config.size`.
            run: the run folder, on storage that all machines share.
            judge: evaluates the generator from time to time; the weights with the best result are exported. Needed in
                the main process only. None: the last weights are exported.
            weights: initial weights, those of the model `config.start`.
            processes: those that train together; None: read from the environment variables.
            sample_seeds: the faces that are drawn over time.
            judged_faces: how many faces (seeds 0, 1, 2 ...) are drawn for an evaluation.
            say: is called with each message for the user, in the main process.

        Raises:
            FaceGANError: the number of processes does not divide the batch into groups of four.
        """
        self.config, self.run, self.sharded = config, run, faces.sharded
        self.processes = processes or Processes(config.device)
        self.say = say if self.processes.main else lambda _: None
        if config.recipe.batch % (self.processes.count * 4):  # MinibatchStd compares groups of four
            raise FaceGANError(
                f"{self.processes.count} processes cannot share a batch of {config.recipe.batch} in whole groups of "
                "four: start a number of processes that divides a quarter of it."
            )
        if config.device == "cpu":
            keep_freed_memory()
        self.faces = FaceBatches(faces.images, faces.rows, config.seed, faces.attributes, faces.latents)
        self.gan = Adversaries(config, self.processes, weights)
        zeros = torch.zeros(4)
        self._chance_level_loss = self.gan.loss.discriminator(zeros, zeros).item()
        self.sample_latents = torch.from_numpy(latents_of(sample_seeds)).to(self.gan.device)
        judged = torch.from_numpy(latents_of(range(judged_faces))).to(self.gan.device)
        self.best = Best(judge, judged, self.processes)
        self.health, self.early_stopping = Health(), EarlyStopping(config.recipe.patience)
        self.elapsed, self.next_sample, self.rollbacks = 0.0, 0, 0
        self.good: list[int] = []  # images_seen of the checkpoints known to be good, at most two
        self._sums = torch.zeros(len(FIGURES), device=self.gan.device)  # over the steps since the last check
        self._steps = 0  # the number of these steps

    @property
    def images_seen(self) -> int:
        return self.gan.images_seen

    # -- the loop ----------------------------------------------------------------------------------------------

    def train(self, budget: Budget) -> str:
        """Train until the budget is used up or Ctrl-C is pressed, then save a checkpoint. A second Ctrl-C ends at once.

        Returns how training ended: "finished", STOPPED_EARLY, STOPPED or "gave up", as in log.jsonl.
        """
        if self.processes.main:
            samples.forget_after(self.run / "samples", self.images_seen)
        log = RunLog(self.run, self.images_seen, self.say) if self.processes.main else None
        with Console(self.say, quiet=not self.processes.main) as self._console:
            self._log = log
            if self.images_seen:
                where = f"on the {self.config.device} in {self.config.precision}"
                self._event("resumed", f"Training continues at {self.images_seen:,} images, {where}.")
            else:
                self._event("start", "Training begins.")
            if not self.good:
                self._keep_as_good()
            end = self._loop(budget)
            self._judge()
            self._draw_samples()
            self.save()
            self._event(end, f"The run {end} at {self.images_seen:,} images.")
            if end == STOPPED_EARLY:
                self.say(
                    f"Training stops early: the weights have not improved since "
                    f"{self.best.figures['images_seen']:,} images. To continue, use --resume with more --images-seen "
                    "or --minutes."
                )
            self.write_page(budget, running=False)
        if log:
            log.close()
        return end

    def _loop(self, budget: Budget) -> str:
        """Train until there is a reason to end, and return the name of that event."""
        if self.early_stopping.has_stopped(budget, self.images_seen):
            return STOPPED_EARLY
        start, before = time.monotonic(), self.elapsed
        saved = page = checked = start
        checked_images = self.images_seen
        while budget.share(self.images_seen, self.elapsed) < 1:
            if self.processes.broadcast(self._console.stop_asked):
                return STOPPED
            if self.images_seen >= self.next_sample:
                self._draw_samples()
            images = self.images_seen
            part = self.processes.part(images, self.config.recipe.batch, self.sharded)
            self._sums += self.gan.step(*self.faces.batch(*part))
            self._steps += 1
            self.elapsed = self.processes.broadcast(before + time.monotonic() - start)
            if not self._crossed(images, CHECK_EVERY):
                continue
            now = time.monotonic()
            trouble = self._check((self.images_seen - checked_images) / (now - checked), budget)
            checked, checked_images = now, self.images_seen
            if trouble:
                if not self.roll_back(trouble):
                    return "gave up"
                checked_images = self.images_seen
                continue
            # With few faces the best weights may come before the first regular evaluation.
            soon = self.early_stopping.patience and images < JUDGE_EVERY
            if self._crossed(images, JUDGE_EVERY // 4 if soon else JUDGE_EVERY):
                self._judge()
                best_at = self.processes.broadcast(self.best.figures.get("images_seen", -1))
                if self.early_stopping.should_stop(budget, self.images_seen, best_at):
                    return STOPPED_EARLY
            if self._crossed(images, GOOD_EVERY) and not self.health.alike and not self.health.saturated:
                self._keep_as_good()
            elif self.processes.broadcast(now - saved) >= SAVE_EVERY:
                self.save()
                saved = time.monotonic()
            if now - page >= _PAGE_EVERY:
                self.write_page(budget)
                page = now
        return "finished"

    def _crossed(self, before: int, every: int) -> bool:
        """Whether a multiple of `every` images was passed since `before` images seen."""
        return before // every != self.images_seen // every

    # -- health ------------------------------------------------------------------------------------------------

    def _check(self, images_per_s: float, budget: Budget) -> str | None:
        """Log the means since the last check, and return the failure as a clause, None for a healthy run."""
        loss_d, loss_g, heuristic, accuracy, distance = (self._sums / self._steps).tolist()
        self._sums.zero_()
        self._steps = 0
        real, fake = self.gan.newest
        vitals = Vitals(loss_d, loss_g, accuracy, self.processes.broadcast(diversity(fake, real)), self.gan.finite())
        line = {
            "images_seen": self.images_seen,
            "elapsed_s": round(self.elapsed, 1),
            "images_per_s": round(images_per_s, 1),
            "loss_d": round(loss_d, 4),
            "loss_g": round(loss_g, 4),
            "sureness": round(heuristic, 3),  # ADA's r_t, under the key of all earlier logs
            "accuracy": round(accuracy, 3),
            **({"distance": round(distance, 4)} if self.config.known_latents else {}),
            "diversity": round(vitals.diversity, 3),
            "augment_p": round(self.gan.probability.value, 4),
            "lr_factor": self._learning_rate_scale,
        }
        self._write(line)
        self._console.show(line, budget.share(self.images_seen, self.elapsed))
        return self.health.check(vitals, self.images_seen, self._chance_level_loss)

    @property
    def _learning_rate_scale(self) -> float:
        """Halved by every rollback."""
        return 0.5**self.rollbacks

    def _keep_as_good(self) -> None:
        self.good = [*self.good, self.images_seen][-2:]
        self.save()

    def roll_back(self, trouble: str) -> bool:
        """Restore a good checkpoint and halve the learning rates. False: no rollback is left, so training gives up."""
        at = self.images_seen
        old_enough = [n for n in self.good if n <= at - OLD_ENOUGH] or self.good[:1]
        found = ckpt.load_checkpoint(self.run / "checkpoint", self.say, newest=old_enough[-1])
        if found is None:
            raise FaceGANError(
                f"At {at:,} images {trouble}, and {self.run} has no checkpoint to go back to: start a new run."
            )
        self._restore(*found)
        self.good = [n for n in self.good if n <= self.images_seen]
        if self.rollbacks == _ROLLBACKS:
            message = (
                f"At {at:,} images {trouble}, after {_ROLLBACKS} rollbacks, so this run gives up. It ends in its state "
                f"at {self.images_seen:,} images; the best weights so far are exported."
            )
            self._event("rollback", message, at=at, back_to=self.images_seen)
            self.say(message)
            return False
        self.rollbacks += 1
        self._scale_rates_and_reseed()
        self.processes.wait()  # until all have read the checkpoint: then newer files can be removed
        if self.processes.main:
            ckpt.forget_after(self.run / "checkpoint", self.images_seen)
            samples.forget_after(self.run / "samples", self.images_seen)
        self.save()
        message = (
            f"At {at:,} images {trouble}. Training returns to {self.images_seen:,} images and continues with learning "
            f"rates x {self._learning_rate_scale:g} (rollback {self.rollbacks} of {_ROLLBACKS})."
        )
        self._event("rollback", message, at=at, back_to=self.images_seen)
        self.say(message)
        return True

    def _scale_rates_and_reseed(self) -> None:
        """Change what could make training fail again in the same way: learning rates and random numbers."""
        self.gan.scale_learning_rates(self._learning_rate_scale)
        self.gan.rng.manual_seed(self.config.seed + (self.rollbacks << 32))

    # -- the best weights --------------------------------------------------------------------------------------

    def _judge(self) -> None:
        if figures := self.best.consider(self.gan.ema.generator, self.images_seen):
            self._write({"images_seen": self.images_seen, "elapsed_s": round(self.elapsed, 1), **figures})

    def exported_generator(self) -> Generator:
        """The best EMA generator with recalibrated batch-norm statistics, in eval mode."""
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
        except OSError as error:  # training continues without samples; if the disk is full the next checkpoint raises
            self.say(f"The sample faces could not be saved in {self.run} ({error.strerror}); the training continues.")

    def write_page(self, budget: Budget, running: bool = True) -> None:
        """Write RUN/index.html."""
        if self.processes.main:
            share = min(1.0, budget.share(self.images_seen, self.elapsed))
            left = self.elapsed / 60 * (1 - share) / share if share else None
            watch.write_page(self.run, share, left, running)

    def save(self) -> None:
        """Save a checkpoint. Raises FaceGANError when the disk is full; earlier checkpoints stay intact."""
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
            "patience": self.early_stopping.state(),
            "steps": self._steps,
        }
        ckpt.save_checkpoint(self.run / "checkpoint", self.images_seen, tensors, values, keep=self.good)

    def resume(self) -> bool:
        """Restore the newest readable checkpoint; False when there is none.

        Raises FaceGANError for a checkpoint of an incompatible version.
        """
        found = ckpt.load_checkpoint(self.run / "checkpoint", self.say)
        if found is None:
            return False
        tensors, values = found
        with ckpt.incompatible_version_reported(self.run):
            self._restore(tensors, values)
            self.elapsed, self.rollbacks, self.good = values["elapsed"], values["rollbacks"], values["good"]
            self.best.restore(tensors, values["best"])
            self.early_stopping.restore(values.get("patience", {}))
            sums = tensors["sums"]
            self._sums[: len(sums)].copy_(sums)  # checkpoints of earlier versions have fewer figures
            self._steps = values["steps"]
        self.gan.scale_learning_rates(self._learning_rate_scale)
        return True

    def _restore(self, tensors: dict, values: dict) -> None:
        """Restore what both a resumed run and a rollback restore: not elapsed time, best weights and learning rates."""
        self.gan.restore(tensors, values["gan"])
        self.health = Health(**values["health"])
        self.next_sample = values["next_sample"]
