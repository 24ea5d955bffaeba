"""The initial weights of a training: the networks of a model (--init), or random ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache, framing_of
from facegan.faces.options import ANYBODY, MAX_FRAMING, MIN_FRAMING, FaceOptions
from facegan.faces.sources.find import find_files
from facegan.gan.adversaries import Weights
from facegan.gan.config import FEW_FACES, PRESETS, Start
from facegan.gan.networks import THIN_ABOVE, Discriminator, channels_at
from facegan.gan.widen import grown_discriminator, grown_generator
from facegan.model import folder as layout
from facegan.model.diffusers_model import load_generator
from facegan.model.fetch import find_model
from facegan.model.folder import ModelConfig, read_part, refuse_pickles
from facegan.model.tensors import read_discriminator
from facegan.model.trainable import NotFoldedError, trainable_form
from facegan.runs.run_config import RunOptions

AUTO, DEFAULT, NONE = "auto", "default", "none"  # values of --init, besides a folder or a name on the Hub

_SIZE_ON_CPU, _SIZE_ON_GPU = 64, 128  # px, of --size auto when training starts from random weights
_FRAMING_TOLERANCE = 0.051  # one step of the automatic framing, which moves the eyes by one pixel at 64 px
TRAINING_PARTS = (  # the files of a model that training needs
    layout.CONFIG,
    layout.DIFFUSERS_CONFIG,
    layout.DIFFUSERS_WEIGHTS,
    layout.DISCRIMINATOR,
    layout.UPSCALER,
)


@dataclass(frozen=True)
class Initial:
    """A model that training may start from.

    Attributes: `asked` (whether --init names it; if not, it is used only if it fits), `start` (for the model card), and
    the model's `config` and `folder`.
    """

    start: Start
    config: ModelConfig
    folder: Path
    asked: bool

    @property
    def width(self) -> int:
        """The width of its networks, see Recipe.width."""
        return width_of(self.config.image_size, self.config.channels)

    def grows_to(self, size: int) -> bool:
        """Whether its images have half of `size`, so that it can be grown to `size` (gan/widen.py)."""
        return 2 * self.config.image_size == size

    def thin(self, size: int, preset: str) -> bool:
        """Whether networks of `size` px that start from it have the thin layout, see networks.channels_at."""
        own = self.config.image_size
        if self.grows_to(size) or own <= THIN_ABOVE:
            return PRESETS[preset].thin
        return tuple(channels_at(own, self.width, thin=True)) == self.config.channels

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes that the last entries of its latents control, see gan/attributes.py."""
        named = self.config.training.get("attributes")
        return tuple(named.split(", ")) if isinstance(named, str) and named else ()

    @property
    def framing(self) -> float | None:
        """The framing of its training faces; None if its config has none, or an impossible one."""
        value = self.config.data.get("framing")
        return float(value) if isinstance(value, int | float) and MIN_FRAMING <= value <= MAX_FRAMING else None

    def misfit(self, size: int, preset: str, larger: bool = False) -> str | None:
        """Why its networks do not fit the preset at a size, as a clause for a message; None when they fit.

        `larger`: allow a wider preset and twice the size too, because networks can be widened and grown (gan/widen.py).
        """
        own, recipe = self.config.image_size, PRESETS[preset]
        if own != size and not (larger and self.grows_to(size) and recipe.norm == "none"):
            return f"{self.start.name} draws {own} px and not {size}"
        as_wide = self.width == recipe.width or (larger and self.width < recipe.width and recipe.norm == "none")
        channels = tuple(channels_at(own, self.width, self.thin(size, preset)))
        if not as_wide or channels != self.config.channels or recipe.excite:
            return f"{self.start.name} has other widths than preset {preset}"
        return None

    def own_preset(self, size: int) -> str | None:
        """The preset whose networks it has, at this size or at half of it; None if there is none."""
        named = self.config.training.get("preset")
        candidates = ([named] if isinstance(named, str) and named in PRESETS else []) + list(PRESETS)
        as_wide = [preset for preset in candidates if PRESETS[preset].width == self.width]
        return next((preset for preset in as_wide if self.misfit(size, preset, larger=True) is None), None)

    def weights(self, size: int, preset: str) -> Weights:
        """The weights of its generator and discriminator in trainable form, in its own width.

        Up-sampling is that of the preset if the model's kernels allow it, else "transposed". A model that draws half of
        `size` is grown to `size`. Raises FaceGANError when a file is damaged.
        """
        shipped, upsample = load_generator(self.folder), PRESETS[preset].upsample
        own, thin = self.config.image_size, self.thin(size, preset)
        try:
            generator = trainable_form(shipped, own, self.width, upsample, thin).state_dict()
        except NotFoldedError:
            upsample = "transposed"
            generator = trainable_form(shipped, own, self.width, upsample, thin).state_dict()
        discriminator = self.discriminator(size, preset)
        if self.grows_to(size):
            new = channels_at(size, self.width, thin)[-1]
            generator = grown_generator(generator, new, upsample, self.config.curves)
            discriminator = discriminator and grown_discriminator(discriminator, new)
        return Weights(generator, discriminator)

    def upscaler(self, size: int) -> bytes | None:
        """The bytes of its upscaler.onnx; None if it has none, or if it is grown, because its images then have that
        size.

        Raises FaceGANError when the file is damaged.
        """
        if self.grows_to(size) or not (self.folder / layout.UPSCALER).exists():
            return None
        return read_part(self.folder, layout.UPSCALER)

    def discriminator(self, size: int, preset: str) -> dict[str, torch.Tensor] | None:
        """The weights of its discriminator; None if it has none, or one that does not fit the preset.

        Raises FaceGANError when the file is damaged.
        """
        found, recipe = read_discriminator(self.folder), PRESETS[preset]
        thin = self.thin(size, preset)
        new = Discriminator(self.config.image_size, self.width, recipe.norm, recipe.minibatch_std, thin=thin)
        shapes = {name: tuple(value.shape) for name, value in new.state_dict().items()}
        if found is None or {name: value.shape for name, value in found.items()} != shapes:
            return None
        dtypes = {name: value.dtype for name, value in new.state_dict().items()}
        return {name: torch.from_numpy(value.copy()).to(dtypes[name]) for name, value in found.items()}


def width_of(size: int, channels: tuple[int, ...]) -> int:
    """The width of networks of `size` px with these channels, see networks.channels_at."""
    return channels[-1] if size <= THIN_ABOVE else channels[0] // 8


def find_initial(options: RunOptions) -> Initial | None:
    """The model that --init names, the default model for auto; None for none.

    Raises FaceGANError when there is no such model, or when training with the other options cannot start from it.
    """
    if options.init == NONE:
        return None
    source = None if options.init in (AUTO, DEFAULT) else options.init
    found = find_model(source, TRAINING_PARTS)
    refuse_pickles(found.folder)
    config = ModelConfig.read(found.folder)
    name = found.origin or f"an unpublished model ({config.name})"
    about, one_person = str(config.data.get("about") or ""), config.data.get("one_person") is True
    start = Start("FaceGAN's default generator" if source is None else name, about, one_person)
    initial = Initial(start, config, found.folder, asked=options.init != AUTO)
    if initial.asked:
        sized = _with_size(options, config.image_size) if options.auto_size else options
        if why := _preset_or_reason(initial, sized)[1]:
            raise FaceGANError(f"{why}: {_remedy(initial, sized)}.")
        read_discriminator(found.folder)  # so that a damaged file is reported before the photos are read
    return initial


def choose_size(
    initial: Initial | None, options: RunOptions, faces_folder: Path, device: str, say: Callable[[str], None]
) -> RunOptions:
    """Replace --size auto by a size, and tell the user which and why."""
    if not options.auto_size:
        return options
    if initial is not None:
        same = _with_size(options, initial.config.image_size)
        if initial.asked or (_preset_or_reason(initial, same)[1] is None and _few_expected(options, faces_folder)):
            say(f"Size {same.faces.size} px, that of {initial.start.name}, from which training starts.")
            return same
    size = _SIZE_ON_CPU if device == "cpu" else _SIZE_ON_GPU
    say(f"Size {size} px, which suits {'a CPU' if device == 'cpu' else 'a GPU'}. Choose another with --size.")
    return _with_size(options, size)


def _with_size(options: RunOptions, size: int) -> RunOptions:
    return replace(options, faces=replace(options.faces, size=size))


def faces_for(
    initial: Initial | None, options: RunOptions, faces_folder: Path, say: Callable[[str], None]
) -> FaceOptions:
    """The options of the faces, with the framing of the model unless --framing was given."""
    faces = options.faces
    if initial is None or faces.framing is not None or initial.framing is None:
        return faces
    if not initial.asked:
        # New photos must not change the framing of faces that are already aligned.
        aligned = framing_of(faces_folder) is not None
        if aligned or _preset_or_reason(initial, options)[1] or not _few_expected(options, faces_folder):
            return faces
    say(f"Framing {initial.framing:g}, that of {initial.start.name}, from which training starts.")
    return replace(faces, framing=initial.framing)


def choose_start(
    initial: Initial | None, options: RunOptions, cache: FaceCache, count: int, say: Callable[[str], None]
) -> tuple[Initial | None, str]:
    """The model that training starts from (None: random weights), and the preset ("auto" if it is not chosen yet).

    Tells the user which and why. `count`: the number of faces of all machines.
    """
    if initial is None:
        return None, options.preset
    preset, why = _preset_or_reason(initial, options)
    if not initial.asked:
        enough = f"{count:,} faces are enough" if count >= FEW_FACES else None
        why = enough or _with_alternative(why, initial, options) or _framing_differs(initial, cache)
    if why:
        say(f"Training starts from random weights: {why}.")
        return None, options.preset
    few = f"{count:,} faces are few for random weights, which --init none would use"
    changes = ["grown"] if initial.grows_to(options.faces.size) else []
    changes += ["widened"] if initial.width < PRESETS[preset].width else []
    changed = f", {' and '.join(changes)}" if changes else ""
    say(
        f"Training starts from {initial.start.name}{changed}: {'as --init says' if initial.asked else few}. "
        f"{_discriminator_start(initial, options.faces.size, preset)} alone during the warm-up."
    )
    return initial, preset


def _discriminator_start(initial: Initial, size: int, preset: str) -> str:
    """The discriminator that is used, as the beginning of a sentence."""
    if initial.discriminator(size, preset) is not None:
        return "Its discriminator is used as well, and learns"
    if (initial.folder / layout.DISCRIMINATOR).exists():
        return f"The discriminator is new, because the model's is not one of preset {preset}, and learns"
    return "The discriminator is new and learns"


def _preset_or_reason(initial: Initial, options: RunOptions) -> tuple[str, str | None]:
    """The preset of a training that starts from the model (that of --preset, or the model's own), and None.

    If training cannot start from the model: a preset, and the reason as a clause for a message.
    """
    size = options.faces.size
    if options.preset != "auto":
        return options.preset, initial.misfit(size, options.preset, larger=initial.asked)
    own = initial.own_preset(size)
    if own and initial.misfit(size, own, larger=initial.asked) is None:
        return own, None
    if initial.config.image_size != size:
        return "small", initial.misfit(size, "small")
    return "small", f"{initial.start.name} has the widths of no preset"


def _remedy(initial: Initial, options: RunOptions) -> str:
    """What to do when the model that --init names does not fit the other options."""
    own = initial.config.image_size
    if options.faces.size not in (own, 2 * own):
        return f"use --size {own} or {2 * own}, or choose another --init"
    if options.preset != "auto" and initial.own_preset(options.faces.size):
        return "leave --preset out, or choose another --init"
    return "choose a wider --preset, or use --init none"


def _with_alternative(why: str | None, initial: Initial, options: RunOptions) -> str | None:
    """The reason, followed by a remedy if the reason is the --preset."""
    if why is None or initial.config.image_size != options.faces.size or options.preset == "auto":
        return why
    larger = initial.misfit(options.faces.size, options.preset, larger=True) is None
    return f"{why} ({'--init default widens it' if larger else 'leave --preset out to start from it'})"


def _framing_differs(initial: Initial, cache: FaceCache) -> str | None:
    """Why the framing of the faces does not fit the model, as a clause for a message; None when it fits."""
    framing = float(cache.report["framing"])
    if initial.framing is None:
        return f"{initial.start.name} does not say how its faces are framed"
    if abs(framing - initial.framing) > _FRAMING_TOLERANCE:
        return f"the faces have framing {framing:g}, those of {initial.start.name} {initial.framing:g}"
    return None


def _few_expected(options: RunOptions, faces_folder: Path) -> bool:
    """Whether probably fewer than FEW_FACES faces will be found, before the photos are read."""
    if options.faces.person != ANYBODY or (options.max_photos or FEW_FACES) < FEW_FACES:
        return True
    return not options.dataset and len(find_files(list(options.data), exclude=faces_folder)) < FEW_FACES
