"""Worker processes: order, crashes, Ctrl-C. The stand-in detectors are defined here so that workers can import them."""

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces import work
from facegan.faces.align import Frame
from facegan.faces.sources.find import FoundFile
from facegan.faces.sources.photos import is_done
from facegan.faces.work import Job, measure_photos

TIDE = "FACEGAN_TEST_TIDE"  # an environment variable: a file that is there while memory is scarce


class Nobody:
    """Finds no face. What a picture's colour does to its process: see `pictures`."""

    def detect(self, rgb: np.ndarray) -> list:
        colour = tuple(rgb[0, 0] > 127)
        if colour == (True, False, False):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.kill(os.getpid(), signal.SIGSEGV)
        if colour == (True, False, True) or (colour == (True, True, False) and Path(os.environ[TIDE]).exists()):
            os.kill(os.getpid(), signal.SIGKILL)
        if colour == (False, False, True):
            time.sleep(0.5)
        return []


@dataclass(frozen=True)
class NobodyChoice:
    def open(self) -> Nobody:
        return Nobody()


@dataclass(frozen=True)
class Stillborn:
    """A detector that no process can load."""

    def open(self) -> Nobody:
        os._exit(1)


JOB = Job(NobodyChoice(), Frame(16))  # type: ignore[arg-type]


def pictures(folder: Path, colours: str) -> list[FoundFile]:
    """One 16 x 16 PNG a letter.

    g is harmless, b is slow, r crashes its process as a broken decoder does, m has the system end it for want of
    memory, and y does so the first time only.
    """
    files = []
    colours_of = {"g": (0, 255, 0), "b": (0, 0, 255), "r": (255, 0, 0), "m": (255, 0, 255), "y": (255, 255, 0)}
    for number, letter in enumerate(colours):
        path = folder / f"{number:03}.png"
        Image.new("RGB", (16, 16), colours_of[letter]).save(path)
        files.append(FoundFile(path, path.name))
    return files


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_files(tmp_path, workers):
    files = pictures(tmp_path, "bggggbgggg")
    records = [record for record, _ in measure_photos(files, JOB, workers)]
    assert [record.name for record in records] == [file.name for file in files]
    assert not any(record.problem for record in records)


def test_a_photo_that_kills_its_process_is_a_row_and_the_others_go_on(tmp_path):
    files = pictures(tmp_path, "gggrgggg")
    results = list(measure_photos(files, JOB, 2))
    assert [record.name for record, _ in results] == [file.name for file in files]
    assert [record.problem for record, _ in results] == ["", "", "", "unreadable", "", "", "", ""]
    assert "crashed" in results[3][0].detail
    assert results[3][1].shape == (0, 16, 16, 3)


def test_a_photo_for_which_memory_runs_out_twice_is_tried_again_by_the_next_run(tmp_path):
    files = pictures(tmp_path, "gggmgggg")
    said = []
    results = list(measure_photos(files, JOB, 2, say=said.append))
    assert [record.name for record, _ in results] == [file.name for file in files]
    assert [record.problem for record, _ in results] == ["", "", "", "not_read", "", "", "", ""]
    assert "memory" in results[3][0].detail
    assert not is_done(files[3], {files[3].name: results[3][0]})
    assert len(said) == 1
    assert "SIGKILL" in said[0]
    assert "memory" in said[0]


def test_a_process_that_the_system_ends_once_costs_no_photo_and_two_new_processes(tmp_path, monkeypatch):
    files = pictures(tmp_path, "gggyggggbbbggggggggggggg")
    monkeypatch.setenv(TIDE, str(tmp_path / "tide"))
    (tmp_path / "tide").touch()
    started, said = [], []
    real = work._Pool

    def counted(job, workers):
        started.append(workers)
        return real(job, workers)

    def ebb(line):
        said.append(line)
        (tmp_path / "tide").unlink()

    monkeypatch.setattr(work, "_Pool", counted)
    results = list(measure_photos(files, JOB, 2, say=ebb))
    assert [record.name for record, _ in results] == [file.name for file in files]
    assert not any(record.problem for record, _ in results)
    assert len(said) == 1
    assert started == [2, 1, 1]  # all at once, one for the suspects, and half of them from then on


def test_no_process_that_can_start_is_said_in_a_sentence(tmp_path):
    files = pictures(tmp_path, "gggg")
    with pytest.raises(FaceGANError, match="--workers 1"):
        list(measure_photos(files, Job(Stillborn(), Frame(16)), 2, say=lambda line: None))


def test_no_files_need_no_processes():
    assert list(measure_photos([], JOB, 2)) == []


def test_stopping_early_leaves_no_process(tmp_path):
    before = set(multiprocessing.active_children())
    results = measure_photos(pictures(tmp_path, "g" * 60), JOB, 2)
    next(results)
    results.close()
    deadline = time.monotonic() + 120
    while set(multiprocessing.active_children()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads the process table of Linux")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_workers_end_with_their_parent(tmp_path, how):
    pictures(tmp_path, "b" * 40)
    script = tmp_path / "program.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})\n"
        "from pathlib import Path\n"
        "from facegan.faces.sources.find import FoundFile\n"
        "from facegan.faces.work import measure_photos\n"
        "from tests.faces.test_work import JOB\n"
        "if __name__ == '__main__':\n"
        f"    files = [FoundFile(p, p.name) for p in sorted(Path({str(tmp_path)!r}).glob('*.png'))]\n"
        "    for record, _ in measure_photos(files, JOB, 2):\n"
        "        print(record.name, flush=True)\n"
    )
    program = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    assert program.stdout is not None
    program.stdout.readline()  # the workers are at work
    workers = children(program.pid)
    assert workers
    program.send_signal(how)
    program.wait(timeout=120)
    deadline = time.monotonic() + 120
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    program.stdout.close()


def children(pid: int) -> list[int]:
    """Processes started by ``pid`` that run worker code."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, IndexError):
            continue
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
