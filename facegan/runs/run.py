"""One run, the whole way: a folder of photos to a model folder. plan.py resolves the options, this follows the plan."""

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.base.launch import Launch
from facegan.base.lock import locked
from facegan.faces.held_out import LEAST_JUDGED
from facegan.gan import config as presets
from facegan.gan import samples
from facegan.gan.data import TrainingFaces
from facegan.gan.judge import GENERATED_IN_TRAINING, Judge
from facegan.gan.trainer import STOPPED, Trainer
from facegan.model.measurements import NEAR_COPIES_ALLOWED
from facegan.model.save import add_films, save_model
from facegan.runs.afterwards import Afterwards
from facegan.runs.compare import compare_unaligned
from facegan.runs.findings import add_findings
from facegan.runs.metadata import model_config
from facegan.runs.model_sliders import LEAST_SEEN, add_sliders
from facegan.runs.plan import Plan, of_one_person, plan_new, plan_resumed, prepare_new
from facegan.runs.publishing import how_to_go_on, publish
from facegan.runs.run_config import RunOptions, budget_of, options_as_json, until, write_config


def run(options: RunOptions, say: Callable[[str], None] = print) -> Path | None:
    """Align, train, export, publish if asked to. Returns the model folder; None for a dry run or a comparison.

    Raises FaceGANError for everything that the user can put right, and KeyboardInterrupt with a sentence that has the
    command to go on with.
    """
    # Of the processes that train together the first locks for all of them; a dry run writes nothing.
    alone = options.dry_run or Launch.of(os.environ).rank != 0
    with nullcontext() if alone else locked(options.out):
        try:
            return _run(options, say)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(str(stop) or how_to_go_on(options)) from None


def _run(options: RunOptions, say: Callable[[str], None]) -> Path | None:
    if options.resume:
        return _follow(plan_resumed(options, say))
    if (options.out / "checkpoint").exists() and not options.compare_unaligned:
        raise FaceGANError(
            f"{options.out} already holds a run: go on with it by --resume, or choose another folder by --out."
        )
    device = presets.choose_device(options.device)
    if options.dry_run:
        say(json.dumps({**options_as_json(options), "device": device}, indent=2))
        return None
    prepared = prepare_new(options, device, say)
    if options.compare_unaligned:
        compare_unaligned(prepared.options, prepared.cache, device, prepared.say)
        return None
    return _follow(plan_new(prepared))


def _follow(plan: Plan) -> Path:
    """Train, export and publish as planned."""
    if plan.processes.main:
        write_config(plan.options.out, plan.options, plan.train, plan.fingerprint)
    model_folder, unready = _train_and_export(plan)
    if plan.target is not None:
        publish(plan.options, unready, plan.say)
    return model_folder


def _train_and_export(plan: Plan) -> tuple[Path, str]:
    """The model folder, and the reason why it must not be published yet, empty without one."""
    options, train, cache, processes, say = plan.options, plan.train, plan.cache, plan.processes, plan.say
    budget = budget_of(options, train.recipe)
    training_rows, held_out_rows = cache.split()
    if plan.known is not None:
        training_rows = np.intersect1d(training_rows, plan.known.rows)
    # Fewer than forty faces, which only --force lets through, leave too few to judge by.
    judged = processes.main and len(held_out_rows) >= LEAST_JUDGED
    judge = Judge(cache.images, training_rows, held_out_rows, _copies_allowed(options, len(cache))) if judged else None
    faces = TrainingFaces(cache.images, training_rows, plan.attributes, plan.known, plan.sharded)
    trainer = Trainer(
        train,
        faces,
        options.out,
        judge=judge,
        weights=plan.weights,
        processes=processes,
        judged_faces=GENERATED_IN_TRAINING,
        say=say,
    )
    if options.resume:
        if not trainer.resume():
            raise FaceGANError(f"There is no readable checkpoint in {options.out}: start again without --resume.")
        say(f"Going on at {trainer.images_seen:,} images seen.")
    say(
        f"Training on {len(training_rows):,} faces ({len(held_out_rows):,} held out) at {train.size} px on the "
        f"{train.device} in {train.precision}, until {until(budget)}. Ctrl-C stops and keeps everything."
    )
    stopped = trainer.train(budget) == STOPPED
    if not processes.main:
        return options.out / "model", ""
    model_folder = options.out / "model"
    one_person = of_one_person(cache, train)
    after = Afterwards(options.out, say)
    model = save_model(
        trainer.exported_generator(),
        model_config(options, train, trainer, cache.report, len(training_rows), len(held_out_rows), one_person),
        model_folder,
        # It tells more of the faces that it learned from than a generator does: that of one person is not kept.
        discriminator=None if one_person else trainer.gan.discriminator,
        attempt=after.attempt,
    )
    say(f"The model is in {model_folder}. Now its films are made, and it is measured whether it repeats faces.")
    after.attempt("The films of the training", lambda: _films(options.out / "samples", model_folder))
    after.attempt("The page of the run", lambda: trainer.write_page(budget, running=False))  # with the film
    after.attempt(
        "The measurement of repeated faces",
        lambda: add_findings(model, model_folder, cache, training_rows, held_out_rows, options.allow_memorised, say),
    )
    if options.sliders and trainer.images_seen >= LEAST_SEEN:
        table_option = ["--attributes", options.attributes] if options.attributes else []
        later = commands.typed(commands.FIT_SLIDERS, options.out, *table_option)
        after.attempt("The sliders", lambda: add_sliders(model_folder, cache, plan.table, say=say), later)
    elif options.sliders:
        say(f"No sliders were fitted: a generator that has seen fewer than {LEAST_SEEN:,} images draws no faces yet.")
    say(
        f"{trainer.images_seen:,} images seen{_best(trainer.best.figures)}. The model is in {model_folder}; "
        f"look at it with: {commands.typed(commands.DEMO, '--model', model_folder)}"
    )
    after.tell()
    return model_folder, "it was stopped" if stopped else "something is missing in it" if after.failed else ""


def _films(drawn: Path, model_folder: Path) -> None:
    add_films(samples.write_films(drawn, {"seeds": list(samples.SEEDS), "truncation": 1.0}), model_folder)


def _copies_allowed(options: RunOptions, faces: int) -> float | None:
    """The share of near copies from which weights count as repeating their photos, None where nobody counts them.

    Twice what a push allows: 1,000 generated faces tell a share of 1 % to half of it, and a good generator shall not
    lose against a bad one by chance. Many faces are not known by heart.
    """
    return None if options.allow_memorised or faces >= presets.FEW_FACES else 2 * NEAR_COPIES_ALLOWED


def _best(figures: dict) -> str:
    if not figures:
        return ""
    at, value, spread = figures["images_seen"], figures["kid"], figures["kid_spread"]
    return f", best at {at:,} (KID x 100 against held-out faces {value:.1f} +- {spread:.1f})"
