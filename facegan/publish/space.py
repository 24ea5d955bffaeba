"""Publish the demo as a Hugging Face Space that shows a model on the Hub."""

import ast
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model.client import HubError, Unreachable, fail_on_silence, network_errors
from facegan.publish.target import PATIENCE, Target, check_name, check_target, space_command

ROOT = Path(__file__).parent.parent.parent
MODEL_VARIABLE = "FACEGAN_MODEL"  # the environment variable that app.py reads

_PYTHON = "3.12"  # Spaces default to 3.10, for which pip would silently choose older libraries
_EXTRA_REQUIREMENTS = "# free Spaces run on ZeroGPU, which needs this\nspaces>=0.51,<1\n"  # after requirements.txt
_OWN_FILES = ("app.py", "LICENSE", "requirements.txt", "README.md")
_NETWORKS = ("yunet", "face_api", "label_heads", "efficientnet_lite1")  # in assets: they find, read and compare faces

_CARD = """\
---
{metadata}
---

# FaceGAN

Random faces, morphs and more from [{model}]({link}), a small generator that was trained with FaceGAN. Every picture
is AI-generated; whom the generator draws, and what it learned from, stands on the model's page.
"""


def publish_space(space: str, model: str, private: bool | None = None, say: Callable[[str], None] = print) -> Target:
    """Create or update the Space `space` that shows the model `model`, both "user/name".

    Without `private` it is as visible as the model. Raises FaceGANError in one sentence when the model is not there,
    the Space cannot be written to, or the Hub cannot be reached; what was there before then stays.
    """
    try:
        check_name(model)
        target = check_target(space, ROOT, private, kind="space")
        target, model_is_private = _publish(target, model)
    except FaceGANError as error:
        raise FaceGANError(f"{error} Publish the Space later with: {space_command(space, model, private)}") from error
    say(f"{target.repository} shows {model} ({target.visibility}).")
    if model_is_private:
        say(
            f"{model} is private: give the Space a secret HF_TOKEN that may read it, in its settings, "
            "else it shows the default."
        )
    return target


def _publish(target: Target, model: str) -> tuple[Target, bool]:
    """The Space as it is then, and whether the model is private."""
    from facegan.publish.commit import ensure_repository, put_files, set_variable

    try:
        model_is_private = fail_on_silence(PATIENCE, lambda _: _is_private(model))
        target = target.with_visibility(
            model_is_private if target.private is None else target.private, "its model is private"
        )
        ensure_repository(target)
        set_variable(target, MODEL_VARIABLE, model)
        files = space_files(model, preload=not model_is_private)
        put_files(target, files, _is_ours, f"FaceGAN demo of {model}")
    except (HubError, Unreachable) as error:
        raise FaceGANError(f"{target.repository} could not be published, because {error}.") from error
    return target, model_is_private


def space_files(model: str, preload: bool = True) -> dict[str, bytes]:
    """Every file of the Space, by its path: app.py, what it imports, the default to fall back on, and the front matter.

    `preload`: the Hub puts the model into the Space when it builds it, which only works for a public one. Raises
    FaceGANError where app.py is not beside the package.
    """
    if not (ROOT / "app.py").is_file():
        raise FaceGANError(f"There is no app.py in {ROOT}: publish from a checkout of FaceGAN.")
    sources = [ROOT / "app.py", ROOT / "LICENSE", *_imported(ROOT / "app.py")]
    sources += [path for path in (ROOT / "facegan" / "demo").rglob("*") if path.is_file() and path.suffix != ".py"]
    sources += [path for name in _NETWORKS for path in (ROOT / "facegan" / "assets" / name).iterdir()]
    sources += [path for part in layout.PARTS if part.draws and (path := layout.DEFAULT_FOLDER / part.path).exists()]
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sorted(set(sources)) if _is_source(path)}
    files["requirements.txt"] = (ROOT / "requirements.txt").read_bytes() + _EXTRA_REQUIREMENTS.encode()
    files["README.md"] = _card(model, preload).encode()
    return files


def _card(model: str, preload: bool) -> str:
    from huggingface_hub import SpaceCardData

    # Only what every model has: a name that is not there would stop the build. The rest comes when the Space starts.
    fetched = ",".join(part.path for part in layout.PARTS if part.draws and part.needed)
    metadata = SpaceCardData(
        title="FaceGAN",
        emoji="🎭",
        colorFrom="indigo",
        colorTo="gray",
        sdk="gradio",
        sdk_version=version("gradio"),  # the one that this program was run with
        python_version=_PYTHON,
        app_file="app.py",
        license="mit",
        models=[model],
        preload_from_hub=[f"{model} {fetched}"] if preload else None,
        short_description="AI-generated faces, morphs and sliders",
    )
    return _CARD.format(metadata=metadata.to_yaml(), model=model, link=f"/{model}")


def _is_private(model: str) -> bool:
    from huggingface_hub import HfApi

    with network_errors(model):
        found = HfApi().model_info(model, timeout=PATIENCE)
    if layout.ONNX not in {file.rfilename for file in found.siblings or []}:
        raise HubError(f"{model} is not a FaceGAN model: push one first with {commands.PUSH}")
    return bool(found.private)


def _is_ours(path: str) -> bool:
    return path in _OWN_FILES or PurePosixPath(path).parts[0] == "facegan"


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and not path.name.startswith(".")


def _imported(file: Path) -> set[Path]:
    """The files of the package that `file` imports, at the start or inside functions, and those that they import."""
    found: set[Path] = set()
    todo = [file]
    while todo:
        new = {path for name in _imported_names(ast.parse(todo.pop().read_bytes())) for path in _files_of(name)} - found
        found |= new
        todo += new
    return found


def _imported_names(tree: ast.AST) -> Iterator[str]:
    """The dotted names of FaceGAN that a syntax tree imports; `from a import b` gives a.b, a module or not."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue  # for checkers only; never run
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imported_names(node)


def _files_of(name: str) -> Iterator[Path]:
    """The files that importing a dotted name reads: the module and the packages above it."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1) if parts[0] == "facegan" else ():
        path = ROOT.joinpath(*parts[:count])
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                yield file
