"""Settings that must hold before anything imports NumPy or torch, in the tests and in all that they start."""

import os
import signal

import pytest

from tests.programs import Programs

# The workers of pytest-xdist share the machine, and tiny networks run no faster on several threads: threads that wait
# for each other by spinning made single tests fifty times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts what runs in the background with SIGINT ignored, programs hand that on to all that they start, and
# Ctrl-C, which some tests send, would be lost.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config) -> int:
    """As "-n auto" in pyproject.toml, which gives way to --pdb, unlike "-n 3".

    One more than the two cores that the tests are made for, because those of the page often wait, for its timers or
    for an answer.
    """
    return 3


@pytest.fixture(scope="session")
def programs():
    """train/*.py without the seconds that their imports take: one server for all tests of a process."""
    with Programs() as programs:
        yield programs


def pytest_collection_modifyitems(items) -> None:
    """The long files first, so that the processes end together: a file is the work of one process."""
    items.sort(key=lambda item: "end_to_end" not in item.path.parts)
