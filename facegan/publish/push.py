"""Pushes a run's model folder to the Hub: checked, in one commit, then a tag.

No training photo can be part of it: only the files of an allow-list are pushed (layout.PARTS in model/folder.py), and
any other file in the folder is an error (layout.refuse_strays). `check_folder` has all checks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model import tensors
from facegan.model.card import OPTIONAL_PARTS, render_card, render_licence, write_card
from facegan.model.checks.media import check_content
from facegan.model.client import HubError, Unreachable
from facegan.model.facts import check_facts
from facegan.model.folder import ModelConfig, read_part
from facegan.model.load import FaceModel
from facegan.model.measurements import allow_memorised, check_memorisation
from facegan.model.slider_files import read_sliders
from facegan.publish.machine_paths import machine_paths, refuse_machine_paths
from facegan.publish.space import publish_space
from facegan.publish.target import PushOptions, Target, check_target
from facegan.sliders.slider import SliderSet


@dataclass(frozen=True)
class Pushed:
    """Where a model is on the Hub, at which commit, under which tag."""

    target: Target
    commit: str
    tag: str


@dataclass(frozen=True)
class RunFacts:
    """What the run that made a model keeps about itself.

    `name` is the --push-to-hub of its training, "" without one; `data` are the folders of its photos, whose paths no
    published file may hold.
    """

    name: str = ""
    data: tuple[Path, ...] = ()


def push_run(
    run: Path, options: PushOptions, facts: RunFacts | None = None, say: Callable[[str], None] = print
) -> Pushed:
    """Push RUN/model to the repository of `options`, else that of `facts`, else the token's user and the run's name.

    Raises FaceGANError in one sentence that ends with the command to push later, or to publish the Space later when
    the model is on the Hub; RUN/model is intact in either case.
    """
    folder = run / "model"
    try:
        pushed = _push(folder, run, options, facts or RunFacts())
    except FaceGANError as error:
        raise FaceGANError(
            f"{error} The model is untouched in {folder}; push it later with: {options.command(run)}"
        ) from error
    target = pushed.target
    say(f"{target.repository} holds the model ({target.visibility}, tag {pushed.tag}).")
    if target.visibility == "private" and not target.private:
        say(f"It was private before and stays so: make {target.repository} public in its settings if you like.")
    if options.space:
        publish_space(options.space, target.repository, options.private, say)
    return pushed


def _push(folder: Path, run: Path, options: PushOptions, facts: RunFacts) -> Pushed:
    config = ModelConfig.read(folder)
    texts = {"about": options.about, "contact": options.contact}
    config = replace(config, data={**config.data, **{key: text for key, text in texts.items() if text}})
    config = allow_memorised(config) if options.allow_memorised else config
    forbidden = machine_paths(run, *facts.data)
    files = check_folder(folder, config, forbidden)
    target = check_target(options.name or facts.name, run, options.private)
    faces = int(config.data.get("faces_used") or 0) + int(config.data.get("faces_held_out") or 0)
    target = target.for_faces(faces, one_person=config.data.get("one_person") is True)
    sliders = read_sliders(folder, config)
    files |= _files_for(config, target.repository, files, sliders)
    refuse_machine_paths(files, forbidden)
    pushed = _commit(target, files, config)
    if options.allow_memorised:
        kept = allow_memorised(ModelConfig.read(folder))
        kept.save(folder)
        write_card(kept, folder)
    return pushed


def check_folder(folder: Path, config: ModelConfig, forbidden: Sequence[str]) -> dict[str, bytes]:
    """Every file of the model folder by its path, read once and checked.

    `forbidden`: the paths that no file may contain. Raises FaceGANError with the name of the first file that is
    missing, not on the allow-list or invalid, or of a fact that is empty.
    """
    layout.refuse_strays(folder)
    FaceModel.load(folder)
    tensors.read_weights(folder, config)
    if tensors.read_discriminator(folder, config) is not None and config.data.get("one_person") is True:
        raise FaceGANError(
            f"{folder / layout.DISCRIMINATOR} tells more of a person's photos than the generator does: remove it; a "
            "model of one person is published without."
        )
    files = {part.path: read_part(folder, part.path) for part in layout.PARTS if (folder / part.path).exists()}
    for path, content in files.items():
        check_content(folder / path, path, content)
    tensors.check_components(folder)
    check_facts(config)
    check_memorisation(config)
    refuse_machine_paths(files, forbidden)
    return files


def _files_for(
    config: ModelConfig, repository: str, files: dict[str, bytes], sliders: SliderSet | None
) -> dict[str, bytes]:
    """The files that name the repository, and the code for diffusers, which is always this program's own."""
    code = Path(__file__).parent.parent / "model"
    parts = {name: path in files for name, path in OPTIONAL_PARTS.items()}
    codes = {layout.PIPELINE: "pipeline.py", layout.DIFFUSERS_CODE: "diffusers_networks.py"}
    codes |= {path: "diffusers_networks.py" for path in (layout.UPSCALER_CODE, layout.ENCODER_CODE) if path in files}
    return {
        layout.CONFIG: config.to_json().encode(),
        layout.CARD: render_card(config, repository, sliders=sliders, **parts).encode(),
        layout.LICENCE: render_licence(config).encode(),
    } | {path: (code / name).read_bytes() for path, name in codes.items()}


def _commit(target: Target, files: dict[str, bytes], config: ModelConfig) -> Pushed:
    from facegan.publish.commit import ensure_repository, put_files, tag_head

    try:
        title = f"FaceGAN: {config.training['images_seen']:,} images seen"
        ensure_repository(target)
        commit = put_files(target, files, lambda path: path in layout.PART, title)
        return Pushed(target, commit, tag_head(target, commit))
    except (HubError, Unreachable) as error:
        raise FaceGANError(f"{target.repository} could not be pushed, because {error}.") from error
