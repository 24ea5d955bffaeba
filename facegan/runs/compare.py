"""Compares two short trainings in RUN/compare: on the aligned and on the unaligned faces of the same photos."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from facegan.base import pictures
from facegan.base.errors import FaceGANError
from facegan.base.html import render
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.held_out import LEAST_JUDGED, held_out_split
from facegan.faces.sources.find import find_files
from facegan.faces.unaligned import unaligned_faces
from facegan.gan import samples
from facegan.gan.budget import UNLIMITED, Budget
from facegan.gan.config import TrainConfig, choose_precision, choose_preset, recipe_for
from facegan.gan.data import TrainingFaces
from facegan.gan.judge import Judge
from facegan.gan.processes import Processes
from facegan.gan.trainer import Trainer
from facegan.runs.run_config import RunOptions, budget_of, until

KINDS = ("aligned", "unaligned")  # the folders of the two trainings
PICTURE, FILM, REPORT, PAGE = "side_by_side.png", "side_by_side.mp4", "report.json", "report.html"
_MINUTES = 5.0  # of each training if no budget is given: enough to see faces
_SIDE, _GAP = 512, 16  # px
_FRAMES_PER_SECOND = 12  # of the film, which holds its last picture for a second
_RECIPE = {"shows": "training", "seeds": list(samples.SEEDS), "truncation": 1.0}


def check_comparison(options: RunOptions, processes: Processes) -> None:
    """Raises FaceGANError, before any photo is read, if the photos cannot be read twice."""
    if options.dataset:
        raise FaceGANError("--compare-unaligned reads the photos twice, so they must be on this computer: use --data.")
    if processes.count > 1:
        raise FaceGANError("--compare-unaligned trains in a single process: start it without accelerate launch.")


def compare_unaligned(options: RunOptions, cache: FaceCache, device: str, say: Callable[[str], None]) -> Path:
    """Train on both kinds of faces from random weights for equally many images, and return RUN/compare.

    Unaligned faces are cropped around the detector's box (faces/unaligned.py). The same faces are held out of both, and
    each generator is evaluated against held-out faces of its own kind. An earlier comparison is replaced. Raises
    FaceGANError as Trainer.train does.
    """
    folder = options.out / "compare"
    shutil.rmtree(folder, ignore_errors=True)
    say("The faces are cropped from the photos once more, without alignment.")
    files = find_files(list(options.data), exclude=options.out / "faces")
    rows, unaligned = unaligned_faces(cache, files, choose_detector(options.faces, say=lambda _: None).open())
    preset, _ = choose_preset(options.preset, len(rows), device)
    # No early stopping: both must see the same number of images.
    recipe = replace(recipe_for(preset, len(rows)), patience=0)
    train = TrainConfig(recipe, cache.size, options.seed, device, choose_precision(device))
    budget = budget_of(options, train.recipe)
    if options.images_seen is None and options.minutes is None:
        budget = Budget(UNLIMITED, _MINUTES)
    trainers: dict[str, Trainer] = {}
    for kind, images, chosen in (("aligned", cache.images, rows), ("unaligned", unaligned, np.arange(len(rows)))):
        say(f"Training on {len(rows):,} {kind} faces from random weights, until {until(budget)}.")
        trainers[kind] = _train(train, images, chosen, folder / kind, budget, say)
        budget = Budget(trainers[kind].images_seen)  # not minutes: both must see equally many images
    return _write(folder, trainers, len(rows), preset, say)


def _train(
    train: TrainConfig, images: np.ndarray, rows: np.ndarray, run: Path, budget: Budget, say: Callable[[str], None]
) -> Trainer:
    training, held_out = held_out_split(rows)  # depends on the number of rows only, so it is the same for both kinds
    judge = Judge(images, training, held_out) if len(held_out) >= LEAST_JUDGED else None
    run.mkdir(parents=True)
    trainer = Trainer(train, TrainingFaces(images, training), run, judge=judge, say=say)
    trainer.train(budget)
    shutil.rmtree(run / "checkpoint")  # the largest part of the folder, and never resumed
    return trainer


def _write(folder: Path, trainers: dict[str, Trainer], faces: int, preset: str, say: Callable[[str], None]) -> Path:
    figures = {kind: trainer.best.figures for kind, trainer in trainers.items()}
    report = {
        "faces": faces,
        "preset": preset,
        "images_seen": {kind: trainer.images_seen for kind, trainer in trainers.items()},
        "minutes": {kind: round(trainer.elapsed / 60, 1) for kind, trainer in trainers.items()},
        **figures,
    }
    ratio = None
    if all(figures.values()):
        ratio = report["kid_ratio"] = round(figures["aligned"]["kid"] / figures["unaligned"]["kid"], 3)
    (folder / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    titles = {kind: _title(kind, figures[kind]) for kind in KINDS}
    sheets = []
    for kind, trainer in trainers.items():
        faces_drawn = samples.draw(trainer.exported_generator(), trainer.sample_latents[:16])
        sheets.append(pictures.captioned(pictures.enlarge(pictures.grid(faces_drawn, 4), _SIDE), titles[kind]))
    (folder / PICTURE).write_bytes(pictures.encode_png(_beside(sheets), _RECIPE))
    pictures.write_mp4(folder / FILM, _film(folder), _FRAMES_PER_SECOND, rate_factor=23, recipe=_RECIPE)
    page = render("facegan.runs", "compare.html", report=report, titles=titles, kinds=KINDS, picture=PICTURE, film=FILM)
    (folder / PAGE).write_text(page, encoding="utf-8")
    both = f"{titles['aligned']}; {titles['unaligned']}"
    say(f"{both}{'' if ratio is None else f'; the ratio is {ratio:.2f}'}. Look at {folder / PAGE}.")
    return folder


def _title(kind: str, figures: dict) -> str:
    return f"{kind}: KID x 100 {figures['kid']:.1f} +- {figures['kid_spread']:.1f}" if figures else kind


def _beside(sheets: list[np.ndarray]) -> np.ndarray:
    return pictures.grid(np.stack(sheets), 2, gap=_GAP)


def _film(folder: Path) -> Iterator[np.ndarray]:
    """Both trainings at the same numbers of images seen."""
    drawn = [{path.name for path in (folder / kind / "samples").glob("*.png")} for kind in KINDS]
    both = sorted(drawn[0] & drawn[1])  # a training that was stopped or gave up ends earlier
    for name in [*both, *both[-1:] * _FRAMES_PER_SECOND]:
        paths = {kind: folder / kind / "samples" / name for kind in KINDS}
        squares = {kind: samples.sixteen(path, _SIDE) for kind, path in paths.items()}
        yield _beside(
            [pictures.captioned(square, f"{kind}, {samples.seen(paths[kind])}") for kind, square in squares.items()]
        )
