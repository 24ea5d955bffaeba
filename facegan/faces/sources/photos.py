"""Where the photos of a run come from: folders here, data sets in stream.py."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.find import Photo, find_files

_MOST_NOT_READ = 50  # in a row, from which it is the disk and not the photos
# What may be otherwise the next time, although the file is the same.
_TRIED_AGAIN = ("no_permission", "not_read", "no_library")
Records = dict[str, PhotoRecord]  # by the photos' names, in the order in which they were done


class Photos(Protocol):
    """The photos of a run, in a fixed order."""

    settings: dict[str, object]  # what the journal depends on, besides how faces are found and framed
    expected: int | None  # photos in all, where that is known

    def sample(self, count: int) -> Iterable[Photo]:
        """Up to ``count`` photos that show what the data are like."""
        ...

    def todo(self, records: Records) -> Iterable[Photo]:
        """The photos that are not done yet, or have changed; a list when their number is known."""
        ...

    def check_disk(self, record: PhotoRecord) -> None:
        """Called with each photo before it is kept. Raises FaceGANError when the disk of the photos has gone."""
        ...

    def kept(self, record: PhotoRecord) -> None:
        """Called when the next photo of ``todo`` is on disk, in their order."""
        ...

    def records(self, records: Records) -> list[PhotoRecord]:
        """The records of these photos, in their order; older ones may be of photos that have gone."""
        ...

    def again(self, records: Records) -> Mapping[str, Photo]:
        """The photos, by name, that the report can read once more: all of them, or an even sample."""
        ...


class FolderPhotos:
    """Photos in folders on this computer."""

    def __init__(
        self,
        folders: list[Path],
        *,
        leave_out: Path | None = None,
        most: int | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Finds the files.

        Args:
            folders: the data folders, read with all folders in them.
            leave_out: a folder that is not read.
            most: take only the first files.
            say: told which folders of FaceGAN's own are left out.

        Raises:
            FaceGANError: a folder is missing.
        """
        self.settings: dict[str, object] = {}
        self.files = find_files(folders, leave_out=leave_out, say=say)[:most]
        self.expected: int | None = len(self.files)
        self._disks = {folder: _disk_of(folder) for folder in folders}
        self._not_read = 0  # in a row

    def sample(self, count: int) -> list[Photo]:
        """Files from everywhere in the folders."""
        take = np.linspace(0, len(self.files) - 1, min(count, len(self.files))).round().astype(int)
        return [self.files[i] for i in take]

    def todo(self, records: Records) -> list[Photo]:
        """The files that are new or have changed."""
        return [file for file in self.files if not is_done(file, records)]

    def check_disk(self, record: PhotoRecord) -> None:
        """After a photo that could not be read, asks for the folders; see Photos."""
        self._not_read = self._not_read + 1 if record.problem == "not_read" else 0
        if not self._not_read:
            return
        for folder, disk in self._disks.items():
            if why := _why_gone(folder, disk):
                raise _gone(folder, why)
        if self._not_read >= _MOST_NOT_READ:  # a disk that is mounted deeper, or answers no more
            raise _gone(next(iter(self._disks)), f"{record.name}: {record.detail}, like those before it")

    def kept(self, record: PhotoRecord) -> None:
        """Nothing to note: the files stay where they are."""

    def records(self, records: Records) -> list[PhotoRecord]:
        """In the order of the files."""
        return [records[file.name] for file in self.files]

    def again(self, records: Records) -> dict[str, Photo]:
        """All of them."""
        return {file.name: file for file in self.files}


def _disk_of(folder: Path) -> int:
    """The number of the disk on which a folder lies."""
    return folder.stat().st_dev


def _why_gone(folder: Path, disk: int) -> str:
    """Why a folder that was there cannot be read now; empty where it can.

    The empty folder that remains where a disk was mounted lies on another disk.
    """
    try:
        if _disk_of(folder) != disk:
            return "it is no longer mounted"
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _gone(folder: Path, why: str) -> FaceGANError:
    return FaceGANError(
        f"The photos in {folder} have gone while they were read ({why}): connect their disk or network again, and run "
        "the same command, which goes on where it was."
    )


def is_done(photo: Photo, records: Records) -> bool:
    """Whether the records hold the photo as it is now."""
    record = records.get(photo.name)
    if record is None or record.problem in _TRIED_AGAIN:
        return False
    return (record.size, record.mtime_ns) == photo.state()
