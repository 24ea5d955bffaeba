"""Photos of 12 megapixels, as phones make them: how fast they become aligned faces, and how fast decoding alone is.

    python -m benchmarks.phone_photos
    python -m benchmarks.phone_photos --count 48 --workers 2
    python -m benchmarks.phone_photos --grain 4

Makes its own photos: faces of the default generator before a noisy background, 4032 x 3024, as JPEG and as HEIC. A JPEG
has 1.3 MB without grain and 3 MB, as phones' photos have, with a grain of 4. For each kind it prints photos a second of
reading and decoding to the working size, of the whole way to measured faces, and the second over the first, by the
clock on all workers and by the processor's time in one process. On a machine that does other work meanwhile only the
latter says something.
"""

import argparse
import io
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from facegan import FaceModel
from facegan.faces.align import Frame
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.measure import measure_photo, worker_count
from facegan.faces.options import DETECTORS, FaceOptions
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.find import FoundFile, find_files
from facegan.faces.sources.formats import register_heif
from facegan.faces.work import Job, measure_photos

WIDTH, HEIGHT, FACE = 4032, 3024, 1200  # px
DIFFERENT = 4
OPTIONS = {"JPEG": {"quality": 90}, "HEIF": {"quality": 60, "enc_params": {"preset": "ultrafast"}}}


def make_photos(folder: Path, count: int, kind: str, grain: float = 0.0) -> None:
    """Photos of the kind "JPEG" or "HEIF": a few, and copies of them, because HEIC takes long to write.

    `grain`: the standard deviation of a sensor's noise, of 255.
    """
    register_heif()
    rng = np.random.RandomState(0)
    model = FaceModel.load()
    faces = model.generate(model.latents(range(min(count, DIFFERENT)), 0.7))
    rough = rng.randint(60, 190, (HEIGHT // 32, WIDTH // 32, 3)).astype(np.uint8)
    ground = Image.fromarray(rough).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    contents = []
    for face in faces:
        photo = ground.copy()
        large = Image.fromarray(face).resize((FACE, FACE), Image.Resampling.BICUBIC)
        photo.paste(large, (int(rng.randint(WIDTH - FACE)), int(rng.randint(HEIGHT - FACE))))
        if grain:
            noise = grain * rng.randn(HEIGHT, WIDTH, 1)
            photo = Image.fromarray((np.asarray(photo) + noise).clip(0, 255).astype(np.uint8))
        content = io.BytesIO()
        photo.save(content, kind, **OPTIONS[kind])
        contents.append(content.getvalue())
    for number in range(count):
        (folder / f"{number:04}.{kind.lower()}").write_bytes(contents[number % len(contents)])


def decode(file: FoundFile) -> int:
    """Reads and decodes one; what it gives is dropped where it was made."""
    return decode_photo(file.read()[0]).rgb.shape[0]


def by_clock(files: list[FoundFile], job: Job, workers: int) -> tuple[float, float]:
    """Photos a second of decoding alone, and of the whole way, after the processes have started."""
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(decode, files[:workers]))
        started = time.perf_counter()
        list(pool.map(decode, files))
        alone = len(files) / (time.perf_counter() - started)
    results = measure_photos(files, job, workers)
    next(results)
    started = time.perf_counter()
    whole = sum(1 for _ in results) / (time.perf_counter() - started)
    return alone, whole


def by_processor(files: list[FoundFile], job: Job) -> tuple[float, float]:
    """The same in one process, by its own time."""
    detector = job.choice.open()
    rates = []
    for work in (decode, lambda file: measure_photo(file, detector, frame=job.frame)):
        work(files[0])
        started = time.process_time()
        for file in files:
            work(file)
        rates.append(len(files) / (time.process_time() - started))
    return rates[0], rates[1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--count", type=int, default=24, help="photos of each kind (default: 24)")
    arguments.add_argument("--workers", type=int, default=0, help="default: one a core")
    arguments.add_argument("--kind", choices=tuple(OPTIONS), action="append", help="default: both")
    arguments.add_argument("--grain", type=float, default=0.0, help="standard deviation of noise, of 255 (default: 0)")
    arguments.add_argument("--detector", choices=DETECTORS, default=FaceOptions.detector)
    arguments.add_argument("--insightface-root", type=Path, default=FaceOptions.insightface_root)
    arguments.add_argument("--only-processor", action="store_true", help="on a machine that does other work")
    chosen = arguments.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    import cv2

    cv2.setNumThreads(1)
    options = FaceOptions(detector=chosen.detector, insightface_root=chosen.insightface_root)
    choice = choose_detector(options, say=lambda _: None)
    print(choice.reason)
    job = Job(choice, Frame(64, 0.8))
    print("| photos | measured by | decoded a second | aligned a second | ratio |\n|---|---|---|---|---|")
    for kind in chosen.kind or OPTIONS:
        with tempfile.TemporaryDirectory() as temporary:
            make_photos(Path(temporary), chosen.count, kind, chosen.grain)
            files = find_files([Path(temporary)])
            rates = {"processor": by_processor(files, job)}
            if not chosen.only_processor:
                rates["clock"] = by_clock(files, job, worker_count(chosen.workers, len(files)))
        for how, (alone, whole) in rates.items():
            print(f"| {kind} | {how} | {alone:.1f} | {whole:.1f} | {whole / alone:.2f} |", flush=True)


if __name__ == "__main__":
    main()
