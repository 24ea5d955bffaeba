"""Worker processes: order, crashes, Ctrl-C. The stand-in detectors are defined here so that workers can import them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.faces.align import Frame
from facegan.faces.sources.find import FoundFile
from facegan.faces.work import Job, measure_photos


class Nobody:
    """Finds no face; a red picture kills the process, as a broken decoder would; a blue one takes its time."""

    def detect(self, rgb: np.ndarray) -> list:
        if rgb[0, 0, 0] > 200 and rgb[0, 0, 1] < 50:
            os.kill(os.getpid(), signal.SIGKILL)
        if rgb[0, 0, 2] > 200 and rgb[0, 0, 1] < 50:
            time.sleep(0.5)
        return []


@dataclass(frozen=True)
class NobodyChoice:
    def open(self) -> Nobody:
        return Nobody()


JOB = Job(NobodyChoice(), Frame(16))  # type: ignore[arg-type]


def pictures(folder: Path, colours: str) -> list[FoundFile]:
    """One 16 x 16 PNG a letter: r kills, b is slow, g is harmless."""
    files = []
    for number, letter in enumerate(colours):
        path = folder / f"{number:03}.png"
        Image.new("RGB", (16, 16), {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255)}[letter]).save(path)
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
