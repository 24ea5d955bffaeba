"""Memory-mapped faces: opening them, and giving their pages back."""

import contextlib
import mmap
from pathlib import Path

import numpy as np


def map_faces(path: Path, size: int) -> np.ndarray:
    """The faces uint8 (n, size, size, 3) in a file that holds nothing else, read-only and mapped.

    Some file systems (FUSE, shared folders of virtual machines) map only private copies, or nothing: then the faces
    are mapped so, or read into memory. Raises OSError when there is no such file.
    """
    rows = path.stat().st_size // (size * size * 3)
    if not rows:  # an empty file cannot be mapped
        return np.empty((0, size, size, 3), np.uint8)
    shape = rows, size, size, 3
    for mode in ("r", "c"):
        with contextlib.suppress(OSError):
            images = np.memmap(path, np.uint8, mode=mode, shape=shape)
            images.flags.writeable = False
            return images
    images = np.fromfile(path, np.uint8, int(np.prod(shape))).reshape(shape)
    images.flags.writeable = False
    return images


def release(images: np.ndarray) -> None:
    """Gives the pages of a read-only mapped array back to the system, which reads the file again when they are needed.

    Pages that were read count as memory of this process until the system wants them for something else. A pass over
    200,000 faces would count as 2.5 GB, which can exceed the limit of a container. An array that is not mapped is left
    alone, and so is one on a system without madvise.

    Args:
        images: as FaceCache.images.
    """
    mapping = getattr(images, "_mmap", None)
    if isinstance(mapping, mmap.mmap) and hasattr(mapping, "madvise"):
        mapping.madvise(mmap.MADV_DONTNEED)
