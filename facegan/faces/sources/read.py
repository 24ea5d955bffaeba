"""A file's bytes, or why there are none."""

import hashlib
import os
import stat
from pathlib import Path

from facegan.faces.sources.formats import refuse_other_kinds
from facegan.faces.sources.unreadable import UnreadablePhotoError

PLACEHOLDER = ".icloud"  # what macOS leaves, as ".NAME.icloud", of a file that is in iCloud only
MAX_BYTES = 500_000_000  # a 200 megapixel PNG of noise has 600 MB, of a photo less than half


def read_bytes(path: Path) -> tuple[bytes, str]:
    """The file's bytes and their SHA-1, which only serves to recognise a second copy.

    Raises:
        UnreadablePhotoError: the file cannot be opened, is empty, is too large, or is no file.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            os.scandir(path).close()  # raises what keeps us out
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
    """Size in bytes and time of the last change in nanoseconds; zeros for a file that cannot be asked."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns
