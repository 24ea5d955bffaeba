"""One process at a time in a run folder."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facegan.base.errors import FaceGANError

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # from NFS, Lustre and FUSE mounts without locks
LOCK = ".lock"  # in the run folder; hidden, so that nothing lists it or pushes it


@contextmanager
def locked(folder: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Lock a run folder, which is created if necessary, against other processes.

    The operating system releases the lock when the process ends, however it ends; a lock file that is left behind locks
    nothing. A folder that was created here and is still empty is removed again. On a file system without locks nothing
    is locked, and `say` gets a warning: a mere marker file would outlast a process that is killed.

    Raises:
        FaceGANError: another process has locked the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout  # a requirement of training, not of the demo

    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        _acquire(lock, folder, say)
    except Timeout:
        raise FaceGANError(
            f"Another process works in {folder} at this moment: wait until it ends, or choose another with --out."
        ) from None
    except OSError as error:
        raise FaceGANError(
            f"The run folder {folder} cannot be written ({error.strerror or error}): choose another with --out."
        ) from error
    try:
        yield
    finally:
        if new and [path.name for path in folder.iterdir()] == [LOCK]:
            with suppress(OSError):  # before the release, so that no other process is in it; Windows may refuse
                (folder / LOCK).unlink()
                folder.rmdir()
        lock.release()


def _acquire(lock, folder: Path, say: Callable[[str], None]) -> None:
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        # filelock raises NotImplementedError for ENOSYS; its Timeout is an OSError without errno.
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        say(f"The file system of {folder} has no locks: make sure that no other process uses this folder.")
