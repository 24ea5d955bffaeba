"""One process at a time in a run folder."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from facegan.base.errors import FaceGANError

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # of NFS, Lustre and FUSE, as they are mounted
LOCK = ".lock"  # in the run folder; hidden, so that nothing lists it or pushes it


@contextmanager
def locked(folder: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Lock a run folder, which is created if necessary, against other processes.

    The operating system releases the lock when the process ends, however it ends; the file that remains locks nothing.
    A folder that was created here and is still empty is removed again. Where the file system has no locks, `say` is
    told, and nothing is locked: a file that stands for a lock would outlast a process that is killed.

    Raises:
        FaceGANError: another process works there, or the folder cannot be written.
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
            with suppress(OSError):  # while the lock is held, so that nobody else is in it; or Windows forbids it
                (folder / LOCK).unlink()
                folder.rmdir()
        lock.release()


def _acquire(lock, folder: Path, say: Callable[[str], None]) -> None:
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        # filelock's name for ENOSYS is NotImplementedError; its Timeout is an OSError without a number.
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        say(f"The file system of {folder} has no locks: see to it that no other process works there.")
