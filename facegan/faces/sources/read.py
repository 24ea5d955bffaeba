"""Reads a file's bytes, or says why that is not possible."""

import hashlib
import os
import stat
from pathlib import Path

from facegan.faces.sources.formats import refuse_other_kinds
from facegan.faces.sources.unreadable import UnreadablePhotoError

PLACEHOLDER = ".icloud"  # macOS replaces a file that is only in iCloud by ".NAME.icloud"
MAX_BYTES = 500_000_000  # a PNG of 200 megapixels of noise has 600 MB, one of a photo less than half of that


def read_bytes(path: Path) -> tuple[bytes, str]:
    """The file's bytes and their SHA-1, by which duplicate files are recognised.

    Raises:
        UnreadablePhotoError: the path is not a regular file, or it cannot be opened, is empty or is too large.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()  # raises PermissionError if that is why find.py lists the folder
            raise UnreadablePhotoError("not_a_picture", "a folder with the name of a picture")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadablePhotoError("not_a_picture", "not an ordinary file")
        if path.name.endswith(PLACEHOLDER):
            raise UnreadablePhotoError("not_downloaded", "in iCloud only: download it in Finder or Files")
        if status.st_size == 0:
            raise UnreadablePhotoError("unreadable", "the file is empty")
        if status.st_size > MAX_BYTES:
            with path.open("rb") as file:
                refuse_other_kinds(file.read(64))
            raise UnreadablePhotoError(
                "unreadable", f"the file has {status.st_size / 1e6:.0f} MB, more than {MAX_BYTES / 1e6:.0f}"
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        if path.is_symlink():
            raise UnreadablePhotoError("unreadable", "a link to a file that is not there") from error
        raise UnreadablePhotoError("not_read", "the file has gone") from error
    except PermissionError as error:
        what = "folder" if path.is_dir() else "file"
        raise UnreadablePhotoError("no_permission", f"no permission to read the {what}") from error
    except OSError as error:
        raise UnreadablePhotoError("not_read", f"the disk says: {error.strerror or error}") from error
    return data, hashlib.sha1(data, usedforsecurity=False).hexdigest()


def file_state(path: Path) -> tuple[int, int]:
    """Bytes, and the time of the last change in ns; zeros if the file's status cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
