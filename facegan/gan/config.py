"""The presets, and the resolved configuration of a training run.

torch is imported late, so that the command line can list the presets quickly.
"""

from dataclasses import dataclass, replace

from facegan.base.curves import EntryCurves
from facegan.base.errors import FaceGANError


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of a run: everything that decides what it learns besides its data and its seed."""

    width: int  # base number of channels: the 4x4 feature maps have up to 8 * width (networks.channels_at)
    upsample: str  # "transposed" or "resize" (nearest neighbour and 3x3 convolution)
    norm: str  # of the discriminator: "batch", "spectral" or "none"
    loss: str  # a key of losses.LOSSES
    lr_generator: float
    lr_discriminator: float
    betas: tuple[float, float]  # of Adam
    batch: int
    augment: bool  # adaptive differentiable augmentation (augment.py)
    images_seen: int  # the default budget
    augment_target: float = 0.8  # of ADA's overfitting heuristic r_t: above it augmentation gets stronger
    augment_scale: bool = True  # augmentation also changes size and aspect ratio
    minibatch_std: bool = True  # in the discriminator
    excite: bool = False  # skip-layer excitation in the generator
    gamma: float = 0.0  # of the gradient penalties R1 and R2; 0: none
    # Steps between two penalties, each of which costs as much as a step (lazy regularisation, StyleGAN2). Each is
    # multiplied by this number.
    penalty_every: int = 8
    patience: int = 0  # images without better weights after which training stops early; 0: no early stopping
    # The number of first levels of the discriminator that keep their pre-trained weights: with few faces fine-tuning
    # would spoil them (FreezeD: Mo et al. 2020, https://arxiv.org/abs/2002.10964).
    frozen: int = 0
    lecam: float = 0.0  # weight of the LeCam regulariser
    # Weight of the second discriminator's adversarial loss (pretrained.py); 0: there is no second discriminator. The
    # first one has weight 1.
    pretrained_weight: float = 0.0
    # Weight of the attribute losses (attributes.py); 0: attributes are not learned. At 1 they are drawn a little more
    # accurately, but KID is a third higher early in training (docs/measurements/recipes.md).
    attribute_weight: float = 0.3
    thin: bool = False  # levels above 64 px have half the channels of the one below (networks.channels_at)
    # Weights of three further terms of the generator's loss with known latents (--latents): the distance between the
    # generated and the real image (losses.picture_distance), and between their feature maps in the discriminator and in
    # the pre-trained network of the second one (losses.feature_distance).
    match_pictures: float = 3.0
    match_features: float = 2.0
    match_pretrained: float = 1.0
    match_half_life: int = 150_000  # images after which the first two weights halve; 0: they are constant
    match_least: float = 0.1  # share of their initial values below which these two do not fall
    # Share of a batch that G draws from new latents, for the adversarial loss alone: trained on the known latents only,
    # G draws worse faces from all others (KID x 100 of 13.5 against 7.7 with 6,000 faces at 64 px).
    new_latents: float = 0.5
    # Images at the start of a training from a model during which only D is trained, because a D with random weights
    # would spoil G. Then the learning rate of G rises linearly over as many images again. A short warm-up is enough: on
    # 432 faces D tells 96 % of the pairs apart after 1,000 images, and even without one held-out KID improved from the
    # start.
    warm_up: int = 1_000


PRESETS: dict[str, Recipe] = {
    # The original system: the paper's networks with the hyper-parameters of the PyTorch examples.
    "classic": Recipe(
        width=64,
        upsample="transposed",
        norm="batch",
        loss="bce",
        lr_generator=2e-4,
        lr_discriminator=2e-4,
        betas=(0.5, 0.999),
        batch=64,
        augment=False,
        images_seen=1_000_000,
        minibatch_std=False,
        attribute_weight=0.0,
    ),
    # A relativistic loss with gradient penalties on both sides, and four times the usual learning rates: the lowest
    # held-out KID in equal minutes on 12,000 faces so far, half that of "classic" after an hour on one core
    # (docs/measurements/recipes.md). No momentum, as in TTUR; batch 32 gives twice the steps of 64 in the same minutes.
    "small": Recipe(
        width=32,
        upsample="resize",
        norm="none",
        loss="relativistic",
        gamma=0.2,
        lr_generator=8e-4,
        lr_discriminator=8e-4,
        betas=(0.0, 0.9),
        batch=32,
        augment=True,
        images_seen=1_000_000,
        thin=True,
        pretrained_weight=1.5,
    ),
}
# "small" with twice the parameters, for hours on a CPU: better after equal numbers of images, and half as fast.
PRESETS["medium"] = replace(PRESETS["small"], width=48, images_seen=3_000_000)
# "small" with four times the parameters, for a GPU.
PRESETS["large"] = replace(PRESETS["small"], width=64, images_seen=3_000_000)


@dataclass(frozen=True)
class Start:
    """The model that training started from: what the model card says about it."""

    name: str  # on the Hub with its revision, or a description; never a path
    about: str = ""  # its training data, in the words of its card
    one_person: bool = False  # whether it was trained on photos of one person, whom the new model may still draw


@dataclass(frozen=True)
class TrainConfig:
    """The resolved configuration of a run. RUN/config.json stores it for --resume."""

    recipe: Recipe
    size: int
    seed: int
    device: str  # "cpu", "cuda" or "mps"
    precision: str  # "float32" or "bfloat16" (of the computation; weights are always float32)
    start: Start | None = None  # None: from random weights
    attributes: tuple[str, ...] = ()  # names, in the order of the last entries of a latent
    known_latents: bool = False  # G learns to reconstruct every face from its known latent (known_latents.py)
    curves: EntryCurves = ()  # of the last entries of a latent


FEW_FACES = 5_000  # with fewer --init auto starts from a model, augmentation starts sooner, and training may stop early
_PATIENCE_WITH_FEW = 240_000  # images: three evaluations without an improvement
_AUGMENT_TARGET_WITH_FEW = (
    0.6  # with 300 faces KID is a seventh higher at the default 0.8 (docs/measurements/recipes.md)
)
_LONG_WARM_UP = 10_000  # images, if the discriminator of a model gets new weights: attribute outputs, more channels
_MAX_BUDGET_WITH_FEW = 1_000_000  # images
# Of the four levels at 64 px: with 300 faces KID is a third lower than with 0 (docs/measurements/person.md).
_FROZEN_WITH_FEW = 1


def recipe_for(preset: str, faces: int, from_discriminator: bool = False, larger: bool = False) -> Recipe:
    """The preset's recipe, adapted to the number of faces.

    Args:
        preset: a key of PRESETS.
        faces: with fewer than FEW_FACES the discriminator soon memorises them. So augmentation starts sooner, training
            may stop early, and the first levels of a pre-trained discriminator are frozen.
        from_discriminator: training starts from the discriminator of a model.
        larger: the networks of that model are widened or grown, so the warm-up is longer and nothing is frozen.
    """
    recipe = PRESETS[preset]
    if larger:
        recipe = replace(recipe, warm_up=_LONG_WARM_UP)
    if faces >= FEW_FACES:
        return recipe
    return replace(
        recipe,
        augment_target=_AUGMENT_TARGET_WITH_FEW,
        patience=_PATIENCE_WITH_FEW,
        frozen=_FROZEN_WITH_FEW if from_discriminator and not larger else 0,
        images_seen=min(recipe.images_seen, _MAX_BUDGET_WITH_FEW),
    )


def with_attributes(train: TrainConfig, names: tuple[str, ...]) -> TrainConfig:
    """The configuration with these attributes, which the last entries of a latent control."""
    recipe = train.recipe
    if names and train.start is not None:  # a model's discriminator is shipped without attribute outputs
        recipe = replace(recipe, warm_up=_LONG_WARM_UP)
    return replace(train, recipe=recipe, attributes=names)


def with_known_latents(train: TrainConfig, curves: EntryCurves = ()) -> TrainConfig:
    """The configuration of a run that knows the latent of every face.

    `curves`: those that come with the latents; without them a model that training starts from keeps its own.
    """
    return replace(train, known_latents=True, curves=curves or train.curves)


def choose_preset(name: str, faces: int, device: str) -> tuple[str, str]:
    """The preset for "auto" or a name, and a sentence that says why."""
    if name != "auto":
        return name, f"Preset {name}, as --preset says."
    if device != "cpu" and faces >= FEW_FACES:
        return "large", f"Preset large: {faces:,} faces and a {device} device are enough for width 64."
    why = (
        f"{faces:,} faces are too few for a larger preset"
        if faces < FEW_FACES
        else "it learns the most in a given time on a CPU"
    )
    return "small", f"Preset small: {why}."


def choose_device(name: str) -> str:
    """The device for "auto" or a name. Raises FaceGANError when a named one is not available."""
    import torch

    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    if not available[name]:
        found = ", ".join(device for device, usable in available.items() if usable)
        raise FaceGANError(f"--device {name} was asked for, but torch finds only: {found}. Use --device auto.")
    return name


def choose_precision(device: str) -> str:
    """bfloat16 arithmetic where the hardware multiplies it natively (twice the speed), else float32.

    CPU: with Intel's matrix units (AMX), and with AVX-512 for bfloat16 (AMD since Zen 4, Intel's servers): on two cores
    of an AMD EPYC 469 images/s in place of 244. Without either it is slower than float32.
    """
    import torch

    if device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bfloat16"
    native = torch.cpu._is_avx512_bf16_supported, torch.cpu._is_amx_tile_supported  # private in torch 2.13
    if device == "cpu" and any(supported() for supported in native):
        return "bfloat16"
    return "float32"
