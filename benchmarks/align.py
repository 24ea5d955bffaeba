"""How many photos a second become aligned faces, everything included, and how much memory that takes.

    python -m benchmarks.align --photos PHOTOS
    python -m benchmarks.align --photos PHOTOS --detector yunet --workers 1 --count 200

Takes the first --count files below PHOTOS, prepares their faces in a new folder, and prints photos a second over the
whole call, with the start of the processes and the report. The processor time is what counts on a machine that does
other work meanwhile. Memory is the largest resident size of this process and of its largest worker.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from facegan.faces.measure import worker_count
from facegan.faces.prepare import FaceOptions, prepare_faces
from facegan.faces.sources.find import find_files


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=Path, required=True)
    arguments.add_argument("--count", type=int, default=2000)
    arguments.add_argument("--size", type=int, default=64)
    arguments.add_argument("--detector", default="insightface")
    arguments.add_argument("--workers", type=int, default=0)
    chosen = arguments.parse_args()

    files = find_files([chosen.photos])[: chosen.count]
    options = FaceOptions(size=chosen.size, detector=chosen.detector, workers=chosen.workers)
    with tempfile.TemporaryDirectory() as temporary:
        photos, out = Path(temporary, "photos"), Path(temporary, "faces")
        photos.mkdir()
        for number, file in enumerate(files):
            (photos / f"{number:06}{file.path.suffix}").symlink_to(file.path.resolve())
        started = time.perf_counter()
        cache = prepare_faces([photos], out, options, force=True, say=lambda line: None)
        whole = time.perf_counter() - started
    workers = worker_count(chosen.workers, len(files))
    print(f"{len(files)} photos, {len(cache)} faces of {chosen.size} px, {workers} of {os.cpu_count()} cores")
    print(f"{len(files) / whole:.0f} photos/s, {whole:.1f} s in all")
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(used.ru_utime + used.ru_stime for used in spent)
    print(f"{1000 * processor / len(files):.1f} ms of one core a photo, with the start of every process and the report")
    for name, who in (("this process", resource.RUSAGE_SELF), ("largest worker", resource.RUSAGE_CHILDREN)):
        print(f"memory of {name}: {resource.getrusage(who).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
