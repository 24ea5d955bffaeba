"""Memory-mapped faces: how their pages are given back."""

import mmap

import numpy as np


def release(images: np.ndarray) -> None:
    """Gives the pages of a read-only mapped array back to the system; whoever reads them next reads the file again.

    Pages that were read count as this process's memory until the system wants them for something else. A pass over
    200,000 faces would so look like 2.5 GB, and a container with a limit may take it for that. An array that is
    mapped from no file is left alone, and so is one on a system that cannot do it.

    Args:
        images: as FaceCache.images.
    """
    mapping = getattr(images, "_mmap", None)
    if isinstance(mapping, mmap.mmap) and hasattr(mapping, "madvise"):
        mapping.madvise(mmap.MADV_DONTNEED)
