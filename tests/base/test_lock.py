"""One process at a time in a run folder, with real processes."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.base.lock import LOCK, locked

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from facegan.base.lock import locked
with locked(Path(sys.argv[1])):
    print("inside", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_and_a_killed_one_leaves_no_lock(tmp_path):
    folder = tmp_path / "runs" / "people"
    first = subprocess.Popen([sys.executable, "-c", HOLD, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert first.stdout is not None
        assert first.stdout.readline() == "inside\n"
        with pytest.raises(FaceGANError, match="Another process works in .*people.* --out"), locked(folder):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait(timeout=120)
    finally:
        first.kill()
        first.communicate()
    with locked(folder):
        (folder / "config.json").write_text("{}")
    assert (folder / "config.json").exists()


def test_the_lock_ends_with_an_error_inside(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert (tmp_path / "config.json").exists()


def test_a_folder_that_got_nothing_is_not_left_behind(tmp_path):
    with locked(tmp_path / "run"):
        assert (tmp_path / "run").is_dir()
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FaceGANError, match="cannot be written"), locked(tmp_path / "file" / "run"):
        pass


@pytest.mark.parametrize("error", [OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)), NotImplementedError("flock")])
def test_a_file_system_without_locks_holds_a_run_and_it_is_said(tmp_path, monkeypatch, error):
    def refused(self):
        raise error

    monkeypatch.setattr("filelock.FileLock.acquire", refused)
    said = []
    with locked(tmp_path / "run", say=said.append):
        (tmp_path / "run" / "config.json").write_text("{}")
    assert len(said) == 1
    assert (tmp_path / "run" / "config.json").exists()
