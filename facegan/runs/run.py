"""One run, the whole way: a folder of photos to a model folder. plan.py resolves the options, this follows the plan."""

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
from facegan.runs.afterwards import Afterwards
from facegan.runs.compare import compare_unaligned
from facegan.runs.findings import add_findings
from facegan.runs.metadata import model_config
from facegan.runs.model_encoder import add_encoder
from facegan.runs.model_sliders import LEAST_SEEN, add_sliders
from facegan.runs.model_upscaler import origin_of_upscaler, upscaled, upscaler_of
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
    if options.resume and (options.data or options.dataset) and _only_prepared(options.out):
        say(f"The training in {options.out} had not begun: the reading of its photos goes on.")
        options = replace(options, resume=False)
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


def _only_prepared(run: Path) -> bool:
    """Whether a run was ended while its photos were read."""
    return (run / "faces").is_dir() and not (run / run_file.FILE).exists() and not (run / "checkpoint").exists()


def _follow(plan: Plan) -> Path:
    """Train, export and publish as planned."""
    if plan.processes.main:
        write_config(plan.options.out, plan.options, plan.train, plan.fingerprint)
    model_folder, unready = train_and_export(plan)
    if plan.target is not None:
        publish(plan.options, unready, plan.say)
    return model_folder


def train_and_export(plan: Plan) -> tuple[Path, str]:
    """The model folder, and the reason why it must not be published yet, empty without one."""
    options, say, model_folder = plan.options, plan.say, plan.options.out / "model"
    budget = budget_of(options, plan.train.recipe)
    training_rows, held_out_rows = plan.cache.split()
    if plan.known is not None:
        training_rows = np.intersect1d(training_rows, plan.known.rows)
    trainer = _trainer(plan, training_rows, held_out_rows)
    if options.resume:
        if not trainer.resume():
            raise FaceGANError(f"There is no readable checkpoint in {options.out}: start again without --resume.")
        say(f"Going on at {trainer.images_seen:,} images seen.")
    say(
        f"Training on {len(training_rows):,} faces ({len(held_out_rows):,} held out) at {plan.train.size} px on the "
        f"{plan.train.device} in {plan.train.precision}, until {until(budget)}. Ctrl-C stops and keeps everything."
    )
    stopped = trainer.train(budget) == STOPPED
    if not plan.processes.main:
        return model_folder, ""
    after = Afterwards(options.out, say)
    model = _export(plan, trainer, len(training_rows), len(held_out_rows), after)
    say(f"The model is in {model_folder}. Now its films are made, and it is measured whether it repeats faces.")
    after.attempt("The films of the training", lambda: _films(options.out / "samples", model_folder))
    after.attempt("The page of the run", lambda: trainer.write_page(budget, running=False))  # with the film
    after.attempt(
        "The measurement of repeated faces",
        lambda: add_findings(
            model, model_folder, plan.cache, training_rows, held_out_rows, options.allow_memorised, say
        ),
    )
    if options.sliders:
        _fit_sliders(plan, trainer.images_seen, after)
    if options.encoder:
        _fit_encoder(plan, trainer.images_seen, after)
    say(
        f"{trainer.images_seen:,} images seen{_best(trainer.best.figures)}. The model is in {model_folder}; "
        f"look at it with: {commands.typed(commands.DEMO, '--model', model_folder)}"
    )
    after.tell()
    return model_folder, "it was stopped" if stopped else "something is missing in it" if after.failed else ""


def _trainer(plan: Plan, training_rows: np.ndarray, held_out_rows: np.ndarray) -> Trainer:
    """A trainer that has not begun. The rows are those of the cache."""
    cache, processes = plan.cache, plan.processes
    # Fewer than forty faces, which only --force lets through, leave too few to judge by.
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


def _export(plan: Plan, trainer: Trainer, training: int, held_out: int, after: Afterwards) -> FaceModel:
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
        # It tells more of the faces that it learned from than a generator does: that of one person is not kept.
        discriminator=None if one_person else trainer.gan.discriminator,
        upscaler=upscaler,
        attempt=after.attempt,
    )


def _fit_sliders(plan: Plan, images_seen: int, after: Afterwards) -> None:
    if images_seen < LEAST_SEEN:
        plan.say(
            f"No sliders were fitted: a generator that has seen fewer than {LEAST_SEEN:,} images draws no faces yet."
        )
        return
    table_option = ["--attributes", plan.options.attributes] if plan.options.attributes else []
    later = commands.typed(commands.FIT_SLIDERS, plan.options.out, *table_option)
    model_folder = plan.options.out / "model"
    after.attempt("The sliders", lambda: add_sliders(model_folder, plan.cache, plan.table, say=plan.say), later)


def _fit_encoder(plan: Plan, images_seen: int, after: Afterwards) -> None:
    if images_seen < LEAST_SEEN:
        plan.say(
            f"No encoder was fitted: a generator that has seen fewer than {LEAST_SEEN:,} images draws no faces yet."
        )
        return
    later = commands.typed(commands.FIT_ENCODER, plan.options.out)
    model_folder = plan.options.out / "model"
    after.attempt("The encoder", lambda: add_encoder(model_folder, plan.cache, say=plan.say), later)


def _films(drawn: Path, model_folder: Path) -> None:
    add_films(samples.write_films(drawn, {"seeds": list(samples.SEEDS), "truncation": 1.0}), model_folder)


def copies_allowed(options: RunOptions, faces: int) -> float | None:
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
