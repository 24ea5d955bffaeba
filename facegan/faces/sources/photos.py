"""Where the photos of a run come from: folders here, data sets in stream.py."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from facegan.faces.records import PhotoRecord
from facegan.faces.sources.find import Photo, find_files

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

    def sample(self, count: int) -> list[Photo]:
        """Files from everywhere in the folders."""
        take = np.linspace(0, len(self.files) - 1, min(count, len(self.files))).round().astype(int)
        return [self.files[i] for i in take]

    def todo(self, records: Records) -> list[Photo]:
        """The files that are new or have changed."""
        return [file for file in self.files if not is_done(file, records)]

    def kept(self, record: PhotoRecord) -> None:
        """Nothing to note: the files stay where they are."""

    def records(self, records: Records) -> list[PhotoRecord]:
        """In the order of the files."""
        return [records[file.name] for file in self.files]

    def again(self, records: Records) -> dict[str, Photo]:
        """All of them."""
        return {file.name: file for file in self.files}


def is_done(photo: Photo, records: Records) -> bool:
    """Whether the records hold the photo as it is now."""
    record = records.get(photo.name)
    if record is None or record.problem == "no_library":  # the library may have been installed meanwhile
        return False
    return (record.size, record.mtime_ns) == photo.state()
