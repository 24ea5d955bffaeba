"""The photos in folders of this computer, as a source of photos."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.find import find_files
from facegan.faces.sources.photos import Photo, Records, is_done

_MAX_READ_FAILURES = 50  # in a row; then the disk has failed, not the photos


class FolderPhotos:
    """Photos in folders on this computer, see photos.Photos."""

    def __init__(
        self,
        folders: list[Path],
        *,
        exclude: Path | None = None,
        max_photos: int | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Finds the files.

        Args:
            folders: the data folders, read recursively.
            exclude: a folder that is not read.
            max_photos: take only the first files.
            say: takes a message about folders that are skipped, see find.find_files.

        Raises:
            FaceGANError: a folder is missing.
        """
        self.settings: dict[str, object] = {}
        self.files = find_files(folders, exclude=exclude, say=say)[:max_photos]
        self.total: int | None = len(self.files)
        self._devices = {folder: _device_of(folder) for folder in folders}
        self._read_failures = 0  # in a row

    def sample(self, count: int) -> list[Photo]:
        """Evenly spaced files."""
        take = np.linspace(0, len(self.files) - 1, min(count, len(self.files))).round().astype(int)
        return [self.files[i] for i in take]

    def pending(self, records: Records) -> list[Photo]:
        """The files that are new or have changed."""
        return [file for file in self.files if not is_done(file, records)]

    def check_disk(self, record: PhotoRecord) -> None:
        """After a photo that could not be read, checks that the folders are still mounted; see Photos."""
        self._read_failures = self._read_failures + 1 if record.problem == "not_read" else 0
        if not self._read_failures:
            return
        for folder, device in self._devices.items():
            if why := _why_gone(folder, device):
                raise _gone(folder, why)
        if self._read_failures >= _MAX_READ_FAILURES:  # a disk that is mounted on a subfolder, or no longer responds
            raise _gone(next(iter(self._devices)), f"{record.name}: {record.detail}, like those before it")

    def mark_stored(self, record: PhotoRecord) -> None:
        """Does nothing: the journal alone says which files are done."""

    def records(self, records: Records) -> list[PhotoRecord]:
        """In the order of the files."""
        return [records[file.name] for file in self.files]

    def rereadable(self, records: Records) -> dict[str, Photo]:
        """All of them."""
        return {file.name: file for file in self.files}


def _device_of(folder: Path) -> int:
    """The number of the device that a folder is on."""
    return folder.stat().st_dev


def _why_gone(folder: Path, device: int) -> str:
    """Why a folder that could be read at the start cannot be read now; empty if it can.

    After unmounting, the empty mount point is on another device.
    """
    try:
        if _device_of(folder) != device:
            return "it is no longer mounted"
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _gone(folder: Path, why: str) -> FaceGANError:
    return FaceGANError(
        f"The photos in {folder} have disappeared while they were being read ({why}): connect their disk or network "
        "again, and run the same command, which continues where it stopped."
    )
