"""What the user can do about an error of the disk, for the end of an error message.

The beginning of the message, which names the path, is in cli/command_line.py (exit_code) for all commands, and in
gan/checkpoint.py for a checkpoint.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The errors that a user can correct, and what to do; "there" and "it" are the path that the message names.
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there, or ask for a larger quota",
    errno.EROFS: "it is read-only, so choose a folder that can be written",
    errno.EACCES: "choose a folder that you may write, or change its permissions",
    errno.EPERM: "choose a folder that you may write, or change its permissions",
    errno.EFBIG: "its file system allows no file of this size (FAT32 ends at 4 GB), so choose a folder on another one",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EINVAL: "its file system does not take this name, so choose another one",
    errno.EMFILE: "too many files are open, so allow more of them (ulimit -n 4096)",
    errno.ENFILE: "too many files are open on this machine, so close other programs",
    errno.EIO: "the disk or its connection fails, so check it and choose another one",
    errno.ENODEV: "the disk has gone, so connect it again",
    errno.ESTALE: "the network disk has gone, so connect it again",
}


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Adds `path` to an OSError that names no file, as those of write and flush do not."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def is_disk_error(error: OSError) -> bool:
    """Whether the user can correct it, see `remedy`."""
    return error.errno in _REMEDIES


def remedy(error: OSError) -> str:
    """What the user can do about the error, as the end of a sentence that names the path."""
    if error.errno == errno.EFBIG and (limit := _file_size_limit()) is not None:
        return f"files of this process end at {limit:,} bytes, so allow larger ones (ulimit -f unlimited)"
    return _REMEDIES.get(error.errno or 0, "check the disk there")


def _file_size_limit() -> int | None:
    """The largest file in bytes that this process may write; None where only file systems limit that."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if limit == resource.RLIM_INFINITY else limit
