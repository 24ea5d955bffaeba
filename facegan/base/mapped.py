"""Memory-mapped faces: opening the file, and releasing its pages."""

import contextlib
import mmap
from pathlib import Path

import numpy as np


def map_faces(path: Path, size: int) -> np.ndarray:
    """The faces uint8 (n, size, size, 3) in a file that holds nothing else, read-only and mapped.

    Where the file system cannot (FUSE, shared folders of virtual machines), it is mapped copy-on-write, or else read
    into memory. Raises OSError when there is no such file.
    """
    rows = path.stat().st_size // (size * size * 3)
    if not rows:  # an empty file cannot be mapped
        return np.empty((0, size, size, 3), np.uint8)
    shape = rows, size, size, 3
    for mode in ("r", "c"):  # read-only; copy-on-write
        with contextlib.suppress(OSError):
            images = np.memmap(path, np.uint8, mode=mode, shape=shape)
            images.flags.writeable = False
            return images
    images = np.fromfile(path, np.uint8, int(np.prod(shape))).reshape(shape)
    images.flags.writeable = False
    return images


def release(images: np.ndarray) -> None:
    """Returns the pages of a read-only mapped array to the system, which reads the file again when they are needed.

    Pages that were read count as memory of this process until the system needs it for something else: 2.5 GB after a
    pass over 200,000 faces, which can exceed the limit of a container. Without a mapping, or without madvise, nothing
    happens.

    Args:
        images: as FaceCache.images.
    """
    mapping = getattr(images, "_mmap", None)
    if isinstance(mapping, mmap.mmap) and hasattr(mapping, "madvise"):
        mapping.madvise(mmap.MADV_DONTNEED)
