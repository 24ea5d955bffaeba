"""Photos before they are read, and every file of the data folders."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from facegan.base.errors import FaceGANError
from facegan.faces.sources.ours import kind_of
from facegan.faces.sources.read import PLACEHOLDER, file_state, read_bytes

# Only used to notice a folder that calls itself a picture: a file's kind is decided by its content.
PICTURE_SUFFIXES = frozenset(
    (
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".heic",
        ".heif",
        ".avif",
        ".gif",
        ".tif",
        ".tiff",
    )
)


class Photo(Protocol):
    """A photo before it is read. Worker processes get it, so it must be small or worth it."""

    @property
    def name(self) -> str:
        """The name under which the report may show it, unique in the data; never an absolute path."""
        ...

    @property
    def held(self) -> int:
        """Bytes of the photo that this object keeps in memory."""
        ...

    def state(self) -> tuple[int, int]:
        """Two numbers (size in bytes, time of the last change): a photo is done again when either changes."""
        ...

    def read(self) -> tuple[bytes, str]:
        """The picture file's bytes and their SHA-1.

        Raises:
            UnreadablePhotoError: there are none to be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file: where it is, and the name under which the report may show it."""

    path: Path
    name: str  # relative to its data folder, with "/"; never an absolute path

    @property
    def held(self) -> int:
        """Nothing: the file is on the disk."""
        return 0

    def state(self) -> tuple[int, int]:
        """Size and time of the last change, see Photo."""
        return file_state(self.path)

    def read(self) -> tuple[bytes, str]:
        """The bytes and their SHA-1, see read.read_bytes."""
        return read_bytes(self.path)


def find_files(
    folders: list[Path], *, leave_out: Path | None = None, say: Callable[[str], None] | None = None
) -> list[FoundFile]:
    """All files below the folders in a fixed order, whatever their kind, except hidden ones and FaceGAN's own.

    A hidden placeholder of a photo that is in iCloud only is listed: its photo is missing.

    Symbolic links are followed; a folder that links back to one above it is read once. A folder with a picture's
    suffix is listed too, because somebody will look for it in the report. With several data folders the names
    start with the folder's own name (and a number where two folders have the same one). Runs, models, thumbnails and
    recycle bins inside the data folders are left out. A folder that cannot be read is listed as if it were a file.

    Args:
        folders: the data folders.
        leave_out: a folder that is not read, the run folder when it lies inside the photos.
        say: told which folders were left out.

    Raises:
        FaceGANError: a folder is missing, or is not a folder.
    """
    if not folders:
        raise FaceGANError("There is no folder of photos: name one with --data.")
    found: list[FoundFile] = []
    walk = _Walk({leave_out.resolve()} if leave_out else set())
    for folder, label in zip(folders, _labels(folders), strict=True):
        if not folder.exists():
            raise FaceGANError(f"The data folder {folder} does not exist: check the path given with --data.")
        if not folder.is_dir():
            raise FaceGANError(f"{folder} is a file: give --data the folder that holds the photos.")
        found.extend(FoundFile(path, label + name) for path, name in walk.below(folder, "", label))
    if say and walk.left_out:
        for line in _told_of(walk.left_out):
            say(line)
    return found


class _Walk:
    """Goes through folders, into each once."""

    def __init__(self, seen: set[Path]) -> None:
        self._seen = seen
        self.left_out: list[tuple[str, str]] = []  # the names of folders, and what they are

    def below(self, folder: Path, prefix: str, label: str = "") -> Iterator[tuple[Path, str]]:
        """Every file with its name, which begins with `prefix`; `label` only serves to name what is left out."""
        try:
            real = folder.resolve()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (OSError, RuntimeError):  # RuntimeError: links in a circle
            yield folder, prefix.rstrip("/") or "."  # the reader will say why it cannot be opened
            return
        if real in self._seen:
            return
        self._seen.add(real)
        for entry in entries:
            if entry.name.startswith(".") and not entry.name.endswith(PLACEHOLDER):
                continue
            path, name = Path(entry.path), prefix + entry.name
            if not _is_folder(entry):
                yield path, name
            elif kind := kind_of(path):
                self.left_out.append((label + name, kind))
            else:
                if path.suffix.lower() in PICTURE_SUFFIXES:
                    yield path, name
                yield from self.below(path, name + "/", label)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or one that may not be followed
        return False


def _told_of(left_out: list[tuple[str, str]]) -> Iterator[str]:
    """A sentence on FaceGAN's own folders, and one on those of the system."""
    ours = [(name, kind) for name, kind in left_out if kind != "system folder"]
    for folders, whose in ((ours, "of FaceGAN "), (sorted(set(left_out) - set(ours)), "(thumbnails, recycle bins) ")):
        counts = Counter(kind for _, kind in folders)
        words = " and ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(counts.items(), reverse=True))
        names = ", ".join(name for name, _ in folders[:3]) + (", ..." if len(folders) > 3 else "")
        if folders:
            yield f"{words} {whose}among the photos {'are' if len(folders) > 1 else 'is'} left out: {names}."


def _labels(folders: list[Path]) -> list[str]:
    """What a name starts with: nothing for one folder, else the folder's name, made unique by a number."""
    if len(folders) == 1:
        return [""]
    labels: list[str] = []
    for folder in folders:
        stem = folder.resolve().name or "data"
        label, number = stem, 1
        while label in labels:
            number += 1
            label = f"{stem}-{number}"
        labels.append(label)
    return [label + "/" for label in labels]
