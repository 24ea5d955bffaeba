"""One run, the whole way: a folder of photos to a model folder. It stands above the rooms and calls them in turn."""

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from facegan.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.faces.prepare import prepare_faces
from facegan.gan import config as presets
from facegan.gan import samples
from facegan.gan.config import Recipe, TrainConfig
from facegan.gan.data import held_out_split
from facegan.gan.trainer import Budget, Trainer
from facegan.hub.folder import ModelConfig
from facegan.hub.save import save_model
from facegan.latent.seeds import latents_of

_SAMPLE_SEEDS = range(32)  # the faces that are drawn over time, the same as in samples.png and in the demo
_VERSIONS_OF = ("torch", "numpy", "onnxruntime", "diffusers", "insightface")


@dataclass(frozen=True)
class RunOptions:
    """What the command line says; None means that it was not said."""

    data: tuple[Path, ...]
    out: Path
    faces: FaceOptions = field(default_factory=FaceOptions)
    preset: str = "auto"
    images_seen: int | None = None
    minutes: float | None = None
    device: str = "auto"
    seed: int = 0
    about_data: str = ""
    resume: bool = False
    force: bool = False
    dry_run: bool = False


def run(options: RunOptions, say: Callable[[str], None] = print) -> Path | None:
    """Align, train, export. Returns the model folder, or None for a dry run.

    Raises FaceGANError for everything that the user can put right.
    """
    config_file = options.out / "config.json"
    if options.resume:
        options, train = _read_config(config_file, options)
        cache = FaceCache.open(options.out / "faces")
        fingerprint = _fingerprint(cache)
        if fingerprint != json.loads(config_file.read_text(encoding="utf-8"))["data_fingerprint"]:
            raise FaceGANError(
                f"The aligned faces in {options.out / 'faces'} are not those the run began with: "
                "start a new run with another --out."
            )
    else:
        if (options.out / "checkpoint").exists():
            raise FaceGANError(
                f"{options.out} already holds a run: go on with it by --resume, or choose another folder by --out."
            )
        device = presets.choose_device(options.device)
        if options.dry_run:
            say(json.dumps({**_options_as_json(options), "device": device}, indent=2))
            return None
        # The detector has no Metal provider, so it is the CPU for everything but CUDA.
        faces = replace(options.faces, device="cuda" if device == "cuda" else "cpu")
        options = replace(options, faces=faces)
        cache = prepare_faces(list(options.data), options.out / "faces", faces, force=options.force, say=say)
        preset, why = presets.choose_preset(options.preset, len(cache), device)
        say(why)
        options = replace(options, preset=preset)
        train = TrainConfig(
            presets.PRESETS[preset],
            options.faces.size,
            options.seed,
            device,
            presets.choose_precision(device),
        )
        fingerprint = _fingerprint(cache)
    budget = _budget(options, train.recipe)
    _write_config(config_file, options, train, fingerprint)
    return _train_and_export(options, train, budget, cache, say)


def _train_and_export(
    options: RunOptions, train: TrainConfig, budget: Budget, cache: FaceCache, say: Callable[[str], None]
) -> Path:
    training_rows, held_out_rows = held_out_split(cache.selected)
    trainer = Trainer(train, cache.images, training_rows, options.out, latents_of(_SAMPLE_SEEDS), say)
    if options.resume:
        if not trainer.resume():
            raise FaceGANError(f"There is no readable checkpoint in {options.out}: start again without --resume.")
        say(f"Going on at {trainer.images_seen:,} images seen.")
    say(
        f"Training on {len(training_rows):,} faces ({len(held_out_rows):,} held out) at {train.size} px on the "
        f"{train.device} in {train.precision}, until {_until(budget)}. Ctrl-C stops and keeps everything."
    )
    trainer.train(budget)
    film = options.out / "samples" / samples.FILM
    samples.write_film(options.out / "samples", film)
    model_folder = options.out / "model"
    save_model(
        trainer.exported_generator(),
        ModelConfig(
            name=f"FaceGAN {train.size} px",
            image_size=train.size,
            channels=tuple(norm.num_features for norm in trainer.generator.norms),
            training={
                "preset": options.preset,
                "images_seen": trainer.images_seen,
                "minutes": round(trainer.elapsed / 60),
                "device": train.device,
                "precision": train.precision,
                "seed": train.seed,
            },
            data={
                "about": options.about_data,
                "faces_used": len(training_rows),
                "faces_held_out": len(held_out_rows),
                "detector": cache.report["detector"],
                "framing": cache.report["framing"],
            },
        ),
        model_folder,
        film,
    )
    say(
        f"{trainer.images_seen:,} images seen. The model is in {model_folder}; "
        f"look at it with: python app.py --model {model_folder}"
    )
    return model_folder


def _budget(options: RunOptions, recipe: Recipe) -> Budget:
    """The options' budget; with neither images nor minutes given, the preset's."""
    if options.images_seen is None and options.minutes is not None:
        return Budget(2**62, options.minutes)
    return Budget(options.images_seen or recipe.images_seen, options.minutes)


def _until(budget: Budget) -> str:
    parts = [f"{budget.images_seen:,} images are seen"] if budget.images_seen < 2**62 else []
    parts += [f"{budget.minutes:g} minutes have passed"] if budget.minutes else []
    return " or ".join(parts)


# -- RUN/config.json -------------------------------------------------------------------------------------------


def _options_as_json(options: RunOptions) -> dict:
    values = {**asdict(options), "faces": options.faces.to_dict()}
    values["data"] = [str(folder) for folder in options.data]
    values["out"] = str(options.out)
    return values


def _write_config(path: Path, options: RunOptions, train: TrainConfig, fingerprint: str) -> None:
    content = {
        "options": _options_as_json(options),
        "train": asdict(train),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _VERSIONS_OF},
        "data_fingerprint": fingerprint,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _read_config(path: Path, now: RunOptions) -> tuple[RunOptions, TrainConfig]:
    """What the run began with; only its budget may be set anew."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        then, train = content["options"], content["train"]
        recipe = Recipe(**{**train["recipe"], "betas": tuple(train["recipe"]["betas"])})
        options = replace(
            now,
            data=tuple(Path(folder) for folder in then["data"]),
            faces=FaceOptions(**{**then["faces"], "insightface_root": Path(then["faces"]["insightface_root"])}),
            preset=then["preset"],
            seed=then["seed"],
            about_data=now.about_data or then["about_data"],
            images_seen=now.images_seen or (None if now.minutes else then["images_seen"]),
            minutes=now.minutes or (None if now.images_seen else then["minutes"]),
        )
        return options, TrainConfig(**{**train, "recipe": recipe})
    except FileNotFoundError:
        raise FaceGANError(f"There is no run to go on with in {path.parent}: start it without --resume.") from None
    except (ValueError, KeyError, TypeError) as error:
        raise FaceGANError(f"{path} is not the config of a run of this version ({error}): start a new run.") from error


def _fingerprint(cache: FaceCache) -> str:
    """Tells whether the aligned faces are the same ones."""
    digest = hashlib.blake2b(np.ascontiguousarray(cache.selected).tobytes(), digest_size=16)
    for row in cache.selected:
        digest.update(cache.images[row])
    return digest.hexdigest()
