"""Generator and discriminators, the state of their training, and one training step: `Adversaries.step`.

The loss terms are in losses.py, their weights in config.Recipe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from facegan.base.seeds import LATENT_SIZE
from facegan.gan import checkpoint as ckpt
from facegan.gan.augment import AdaptiveProbability, Augmentation
from facegan.gan.config import TrainConfig
from facegan.gan.data import as_floats
from facegan.gan.ema import Ema
from facegan.gan.losses import LOSSES, LeCam, feature_distance, gradient_penalty, picture_distance
from facegan.gan.networks import Discriminator, Generator
from facegan.gan.pretrained import SecondDiscriminator
from facegan.gan.processes import Processes
from facegan.gan.widen import initialise_from

FIGURES = ("loss_d", "loss_g", "sureness", "accuracy", "distance")


@dataclass(frozen=True)
class Weights:
    """State dicts of a model's networks, from which training starts. Wider networks can start from them too (widen.py).

    That of the discriminator has no attribute outputs; None: the discriminator starts from random weights.
    """

    generator: Mapping[str, torch.Tensor]
    discriminator: Mapping[str, torch.Tensor] | None = None

    @property
    def upsample(self) -> str:
        """The up-sampling of the generator, a value of Recipe.upsample."""
        return "transposed" if self.generator["to_rgb.weight"].shape[-1] == 4 else "resize"


def generator_of(config: TrainConfig) -> Generator:
    """A new generator of a run."""
    recipe = config.recipe
    return Generator(config.size, recipe.width, recipe.upsample, recipe.excite, recipe.thin, curves=config.curves)


def discriminator_of(config: TrainConfig) -> Discriminator:
    """A new (first) discriminator of a run."""
    recipe = config.recipe
    return Discriminator(
        config.size, recipe.width, recipe.norm, recipe.minibatch_std, len(config.attributes), recipe.thin
    )


class Adversaries:
    """Generator and discriminators, their optimisers, the EMA generator and the random state: all that a step changes.

    Attributes:
        second: the second discriminator (pretrained.py), None if Recipe.pretrained_weight is 0.
        newest: the real and the generated faces (n, 3, H, W) of the latest step, None before the first.
    """

    def __init__(self, config: TrainConfig, processes: Processes | None = None, weights: Weights | None = None):
        """`weights`: initial weights from the model `config.start`. Restoring a checkpoint replaces them."""
        recipe = config.recipe
        self.config, self.recipe = config, recipe
        self.processes = processes or Processes(config.device)
        self.device = self.processes.device
        self._share = self.processes.share(recipe.batch)
        torch.manual_seed(config.seed)  # the initial weights
        generator = generator_of(config)
        discriminator = discriminator_of(config)
        if weights is not None:
            initialise_from(generator, weights.generator)
            if weights.discriminator is not None:
                initialise_from(discriminator, weights.discriminator)
        self.generator, self.discriminator = map(self.processes.place, (generator, discriminator))
        for layer in self.discriminator.first_levels(recipe.frozen):
            layer.requires_grad_(False)
        self.second = SecondDiscriminator(config, self.processes) if recipe.pretrained_weight else None
        self.ema = Ema(self.generator)
        self.loss = LOSSES[recipe.loss]
        trainable = [p for p in self.discriminator.parameters() if p.requires_grad]
        self.adam_g = self._adam(self.generator.parameters(), recipe.lr_generator)
        self.adam_d = self._adam(trainable, recipe.lr_discriminator)
        # Of both discriminators.
        self._trainable_d = [*trainable, *(self.second.discriminator.parameters() if self.second else ())]
        self._adams_d = [self.adam_d, *([self.second.adam] if self.second else ())]
        # Always on the CPU, so that a seed gives the same random numbers on every device.
        self.rng = torch.Generator().manual_seed(config.seed)
        self.probability = AdaptiveProbability(recipe.augment_target)
        self.lecam = LeCam(means=torch.zeros(2, device=self.device))
        self.images_seen = self.steps = 0
        self._learning_rate_scale = 1.0
        self.newest: tuple[torch.Tensor, torch.Tensor] | None = None

    def _adam(self, parameters: Iterable[torch.nn.Parameter], rate: float) -> torch.optim.Adam:
        return torch.optim.Adam(parameters, rate, self.recipe.betas, fused=True)

    def scale_learning_rates(self, scale: float) -> None:
        """Set all learning rates to `scale` times those of the recipe."""
        self._learning_rate_scale = scale
        self.adam_g.param_groups[0]["lr"] = scale * self.recipe.lr_generator
        for adam in self._adams_d:
            adam.param_groups[0]["lr"] = scale * self.recipe.lr_discriminator

    def finite(self) -> bool:
        """Whether all weights are finite."""
        weights = [*self.generator.parameters(), *self.discriminator.parameters(), *self._trainable_d]
        return bool(torch.stack([p.detach().sum() for p in weights]).isfinite().all())

    # -- the step ----------------------------------------------------------------------------------------------

    def step(
        self, real: torch.Tensor, attributes: torch.Tensor | None = None, latents: torch.Tensor | None = None
    ) -> torch.Tensor:
        """One step of the discriminators and one of the generator, on this process's share of a batch.

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
        attributes = None if attributes is None else attributes.to(self.device, non_blocking=True)
        loss_d, real_logits, fake_logits = self._discriminator_step(real, fake.detach(), attributes)
        loss_g, distance = self._generator_step(fake, drawn, real_logits, real[:paired])
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
        self, real: torch.Tensor, fake: torch.Tensor, attributes: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """A step of both discriminators. Returns the first one's loss without penalties, its real and fake logits."""
        recipe = self.recipe
        penalised = recipe.gamma > 0 and self.steps % recipe.penalty_every == 0
        augmented = [self._draw_augmentation(images).apply(images.float()) for images in (real, fake)]
        both = torch.cat(augmented).requires_grad_(penalised)
        with self._autocast():
            logits, predicted = self._discriminate(both)
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
            if attributes is not None:
                error = _mean_square(predicted[: len(attributes)].float() - attributes)
                total = total + recipe.attribute_weight * error
        self.processes.optimizer_step(self.adam_d, total)
        if self.second:
            self.second.step(both.detach(), penalised)
        return loss.detach(), real_logits.detach(), fake_logits.detach()

    def _discriminate(self, both: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The discriminator's logits and predicted attributes of real and generated images.

        In one pass, or in two when batch normalisation must not mix them.
        """
        if self.recipe.norm == "batch":
            apart = [self.discriminator(images) for images in both.chunk(2)]
            return torch.cat([logits for logits, _ in apart]), torch.cat([predicted for _, predicted in apart])
        return self.discriminator(both)

    def _generator_step(
        self, fake: torch.Tensor, latents: torch.Tensor, real_logits: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A step of the generator. Returns its first adversarial loss, and the distance of `fake` to `targets`.

        `targets` (k, 3, H, W): the real faces with the first k of the latents; k may be 0. `real_logits` are those of
        the discriminator step, because another pass would cost a tenth of the time.
        """
        if self.config.start is not None:
            self.adam_g.param_groups[0]["lr"] = (
                self._learning_rate_ramp() * self._learning_rate_scale * self.recipe.lr_generator
            )
        self._freeze_discriminators(True)
        augmentation = self._draw_augmentation(fake)
        augmented = augmentation.apply(fake.float())  # outside autocast, as in the discriminator step
        augmented_targets = augmentation.apply(targets)  # in the same way, so that feature maps can be compared
        distance = torch.zeros((), device=self.device)
        with self._autocast():
            logits, predicted, maps = self.discriminator.with_maps(augmented)
            total = loss = self.loss.generator(logits, real_logits)
            if k := len(targets):
                with torch.no_grad():
                    target_maps = self.discriminator.with_maps(augmented_targets)[2]
                distance = picture_distance(fake[:k], targets)
                distance_of_maps = feature_distance([level[:k] for level in maps], target_maps)
                loss_of_pairs = self.recipe.match_pictures * distance + self.recipe.match_features * distance_of_maps
                total = total + self._known_latents_weight() * loss_of_pairs
            if self.second:
                total = total + self.second.generator_loss(augmented, augmented_targets)
            if k := len(self.config.attributes):
                total = total + self.recipe.attribute_weight * F.mse_loss(predicted.float(), latents[:, -k:])
        self.processes.optimizer_step(self.adam_g, total)
        self._freeze_discriminators(False)
        return loss.detach(), distance.detach()

    def _freeze_discriminators(self, frozen: bool) -> None:
        """Frozen, they pass gradients to the images, and none to their own weights."""
        for p in self._trainable_d:
            p.requires_grad_(not frozen)

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

    def _draw_augmentation(self, images: torch.Tensor) -> Augmentation:
        """For this process's share of a batch."""
        how = self.rng, self._share, self.processes.count, self.recipe.augment_scale
        return Augmentation.draw(len(images), images.shape[-1], self.probability.value, *how)

    def _autocast(self) -> torch.autocast:
        return self.processes.autocast(self.config.precision)

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
        if self.second:
            tensors |= self.second.state()
        return tensors, {"images_seen": self.images_seen, "steps": self.steps, "augment_p": self.probability.value}

    def restore(self, tensors: dict[str, torch.Tensor], values: dict) -> None:
        """Restore a `state()`."""
        self.generator.load_state_dict(ckpt.with_prefix(tensors, "generator"))
        self.discriminator.load_state_dict(ckpt.with_prefix(tensors, "discriminator"))
        self.ema.generator.load_state_dict(ckpt.with_prefix(tensors, "ema"))
        ckpt.restore_optimizer(self.adam_g, ckpt.with_prefix(tensors, "adam_g"))
        ckpt.restore_optimizer(self.adam_d, ckpt.with_prefix(tensors, "adam_d"))
        if self.second:
            self.second.restore(tensors)
        self.rng.set_state(tensors["rng"])
        self.lecam.means.copy_(tensors["lecam"])
        self.images_seen, self.steps = values["images_seen"], values["steps"]
        self.probability.value = values["augment_p"]


def _mean_square(values: torch.Tensor) -> torch.Tensor:
    """The mean square of the values that are not NaN; 0 if all are."""
    known = ~values.isnan()
    return torch.where(known, values, 0.0).square().sum() / known.sum().clamp_min(1)
