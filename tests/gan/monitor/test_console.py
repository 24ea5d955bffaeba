"""Signals that ask a training to stop, sent to this process."""

import os
import signal

import pytest

from facegan.gan.monitor.console import Console


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_the_first_signal_asks_to_stop_and_the_second_is_as_before(name):
    number = getattr(signal, name)
    heard = []
    before = signal.signal(number, lambda *_: heard.append(name))
    try:
        said = []
        with Console(said.append, quiet=True) as console:
            assert not console.stop_asked
            os.kill(os.getpid(), number)
            assert console.stop_asked
            assert len(said) == 1
            assert heard == []
            os.kill(os.getpid(), number)
            assert heard == [name]
        os.kill(os.getpid(), number)
        assert heard == [name, name]
    finally:
        signal.signal(number, before)


def test_a_signal_that_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Console(print, quiet=True) as console:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not console.stop_asked
    finally:
        signal.signal(signal.SIGHUP, before)
