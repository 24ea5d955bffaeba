"""The interfaces of a photo and of a source of photos. folder_photos.py and dataset_photos.py implement them."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from facegan.faces.records import PhotoRecord

# Problems that may be gone at the next run although the file has not changed.
_RETRIED = ("no_permission", "not_read", "no_library")
Records = dict[str, PhotoRecord]  # by the photos' names, in the order in which they were processed


class Photo(Protocol):
    """A photo that has not been read yet. It is pickled for a worker process, so it should be small."""

    @property
    def name(self) -> str:
        """The name shown in the report, unique among the photos; never an absolute path."""
        ...

    @property
    def bytes_in_memory(self) -> int:
        """The bytes of the photo that this object keeps in memory."""
        ...

    def size_and_mtime(self) -> tuple[int, int]:
        """Bytes, and the time of the last change in ns: a photo is processed again when either changes."""
        ...

    def read(self) -> tuple[bytes, str]:
        """The bytes of the image file and their SHA-1.

        Raises:
            UnreadablePhotoError: the file cannot be read.
        """
        ...


class Photos(Protocol):
    """The photos of a run, in a fixed order."""

    settings: dict[str, object]  # what the journal depends on, besides the settings of detection and framing
    total: int | None  # the number of photos, if it is known

    def sample(self, count: int) -> Iterable[Photo]:
        """Up to ``count`` photos that are typical of all."""
        ...

    def pending(self, records: Records) -> Iterable[Photo]:
        """The photos that have no record yet or have changed since; a list if their number is known."""
        ...

    def check_disk(self, record: PhotoRecord) -> None:
        """Called with each record before it is stored. Raises FaceGANError when the photos' disk has disappeared."""
        ...

    def mark_stored(self, record: PhotoRecord) -> None:
        """Called after the record of each photo of ``pending`` is stored, in their order."""
        ...

    def records(self, records: Records) -> list[PhotoRecord]:
        """The records of these photos, in their order. ``records`` may also hold some of photos that were removed."""
        ...

    def rereadable(self, records: Records) -> Mapping[str, Photo]:
        """The photos that the report can read a second time, by name: all of them, or an even sample."""
        ...


def is_done(photo: Photo, records: Records) -> bool:
    """Whether the records hold the current version of a photo."""
    record = records.get(photo.name)
    if record is None or record.problem in _RETRIED:
        return False
    return (record.size, record.mtime_ns) == photo.size_and_mtime()
