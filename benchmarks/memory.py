"""How much memory a large data set takes, from its journal to its batches, and how long that is.

    python -m benchmarks.memory
    python -m benchmarks.memory --photos 20000 --size 128

Makes a run folder as if --photos photos had been aligned (synthetic faces, written in a minute), then goes the way of
a run in a new process. Each stage's peak is what the process held above what it held once its libraries were loaded:
resident in all, and without the pages of mapped files, which the system takes back when it wants them. Linux only.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.cache import FaceCache, FaceStore
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.options import FaceOptions
from facegan.faces.records import FaceRecord, PhotoRecord

BAR_GB = 2.0
_AT_A_TIME = 2000  # synthetic photos
_FREQUENCIES = 8  # of a synthetic face along a side, each half as strong as the one before it, like real ones


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=int, default=200_000)
    arguments.add_argument("--size", type=int, default=64)
    arguments.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    options = FaceOptions(size=chosen.size, framing=0.8, detector="yunet")
    if chosen.child:
        measure(chosen.child, options)
        return
    with tempfile.TemporaryDirectory() as temporary:
        started = time.perf_counter()
        write_run(Path(temporary), chosen.photos, options)
        print(f"{chosen.photos:,} photos of {chosen.size} px, written in {time.perf_counter() - started:.0f} s")
        command = [sys.executable, __file__, "--child", temporary, "--size", str(chosen.size)]
        subprocess.run(command, check=True)


def write_run(folder: Path, count: int, options: FaceOptions) -> None:
    """A folder of ``count`` files that the journal in folder/faces says were read, with a face each."""
    photos = folder / "photos"
    photos.mkdir()
    one = folder / "one.jpg"  # all of them are links to it; nothing reads what is inside
    one.write_bytes(b"\xff\xd8\xff")
    state = one.stat()
    settings = {
        "size": options.size,
        "framing": options.framing,
        "detector": choose_detector(options).version,
    }
    store = FaceStore(folder / "faces", settings)
    rng = np.random.default_rng(0)
    keypoints = Frame(224, 0.8).template()
    for first in range(0, count, _AT_A_TIME):
        for offset, picture in enumerate(synthetic_faces(rng, min(_AT_A_TIME, count - first), options.size)):
            name = f"{(first + offset) // 1000:04}/{first + offset:07}.jpg"
            (photos / name).parent.mkdir(exist_ok=True)
            (photos / name).symlink_to(one)
            points = (keypoints + rng.normal(0, 2, (5, 2))).astype(np.float32)
            values = rng.uniform(60, 90), *rng.uniform(-20, 20, 3), *rng.uniform(50, 150, 2), rng.uniform(0.5, 1)
            face = FaceRecord(0, 0.9, points, *map(float, values), inside=1.0, certainty=0.8, tint=(15.0, 16.0))
            size, changed = state.st_size, state.st_mtime_ns
            record = PhotoRecord(name, size, changed, f"{first + offset:040x}", 224, 224, faces=(face,))
            store.append(record, picture[None])
    store.close()


def synthetic_faces(rng: np.random.Generator, count: int, size: int) -> np.ndarray:
    """Smooth random pictures, uint8 (count, size, size, 3), every twentieth almost the one before it."""
    waves = np.cos(np.pi * np.outer(np.arange(size) + 0.5, np.arange(_FREQUENCIES)) / size).astype(np.float32)
    strength = 0.5 ** np.add.outer(np.arange(_FREQUENCIES), np.arange(_FREQUENCIES)).astype(np.float32)
    parts = rng.standard_normal((count, _FREQUENCIES, _FREQUENCIES), dtype=np.float32) * strength
    parts[19::20] = parts[18::20][: len(parts[19::20])] * 0.98
    grey = waves @ parts @ waves.T
    return np.clip(grey[..., None] * np.array([34, 30, 26], np.float32) + 128, 0, 255).astype(np.uint8)


# -- the process that is measured ------------------------------------------------------------------------------


def measure(folder: Path, options: FaceOptions) -> None:
    """Goes through the stages in one process and prints a line for each."""
    import cv2  # noqa: F401
    import onnxruntime  # noqa: F401
    import torch  # noqa: F401

    import facegan.runs.run  # noqa: F401
    from facegan.faces.duplicates import descriptors, near_duplicates
    from facegan.faces.prepare import prepare_faces
    from facegan.gan.data import FaceBatches

    batch = 64
    libraries = resident()
    print(f"{'stage':<44}{'resident':>10}{'anonymous':>11}{'seconds':>9}")
    print(f"{'the libraries':<44}{libraries['VmRSS']:>7.2f} GB{libraries['RssAnon']:>8.2f} GB")
    peaks = []

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        with watched() as peak:
            started = time.perf_counter()
            yield
            spent = time.perf_counter() - started
        above = {key: peak[key] - libraries[key] for key in libraries}
        peaks.append(above["VmRSS"])
        print(f"{name:<44}{above['VmRSS']:>7.2f} GB{above['RssAnon']:>8.2f} GB{spent:>9.1f}", flush=True)

    with stage("preparing: journal, comparison, report"):
        prepare_faces([folder / "photos"], folder / "faces", options, say=lambda line: None)
    with stage("opening the cache, with names"):
        cache = FaceCache.open(folder / "faces")
        assert len(cache.names) == len(cache.images)
    with stage("of preparing, the near-duplicates alone"):
        vectors = descriptors(cache.images, np.arange(len(cache.images)))
        gone = near_duplicates(vectors, np.arange(len(vectors))[::-1], options.near_duplicate)
        del vectors
    with stage("the fingerprint of a run"):
        facegan.runs.run.fingerprint_of(cache)
    with stage("one epoch of training batches"):
        batches = FaceBatches(cache.images, cache.selected, seed=0)
        for position in range(0, len(cache.selected), batch):
            batches.batch(position, batch)
    print(f"{len(cache):,} faces used, {len(gone):,} near-duplicates; report.json has {size_of_report(folder)} MB")
    worst = max(peaks)
    print(f"The largest is {worst:.2f} GB above the libraries: {'under' if worst < BAR_GB else 'OVER'} {BAR_GB:g} GB.")


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Fills a dictionary with the peaks, in GB, of what happens inside: the resident one is the kernel's own."""
    Path("/proc/self/clear_refs").write_text("5")  # starts the kernel's peak anew
    peak, done = resident(), threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak["RssAnon"] = max(peak["RssAnon"], resident()["RssAnon"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()
        peak["VmRSS"] = resident("VmHWM")["VmHWM"]


def resident(*names: str) -> dict[str, float]:
    """Lines of /proc/self/status in GB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) * 1024 / 1e9 for name in names or ("VmRSS", "RssAnon")}


def size_of_report(folder: Path) -> int:
    path = folder / "faces" / "report.json"
    assert json.loads(path.read_text(encoding="utf-8"))
    return round(path.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
