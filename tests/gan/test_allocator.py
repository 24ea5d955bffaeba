import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from facegan.gan.allocator import keep_freed_memory

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

np.ones(1)
print(keep_freed_memory())
before = resident()
block = np.ones(100_000_000, np.uint8)  # far above the 32 MB from which glibc maps a block of its own
del block
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_freed_memory_stays_with_the_process():
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    if said[0] == "False":
        pytest.skip("this libc has no mallopt")
    assert int(said[1]) > 90_000_000
