"""One picture of a data set: its bytes, or where they are."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.sources.read import MAX_BYTES, file_state, read_bytes
from facegan.faces.sources.unreadable import UnreadablePhotoError


@dataclass(frozen=True, slots=True)
class StreamedPhoto:
    """A photo that a data set gave: in its row, in a file on this computer, or in one on the Hub."""

    name: str  # unique in the data set; never an absolute path
    data: bytes | None = None
    path: str | None = None  # local, or a URL that fsspec opens ("hf://datasets/..."), when there is no data

    @property
    def held(self) -> int:
        """Bytes that this object keeps in memory."""
        return len(self.data or b"")

    def state(self) -> tuple[int, int]:
        """Size in bytes and time of the last change in nanoseconds, as far as they are known without reading."""
        if self.data is None and self.path is not None and "://" not in self.path:
            return file_state(Path(self.path))
        return self.held, 0

    def read(self) -> tuple[bytes, str]:
        """The picture file's bytes and their SHA-1.

        Raises:
            UnreadablePhotoError: there are none, or too many.
            FaceGANError: the network failed, which says nothing about this photo.
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
        except Exception as error:  # every protocol has its own
            first = str(error).strip().split("\n")[0] or type(error).__name__
            raise FaceGANError(
                f"{self.name} cannot be fetched ({first}): check the network and run the same command again, it goes "
                "on where it was."
            ) from error
