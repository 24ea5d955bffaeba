"""What a training starts from: the networks of a model (--init), or random weights."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from facegan.errors import FaceGANError
from facegan.faces.cache import FaceCache, framing_of
from facegan.faces.find import find_files
from facegan.faces.options import ANYBODY, FaceOptions
from facegan.gan.adversaries import Weights
from facegan.gan.config import FEW_FACES, PRESETS, Start
from facegan.gan.networks import Discriminator, channels_at
from facegan.hub import folder as layout
from facegan.hub.diffusers_model import load_generator
from facegan.hub.fetch import find_model
from facegan.hub.folder import ModelConfig, refuse_pickles
from facegan.hub.tensors import read_discriminator
from facegan.hub.trainable import NotFoldedError, trainable_form
from facegan.run_config import RunOptions

AUTO, DEFAULT, NOTHING = "auto", "default", "none"  # of --init, besides a folder and a name on the Hub

_SAME_FRAMING = 0.051  # one step of the framings that photos choose: the eyes are a pixel of 64 apart
_PARTS = (layout.CONFIG, layout.DIFFUSERS_CONFIG, layout.DIFFUSERS_WEIGHTS, layout.DISCRIMINATOR)


@dataclass(frozen=True)
class Initial:
    """A model that training may start from. `asked`: --init names it; otherwise it is taken only where it fits."""

    start: Start
    config: ModelConfig
    folder: Path
    asked: bool

    @property
    def framing(self) -> float | None:
        """How close its faces are, if it says so."""
        value = self.config.data.get("framing")
        return float(value) if isinstance(value, int | float) and 0.3 <= value <= 1.5 else None

    def misfit(self, size: int, preset: str) -> str | None:
        """Why its network is not that of the preset at a size, as a sentence without its end; None when it is."""
        if self.config.image_size != size:
            return f"{self.start.name} draws {self.config.image_size} px and not {size}"
        recipe = PRESETS[preset]
        if tuple(channels_at(size, recipe.width)) != self.config.channels or recipe.excite:
            return f"{self.start.name} has other widths than preset {preset}"
        return None

    def weights(self, size: int, preset: str) -> Weights:
        """Of a generator of the preset that draws the same faces, and of its discriminator.

        Raises FaceGANError when there is no such generator, or when a file is damaged.
        """
        recipe = PRESETS[preset]
        try:
            generator = trainable_form(load_generator(self.folder), size, recipe.width, recipe.upsample)
        except NotFoldedError:
            raise FaceGANError(
                f"{self.start.name} learned with transposed convolutions, which preset {preset} does not have: "
                "say --preset classic, or choose another --init."
            ) from None
        return Weights(generator.state_dict(), self.discriminator(size, preset))

    def discriminator(self, size: int, preset: str) -> dict[str, torch.Tensor] | None:
        """The weights of its own, None when it has none or not one of the preset.

        Raises FaceGANError when the file is damaged.
        """
        found, recipe = read_discriminator(self.folder), PRESETS[preset]
        new = Discriminator(size, recipe.width, recipe.norm, recipe.minibatch_std).state_dict()
        shapes = {name: tuple(value.shape) for name, value in new.items()}
        if found is None or {name: value.shape for name, value in found.items()} != shapes:
            return None
        return {name: torch.from_numpy(value.copy()).to(new[name].dtype) for name, value in found.items()}


def find_initial(options: RunOptions) -> Initial | None:
    """The model that --init names, or the default for auto; None for none.

    Raises FaceGANError when there is no such model, or when it cannot be what was asked for.
    """
    if options.init == NOTHING:
        return None
    source = None if options.init in (AUTO, DEFAULT) else options.init
    found = find_model(source, _PARTS)
    refuse_pickles(found.folder)
    config = ModelConfig.read(found.folder)
    name = found.origin or f"an unpublished model ({config.name})"
    about, one_person = str(config.data.get("about") or ""), config.data.get("one_person") is True
    start = Start("FaceGAN's default generator" if source is None else name, about, one_person)
    initial = Initial(start, config, found.folder, asked=options.init != AUTO)
    if initial.asked:
        _preset_of(initial, options)
        read_discriminator(found.folder)  # a damaged one is told of before the photos are read
    return initial


def faces_for(
    initial: Initial | None, options: RunOptions, faces_folder: Path, say: Callable[[str], None]
) -> FaceOptions:
    """The options of the faces, framed as the model's own are where nobody asked for another framing."""
    faces = options.faces
    if initial is None or faces.framing is not None or initial.framing is None:
        return faces
    if not initial.asked:
        preset = "small" if options.preset == "auto" else options.preset
        # New photos must not change the framing of faces that are done.
        done = framing_of(faces_folder) is not None
        if done or initial.misfit(faces.size, preset) or not _few_expected(options, faces_folder):
            return faces
    say(f"Framing {initial.framing:g}, that of {initial.start.name}, from which training starts.")
    return replace(faces, framing=initial.framing)


def choose_start(
    initial: Initial | None, options: RunOptions, cache: FaceCache, preset: str, say: Callable[[str], None]
) -> Initial | None:
    """The model that training does start from, and says why. `preset`: the one that faces and device choose."""
    if initial is None:
        return None
    why = None if initial.asked else _reason_against(initial, options, cache, preset)
    if why:
        say(f"Training starts from random weights: {why}.")
        return None
    few = f"{len(cache):,} faces are few; --init none does without"
    say(
        f"Training starts from {initial.start.name}: {'as --init says' if initial.asked else few}. "
        f"{_told_of_discriminator(initial, options.faces.size, preset)} alone for the first "
        f"{PRESETS[preset].warm_up:,} images."
    )
    return initial


def _told_of_discriminator(initial: Initial, size: int, preset: str) -> str:
    """The beginning of the sentence on how it learns."""
    if initial.discriminator(size, preset) is not None:
        return "Its discriminator goes on as well, and learns"
    if (initial.folder / layout.DISCRIMINATOR).exists():
        return f"The discriminator is new, because the model's is not one of preset {preset}, and learns"
    return "The discriminator is new and learns"


def preset_for(initial: Initial | None, options: RunOptions) -> str:
    """What --preset auto is settled as before the faces are counted: the preset of the model asked for."""
    return _preset_of(initial, options) if initial is not None and initial.asked else options.preset


def _preset_of(initial: Initial, options: RunOptions) -> str:
    """The preset asked for, or the model's own. Raises FaceGANError when the model is of another."""
    size, own = options.faces.size, initial.config.training.get("preset")
    if options.preset != "auto":
        if why := initial.misfit(size, options.preset):
            raise FaceGANError(f"{why}: {_what_to_do(initial, size)}, or choose another --init.")
        return options.preset
    if initial.config.image_size != size:
        raise FaceGANError(f"{initial.misfit(size, 'small')}: {_what_to_do(initial, size)}, or choose another --init.")
    for preset in ([own] if own in PRESETS else []) + list(PRESETS):
        if initial.misfit(size, preset) is None:
            return preset
    raise FaceGANError(f"{initial.start.name} has the widths of no preset: choose another --init, or say --init none.")


def _what_to_do(initial: Initial, size: int) -> str:
    return "leave --preset out" if initial.config.image_size == size else f"say --size {initial.config.image_size}"


def _reason_against(initial: Initial, options: RunOptions, cache: FaceCache, preset: str) -> str | None:
    if len(cache) >= FEW_FACES:
        return f"{len(cache):,} faces are enough"
    if why := initial.misfit(options.faces.size, preset):
        return why
    framing = float(cache.report["framing"])
    if initial.framing is None or abs(framing - initial.framing) > _SAME_FRAMING:
        return f"the faces have framing {framing:g}, those of {initial.start.name} {initial.framing:g}"
    return None


def _few_expected(options: RunOptions, faces_folder: Path) -> bool:
    """Whether so few faces are to be expected, before the photos are read."""
    if options.faces.person != ANYBODY or (options.max_photos or FEW_FACES) < FEW_FACES:
        return True
    return not options.dataset and len(find_files(list(options.data), leave_out=faces_folder)) < FEW_FACES
