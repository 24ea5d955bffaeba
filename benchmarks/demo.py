"""How long the demo's own functions take, HTTP aside.

    python -m benchmarks.demo [--model FOLDER]

Prints the median and the fastest of many calls. "one face" is everything between a seed and the HTML that the page
shows: the latent, the generator, the enlargement to 384 px and both PNG files. Its bar is 15 ms on a laptop's CPU.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from facegan.demo.faces_tab import Faces, draw_figure
from facegan.demo.films import draw_film, draw_position
from facegan.demo.outbox import Outbox
from facegan.demo.state import COUNT, FacesState, MorphState
from facegan.model.load import FaceModel


def milliseconds(call: Callable[[], object], times: int) -> list[float]:
    """How long each of `times` calls takes, after one that warms up."""
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return taken


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--model", metavar="FOLDER")
    chosen = arguments.parse_args()

    start = time.perf_counter()
    model = FaceModel.load(chosen.model)
    loaded = time.perf_counter() - start
    print(f"{model.name}: loaded in {loaded:.2f} s; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    seeds = count()
    faces = Faces(model, Outbox())
    morph = MorphState((1, 7, 42), 0.8)
    for label, call, times in (
        ("one face", lambda: draw_figure(model, FacesState.near(next(seeds), 0.8, 1)), 200),
        (
            f"a click on Random face, {COUNT} in the grid",
            lambda: faces.draw_seed(next(seeds) * COUNT, 0.8, COUNT, 0),
            50,
        ),
        ("the morph's slider", lambda: draw_position(model, replace(morph, position=next(seeds) % 100 / 100)), 100),
        ("/generate, one PNG", lambda: faces.generate(next(seeds)), 100),
        ("/morph, 72 frames as MP4", lambda: draw_film(model, morph, "mp4"), 3),
        ("/morph, 72 frames as GIF", lambda: draw_film(model, morph, "gif"), 3),
    ):
        taken = milliseconds(call, times)
        print(f"{label:42} {statistics.median(taken):8.1f} ms   fastest {min(taken):8.1f} ms")


if __name__ == "__main__":
    main()
