"""One run, the whole way: a folder of photos to a model folder. It calls the rooms in turn."""

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
from facegan.base.seeds import latents_of
from facegan.faces.cache import FaceCache
from facegan.faces.held_out import LEAST_JUDGED
from facegan.faces.person.person import FOUND_TO_BE_ONE, looks_like_one
from facegan.faces.person.recognise import RecogniserChoice, installed_network
from facegan.faces.prepare import prepare_faces
from facegan.gan import conditioning, known_latents, samples
from facegan.gan import config as presets
from facegan.gan.adversaries import Weights
from facegan.gan.attributes import FaceAttributes
from facegan.gan.config import TrainConfig
from facegan.gan.judge import GENERATED_IN_TRAINING, Judge
from facegan.gan.known_latents import KnownLatents, LatentsOfPictures
from facegan.gan.processes import Processes
from facegan.gan.trainer import STOPPED, Trainer
from facegan.labels.table import AttributeTable, check_table
from facegan.model.measurements import NEAR_COPIES_ALLOWED
from facegan.model.save import add_films, save_model
from facegan.runs.afterwards import Afterwards
from facegan.runs.compare import check_comparison, compare_unaligned
from facegan.runs.findings import add_findings
from facegan.runs.initial import choose_size, choose_start, faces_for, find_initial
from facegan.runs.metadata import model_config
from facegan.runs.model_sliders import LEAST_SEEN, add_sliders, attributes_of
from facegan.runs.publishing import check_publishing, how_to_go_on, publish
from facegan.runs.run_config import (
    RunOptions,
    budget_of,
    fingerprint_of,
    on_this_machine,
    options_as_json,
    read_config,
    until,
    write_config,
)

_SAMPLE_SEEDS = range(32)  # the faces that are drawn over time, the same as in samples.png and in the demo


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
    weights = None  # that the networks begin with; those of a run that goes on are in its checkpoint
    wanted: tuple[str, ...] = ()  # attributes that the latents of the model decide from which it starts
    if options.resume:
        asked, changed = options.device, []
        options, train, fingerprint = read_config(options.out, options)
        train = on_this_machine(train, asked, options.device, changed.append)
        processes = Processes(train.device)
        say = say if processes.main else lambda _: None
        for line in changed:
            say(line)
        target = check_publishing(options) if processes.main else None  # it publishes for all
        cache = FaceCache.open(_faces_folder(options, processes))
        if processes.main and fingerprint != fingerprint_of(cache):
            raise FaceGANError(
                f"The aligned faces in {options.out / 'faces'} are not those the run began with: "
                "start a new run with another --out."
            )
        if processes.main:
            _check_one_person(cache, options, say)
    else:
        if (options.out / "checkpoint").exists() and not options.compare_unaligned:
            raise FaceGANError(
                f"{options.out} already holds a run: go on with it by --resume, or choose another folder by --out."
            )
        device = presets.choose_device(options.device)
        if options.dry_run:
            say(json.dumps({**options_as_json(options), "device": device}, indent=2))
            return None
        processes = Processes(device)
        say = say if processes.main else lambda _: None
        if options.compare_unaligned:
            check_comparison(options, processes)
            options = replace(options, init="none")  # a model of aligned faces would decide it
        if processes.main and options.attributes:
            check_table(options.attributes)  # a mistake in it costs no hours
        initial = find_initial(options)
        target = check_publishing(options) if processes.main else None  # it publishes for all
        options = choose_size(initial, options, _faces_folder(options, processes), device, say)
        # The detector has no Metal provider, so it is the CPU for everything but CUDA.
        faces = faces_for(initial, options, _faces_folder(options, processes), say)
        faces = replace(faces, device="cuda" if device == "cuda" else "cpu")
        options = replace(options, faces=faces)
        cache = _prepare(options, processes, say)
        if options.compare_unaligned:
            compare_unaligned(options, cache, device, say)
            return None
        # Of a streamed data set every machine has a part. All must choose alike, and about as for the whole.
        count = int(processes.broadcast(len(cache))) * (processes.machines if options.dataset else 1)
        initial, preset = choose_start(initial, options, cache, count, say)
        its_own = initial is not None and options.preset == "auto"
        preset, why = presets.choose_preset(preset, count, device)
        say(f"Preset {preset}, that of {initial.start.name}." if its_own else why)
        options = replace(options, preset=preset)
        precision = presets.choose_precision(device)
        start = initial.start if initial else None
        weights = initial.weights(faces.size, preset) if initial else None
        larger = initial is not None and (initial.width < presets.PRESETS[preset].width or initial.grows_to(faces.size))
        recipe = presets.recipe_for(preset, count, weights is not None and weights.discriminator is not None, larger)
        if weights is not None:
            recipe = replace(recipe, upsample=weights.upsample, thin=initial.thin(faces.size, preset))
        train = TrainConfig(recipe, faces.size, options.seed, device, precision, start)
        # What a training with few faces does was measured without attributes.
        wanted = initial.attributes if initial and count >= presets.FEW_FACES else ()
        fingerprint = fingerprint_of(cache) if processes.main else ""
    if target is not None:
        # A model that must be private cannot go where all see it.
        target.for_faces(len(cache), _of_one_person(cache, train))
    table = None
    if processes.main and options.attributes and (options.sliders or not options.resume):
        table = attributes_of(options.attributes, cache, say)
    known = _known_latents(options, train, cache, processes, say)
    if known is None:
        attributes = _attributes(options, train, cache, processes, table, wanted, say)
    else:
        attributes = known.of_attributes()
        train = presets.with_known_latents(train)
    train = presets.with_attributes(train, attributes.names if attributes else ())
    if processes.main:
        write_config(options.out, options, train, fingerprint)
    model_folder, unready = _train_and_export(options, train, cache, processes, table, attributes, weights, known, say)
    if target is not None:
        publish(options, unready, say)
    return model_folder


def _attributes(
    options: RunOptions,
    train: TrainConfig,
    cache: FaceCache,
    processes: Processes,
    table: AttributeTable | None,
    wanted: tuple[str, ...],
    say: Callable[[str], None],
) -> FaceAttributes | None:
    """What the run teaches its latents by name: that of a run that goes on, or read from the faces now.

    `wanted`: what the latents of the model decide from which a run starts, which is taught on or not at all.
    """
    if options.resume:
        return FaceAttributes.load(options.out / conditioning.FILE) if train.attributes else None
    # A model has its own use for all places of a latent. Ranks are those of all faces, which machines with a part each
    # do not know.
    apart = bool(options.dataset) and processes.machines > 1
    if not train.recipe.attribute_weight or apart or (train.start is not None and not wanted):
        if table is not None:
            say("The attributes of the table are not learned with the faces; sliders for them are sought afterwards.")
        return None
    if processes.main:
        (options.out / conditioning.FILE).unlink(missing_ok=True)
        conditioning.attributes_for(options.out, cache, table, wanted, say)
    processes.wait()
    path = options.out / conditioning.FILE
    return FaceAttributes.load(path) if path.exists() else None


def _known_latents(
    options: RunOptions, train: TrainConfig, cache: FaceCache, processes: Processes, say: Callable[[str], None]
) -> KnownLatents | None:
    """The latents that the faces are to be learned from: those of --latents, or of a run that goes on."""
    path = options.out / known_latents.FILE
    if options.resume:
        return KnownLatents.load(path) if train.known_latents else None
    if options.latents is None:
        return None
    names = [cache.names[row] for row in cache.selected]
    known = LatentsOfPictures.load(options.latents).for_rows(cache.selected, names)
    if processes.main:
        options.out.mkdir(parents=True, exist_ok=True)
        known.save(path)
        left = len(names) - len(known.rows)
        say(
            f"Every face is learned from its own latents: those of {len(known.rows):,} faces are known"
            + (f", {left:,} without are left out." if left else ".")
        )
    processes.wait()
    return known


def _prepare(options: RunOptions, processes: Processes, say: Callable[[str], None]) -> FaceCache:
    """The aligned faces, made by one process of all, or of each machine where a data set is shared out."""
    folder = _faces_folder(options, processes)
    cache = None
    if processes.main or (options.dataset and processes.first_on_this_machine):
        launch = Launch.of(os.environ)
        data = options.dataset or list(options.data)
        cache = prepare_faces(
            data,
            folder,
            options.faces,
            most=options.max_photos,
            node=launch.machine,
            nodes=launch.machines,
            force=options.force,
            say=say,
        )
    processes.wait()
    return cache or FaceCache.open(folder)


def _faces_folder(options: RunOptions, processes: Processes) -> Path:
    """RUN/faces; of a data set that several machines share out, each has its own part beside it."""
    node = processes.rank // processes.on_this_machine if options.dataset else 0
    return options.out / (f"faces-{node}" if node else "faces")


def _train_and_export(
    options: RunOptions,
    train: TrainConfig,
    cache: FaceCache,
    processes: Processes,
    table: AttributeTable | None,
    attributes: FaceAttributes | None,
    weights: Weights | None,
    known: KnownLatents | None,
    say: Callable[[str], None],
) -> tuple[Path, str]:
    """The model folder, and why it is not published yet; empty where nothing stands against it."""
    budget = budget_of(options, train.recipe)
    training_rows, held_out_rows = cache.split()
    if known is not None:
        training_rows = np.intersect1d(training_rows, known.rows)
    # Fewer than forty faces, which only --force lets through, leave too few to judge by.
    judged = processes.main and len(held_out_rows) >= LEAST_JUDGED
    judge = Judge(cache.images, training_rows, held_out_rows, _copies_allowed(options, len(cache))) if judged else None
    latents = latents_of(_SAMPLE_SEEDS), latents_of(range(GENERATED_IN_TRAINING))
    apart = bool(options.dataset) and processes.machines > 1
    trainer = Trainer(
        train,
        cache.images,
        training_rows,
        options.out,
        *latents,
        judge,
        say,
        processes,
        apart,
        weights,
        attributes,
        known,
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
    one_person = _of_one_person(cache, train)
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
        after.attempt("The sliders", lambda: add_sliders(model_folder, cache, table, say=say), later)
    elif options.sliders:
        say(f"No sliders were fitted: a generator that has seen fewer than {LEAST_SEEN:,} images draws no faces yet.")
    say(
        f"{trainer.images_seen:,} images seen{_best(trainer.best.figures)}. The model is in {model_folder}; "
        f"look at it with: {commands.typed(commands.DEMO, '--model', model_folder)}"
    )
    after.tell()
    return model_folder, "it was stopped" if stopped else "something is missing in it" if after.failed else ""


def _films(drawn: Path, model_folder: Path) -> None:
    add_films(samples.write_films(drawn, {"seeds": list(_SAMPLE_SEEDS), "truncation": 1.0}), model_folder)


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


def _check_one_person(cache: FaceCache, options: RunOptions, say: Callable[[str], None]) -> None:
    """Whether the faces of a run from before that was looked at are one person's."""
    if cache.report.get("person") or "one_person" in cache.report:
        return
    network = installed_network(options.faces.insightface_root)
    faces = replace(options.faces, framing=cache.report["framing"])
    choice = RecogniserChoice(network) if network else None
    if looks_like_one(cache.images, cache.selected, faces, choice):
        cache.report["one_person"] = True
        say(FOUND_TO_BE_ONE)


def _of_one_person(cache: FaceCache, train: TrainConfig) -> bool:
    """Whether it draws one real person: of these photos, or of those that its start learned from."""
    here = cache.report.get("person") or cache.report.get("one_person")  # older reports have the first only
    return bool(here) or (train.start is not None and train.start.one_person)
