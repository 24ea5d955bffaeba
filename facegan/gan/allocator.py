"""Makes glibc keep large freed blocks of memory for the next training step instead of returning them.

By default glibc maps every block above 32 MB anew and unmaps it when it is freed, so each batch of large feature maps
causes its page faults again. mallopt(3), https://man7.org/linux/man-pages/man3/mallopt.3.html
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # malloc.h
_NEVER = 2**31 - 1  # bytes at the top of the heap that are not worth returning


def keep_freed_memory() -> bool:
    """Keep the memory that this process frees, so that its size stays at its peak. False where libc has no mallopt.

    Training is 1.2 times as fast at 128 and 256 px (docs/measurements/program.md).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, musl; Windows has no CDLL(None)
        return False
    return bool(mallopt(_M_MMAP_MAX, 0)) and bool(mallopt(_M_TRIM_THRESHOLD, _NEVER))
