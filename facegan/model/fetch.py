"""Finds a model: the embedded default, a folder, or the Hub with its cache. Only files of PARTS are ever fetched."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError, NoModel
from facegan.model import folder as layout
from facegan.model.client import MAX_SILENCE, HubError, NotAModel, Unreachable, fail_on_silence, network_errors

_HUB_NAME = re.compile(r"(?P<repository>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>\w[\w./-]*))?", re.ASCII)


@dataclass(frozen=True)
class Found:
    """A model folder on this machine; `origin`, `note` as in FaceModel; `extras`: files that can be fetched later."""

    folder: Path
    origin: str = ""
    note: str = ""
    extras: tuple[str, ...] = ()


def find_model(source: str | Path | None, parts: Sequence[str], extras: Sequence[str] = ()) -> Found:
    """The folder of `source`: None is the default; a text that is no folder but looks like "user/name" is on the Hub.

    `parts` are the paths of PARTS that are fetched now. `extras` are paths that may be fetched later: Found.extras are
    those that exist. Raises FaceGANError when the model is on the Hub and cannot be fetched.
    """
    if source is None:
        return _local(layout.DEFAULT_FOLDER, extras)
    if isinstance(source, str):
        name = _HUB_NAME.fullmatch(source)
        # The client makes paths in its cache of these names, so none may climb out of it.
        if name and ".." not in source and not Path(source).exists():
            return _from_hub(name["repository"], name["revision"] or "main", parts, extras)
    try:
        return _local(Path(source).expanduser(), extras)
    except RuntimeError:  # ~nobody
        raise FaceGANError(f"There is no home of the name in {source}: give the whole path.") from None


def _local(folder: Path, extras: Sequence[str]) -> Found:
    return Found(folder, extras=tuple(path for path in extras if (folder / path).exists()))


def _from_hub(repository: str, revision: str, parts: Sequence[str], extras: Sequence[str]) -> Found:
    # The client takes a second to import on a slow disk, which is not the network's silence.
    from huggingface_hub import HfApi, hf_hub_download  # noqa: F401

    try:
        note = ""
        folder, there = fail_on_silence(MAX_SILENCE, lambda alive: _fetch(repository, revision, parts, extras, alive))
    except Unreachable as error:
        folder = _from_cache(repository, revision, parts)
        if folder is None:
            raise FaceGANError(
                f"{repository} cannot be fetched from the Hub, because {error}, and there is neither an earlier copy "
                "nor a folder of that name here."
            ) from error
        there = _local(folder, extras).extras
        said = str(error)
        note = f"{said[0].upper()}{said[1:]}, so this is {repository} as it was fetched earlier."
    except HubError as error:
        kind = NoModel if isinstance(error, NotAModel) else FaceGANError
        raise kind(
            f"{repository} cannot be fetched from the Hub, because {error}, and there is no folder of that name here."
        ) from error
    return Found(folder, f"{repository}@{folder.name}", note, there)


def _fetch(
    repository: str, revision: str, parts: Sequence[str], extras: Sequence[str], alive: Callable[[], None]
) -> tuple[Path, tuple[str, ...]]:
    """The snapshot in the Hub's cache that holds `parts`, fetched if need be; and those of `extras` that exist."""
    from huggingface_hub import HfApi, hf_hub_download

    with network_errors(repository):
        listed = HfApi().get_paths_info(repository, [*parts, *extras], revision=revision)
        sizes = {file.path: getattr(file, "size", 0) for file in listed}
        alive()
        for path in parts:
            if path not in sizes and layout.PART[path].needed:
                raise NotAModel(f"it has no {path} and so is not a FaceGAN model")
            if sizes.get(path, 0) > layout.PART[path].limit:
                raise NotAModel(f"its {path} has {sizes[path]:,} bytes, more than any FaceGAN model has")
        for _ in range(2):  # once more if somebody pushes in between
            # Optional files first, because a copy counts as complete when it has the required ones.
            there = sorted((path for path in parts if path in sizes), key=lambda path: layout.PART[path].needed)
            bar = _silent_bar(alive)
            files = [hf_hub_download(repository, path, revision=revision, tqdm_class=bar) for path in there]
            folders = {Path(str(file).removesuffix(path)) for file, path in zip(files, there, strict=True)}
            if len(folders) == 1:
                return folders.pop(), tuple(path for path in extras if path in sizes)
    raise HubError("it changes while it is fetched, so try again")


def _silent_bar(alive: Callable[[], None]) -> type:
    """A progress bar that shows nothing and calls `alive` for every piece that arrives."""
    from huggingface_hub.utils import tqdm

    class SilentBar(tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            alive()

    return SilentBar


def earlier_copies(source: str, parts: Sequence[str], extras: Sequence[str] = ()) -> Iterator[Found]:
    """The complete copies of "user/name" in the Hub's cache, the newest first; none for a source with a revision."""
    if _HUB_NAME.fullmatch(source) and ".." not in source and "@" not in source:
        for snapshot in _snapshots(source, parts):
            yield Found(snapshot, f"{source}@{snapshot.name}", extras=_local(snapshot, extras).extras)


def _from_cache(repository: str, revision: str, parts: Sequence[str]) -> Path | None:
    """What an earlier call fetched: of this revision, else, if the newest was asked for, any complete one."""
    from huggingface_hub import try_to_load_from_cache

    first = try_to_load_from_cache(repository, parts[0], revision=revision)
    if isinstance(first, str) and _is_complete(snapshot := Path(first.removesuffix(parts[0])), parts):
        return snapshot
    # A fetch that was cut off has moved the name to a snapshot that lacks files; the one before is better than none.
    return next(_snapshots(repository, parts), None) if revision == "main" else None


def _snapshots(repository: str, parts: Sequence[str]) -> Iterator[Path]:
    """All complete copies of the repository in the cache, the newest first."""
    from huggingface_hub import constants

    kept = Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}" / "snapshots"
    snapshots = sorted(kept.glob("*"), key=lambda path: path.stat().st_mtime, reverse=True)
    return (snapshot for snapshot in snapshots if _is_complete(snapshot, parts))


def _is_complete(snapshot: Path, parts: Sequence[str]) -> bool:
    return all((snapshot / path).is_file() for path in parts if layout.PART[path].needed)
