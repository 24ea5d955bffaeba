"""A photo of a data set that has not been read yet."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.sources.read import MAX_BYTES, file_state, read_bytes
from facegan.faces.sources.unreadable import UnreadablePhotoError


@dataclass(frozen=True, slots=True)
class StreamedPhoto:
    """A photo whose file is in a row of a data set, on this computer, or on the Hub."""

    name: str  # unique in the data set; never an absolute path
    data: bytes | None = None  # the file, if the row holds it
    path: str | None = None  # else a local path, or a URL for fsspec ("hf://datasets/...")

    @property
    def bytes_in_memory(self) -> int:
        """Bytes that this object keeps in memory."""
        return len(self.data or b"")

    def size_and_mtime(self) -> tuple[int, int]:
        """Bytes, and the time of the last change in ns; 0 for what is not known before the photo is read."""
        if self.data is None and self.path is not None and "://" not in self.path:
            return file_state(Path(self.path))
        return self.bytes_in_memory, 0

    def read(self) -> tuple[bytes, str]:
        """The bytes of the image file and their SHA-1.

        Raises:
            UnreadablePhotoError: there is no file, or it is too large.
            FaceGANError: the download failed; the photo may be readable.
        """
        if self.data is None and self.path is not None and "://" not in self.path:
            return read_bytes(Path(self.path))
        data = self.data if self.data is not None or self.path is None else self._fetch(self.path)
        if not data:
            raise UnreadablePhotoError("unreadable", "the row holds no picture")
        if len(data) > MAX_BYTES:
            raise UnreadablePhotoError("unreadable", f"more than {MAX_BYTES / 1e6:.0f} MB")
        return data, hashlib.sha1(data, usedforsecurity=False).hexdigest()

    def _fetch(self, url: str) -> bytes:
        import fsspec

        try:
            with fsspec.open(url, "rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError as error:
            raise UnreadablePhotoError("unreadable", "the data set names a file that is not there") from error
        except Exception as error:  # each protocol of fsspec has its own errors
            first = str(error).strip().split("\n")[0] or type(error).__name__
            raise FaceGANError(
                f"{self.name} cannot be downloaded ({first}): check the network and run the same command again, which "
                "continues where it stopped."
            ) from error
