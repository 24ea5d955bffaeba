"""The presets and the resolved configuration of a training run.

torch is imported late: the command line reads the names of the presets for --help.
"""

from dataclasses import dataclass, replace

from facegan.base.errors import FaceGANError


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run learns, besides its data and its seed."""

    width: int  # channels of the widest feature map's eighth: 32 -> 256 at 4x4
    upsample: str  # "transposed" or "resize" (nearest neighbour and 3x3 convolution)
    norm: str  # of the discriminator: "batch", "spectral" or "none"
    loss: str  # "bce", "hinge" or "relativistic"
    lr_generator: float
    lr_discriminator: float
    betas: tuple[float, float]  # of Adam
    batch: int
    augment: bool  # differentiable augmentation under the adaptive controller
    images_seen: int  # the default budget
    sureness: float = 0.8  # of real faces, at which the controller keeps the discriminator (augment.py)
    augment_scale: bool = True  # faces are also shown larger, smaller and stretched
    minibatch_std: bool = True  # in the discriminator
    excite: bool = False  # skip-layer excitation in the generator
    gamma: float = 0.0  # of the gradient penalties R1 and R2; 0: none
    penalty_every: int = 8  # steps: the penalties cost as much as a step, and weighted up by this they are enough
    patience: int = 0  # images since the best weights, after which a run ends; 0: its budget alone ends it
    # Halvings of the picture in the discriminator that stay as they are in the model from which a training goes on:
    # few faces would unlearn them (FreezeD: Mo et al. 2020, https://arxiv.org/abs/2002.10964).
    frozen: int = 0
    lecam: float = 0.0  # weight of the LeCam regulariser
    # Of what is read of the attributes of faces, in a training that knows them (attributes.py); 0: it does not ask.
    # At 1 they are drawn a little closer, and KID is a third higher early on (docs/measurements/recipes.md).
    attribute_weight: float = 0.3
    thin: bool = False  # levels above 64 px have half the channels of the one below (networks.channels_at)
    # Where the latents of the faces are known, the generator's loss also has, at these weights, the distance of its
    # picture to the face's (losses.picture_distance) and that of what the discriminator sees (feature_distance).
    match_pictures: float = 3.0
    match_features: float = 2.0
    match_half_life: int = 150_000  # images after which both weights are half; 0: they stay
    match_least: float = 0.1  # share of the weights that stays to the end
    # Warm-up: images that the discriminator is trained on alone when the generator comes from a model; over as many
    # again the generator's learning rate ramps up. A fresh discriminator would teach the generator noise. Short: on 432
    # faces it separates 96 % of the pairs after that many, and held-out KID fell at once even without a warm-up.
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
    # Pairs of real and generated faces with gradient penalties on both, and four times the usual rates: the lowest
    # held-out KID in equal minutes on 12,000 faces so far, half that of "classic" after an hour of a core
    # (docs/measurements/recipes.md). No momentum, after TTUR; batch 32 gives twice the steps of 64 in the same minutes.
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
    ),
}
# The same at twice the parameters, for hours of a CPU: image for image better, and half as fast.
PRESETS["medium"] = replace(PRESETS["small"], width=48, images_seen=3_000_000)
# At four times the parameters, for a GPU.
PRESETS["large"] = replace(PRESETS["small"], width=64, images_seen=3_000_000)


@dataclass(frozen=True)
class Start:
    """The model that a training went on from, as far as the card tells it."""

    name: str  # on the Hub with its revision, or a description; never a path
    about: str = ""  # what it had learned from
    one_person: bool = False  # whose face the new model may still draw


@dataclass(frozen=True)
class TrainConfig:
    """One run, resolved: what config.json keeps and what --resume goes on with."""

    recipe: Recipe
    size: int
    seed: int
    device: str  # "cpu", "cuda" or "mps"
    precision: str  # "float32" or "bfloat16" (of the arithmetic; weights are float32 always)
    start: Start | None = None  # None: from random weights
    attributes: tuple[str, ...] = ()  # the names of those that the last places of the latents decide
    known_latents: bool = False  # every face is learned from its own latents


FEW_FACES = 5_000  # below, --init auto starts from a model, faces are augmented sooner, and a run may end early
_PATIENCE_WITH_FEW = 240_000  # images: three judgements, none of which was better
_SURENESS_OF_FEW = 0.6  # with 300 faces KID is a seventh higher at the recipe's own 0.8 (docs/measurements/recipes.md)
_LONG_WARM_UP = 10_000  # images, where a part of a model's discriminator is new: its readings of attributes, its width
_BUDGET_OF_FEW = 1_000_000  # images, of a preset with more
# Of four levels at 64 px: with 300 faces KID is a third lower than with none (docs/measurements/person.md).
_FROZEN_WITH_FEW = 1


def recipe_for(preset: str, faces: int, from_discriminator: bool = False, larger: bool = False) -> Recipe:
    """The preset's recipe for so many faces.

    Few are augmented sooner, are known by heart one day, and leave the beginning of a model's discriminator alone,
    if training goes on from one (`from_discriminator`) that is as large; one that is made `larger`, wider or for
    pictures of twice the size, learns longer alone.
    """
    recipe = PRESETS[preset]
    if larger:
        recipe = replace(recipe, warm_up=_LONG_WARM_UP)
    if faces >= FEW_FACES:
        return recipe
    return replace(
        recipe,
        sureness=_SURENESS_OF_FEW,
        patience=_PATIENCE_WITH_FEW,
        frozen=_FROZEN_WITH_FEW if from_discriminator and not larger else 0,
        images_seen=min(recipe.images_seen, _BUDGET_OF_FEW),
    )


def with_attributes(train: TrainConfig, names: tuple[str, ...]) -> TrainConfig:
    """The same run, in which the last places of the latents decide these attributes."""
    recipe = train.recipe
    if names and train.start is not None:  # a model's discriminator comes without what reads them
        recipe = replace(recipe, warm_up=_LONG_WARM_UP)
    return replace(train, recipe=recipe, attributes=names)


def with_known_latents(train: TrainConfig) -> TrainConfig:
    """The same run, which learns every face from its own latents.

    Nothing is augmented: generated and real faces are compared map by map, and their number keeps the discriminator
    from knowing them by heart.
    """
    return replace(train, recipe=replace(train.recipe, augment=False), known_latents=True)


def choose_preset(name: str, faces: int, device: str) -> tuple[str, str]:
    """The preset for "auto" or a name, and a sentence that says why."""
    if name != "auto":
        return name, f"Preset {name}, as asked for."
    if device != "cpu" and faces >= FEW_FACES:
        return "large", f"Preset large: {faces:,} faces and a {device} device can carry width 64."
    why = f"{faces:,} faces are too few for more" if faces < FEW_FACES else "it learns most in equal time on a CPU"
    return "small", f"Preset small: {why}."


def choose_device(name: str) -> str:
    """The device for "auto" or a name. Raises FaceGANError when a named one is not there."""
    import torch

    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[name]:
        found = ", ".join(device for device, is_there in there.items() if is_there)
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
    native = torch.cpu._is_avx512_bf16_supported, torch.cpu._is_amx_tile_supported  # without public names in torch 2.13
    if device == "cpu" and any(supported() for supported in native):
        return "bfloat16"
    return "float32"
