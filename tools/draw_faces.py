"""Draws pictures of people who do not exist, and stores the latents that they were drawn from, for train.py --latents.

pip install -r train/requirements.txt -r tools/requirements-draw.txt
pip install --no-deps random-face==2021.7.21.1
python -m tools.draw_faces faces FACES --count 53000
python -m tools.draw_faces check FACES
python -m tools.draw_faces pairs PAIRS --attribute smile --count 2000
python train/train.py --data FACES --latents FACES/latents.safetensors

The command `basis` fits tools/drawn_faces/basis.safetensors again. docs/drawn_faces.md explains how it works.
"""

import argparse
import io
import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # one thread per process: --processes uses the cores

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from facegan.base.files import atomic_write, atomic_write_all  # noqa: E402
from facegan.gan.known_latents import FILE, LatentsOfPictures  # noqa: E402
from tools.drawn_faces.basis import LATENT_SIZE, Basis  # noqa: E402
from tools.drawn_faces.fitting import Observations, fit_basis, random_people, truncated_components  # noqa: E402
from tools.drawn_faces.pairs import (  # noqa: E402
    LEFT_OUT,
    PairsOf,
    can_be_drawn,
    ends_of,
    left_out_of,
    numbers_of,
    paths_of,
)
from tools.drawn_faces.readings import FRAME, aligned, find_face, read_labels  # noqa: E402
from tools.drawn_faces.targets import CURVES, NAMES, TARGETS  # noqa: E402

BASIS = Path(__file__).parent / "drawn_faces" / "basis.safetensors"


@cache
def _network():
    from tools.drawn_faces.network import Network

    return Network()


@cache
def _detector():
    from facegan.faces.detectors.registry import choose_detector
    from facegan.faces.options import FaceOptions

    return choose_detector(FaceOptions(), say=lambda _: None).open()


def _label_one(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The labels (k,) and the aligned face (128, 128, 3) of one person."""
    picture = _network().draw(w)
    found = find_face(_detector(), picture)
    if found is None:
        return np.full(len(NAMES), np.nan, np.float32), np.zeros((128, 128, 3), np.uint8)
    face = aligned(picture, found[0])
    return read_labels(face[None], NAMES)[0], face


def label_people(w: np.ndarray, pool) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n, k) and faces uint8 (n, 128, 128, 3) of w (n, 512)."""
    labels, faces = zip(*pool.imap(_label_one, w, chunksize=8), strict=True)
    return np.stack(labels), np.stack(faces)


def report(labels: np.ndarray) -> str:
    """Spread and correlations of labels (n, k), as a table."""
    lines = [f"faces {np.isfinite(labels[:, 0]).mean():.3f}"]
    for target, label in zip(TARGETS, labels.T, strict=True):
        low, high = target.thirds
        known = label[np.isfinite(label)]
        p = np.percentile(known, [1, 10, 50, 90, 99]).round(2)
        lines.append(f"{target.name:22} thirds {np.mean(known < low):.2f} {np.mean(known > high):.2f}  {p}")
    good = labels[np.isfinite(labels).all(axis=1)]
    c = np.corrcoef(good, rowvar=False)
    lines.append("correlations\n" + "\n".join(" ".join(f"{v:6.2f}" for v in row) for row in c))
    return "\n".join(lines)


def basis(args: argparse.Namespace) -> None:
    """Fits the basis in rounds of drawing, labelling and fitting."""
    rng = np.random.RandomState(args.seed)
    mean, components = truncated_components(_network().map(rng.randn(10_000, 512)))
    with get_context("fork").Pool(args.processes) as pool:
        observations = None
        for number in range(args.rounds + 1):
            if observations is None:
                u = random_people(rng, 2 * args.count)
            else:
                fitted = fit_basis(mean, components, observations)
                fitted.save(args.basis)
                u = fitted.to_u(rng.randn(args.count, LATENT_SIZE))
            labels, faces = label_people((mean + u @ components).astype(np.float32), pool)
            print(f"round {number}\n{report(labels)}", flush=True)
            if args.sheets:
                args.sheets.mkdir(parents=True, exist_ok=True)
                sheet = faces[:96].reshape(8, 12, 128, 128, 3).transpose(0, 2, 1, 3, 4).reshape(1024, 1536, 3)
                Image.fromarray(sheet).save(args.sheets / f"round{number}.jpg", quality=88)
                np.savez(args.sheets / f"round{number}.npz", u=u, labels=labels)
            if observations is None:
                observations = Observations(u, labels)
            else:
                observations.add(u, labels)
        fit_basis(mean, components, observations).save(args.basis)


# -- the set -------------------------------------------------------------------------------------------------------

# Years. The target ages begin at 28 (targets.py), by facegan's own estimate. But its head was fitted to adults and
# estimates a child as 28, so every picture is checked by a second network that knows children (ages.py).
_MIN_AGE = 30.0
_MIN_AGE_SHARE = 0.68  # of the target age; below it the picture shows, say, an old woman's hair and a child's face
_MAX_ATTRIBUTE_DISTANCE = 45.0  # of Basis.distance; beyond it heads are out of proportion
_MIN_SCORE = 0.6  # of the detector; below it a picture is broken, or most of the face is covered


@dataclass(frozen=True)
class Task:
    """One picture to draw: its file, its latents, the file of the basis, and its size in px."""

    path: Path
    g: np.ndarray
    basis: Path
    size: int


@cache
def _basis(path: Path) -> Basis:
    return Basis.load(path)


@cache
def _ages():
    from tools.drawn_faces.ages import AgeEstimator

    return AgeEstimator()


def _draw_one(task: Task) -> str:
    """Draws and saves one picture. Returns why it is rejected, empty if it was saved."""
    basis_of_task = _basis(task.basis)
    if basis_of_task.distance(task.g[None])[0] > _MAX_ATTRIBUTE_DISTANCE:
        return "too far from other people"
    content = _drawn(task.g, basis_of_task, task.size)
    if reason := _rejection_reason(content, task.g, basis_of_task):
        return reason
    atomic_write(task.path, content.getvalue())
    return ""


def _drawn(g: np.ndarray, fitted: Basis, size: int) -> io.BytesIO:
    """The picture of latents g (100,) as a JPEG file of `size` px."""
    content = io.BytesIO()
    picture = Image.fromarray(_network().draw(fitted.to_w(g[None])[0]))
    picture.resize((size, size), Image.Resampling.LANCZOS).save(content, format="JPEG", quality=93, subsampling=0)
    return content


def _rejection_reason(file: io.BytesIO | Path, g: np.ndarray, fitted: Basis) -> str:
    """Why the picture in a file, drawn from the latents g (100,), is rejected; empty if it is accepted."""
    picture = np.asarray(Image.open(file))
    face = find_face(_detector(), picture)
    if face is None or face[1] < _MIN_SCORE:
        return "no clear face"
    column = NAMES.index("age")
    target_age = TARGETS[column].value(fitted.attributes(g[None])[0, column])
    if _ages().lowest_age(picture, face[0]) < max(_MIN_AGE, _MIN_AGE_SHARE * target_age):
        return "looks too young"
    return ""


def picture_latents(seed: int, number: int) -> np.ndarray:
    """The latents (100,) of picture `number`. Not those of a seed: the generator must not be trained on any seed."""
    return np.random.RandomState([seed, number]).randn(LATENT_SIZE)


def draw_set(args: argparse.Namespace) -> None:
    """Draws --count pictures, numbered from --first; continues where it was interrupted."""
    args.out.mkdir(parents=True, exist_ok=True)
    left_out = args.out / f"left_out_{args.first}.jsonl"
    done = {json.loads(line)["number"] for line in left_out.read_text().splitlines()} if left_out.exists() else set()
    names = {number: f"{number:06d}.jpg" for number in range(args.first, args.first + args.count)}
    pending = [n for n, name in names.items() if n not in done and not (args.out / name).exists()]
    tasks = [Task(args.out / names[n], picture_latents(args.seed, n), args.basis, args.size) for n in pending]
    with get_context("fork").Pool(args.processes) as pool, left_out.open("a") as record:
        for number, why in zip(pending, pool.imap(_draw_one, tasks, chunksize=4), strict=True):
            if why:
                record.write(json.dumps({"number": number, "why": why}) + "\n")
                record.flush()
            if number % 500 == 0:
                print(f"{number:,} of {args.first + args.count:,}", flush=True)
    write_latents(args.out, args.seed, _basis(args.basis))


def _rejection_reason_of(task: Task) -> str:
    return _rejection_reason(task.path, task.g, _basis(task.basis))


def prune_set(args: argparse.Namespace) -> None:
    """Removes the pictures of a set that the current rules reject; the set may have been drawn with earlier rules."""
    paths = sorted(path for path in args.faces.glob("[0-9]*.jpg"))
    tasks = [Task(path, picture_latents(args.seed, int(path.stem)), args.basis, 0) for path in paths]
    with get_context("fork").Pool(args.processes) as pool, (args.faces / "left_out_0.jsonl").open("a") as record:
        for task, why in zip(tasks, pool.imap(_rejection_reason_of, tasks, chunksize=4), strict=True):
            if why:
                record.write(json.dumps({"number": int(task.path.stem), "why": why}) + "\n")
                record.flush()
                task.path.unlink()
    write_latents(args.faces, args.seed, _basis(args.basis))


def write_latents(folder: Path, seed: int, fitted: Basis) -> None:
    """Writes the latents of all pictures in a folder to FOLDER/latents.safetensors."""
    names = sorted(path.name for path in folder.glob("[0-9]*.jpg"))
    latents = np.stack([picture_latents(seed, int(name[:6])) for name in names]).astype(np.float32)
    LatentsOfPictures(tuple(names), latents, fitted.names, CURVES).save(folder / FILE)
    print(f"{len(names):,} pictures are in {folder}, and their latents in {folder / FILE}.")


# -- pairs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PairTask:
    """A pair to draw: the person's latents (100,), and what differs."""

    folder: Path
    number: int
    pairs: PairsOf
    basis: Path


def _draw_pair(task: PairTask) -> str:
    """Draws and saves both pictures of a pair. Returns why it is rejected, empty if it was saved."""
    fitted = _basis(task.basis)
    ends = _ends(task.number, task.pairs, fitted)
    if not can_be_drawn(ends, fitted):
        return "too far from other people"
    contents = []
    for g in ends:
        content = _drawn(g, fitted, task.pairs.size)
        if reason := _rejection_reason(content, g, fitted):
            return reason
        contents.append(content.getvalue())
    atomic_write_all(dict(zip(paths_of(task.folder, task.number), contents, strict=True)))
    return ""


def _ends(number: int, pairs: PairsOf, fitted: Basis) -> np.ndarray:
    return ends_of(picture_latents(pairs.seed, number), fitted, pairs.attribute, pairs.distance)


def draw_pairs(args: argparse.Namespace) -> None:
    """Draws --count pairs NUMBER_low.jpg and NUMBER_high.jpg; continues where it was interrupted."""
    fitted = _basis(args.basis)
    if args.attribute not in fitted.names:
        raise SystemExit(f"--attribute must be one of {', '.join(fitted.names)}.")
    args.out.mkdir(parents=True, exist_ok=True)
    pairs = PairsOf(args.attribute, args.distance, args.seed, args.size)
    try:
        pairs.save(args.out)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    numbers, tried = numbers_of(args.out), left_out_of(args.out)
    unseen = (number for number in count() if number not in tried and number not in set(numbers))
    with get_context("fork").Pool(args.processes) as pool, (args.out / LEFT_OUT).open("a") as record:
        while (missing := args.count - len(numbers)) > 0:
            tasks = [PairTask(args.out, number, pairs, args.basis) for number in islice(unseen, missing)]
            for task, why in zip(tasks, pool.imap(_draw_pair, tasks), strict=True):
                if why:
                    record.write(json.dumps({"number": task.number, "why": why}) + "\n")
                    record.flush()
                else:
                    numbers.append(task.number)
            print(f"{len(numbers):,} of {args.count:,} pairs", flush=True)
    numbers = numbers_of(args.out)
    names = tuple(path.name for number in numbers for path in paths_of(args.out, number))
    latents = np.concatenate([_ends(number, pairs, fitted) for number in numbers]).astype(np.float32)
    LatentsOfPictures(names, latents, fitted.names, CURVES).save(args.out / FILE)
    print(f"{len(numbers):,} pairs are in {args.out}; left out: {dict(Counter(left_out_of(args.out).values()))}.")


# -- the check -----------------------------------------------------------------------------------------------------


def _read_picture(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Labels (k,) and the judge's readings (j,) of the face in a picture; None if it has none."""
    from facegan.sliders.readings import read_faces

    picture = np.asarray(Image.open(path))
    face = find_face(_detector(), picture)
    if face is None:
        return None
    crop = aligned(picture, face[0])[None]
    return read_labels(crop, NAMES)[0], read_faces(crop, FRAME.framing)[0]


def check(args: argparse.Namespace) -> None:
    """Prints how the attributes of a random part of a set are distributed and correlated.

    By the labels that the basis was fitted to, and by the judge's networks, which are independent of them.
    """
    from facegan.sliders.readings import names

    paths = sorted(args.faces.glob("[0-9]*.jpg"))
    chosen = [paths[i] for i in np.random.RandomState(0).permutation(len(paths))[: args.count]]
    with get_context("fork").Pool(args.processes) as pool:
        measured = [one for one in pool.imap(_read_picture, chosen, chunksize=8) if one is not None]
    labels, judged = (np.stack(columns) for columns in zip(*measured, strict=True))
    print(f"{len(labels):,} of {len(paths):,} pictures, by the labels that the basis was fitted to\n{report(labels)}")
    independent = labels.copy()
    for column, name in enumerate(NAMES):
        if name in names():
            reading = judged[:, names().index(name)]
            known = np.isfinite(reading) & np.isfinite(labels[:, column])
            slope, shift = np.polyfit(reading[known], labels[known, column], 1)  # to the label's scale
            independent[:, column] = slope * reading + shift
            agreement = np.corrcoef(reading[known], labels[known, column])[0, 1]
            print(f"{name:22} correlation of the judge's reading with the label {agreement:.2f}")
    print(f"by the judge's readings, for the attributes that it has\n{report(independent)}")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--processes", type=int, default=2, help="each takes a core and 800 MB (default: 2)")
    commands = p.add_subparsers(required=True)
    # fmt: off (one option per line)
    c = commands.add_parser("basis", help="fit the directions of the attributes in the latents")
    c.add_argument("--out", dest="basis", type=Path, required=True, help="a new file")
    c.add_argument("--rounds", type=int, default=3)
    c.add_argument("--count", type=int, default=1200, help="people per round; the first round has twice as many")
    c.add_argument("--seed", type=int, default=0)
    c.add_argument("--sheets", type=Path, help="a folder for pictures and readings of each round")
    c.set_defaults(run=basis)
    c = commands.add_parser("faces", help="draw a set of people and their latents")
    c.add_argument("out", type=Path)
    c.add_argument("--basis", type=Path, default=BASIS)
    c.add_argument("--first", type=int, default=0, help="number of the first picture")
    c.add_argument("--count", type=int, default=44_000, help="of pictures; some are rejected")
    c.add_argument("--size", type=int, default=384, help="px")
    c.add_argument("--seed", type=int, default=0)
    c.set_defaults(run=draw_set)
    c = commands.add_parser("sort", help="remove the pictures of a set that the current rules reject")
    c.add_argument("faces", type=Path)
    c.add_argument("--basis", type=Path, default=BASIS)
    c.add_argument("--seed", type=int, default=0)
    c.set_defaults(run=prune_set)
    c = commands.add_parser("pairs", help="draw people twice, with a low and a high value of one attribute")
    c.add_argument("out", type=Path)
    c.add_argument("--basis", type=Path, default=BASIS)
    c.add_argument("--attribute", required=True)
    c.add_argument("--count", type=int, default=2000)
    c.add_argument("--distance", type=float, default=2.0, help="of the attribute from 0, in deviations of its latent")
    c.add_argument("--size", type=int, default=384, help="px")
    c.add_argument("--seed", type=int, default=1)
    c.set_defaults(run=draw_pairs)
    c = commands.add_parser("check", help="print how the attributes of a set are distributed, from a random part of it")
    c.add_argument("faces", type=Path)
    c.add_argument("--count", type=int, default=1500)
    c.set_defaults(run=check)
    # fmt: on
    args = p.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
