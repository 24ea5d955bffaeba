"""Files that are never half written."""

import errno
import os
from pathlib import Path


def atomic_write(path: Path, content: bytes | str, *, flush: bool = False) -> None:
    """Replace the file `path`: readers see the old content or the new one, and so does the next run after a kill.

    Args:
        path: the file, in a folder that exists.
        content: bytes, or text that is written as UTF-8.
        flush: wait until the disk has it, so that a power cut cannot lose it either.

    Raises:
        OSError: it cannot be written; the old file is intact then.
    """
    unfinished = path.with_name(f"{path.name}.unfinished")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            if flush:
                file.flush()
                _flush(file.fileno())
        unfinished.replace(path)
    except OSError:
        if unfinished.is_file():
            unfinished.unlink()
        raise
    if flush:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, on systems that can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            _flush(handle)
        finally:
            os.close(handle)


def _flush(handle: int) -> None:
    """Wait until the disk has it, on file systems that can: POSIX lets fsync refuse by EINVAL, FUSE by ENOSYS."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
