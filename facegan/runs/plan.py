"""Resolves the options of a run into a plan, which run.py follows: faces, initial model, preset, attributes."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.base.launch import Launch
from facegan.faces.cache import FaceCache
from facegan.faces.person.person import MOSTLY_ONE_PERSON, mostly_one_person
from facegan.faces.person.recognise import RecogniserChoice, installed_network
from facegan.faces.prepare import prepare_faces
from facegan.gan import conditioning, known_latents
from facegan.gan import config as presets
from facegan.gan.adversaries import Weights
from facegan.gan.attributes import FaceAttributes
from facegan.gan.config import TrainConfig
from facegan.gan.known_latents import KnownLatents, LatentsOfPictures
from facegan.gan.processes import Processes
from facegan.labels.table import AttributeTable, check_table
from facegan.publish.target import Target
from facegan.runs.compare import check_comparison
from facegan.runs.initial import Initial, choose_size, choose_start, faces_for, find_initial
from facegan.runs.model_sliders import attributes_of
from facegan.runs.model_upscaler import keep_upscaler
from facegan.runs.publishing import check_publishing
from facegan.runs.run_config import RunOptions, fingerprint_of, read_config, with_resumed_device


@dataclass(frozen=True)
class Prepared:
    """A new run whose faces are prepared. Initial model, preset and attributes are still to be chosen."""

    options: RunOptions
    device: str
    processes: Processes
    say: Callable[[str], None]  # does nothing except in the main process
    cache: FaceCache
    initial: Initial | None  # the model that training may start from
    target: Target | None  # of the push; only in the main process


@dataclass(frozen=True)
class Plan:
    """One run, resolved."""

    options: RunOptions
    train: TrainConfig
    processes: Processes
    say: Callable[[str], None]  # does nothing except in the main process
    cache: FaceCache
    fingerprint: str = ""  # of the faces; only in the main process
    target: Target | None = None  # of the push; only in the main process
    weights: Weights | None = None  # of the initial model; a resumed run has its weights in the checkpoint
    table: AttributeTable | None = None  # the user's attributes; only in the main process
    attributes: FaceAttributes | None = None  # those that the last entries of the latents control
    known: KnownLatents | None = None  # the latents of the faces, with --latents

    @property
    def sharded(self) -> bool:
        """Whether every machine has its own part of the faces."""
        return is_sharded(self.options, self.processes)


def is_sharded(options: RunOptions, processes: Processes) -> bool:
    """Whether several machines train together, each on its own part of a data set."""
    return bool(options.dataset) and processes.machines > 1


def plan_resumed(options: RunOptions, say: Callable[[str], None]) -> Plan:
    """The plan of a run that is resumed. Raises FaceGANError if its faces are missing or have changed."""
    device, changes = options.device, []
    options, train, fingerprint = read_config(options.out, options)
    train = with_resumed_device(train, device, options.device, changes.append)
    processes = Processes(train.device)
    say = say if processes.main else lambda _: None
    for line in changes:
        say(line)
    target = check_publishing(options) if processes.main else None
    cache = FaceCache.open(_faces_folder(options, processes))
    if processes.main and fingerprint != fingerprint_of(cache):
        raise FaceGANError(
            f"The aligned faces in {options.out / 'faces'} are not those that the run was started with: "
            "start a new run with another --out."
        )
    if processes.main:
        check_one_person(cache, options, say)
    return _with_attributes(Plan(options, train, processes, say, cache, fingerprint, target))


def prepare_new(options: RunOptions, device: str, say: Callable[[str], None]) -> Prepared:
    """Check the options of a new run, find the model that it may start from, and prepare its faces."""
    processes = Processes(device)
    say = say if processes.main else lambda _: None
    if options.compare_unaligned:
        check_comparison(options, processes)
        options = replace(options, init="none")  # a model of aligned faces would give these an advantage
    if processes.main and options.attributes:
        check_table(options.attributes)  # before hours of training
    initial = find_initial(options)
    target = check_publishing(options) if processes.main else None
    options = choose_size(initial, options, _faces_folder(options, processes), device, say)
    # onnxruntime has no provider for "mps" here, so the detector runs on the CPU unless the device is CUDA.
    faces = faces_for(initial, options, _faces_folder(options, processes), say)
    faces = replace(faces, device="cuda" if device == "cuda" else "cpu")
    options = replace(options, faces=faces)
    return Prepared(options, device, processes, say, prepare_or_open(options, processes, say), initial, target)


def plan_new(run: Prepared) -> Plan:
    """Decide start, preset and attributes of a run whose faces are prepared."""
    options, processes, cache, say = run.options, run.processes, run.cache, run.say
    size = options.faces.size
    # The number of faces of all machines, estimated from the main one, so that all make the same choices.
    count = int(processes.broadcast(len(cache))) * (processes.machines if options.dataset else 1)
    initial, preset = choose_start(run.initial, options, cache, count, say)
    preset_of_model = initial is not None and options.preset == "auto"
    preset, why = presets.choose_preset(preset, count, run.device)
    say(f"Preset {preset}, that of {initial.start.name}." if preset_of_model else why)
    options = replace(options, preset=preset)
    precision = presets.choose_precision(run.device)
    weights = initial.weights(size, preset) if initial else None
    larger = initial is not None and (initial.width < presets.PRESETS[preset].width or initial.grows_to(size))
    recipe = presets.recipe_for(preset, count, weights is not None and weights.discriminator is not None, larger)
    if weights is not None:
        recipe = replace(recipe, upsample=weights.upsample, thin=initial.thin(size, preset))
    train = TrainConfig(recipe, size, options.seed, run.device, precision)
    if initial:
        train = replace(train, start=initial.start, curves=initial.config.curves)
    fingerprint = fingerprint_of(cache) if processes.main else ""
    if processes.main:
        keep_upscaler(initial.upscaler(size) if initial else None, options.out)
    # A training from a model on few faces learns no attributes: its recipe was measured without them.
    wanted = initial.attributes if initial and count >= presets.FEW_FACES else ()
    return _with_attributes(Plan(options, train, processes, say, cache, fingerprint, run.target, weights), wanted)


def _with_attributes(plan: Plan, wanted: tuple[str, ...] = ()) -> Plan:
    """The plan with the user's table, the known latents and the attributes that are learned.

    `wanted`: see `chosen_attributes`. Raises FaceGANError if a model that must be private would be pushed to a public
    repository.
    """
    options, train, processes, cache, say = plan.options, plan.train, plan.processes, plan.cache, plan.say
    if plan.target is not None:
        plan.target.for_faces(len(cache), of_one_person(cache, train))
    table = None
    if processes.main and options.attributes and (options.sliders or not options.resume):
        table = attributes_of(options.attributes, cache, say)
    known = _known_latents(options, train, cache, processes, say)
    if known is None:
        attributes = chosen_attributes(options, train, cache, processes, table, wanted, say)
    else:
        attributes = known.of_attributes()
        train = presets.with_known_latents(train, known.curves)
    train = presets.with_attributes(train, attributes.names if attributes else ())
    return replace(plan, train=train, table=table, attributes=attributes, known=known)


def chosen_attributes(
    options: RunOptions,
    train: TrainConfig,
    cache: FaceCache,
    processes: Processes,
    table: AttributeTable | None,
    wanted: tuple[str, ...],
    say: Callable[[str], None],
) -> FaceAttributes | None:
    """The attributes that the last entries of the latents control: those of a resumed run, else read from the faces.

    `wanted`: the attributes of the initial model; all of them are learned further, or none.
    """
    if options.resume:
        return FaceAttributes.load(options.out / conditioning.FILE) if train.attributes else None
    # A model without attributes uses all entries of a latent for other things. And attribute values are ranks among all
    # faces, which a machine with a part of them does not know.
    sharded = is_sharded(options, processes)
    if not train.recipe.attribute_weight or sharded or (train.start is not None and not wanted):
        if table is not None:
            say("The generator does not learn the table's attributes; sliders for them are fitted after the training.")
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
    """The known latents of the faces: those of --latents, or of the run that is resumed."""
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
            f"Every face is learned together with its known latent: {len(known.rows):,} faces have one"
            + (f", and {left:,} faces without are left out." if left else ".")
        )
    processes.wait()
    return known


def prepare_or_open(options: RunOptions, processes: Processes, say: Callable[[str], None]) -> FaceCache:
    """The aligned faces. The main process prepares them; of a data set one process on each machine prepares a part."""
    folder = _faces_folder(options, processes)
    cache = None
    if processes.main or (options.dataset and processes.first_on_this_machine):
        launch = Launch.of(os.environ)
        data = options.dataset or list(options.data)
        cache = prepare_faces(
            data,
            folder,
            options.faces,
            max_photos=options.max_photos,
            node=launch.machine,
            nodes=launch.machines,
            force=options.force,
            say=say,
        )
    processes.wait()
    return cache or FaceCache.open(folder)


def _faces_folder(options: RunOptions, processes: Processes) -> Path:
    """RUN/faces; if several machines share a data set, RUN/faces-N for the others."""
    node = processes.rank // processes.on_this_machine if options.dataset else 0
    return options.out / (f"faces-{node}" if node else "faces")


def check_one_person(cache: FaceCache, options: RunOptions, say: Callable[[str], None]) -> None:
    """Check whether the faces are one person's, if the run was prepared by a version that did not."""
    if cache.report.get("person") or "one_person" in cache.report:
        return
    network = installed_network(options.faces.insightface_root)
    faces = replace(options.faces, framing=cache.report["framing"])
    choice = RecogniserChoice(network) if network else None
    if mostly_one_person(cache.images, cache.selected, faces, choice):
        cache.report["one_person"] = True
        say(MOSTLY_ONE_PERSON)


def of_one_person(cache: FaceCache, train: TrainConfig) -> bool:
    """Whether the generator draws one real person: the one in these photos, or in those of the initial model."""
    here = cache.report.get("person") or cache.report.get("one_person")  # older reports have only the first key
    return bool(here) or (train.start is not None and train.start.one_person)
