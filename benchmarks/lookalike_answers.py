"""How long the running app takes from a photo to a look-alike, whether its memory stays flat, and 16 photos at once.

    python -m benchmarks.lookalike_answers PHOTO [--model MODEL] [--photos 500] [--timed 10]

PHOTO shows a face. It is enlarged to 12 megapixels and sent to the real route of an app of its own, as a file as a
caller would send it, and made small as the page sends it. Times are seconds; beside them is the processor time that the
server took, and both by the time in which this process draws 300 faces, which tells how busy the machine is. Linux
only.
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from benchmarks.demo_load import ROOT, start
from facegan import FaceModel
from facegan.model.folder import DEFAULT_FOLDER, ENCODER

LARGE, SMALL = 12_000_000, 1024  # pixels of a phone's photo; the long side that the page sends
_AT_ONCE = 16
_WARM_UP = 3  # answers, before which nothing is measured
_TICK = os.sysconf("SC_CLK_TCK")


def as_jpeg(photo: Image.Image) -> bytes:
    stream = io.BytesIO()
    photo.save(stream, "jpeg", quality=90)
    return stream.getvalue()


def resident_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def processor_seconds(process: int) -> float:
    """That a process has taken until now, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def seconds(call: Callable[[], object], times: int, process: int) -> tuple[float, float]:
    """The median time of a call, and the mean processor time that `process` takes for it."""
    before, waits = processor_seconds(process), []
    for _ in range(times):
        begun = time.perf_counter()
        call()
        waits.append(time.perf_counter() - begun)
    return statistics.median(waits), (processor_seconds(process) - before) / times


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("photo", type=Path)
    p.add_argument("--model", type=Path, default=DEFAULT_FOLDER)
    p.add_argument("--photos", type=int, default=500, help="after which the memory is looked at (default: 500)")
    p.add_argument("--timed", type=int, default=10)
    args = p.parse_args()

    model = FaceModel.load(args.model).base
    photo = Image.open(args.photo).convert("RGB")
    scale = (LARGE / (photo.width * photo.height)) ** 0.5
    large = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS)
    small = large.copy()
    small.thumbnail((SMALL, SMALL))
    sent = {f"{large.width} x {large.height} px": as_jpeg(large), f"{small.width} x {small.height} px": as_jpeg(small)}
    print(f"encoder: {(args.model / ENCODER).stat().st_size / 1e6:.1f} MB; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(ROOT / "app.py"), "--model", str(args.model), "--port", "0"]
        app, address = start(command, Path(folder), folder)
        with httpx.Client(base_url=address, timeout=600, trust_env=False) as web:

            def ask(content: bytes) -> dict:
                answer = web.post("/lookalike-photo", content=content)
                answer.raise_for_status()
                return answer.json()

            try:
                measure(args, app.pid, model, sent, ask)
            finally:
                app.terminate()
                app.wait(60)


def measure(
    args: argparse.Namespace, app: int, model: FaceModel, sent: dict[str, bytes], ask: Callable[[bytes], dict]
) -> None:
    for content in sent.values():
        for _ in range(_WARM_UP):
            ask(content)
    drawn, drawing = seconds(lambda: model.generate(np.zeros((300, 100), np.float32)), args.timed, os.getpid())
    print(f"300 faces drawn: {drawn:.2f} s, {drawing:.2f} s of processors")
    for what, content in sent.items():
        took, worked = seconds(lambda content=content: ask(content), args.timed, app)
        print(
            f"{what}, {len(content) / 1e6:.1f} MB: {took:.2f} s, {took / drawn:.1f} of drawing 300 faces; "
            f"{worked:.2f} s of processors, {worked / drawing:.1f} of drawing them"
        )
    content = list(sent.values())[-1]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begun = time.perf_counter()
        codes = list(pool.map(lambda _: ask(content)["code"], range(_AT_ONCE)))
        took = time.perf_counter() - begun
    print(f"{_AT_ONCE} at once: {len(codes)} answers, {len(set(codes))} of them different, after {took:.1f} s")
    held = [resident_mb(app)]
    for number in range(1, args.photos + 1):
        ask(content)
        if number % max(1, args.photos // 5) == 0:
            held.append(resident_mb(app))
            print(f"memory after {number} photos more: {held[-1]:.0f} MB ({held[-1] - held[0]:+.0f})", flush=True)


if __name__ == "__main__":
    main()
