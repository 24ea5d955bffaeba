"""Generator and discriminator, the state of their training, and one training step: `Adversaries.step`.

The loss terms are in losses.py, their weights in config.Recipe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from facegan.base.seeds import LATENT_SIZE
from facegan.gan import checkpoint as ckpt
from facegan.gan.augment import AdaptiveProbability, Changes
from facegan.gan.config import TrainConfig
from facegan.gan.data import as_floats
from facegan.gan.ema import Ema
from facegan.gan.losses import LOSSES, LeCam, feature_distance, gradient_penalty, picture_distance
from facegan.gan.networks import Discriminator, Generator
from facegan.gan.pretrained import MapsDiscriminator, PretrainedMaps
from facegan.gan.processes import Processes
from facegan.gan.widen import begin_as

FIGURES = ("loss_d", "loss_g", "sureness", "accuracy", "distance")


@dataclass(frozen=True)
class Weights:
    """State dicts of a model's networks, from which training starts. Wider networks can start from them too (widen.py).

    The discriminator's has no attribute outputs. None: the discriminator starts from random weights.
    """

    generator: Mapping[str, torch.Tensor]
    discriminator: Mapping[str, torch.Tensor] | None = None

    @property
    def upsample(self) -> str:
        """The up-sampling of the generator, a value of Recipe.upsample."""
        return "transposed" if self.generator["to_rgb.weight"].shape[-1] == 4 else "resize"


class Adversaries:
    """The two networks, their optimisers, the EMA generator and the random state: what a checkpoint stores."""

    def __init__(self, config: TrainConfig, processes: Processes | None = None, weights: Weights | None = None):
        """`weights`: initial weights from the model `config.start`. Restoring a checkpoint replaces them."""
        recipe = config.recipe
        self.config, self.recipe = config, recipe
        self.processes = processes or Processes(config.device)
        self.device = self.processes.device
        self._share = self.processes.share(recipe.batch)
        torch.manual_seed(config.seed)  # the initial weights
        generator = Generator(config.size, recipe.width, recipe.upsample, recipe.excite, recipe.thin)
        discriminator = self._discriminator()
        if weights is not None:
            begin_as(generator, weights.generator)
            if weights.discriminator is not None:
                begin_as(discriminator, weights.discriminator)
        self.generator, self.discriminator = self._on_device(generator), self._on_device(discriminator)
        for layer in self.discriminator.first_levels(recipe.frozen):
            layer.requires_grad_(False)
        self._trainable = [p for p in self.discriminator.parameters() if p.requires_grad]
        self.maps = self.maps_discriminator = self.adam_maps = None
        if recipe.pretrained_weight:
            self.maps, self.maps_discriminator = map(self._on_device, (PretrainedMaps(), MapsDiscriminator()))
            self.adam_maps = self._adam(self.maps_discriminator.parameters(), recipe.lr_discriminator)
        self.ema = Ema(self.generator)
        self.loss = LOSSES[recipe.loss]
        self.adam_g = self._adam(self.generator.parameters(), recipe.lr_generator)
        self.adam_d = self._adam(self._trainable, recipe.lr_discriminator)
        # Always on the CPU, so that a seed gives the same random numbers on every device.
        self.rng = torch.Generator().manual_seed(config.seed)
        self.probability = AdaptiveProbability(recipe.augment_target)
        self.lecam = LeCam(means=torch.zeros(2, device=self.device))
        self.images_seen = self.steps = 0
        self._learning_rate_scale = 1.0
        self.newest: tuple[torch.Tensor, torch.Tensor] | None = None  # the real and generated faces of the latest step

    def _discriminator(self) -> Discriminator:
        config, recipe = self.config, self.config.recipe
        return Discriminator(
            config.size, recipe.width, recipe.norm, recipe.minibatch_std, len(config.attributes), recipe.thin
        )

    def _on_device(self, network: torch.nn.Module) -> torch.nn.Module:
        return self.processes.with_synced_batch_norm(network.to(self.device, memory_format=torch.channels_last))

    def scale_learning_rates(self, scale: float) -> None:
        """Set both learning rates to `scale` times those of the recipe."""
        self._learning_rate_scale = scale
        self.adam_g.param_groups[0]["lr"] = scale * self.recipe.lr_generator
        for adam in (self.adam_d, self.adam_maps):
            if adam is not None:
                adam.param_groups[0]["lr"] = scale * self.recipe.lr_discriminator

    def finite(self) -> bool:
        """Whether all weights are finite."""
        weights = [p for network in (self.generator, self.discriminator) for p in network.parameters()]
        return bool(torch.stack([p.detach().sum() for p in weights]).isfinite().all())

    def _adam(self, parameters: Iterable[torch.nn.Parameter], rate: float) -> torch.optim.Adam:
        return torch.optim.Adam(parameters, rate, self.recipe.betas, fused=True)

    def step(
        self, real: torch.Tensor, attributes: torch.Tensor | None = None, latents: torch.Tensor | None = None
    ) -> torch.Tensor:
        """One discriminator and one generator step on this process's share of a batch.

        Args:
            real: faces uint8 (n, 3, H, W), on the CPU.
            attributes: their attribute values float32 (n, k), in a run with the k attributes `config.attributes`.
            latents: their latents float32 (n, 100), in a run with known latents.

        Returns:
            FIGURES as float32 (5,), on the device, because reading them waits for it: the losses of discriminator and
            generator, ADA's heuristic r_t (see losses.py), the share of pairs whose real face has the higher logit, and
            the distance of generated faces to the real ones with the same latents (losses.picture_distance; 0 without
            known latents).
        """
        real = as_floats(real.to(self.device, non_blocking=True))
        paired = 0 if latents is None else len(real) - round(self.recipe.new_latents * len(real))
        drawn = self._draw_latents()
        if paired:
            drawn = torch.cat([latents[:paired].to(self.device, non_blocking=True), drawn[paired:]])
        with self._autocast():
            fake = self.generator(drawn)  # used in both steps, which saves a tenth of the time
        known = None if attributes is None else attributes.to(self.device, non_blocking=True)
        loss_d, real_logits, fake_logits, real_logits_of_maps = self._discriminator_step(real, fake.detach(), known)
        loss_g, distance = self._generator_step(fake, drawn, real_logits, real_logits_of_maps, real[:paired])
        accuracy = (real_logits > fake_logits).float().mean()
        figures = torch.stack(
            [loss_d, loss_g, self.loss.overfitting_heuristic(real_logits, fake_logits), accuracy, distance]
        )
        self.processes.average([figures])
        self.images_seen += self.recipe.batch
        self.steps += 1
        self.ema.update(self.generator, self.images_seen, self.recipe.batch)
        if self.recipe.augment:
            self.probability.update(figures[2].item(), self.recipe.batch)
        self.newest = real, fake.detach()
        return figures

    def _discriminator_step(
        self, real: torch.Tensor, fake: torch.Tensor, known: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[torch.Tensor]]:
        """The loss without penalties, and the logits of the real and the generated faces.

        The last value: the logits of the real faces' maps, empty without a pre-trained network.
        """
        recipe = self.recipe
        penalised = recipe.gamma > 0 and self.steps % recipe.penalty_every == 0
        seen = [self._draw_changes(images).apply(images.float()) for images in (real, fake)]
        both = torch.cat(seen).requires_grad_(penalised)
        with self._autocast():
            logits, readings = self._discriminate(both)
            real_logits, fake_logits = logits.chunk(2)
            loss = self.loss.discriminator(real_logits, fake_logits)
            total = loss
            if penalised:
                # The mean over real and generated images together is half the sum of R1 and R2.
                penalty = 2 * gradient_penalty(torch.cat([real_logits, fake_logits]), both)
                total = total + recipe.gamma / 2 * recipe.penalty_every * penalty
            if recipe.lecam:
                self.lecam.update(real_logits, fake_logits)
                self.processes.average([self.lecam.means])
                total = total + recipe.lecam * self.lecam.penalty(real_logits, fake_logits)
            if known is not None:
                total = total + recipe.attribute_weight * _mean_square(readings[: len(known)].float() - known)
        self._optimizer_step(self.adam_d, total)
        of_maps = self._maps_discriminator_step(both.detach(), penalised) if self.maps is not None else []
        return loss.detach(), real_logits.detach(), fake_logits.detach(), of_maps

    def _maps_discriminator_step(self, both: torch.Tensor, penalised: bool) -> list[torch.Tensor]:
        """A step of the discriminator of maps on real and as many generated images. Returns the real ones' logits."""
        recipe = self.recipe
        with self._autocast():
            with torch.no_grad():
                maps = self.maps(both)
            maps = [level.float().requires_grad_(penalised) for level in maps]
            logits = self.maps_discriminator(maps)
            total = torch.stack([self.loss.discriminator(*level.chunk(2)) for level in logits]).mean()
            if penalised:  # by the maps: by the images it would cost ten times as much
                by_level = zip(logits, maps, strict=True)
                penalties = [gradient_penalty(found.float().mean(1), level) for found, level in by_level]
                total = total + recipe.gamma * recipe.penalty_every * torch.stack(penalties).mean()
        self._optimizer_step(self.adam_maps, total)
        return [level.detach().chunk(2)[0] for level in logits]

    def _discriminate(self, both: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The discriminator's logits and attribute outputs for real and generated images.

        In one pass, or in two when batch normalisation must not mix them.
        """
        if self.recipe.norm == "batch":
            apart = [self.discriminator(images) for images in both.chunk(2)]
            return torch.cat([logits for logits, _ in apart]), torch.cat([readings for _, readings in apart])
        return self.discriminator(both)

    def _generator_step(
        self,
        fake: torch.Tensor,
        latents: torch.Tensor,
        real_logits: torch.Tensor,
        real_logits_of_maps: list[torch.Tensor],
        wanted: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The adversarial loss, and the distance of the first faces to `wanted`, the real ones with the same latents.

        `wanted` may be empty. The logits of real faces are those of the discriminator step, because another pass would
        cost a tenth of the time.
        """
        if self.config.start is not None:
            self.adam_g.param_groups[0]["lr"] = (
                self._learning_rate_ramp() * self._learning_rate_scale * self.recipe.lr_generator
            )
        self._freeze_discriminators(True)
        changes = self._draw_changes(fake)
        augmented = changes.apply(fake.float())  # outside autocast, as in the discriminator step
        changed = changes.apply(wanted)
        distance = torch.zeros((), device=self.device)
        with self._autocast():
            logits, readings, maps = self.discriminator.with_maps(augmented)
            total = loss = self.loss.generator(logits, real_logits)
            if paired := len(wanted):
                with torch.no_grad():  # with the changes of their generated images, so that the maps can be compared
                    wanted_maps = self.discriminator.with_maps(changed)[2]
                distance = picture_distance(fake[:paired], wanted)
                distance_of_maps = feature_distance([level[:paired] for level in maps], wanted_maps)
                loss_of_pairs = self.recipe.match_pictures * distance + self.recipe.match_features * distance_of_maps
                total = total + self._known_latents_weight() * loss_of_pairs
            if self.maps is not None:
                total = total + self._maps_loss(augmented, real_logits_of_maps, changed)
            if k := len(self.config.attributes):
                total = total + self.recipe.attribute_weight * F.mse_loss(readings.float(), latents[:, -k:])
        self._optimizer_step(self.adam_g, total)
        self._freeze_discriminators(False)
        return loss.detach(), distance.detach()

    def _freeze_discriminators(self, frozen: bool) -> None:
        """Whether the backward pass computes no gradients for the weights of both discriminators."""
        for p in (*self._trainable, *(self.maps_discriminator.parameters() if self.maps is not None else ())):
            p.requires_grad_(not frozen)

    def _maps_loss(
        self, augmented: torch.Tensor, real_logits: list[torch.Tensor], changed: torch.Tensor
    ) -> torch.Tensor:
        """The adversarial loss by maps of the generated images, and their distance to those of the real ones.

        `changed`: the real images with the latents of the first `augmented` ones, and with the same changes; may be
        empty.
        """
        maps = self.maps(augmented)
        logits = self.maps_discriminator(maps)
        losses = [self.loss.generator(*pair) for pair in zip(logits, real_logits, strict=True)]
        total = self.recipe.pretrained_weight * torch.stack(losses).mean()
        if paired := len(changed):
            with torch.no_grad():
                wanted = self.maps(changed)
            distance = feature_distance([level[:paired] for level in maps], wanted)
            total = total + self.recipe.match_pretrained * distance
        return total

    def _known_latents_weight(self) -> float:
        """The decayed weight of the loss terms for known latents, as a share of its start (Recipe.match_half_life)."""
        half_life = self.recipe.match_half_life
        return max(self.recipe.match_least, 0.5 ** (self.images_seen / half_life)) if half_life else 1.0

    def _learning_rate_ramp(self) -> float:
        """The generator's learning rate as a share of the recipe's: 0 during the warm-up, then rising linearly to 1."""
        return min(1.0, max(0.0, self.images_seen / self.recipe.warm_up - 1)) if self.recipe.warm_up else 1.0

    def _draw_latents(self) -> torch.Tensor:
        """This process's share of a batch of latents ~ N(0, I)."""
        whole = torch.randn(self.recipe.batch, LATENT_SIZE, generator=self.rng)
        return whole[self._share].to(self.device, non_blocking=True)

    def _draw_changes(self, images: torch.Tensor) -> Changes:
        """The augmentation of this process's share of a batch."""
        how = self.rng, self._share, self.processes.count, self.recipe.augment_scale
        return Changes.draw(len(images), images.shape[-1], self.probability.value, *how)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16")

    def _optimizer_step(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.processes.average(p.grad for group in optimizer.param_groups for p in group["params"])
        optimizer.step()

    # -- the state -----------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, torch.Tensor], dict]:
        """Everything that the next steps depend on: tensors, and JSON-able values."""
        tensors = {
            **ckpt.module_tensors("generator", self.generator),
            **ckpt.module_tensors("discriminator", self.discriminator),
            **ckpt.module_tensors("ema", self.ema.generator),
            **ckpt.optimizer_tensors("adam_g", self.adam_g),
            **ckpt.optimizer_tensors("adam_d", self.adam_d),
            "rng": self.rng.get_state(),
            "lecam": self.lecam.means,
        }
        if self.maps is not None:
            tensors |= ckpt.module_tensors("maps_discriminator", self.maps_discriminator)
            tensors |= ckpt.optimizer_tensors("adam_maps", self.adam_maps)
        return tensors, {"images_seen": self.images_seen, "steps": self.steps, "augment_p": self.probability.value}

    def restore(self, tensors: dict[str, torch.Tensor], values: dict) -> None:
        """Restore a `state()`."""
        self.generator.load_state_dict(ckpt.with_prefix(tensors, "generator"))
        self.discriminator.load_state_dict(ckpt.with_prefix(tensors, "discriminator"))
        self.ema.generator.load_state_dict(ckpt.with_prefix(tensors, "ema"))
        ckpt.restore_optimizer(self.adam_g, ckpt.with_prefix(tensors, "adam_g"))
        ckpt.restore_optimizer(self.adam_d, ckpt.with_prefix(tensors, "adam_d"))
        if self.maps is not None:
            self.maps_discriminator.load_state_dict(ckpt.with_prefix(tensors, "maps_discriminator"))
            ckpt.restore_optimizer(self.adam_maps, ckpt.with_prefix(tensors, "adam_maps"))
        self.rng.set_state(tensors["rng"])
        self.lecam.means.copy_(tensors["lecam"])
        self.images_seen, self.steps = values["images_seen"], values["steps"]
        self.probability.value = values["augment_p"]


def _mean_square(values: torch.Tensor) -> torch.Tensor:
    """The mean square of the values that are not NaN; 0 if all are."""
    known = ~values.isnan()
    return torch.where(known, values, 0.0).square().sum() / known.sum().clamp_min(1)
