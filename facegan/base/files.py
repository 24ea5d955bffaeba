"""Files that are never half written."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from facegan.base.disk import located


def atomic_write(path: Path, content: bytes | str, *, flush: bool = False) -> None:
    """Replace the file `path` at once: readers, and the next run after a kill, find the old content or the new one.

    Args:
        path: the file, in a folder that exists.
        content: bytes, or text that is written as UTF-8.
        flush: wait until the content is on the disk, so that it also survives a power cut.

    Raises:
        OSError: the file cannot be written; the old one is intact.
    """
    atomic_write_all({path: content}, flush=flush)


def atomic_write_all(contents: Mapping[Path, bytes | str], *, flush: bool = False) -> None:
    """Replace files that belong together: none of them before all are written. Arguments and errors: `atomic_write`."""
    unfinished = {path: path.with_name(f"{path.name}.unfinished") for path in contents}
    try:
        for path, content in contents.items():
            with located(path), unfinished[path].open("wb") as file:
                file.write(content.encode("utf-8") if isinstance(content, str) else content)
                if flush:
                    file.flush()
                    _flush(file.fileno())
        for path in contents:
            unfinished[path].replace(path)
    except OSError:
        for rest in unfinished.values():
            if rest.is_file():
                rest.unlink()
        raise
    if flush:
        for folder in {path.parent for path in contents}:
            _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, on systems that can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            _flush(handle)
        finally:
            os.close(handle)


def _flush(handle: int) -> None:
    """Wait until the file is on the disk. Some file systems cannot: fsync then fails with EINVAL, or ENOSYS on FUSE."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
