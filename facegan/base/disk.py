"""The reason of a failed write as a sentence with what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Errors of the system that a user can put right, and what to do; "there" is where it happened.
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some space there, or ask for a larger quota",
    errno.EROFS: "it is read-only, so choose a folder that can be written",
    errno.EACCES: "choose a folder that you may write, or change its permissions",
    errno.EPERM: "choose a folder that you may write, or change its permissions",
    errno.EFBIG: "its file system takes no file as large (FAT32 ends at 4 GB), so choose a folder on another one",
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
    """Adds the path to errors of the system that do not say where, as those of writing do not."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def is_disk_error(error: OSError) -> bool:
    """Whether it is one of those that a user can put right."""
    return error.errno in _REMEDIES


def remedy(error: OSError) -> str:
    """What to do about it, as a part of a sentence."""
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
