"""Lists the files of the data folders."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.sources.excluded import excluded_kind
from facegan.faces.sources.read import PLACEHOLDER, file_state, read_bytes

# To recognise folders of images, and folders that are named like one. The type of a file is decided by its content.
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


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file in a data folder, see photos.Photo."""

    path: Path
    name: str  # relative to its data folder, with "/"; never an absolute path

    @property
    def bytes_in_memory(self) -> int:
        """0, because the file is on the disk."""
        return 0

    def size_and_mtime(self) -> tuple[int, int]:
        """Bytes, and the time of the last change in ns, see photos.Photo."""
        return file_state(self.path)

    def read(self) -> tuple[bytes, str]:
        """The bytes and their SHA-1, see read.read_bytes."""
        return read_bytes(self.path)


def find_files(
    folders: list[Path], *, exclude: Path | None = None, say: Callable[[str], None] | None = None
) -> list[FoundFile]:
    """All files below the folders, of any type, in a fixed order; without hidden files and skipped folders.

    Skipped are runs, models, thumbnails and recycle bins (excluded.py). Some entries that are not photos are listed all
    the same, so that the report explains them: the hidden placeholder of a photo that is only in iCloud, a folder with
    an image's suffix, and a folder that cannot be read.

    Symbolic links are followed, into each folder once. With several data folders the names start with the folder's
    name, and a number if two folders have the same name.

    Args:
        folders: the data folders.
        exclude: a folder that is not read, such as the run folder inside the data folder.
        say: takes a message about the skipped folders.

    Raises:
        FaceGANError: a folder is missing, or is not a folder.
    """
    if not folders:
        raise FaceGANError("There is no folder of photos: name one with --data.")
    found: list[FoundFile] = []
    walk = _Walk({exclude.resolve()} if exclude else set())
    for folder, label in zip(folders, _labels(folders), strict=True):
        if not folder.exists():
            raise FaceGANError(f"The data folder {folder} does not exist: check the path given with --data.")
        if not folder.is_dir():
            raise FaceGANError(f"{folder} is a file: give --data the folder that holds the photos.")
        found.extend(FoundFile(path, label + name) for path, name in walk.below(folder, "", label))
    if say and walk.left_out:
        for line in _exclusion_messages(walk.left_out):
            say(line)
    return found


class _Walk:
    """Walks folders recursively, each only once."""

    def __init__(self, seen: set[Path]) -> None:
        self._seen = seen
        self.left_out: list[tuple[str, str]] = []  # names and kinds of the skipped folders

    def below(self, folder: Path, prefix: str, label: str = "") -> Iterator[tuple[Path, str]]:
        """Yields each file with its name, which starts with `prefix`. `label` precedes the names in `left_out`."""
        try:
            real = folder.resolve()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (OSError, RuntimeError):  # RuntimeError: circular links
            yield folder, prefix.rstrip("/") or "."  # read_bytes will raise, with the reason for the report
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
            elif kind := excluded_kind(path):
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


def _exclusion_messages(left_out: list[tuple[str, str]]) -> Iterator[str]:
    """A sentence about FaceGAN's own folders that were skipped, and one about the system's."""
    ours = [(name, kind) for name, kind in left_out if kind != "system folder"]
    for folders, whose in ((ours, "of FaceGAN "), (sorted(set(left_out) - set(ours)), "(thumbnails, recycle bins) ")):
        counts = Counter(kind for _, kind in folders)
        words = " and ".join(f"{n} {kind}{'s' if n > 1 else ''}" for kind, n in sorted(counts.items(), reverse=True))
        names = ", ".join(name for name, _ in folders[:3]) + (", ..." if len(folders) > 3 else "")
        if folders:
            yield f"{words} {whose}among the photos {'are' if len(folders) > 1 else 'is'} left out: {names}."


def _labels(folders: list[Path]) -> list[str]:
    """The prefixes of the names: none for a single folder, else each folder's name, made unique by a number."""
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
