"""The training loop: discriminator and generator in turn, everything counted in images shown to the discriminator."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from facegan.gan import checkpoint as ckpt
from facegan.gan import samples
from facegan.gan.augment import AdaptiveProbability, augment
from facegan.gan.config import TrainConfig
from facegan.gan.data import FaceBatches
from facegan.gan.ema import Ema, recalibrated
from facegan.gan.log import RunLog
from facegan.gan.losses import LOSSES
from facegan.gan.networks import LATENT_SIZE, Discriminator, Generator

_LOG_EVERY = 1_000  # images: fine enough for curves, coarse enough for a log of a few MB
_SAVE_EVERY = 120  # s: what a kill costs at most


@dataclass(frozen=True)
class Budget:
    """Training ends with the first that is reached; minutes count training only, over all its stretches."""

    images_seen: int
    minutes: float | None = None

    def share(self, images_seen: int, elapsed: float) -> float:
        """How much is used up, 1.0 and above is over."""
        return max(images_seen / self.images_seen, elapsed / 60 / self.minutes if self.minutes else 0.0)


class Trainer:
    """Trains on the faces and leaves samples, log and checkpoints in the run folder.

    `images` uint8 (n, size, size, 3), may be memory-mapped; `rows` the ones to use; `sample_latents` float32 (m, 100),
    drawn over time. Use: `Trainer(...).resume()` to go on from the newest checkpoint, then `.train(budget)`.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: np.ndarray,
        rows: np.ndarray,
        run: Path,
        sample_latents: np.ndarray,
        say: Callable[[str], None] = print,
    ):
        recipe = config.recipe
        self.config, self.recipe, self.run, self.say = config, recipe, run, say
        self.device = torch.device(config.device)
        self.faces = FaceBatches(images, rows, config.seed)
        torch.manual_seed(config.seed)  # the initial weights
        self.generator = self._placed(Generator(config.size, recipe.width, recipe.upsample))
        self.discriminator = self._placed(Discriminator(config.size, recipe.width, recipe.norm))
        self.ema = Ema(self.generator)
        self.loss = LOSSES[recipe.loss]
        self.adam_g = self._adam(self.generator, recipe.lr_generator)
        self.adam_d = self._adam(self.discriminator, recipe.lr_discriminator)
        # On the CPU whatever the device, so that one seed is one run everywhere.
        self.rng = torch.Generator().manual_seed(config.seed)
        self.probability = AdaptiveProbability()
        self.sample_latents = torch.from_numpy(sample_latents).to(self.device)
        self.images_seen, self.elapsed, self.next_sample = 0, 0.0, 0
        self._recent: list[tuple[torch.Tensor, torch.Tensor, float]] = []

    def _placed(self, network: torch.nn.Module) -> torch.nn.Module:
        return network.to(self.device, memory_format=torch.channels_last)

    def _adam(self, network: torch.nn.Module, rate: float) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), rate, self.recipe.betas, fused=True)

    # -- one step ----------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One discriminator and one generator step on `batch` faces."""
        batch = self.recipe.batch
        real = self.faces.batch(self.images_seen, batch).to(self.device, non_blocking=True)
        with self._arithmetic(), torch.no_grad():
            fake = self.generator(self._noise(batch))
        with self._arithmetic():
            real_logits = self.discriminator(self._seen(real))
            fake_logits = self.discriminator(self._seen(fake))
        loss_d = self.loss.discriminator(real_logits, fake_logits)
        self._descend(self.adam_d, loss_d)

        self.discriminator.requires_grad_(False)
        with self._arithmetic():
            fake = self.generator(self._noise(batch))
            logits = self.discriminator(self._seen(fake))
        loss_g = self.loss.generator(logits)
        self._descend(self.adam_g, loss_g)
        self.discriminator.requires_grad_(True)

        self.images_seen += batch
        self.ema.update(self.generator, self.images_seen, batch)
        sign = self.probability.update(real_logits) if self.recipe.augment else real_logits.sign().mean().item()
        self._recent.append((loss_d.detach(), loss_g.detach(), sign))

    def _noise(self, count: int) -> torch.Tensor:
        return torch.randn(count, LATENT_SIZE, generator=self.rng).to(self.device, non_blocking=True)

    def _seen(self, images: torch.Tensor) -> torch.Tensor:
        """What the discriminator gets to see of the images."""
        return augment(images.float(), self.probability.value, self.rng)

    def _arithmetic(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")

    @staticmethod
    def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    # -- the run -----------------------------------------------------------------------------------------------

    def train(self, budget: Budget) -> None:
        """Step until the budget is used up or Ctrl-C; both end with a checkpoint. A second Ctrl-C ends at once."""
        log = RunLog(self.run / "log.jsonl", self.images_seen)
        # A run that goes on draws what a kill after its checkpoint left behind anew.
        for path in (self.run / "samples").glob("*.png"):
            if int(path.stem) > self.images_seen:
                path.unlink()
        start, before = time.monotonic(), self.elapsed
        saved = logged = start
        logged_images = self.images_seen
        with _StopOnInterrupt(self.say) as interrupt, _bar() as bar:
            while budget.share(self.images_seen, self.elapsed) < 1 and not interrupt.asked:
                if self.images_seen >= self.next_sample:
                    self._draw_samples()
                self.step()
                now = time.monotonic()
                self.elapsed = before + now - start
                if self.images_seen - logged_images >= _LOG_EVERY:
                    line = self._log_line((self.images_seen - logged_images) / (now - logged))
                    log.write(line)
                    _show(bar, line, budget)
                    logged, logged_images = now, self.images_seen
                if now - saved >= _SAVE_EVERY:
                    self.save()
                    saved = time.monotonic()
        self._draw_samples()
        self.save()

    def _log_line(self, images_per_s: float) -> dict:
        """Means since the last line; read here only, because reading a loss waits for the device."""
        loss_d, loss_g, sign = zip(*self._recent, strict=True)
        self._recent.clear()
        return {
            "images_seen": self.images_seen,
            "elapsed_s": round(self.elapsed, 1),
            "images_per_s": round(images_per_s, 1),
            "loss_d": round(torch.stack(loss_d).mean().item(), 4),
            "loss_g": round(torch.stack(loss_g).mean().item(), 4),
            "real_sign": round(float(np.mean(sign)), 3),
            "augment_p": round(self.probability.value, 4),
        }

    def _draw_samples(self) -> None:
        samples.save_grid(self.ema.generator, self.sample_latents, self.run / "samples", self.images_seen)
        self.next_sample = samples.next_sample(self.images_seen)

    def exported_generator(self) -> Generator:
        """The averaged generator with batch-norm statistics of its own, in eval mode."""
        return recalibrated(self.ema.generator)

    # -- checkpoints -------------------------------------------------------------------------------------------

    def save(self) -> None:
        tensors = {
            **ckpt.module_tensors("generator", self.generator),
            **ckpt.module_tensors("discriminator", self.discriminator),
            **ckpt.module_tensors("ema", self.ema.generator),
            **ckpt.optimizer_tensors("adam_g", self.adam_g),
            **ckpt.optimizer_tensors("adam_d", self.adam_d),
            "rng": self.rng.get_state(),
        }
        values = {
            "images_seen": self.images_seen,
            "elapsed": self.elapsed,
            "next_sample": self.next_sample,
            "augment_p": self.probability.value,
        }
        ckpt.save_checkpoint(self.run / "checkpoint", self.images_seen, tensors, values)

    def resume(self) -> bool:
        """Go back to the newest readable checkpoint; False when there is none."""
        found = ckpt.load_checkpoint(self.run / "checkpoint", self.say)
        if found is None:
            return False
        tensors, values = found
        self.generator.load_state_dict(ckpt.with_prefix(tensors, "generator"))
        self.discriminator.load_state_dict(ckpt.with_prefix(tensors, "discriminator"))
        self.ema.generator.load_state_dict(ckpt.with_prefix(tensors, "ema"))
        ckpt.restore_optimizer(self.adam_g, ckpt.with_prefix(tensors, "adam_g"))
        ckpt.restore_optimizer(self.adam_d, ckpt.with_prefix(tensors, "adam_d"))
        self.rng.set_state(tensors["rng"])
        self.images_seen, self.elapsed = values["images_seen"], values["elapsed"]
        self.next_sample, self.probability.value = values["next_sample"], values["augment_p"]
        return True


class _StopOnInterrupt:
    """Turns the first Ctrl-C into a request to stop after the step; the second one is Python's own again."""

    def __init__(self, say: Callable[[str], None]):
        self.asked, self.say = False, say

    def __enter__(self) -> "_StopOnInterrupt":
        self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def _ask(self, *_: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)
        self.say("\nStopping: the checkpoint is being saved and the model exported. Ctrl-C again ends at once.")

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)


def _bar() -> tqdm:
    return tqdm(total=100, bar_format="{l_bar}{bar}| {postfix}", desc="training")


def _show(bar: tqdm, line: dict, budget: Budget) -> None:
    share = min(1.0, budget.share(line["images_seen"], line["elapsed_s"]))
    left = line["elapsed_s"] * (1 - share) / share
    bar.n = round(100 * share, 2)
    bar.set_postfix_str(
        f"{line['images_seen']:,} images, {line['images_per_s']:.0f}/s, D {line['loss_d']:.2f}, "
        f"G {line['loss_g']:.2f}, {left / 60:.0f} min left"
    )
