"""The options of a run, and their form in RUN/config.json, from which --resume reads them."""

import hashlib
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from facegan.base.curves import entry_curves
from facegan.base.errors import FaceGANError
from facegan.base.mapped import release
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.faces.sources.dataset import DatasetChoice
from facegan.gan.budget import UNLIMITED, Budget
from facegan.gan.config import Recipe, Start, TrainConfig, choose_device, choose_precision
from facegan.runs import run_file

_VERSIONS_OF = ("torch", "numpy", "onnxruntime", "diffusers", "insightface")


@dataclass(frozen=True)
class RunOptions:
    """The options of train/train.py; None for those that were not given."""

    data: tuple[Path, ...]
    out: Path
    dataset: DatasetChoice | None = None  # instead of data
    max_photos: int | None = None
    faces: FaceOptions = field(default_factory=FaceOptions)
    auto_size: bool = False  # --size auto: replace faces.size by that of the initial model, else by one for the device
    preset: str = "auto"
    images_seen: int | None = None
    minutes: float | None = None
    device: str = "auto"
    seed: int = 0
    about_data: str = ""
    contact: str = ""
    push_to_hub: str | None = None  # "user/name", or "" for the token's user and the run's name
    space: str | None = None
    private: bool | None = None
    allow_memorised: bool = False
    init: str = "auto"  # the model that training starts from: see initial.py
    attributes: Path | None = None  # a table of the photos' attributes, each of which becomes a slider
    latents: Path | None = None  # a file of the latents that the photos were drawn from, see gan/known_latents.py
    sliders: bool = True
    encoder: bool = False  # for look-alikes
    compare_unaligned: bool = False  # instead of a training: see compare.py
    resume: bool = False
    force: bool = False
    dry_run: bool = False


def budget_of(options: RunOptions, recipe: Recipe) -> Budget:
    """The options' budget; with neither images nor minutes given, the preset's."""
    if options.images_seen is None and options.minutes is not None:
        return Budget(UNLIMITED, options.minutes)
    return Budget(options.images_seen or recipe.images_seen, options.minutes)


def until(budget: Budget) -> str:
    """The budget as the end of a sentence."""
    parts = [f"{budget.images_seen:,} images are seen"] if budget.images_seen < UNLIMITED else []
    parts += [f"{budget.minutes:g} minutes have passed"] if budget.minutes else []
    return " or ".join(parts)


def options_as_json(options: RunOptions) -> dict:
    """JSON-able values, with paths as text."""
    values = {**asdict(options), "faces": options.faces.to_dict()}
    values["data"] = [str(folder) for folder in options.data]
    values["out"] = str(options.out)
    for name in ("attributes", "latents"):
        path = getattr(options, name)
        values[name] = str(path) if path else None
    return values


def write_config(run: Path, options: RunOptions, train: TrainConfig, fingerprint: str) -> None:
    """Write RUN/config.json. Without --push-to-hub the name on the Hub that it has is kept."""
    values = options_as_json(options)
    if options.push_to_hub is None:
        values["push_to_hub"] = run_file.facts_of(run).name or None
    content = {
        "options": values,
        "train": asdict(train),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _VERSIONS_OF},
        "data_fingerprint": fingerprint,
    }
    run_file.write(run, content)


_OLD_NAMES = {"sureness": "augment_target"}  # of fields of Recipe in the configs of earlier versions
_OLD_VALUES = {"augment_target": 0.6, "attribute_weight": 0.0, "augment_scale": False}  # before these fields existed


def _stored_recipe(values: dict) -> Recipe:
    """The recipe in a RUN/config.json of this or an earlier version."""
    stored = {_OLD_NAMES.get(name, name): value for name, value in values.items()}
    return Recipe(**{**_OLD_VALUES, **stored, "betas": tuple(stored["betas"])})


def _stored_face_options(options: dict) -> FaceOptions:
    faces = options["faces"]
    return FaceOptions(**{**faces, "insightface_root": Path(faces["insightface_root"])})


def face_options_of(run: Path) -> FaceOptions:
    """The options with which a run found its faces; the defaults if they are not known."""
    try:
        return _stored_face_options(run_file.read(run)["options"])
    except (OSError, ValueError, KeyError, TypeError):
        return FaceOptions()


def read_config(run: Path, now: RunOptions) -> tuple[RunOptions, TrainConfig, str]:
    """The options and the configuration of a run that is resumed, and the fingerprint of its faces.

    `now`: the options of the command line. They may change the budget and the device, and what sliders, encoder and
    push use; the other options are those of RUN/config.json. Raises FaceGANError if there is no such run, or it was
    written by an incompatible version.
    """
    path = run / run_file.FILE
    try:
        content = run_file.read(run)
        then, train = content["options"], content["train"]
        recipe = _stored_recipe(train["recipe"])
        options = replace(
            now,
            data=tuple(Path(folder) for folder in then["data"]),
            dataset=DatasetChoice(**then["dataset"]) if then.get("dataset") else None,
            max_photos=then.get("max_photos"),
            faces=_stored_face_options(then),
            preset=then["preset"],
            device=then.get("device", "auto") if now.device == "auto" else now.device,
            init=then.get("init", "none"),
            attributes=now.attributes or (Path(then["attributes"]) if then.get("attributes") else None),
            encoder=now.encoder or then.get("encoder", False),
            sliders=now.sliders and (then.get("sliders", True) or now.attributes is not None),
            seed=then["seed"],
            about_data=now.about_data or then["about_data"],
            contact=now.contact or then.get("contact", ""),
            images_seen=now.images_seen or (None if now.minutes else then["images_seen"]),
            minutes=now.minutes or (None if now.images_seen else then["minutes"]),
        )
        start = Start(**train["start"]) if train.get("start") else None
        attributes = tuple(train.get("attributes", ()))
        curves = entry_curves(train.get("curves", []))
        found = TrainConfig(**{**train, "recipe": recipe, "start": start, "attributes": attributes, "curves": curves})
        return options, found, content["data_fingerprint"]
    except FileNotFoundError:
        raise FaceGANError(f"There is no run in {run} to resume: start it with --data, without --resume.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise FaceGANError(
            f"{path} was not written by a compatible version of FaceGAN ({error}): start a new run."
        ) from error


def with_resumed_device(train: TrainConfig, asked: str, stored: str, say: Callable[[str], None]) -> TrainConfig:
    """The configuration of a run that is resumed, with the device and the precision that it continues with.

    With --device auto, before and now, it is the best device of this machine. On the same device the precision stays
    the same, so that the run gives the same result as one that was never stopped. But bfloat16 is replaced by float32
    if the hardware has no instructions for it.

    Args:
        train: the configuration so far.
        asked: the --device of the command line.
        stored: the --device in RUN/config.json.
        say: takes a message if something changes.

    Raises:
        FaceGANError: the device that the command line names is not available.
    """
    if asked != "auto":
        device = choose_device(asked)
    else:
        try:
            device = choose_device(stored)
        except FaceGANError:
            device = choose_device("auto")
    precision = choose_precision(device)
    if device == train.device and precision == "bfloat16":
        precision = train.precision
    if (device, precision) != (train.device, train.precision):
        say(
            f"The run used the {train.device} in {train.precision} so far and continues on the {device} in "
            f"{precision}, so its results differ slightly from those without the change."
        )
    return replace(train, device=device, precision=precision)


def fingerprint_of(cache: FaceCache) -> str:
    """A digest of the selected aligned faces, to check that a resumed run has the same ones."""
    digest = hashlib.blake2b(np.ascontiguousarray(cache.selected).tobytes(), digest_size=16)
    for place, row in enumerate(cache.selected):
        digest.update(cache.images[row])
        if place % 1000 == 0:
            release(cache.images)
    return digest.hexdigest()
