"""One run, from a folder of photos to a model folder: plan.py resolves the options, this file follows the plan."""

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
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
from facegan.model.load import FaceModel
from facegan.model.measurements import NEAR_COPIES_ALLOWED
from facegan.model.save import add_films, save_model
from facegan.runs import run_file
from facegan.runs.compare import compare_unaligned
from facegan.runs.findings import add_findings
from facegan.runs.metadata import model_config
from facegan.runs.model_encoder import add_encoder
from facegan.runs.model_sliders import MIN_IMAGES_SEEN, add_sliders
from facegan.runs.model_upscaler import origin_of_upscaler, upscaled, upscaler_of
from facegan.runs.optional_steps import OptionalSteps
from facegan.runs.plan import Plan, of_one_person, plan_new, plan_resumed, prepare_new
from facegan.runs.publishing import how_to_resume, publish
from facegan.runs.run_config import RunOptions, budget_of, options_as_json, until, write_config


def run(options: RunOptions, say: Callable[[str], None] = print) -> Path | None:
    """Align, train, export, and publish if --push-to-hub says so. Returns the model folder; None without a model.

    There is none after a dry run or a comparison. Raises FaceGANError for everything that the user can correct, and
    KeyboardInterrupt with a sentence that has the command to continue with.
    """
    # The first of several processes locks for all of them; a dry run writes nothing.
    unlocked = options.dry_run or Launch.of(os.environ).rank != 0
    with nullcontext() if unlocked else locked(options.out):
        try:
            return _run(options, say)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(str(stop) or how_to_resume(options)) from None


def _run(options: RunOptions, say: Callable[[str], None]) -> Path | None:
    if options.resume and (options.data or options.dataset) and _only_prepared(options.out):
        say(f"The training in {options.out} had not begun, so the preparation of its photos continues.")
        options = replace(options, resume=False)
    if options.resume:
        return _follow(plan_resumed(options, say))
    if (options.out / "checkpoint").exists() and not options.compare_unaligned:
        raise FaceGANError(
            f"{options.out} already contains a run: continue it with --resume, or choose another folder with --out."
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


def _only_prepared(run: Path) -> bool:
    """Whether a run ended while its photos were read, before the training."""
    return (run / "faces").is_dir() and not (run / run_file.FILE).exists() and not (run / "checkpoint").exists()


def _follow(plan: Plan) -> Path:
    """Train, export and publish as planned."""
    if plan.processes.main:
        write_config(plan.options.out, plan.options, plan.train, plan.fingerprint)
    model_folder, not_yet = train_and_export(plan)
    if plan.target is not None:
        publish(plan.options, not_yet, plan.say)
    return model_folder


def train_and_export(plan: Plan) -> tuple[Path, str]:
    """Train, export and measure. Returns the model folder, and why it must not be published yet, or an empty text."""
    options, say, model_folder = plan.options, plan.say, plan.options.out / "model"
    budget = budget_of(options, plan.train.recipe)
    training_rows, held_out_rows = plan.cache.split()
    if plan.known is not None:
        training_rows = np.intersect1d(training_rows, plan.known.rows)
    trainer = _trainer(plan, training_rows, held_out_rows)
    if options.resume:
        if not trainer.resume():
            raise FaceGANError(f"There is no readable checkpoint in {options.out}: start again without --resume.")
        say(f"Continuing at {trainer.images_seen:,} images seen.")
    say(
        f"Training on {len(training_rows):,} faces ({len(held_out_rows):,} held out) at {plan.train.size} px on the "
        f"{plan.train.device} in {plan.train.precision}, until {until(budget)}. Ctrl-C stops and keeps everything."
    )
    stopped = trainer.train(budget) == STOPPED
    if not plan.processes.main:
        return model_folder, ""
    steps = OptionalSteps(options.out, say)
    model = _export(plan, trainer, len(training_rows), len(held_out_rows), steps)
    say(f"The model is in {model_folder}. Next: the films of the training, and near copies of training faces.")
    steps.attempt("The films of the training", lambda: _films(options.out / "samples", model_folder))
    steps.attempt("The page of the run", lambda: trainer.write_page(budget, running=False))  # with the film
    steps.attempt(
        "The measurement of near copies",
        lambda: add_findings(
            model, model_folder, plan.cache, training_rows, held_out_rows, options.allow_memorised, say
        ),
    )
    _fit(plan, trainer.images_seen, model_folder, steps)
    say(
        f"{trainer.images_seen:,} images seen{_best(trainer.best.figures)}. The model is in {model_folder}; "
        f"look at it with: {commands.typed(commands.DEMO, '--model', model_folder)}"
    )
    steps.report()
    return model_folder, "it was stopped" if stopped else "something is missing in it" if steps.failed else ""


def _trainer(plan: Plan, training_rows: np.ndarray, held_out_rows: np.ndarray) -> Trainer:
    """The trainer of a run, before it resumes or begins. The rows are those of the cache."""
    cache, processes = plan.cache, plan.processes
    # With fewer than forty faces, which need --force, too few are held out for an evaluation.
    judged = processes.main and len(held_out_rows) >= LEAST_JUDGED
    allowed = copies_allowed(plan.options, len(cache))
    return Trainer(
        plan.train,
        TrainingFaces(cache.images, training_rows, plan.attributes, plan.known, plan.sharded),
        plan.options.out,
        judge=Judge(cache.images, training_rows, held_out_rows, allowed) if judged else None,
        weights=plan.weights,
        processes=processes,
        judged_faces=GENERATED_IN_TRAINING,
        say=plan.say,
    )


def _export(plan: Plan, trainer: Trainer, training: int, held_out: int, steps: OptionalSteps) -> FaceModel:
    """Write RUN/model. `training`, `held_out`: the numbers of faces."""
    one_person = of_one_person(plan.cache, plan.train)
    config = model_config(plan.options, plan.train, trainer, plan.cache.report, training, held_out, one_person)
    upscaler = upscaler_of(plan.options.out)
    if upscaler is not None:
        config = upscaled(config, origin_of_upscaler(plan.options.out, plan.train.start))
    return save_model(
        trainer.exported_generator(),
        config,
        plan.options.out / "model",
        # A discriminator reveals more of its training faces than a generator, so that of one person is not kept.
        discriminator=None if one_person else trainer.gan.discriminator,
        upscaler=upscaler,
        attempt=steps.attempt,
    )


def _fit(plan: Plan, images_seen: int, model_folder: Path, steps: OptionalSteps) -> None:
    """Fit the sliders and the encoder, as far as the options ask for them."""
    options = plan.options
    if images_seen < MIN_IMAGES_SEEN:
        if skipped := [name for name in ("sliders", "encoder") if getattr(options, name)]:
            plan.say(
                f"Not fitted: {', '.join(skipped)}. A generator that has seen fewer than {MIN_IMAGES_SEEN:,} images "
                "draws no faces yet."
            )
        return
    if options.sliders:
        table = ["--attributes", options.attributes] if options.attributes else []
        later = commands.typed(commands.FIT_SLIDERS, options.out, *table)
        steps.attempt("The sliders", lambda: add_sliders(model_folder, plan.cache, plan.table, say=plan.say), later)
    if options.encoder:
        later = commands.typed(commands.FIT_ENCODER, options.out)
        steps.attempt("The encoder", lambda: add_encoder(model_folder, plan.cache, say=plan.say), later)


def _films(drawn: Path, model_folder: Path) -> None:
    add_films(samples.write_films(drawn, {"seeds": list(samples.SEEDS), "truncation": 1.0}), model_folder)


def copies_allowed(options: RunOptions, faces: int) -> float | None:
    """The share of near copies above which weights rank behind all others (best.py); None: copies are not counted.

    Twice what a push allows, because on 1,000 generated faces a share of 1 % is known only to half of it, and a good
    generator shall not lose to a bad one by chance. With many faces a generator does not memorise them.
    """
    return None if options.allow_memorised or faces >= presets.FEW_FACES else 2 * NEAR_COPIES_ALLOWED


def _best(figures: dict) -> str:
    if not figures:
        return ""
    at, value, spread = figures["images_seen"], figures["kid"], figures["kid_spread"]
    return f", best at {at:,} (KID x 100 against held-out faces {value:.1f} +- {spread:.1f})"
