"""Which recipe makes the best faces in equal time: held-out KID of every candidate, by successive halving.

    python -m benchmarks.recipes --faces runs/PHOTOS/faces --count 12000 --rungs 4 12 30 --keep 7 2
    python -m benchmarks.recipes --faces runs/PHOTOS/faces --count 300 --only hinge relativistic --rungs 8 --seeds 0 1 2
    python -m benchmarks.recipes --table

Every candidate gets equal minutes of ONE core: its speed is measured first (the fastest of many short blocks, which
other work on the machine hardly disturbs), and a rung is as many images as that speed makes of the minutes. After each
rung but the last the best `--keep` go on from where they stand. What was done is kept under --out and not done again:
after a change of what a candidate is, or of the program's speed, begin with another --out.
The held-out tenth of all faces judges every --count.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

HINGE = {
    "upsample": "resize", "norm": "spectral", "loss": "hinge", "lr_generator": 2e-4, "lr_discriminator": 4e-4,
    "betas": (0.0, 0.9), "batch": 32, "augment": True, "minibatch_std": True, "width": 32,
    "attribute_weight": 0.0,
}  # fmt: skip
RELATIVISTIC = {**HINGE, "norm": "none", "loss": "relativistic", "gamma": 0.2, "lr_discriminator": 2e-4}
CLASSIC = {
    "upsample": "transposed", "norm": "batch", "loss": "bce", "lr_generator": 2e-4, "lr_discriminator": 2e-4,
    "betas": (0.5, 0.999), "batch": 64, "augment": False, "minibatch_std": False, "width": 64,
    "attribute_weight": 0.0,
}  # fmt: skip
FAST = {"lr_generator": 4e-4, "lr_discriminator": 8e-4}
FASTER = {"lr_generator": 8e-4, "lr_discriminator": 1.6e-3}
PAIRS = {**RELATIVISTIC, "lr_generator": 8e-4, "lr_discriminator": 8e-4}
# What many faces can do without: augmentation, and every second penalty.
PLAIN = {**PAIRS, "augment": False, "penalty_every": 16}
CANDIDATES = {
    "classic": CLASSIC,
    "classic, width 32": {**CLASSIC, "width": 32},
    "classic, augmented": {**CLASSIC, "width": 32, "augment": True},
    "hinge": HINGE,
    "hinge, not augmented": {**HINGE, "augment": False},
    "hinge, transposed": {**HINGE, "upsample": "transposed"},
    "hinge, no minibatch std": {**HINGE, "minibatch_std": False},
    "hinge, excitation": {**HINGE, "excite": True},
    "hinge, LeCam": {**HINGE, "lecam": 0.1},
    "hinge, batch 16": {**HINGE, "batch": 16},
    "hinge, batch 64": {**HINGE, "batch": 64},
    "hinge, batch 16, no minibatch std": {**HINGE, "batch": 16, "minibatch_std": False},
    "hinge, batch 8, no minibatch std": {**HINGE, "batch": 8, "minibatch_std": False},
    "hinge, width 24": {**HINGE, "width": 24},
    "hinge, width 48": {**HINGE, "width": 48},
    "hinge, R1 + R2": {**HINGE, "norm": "none", "gamma": 0.2},
    "hinge, spectral + R1 + R2": {**HINGE, "gamma": 0.2},
    "hinge, rates x 2": {**HINGE, **FAST},
    "hinge, rates x 2, no minibatch std": {**HINGE, **FAST, "minibatch_std": False},
    "hinge, rates x 2, batch 16": {**HINGE, **FAST, "batch": 16},
    "hinge, rates x 2, batch 64": {**HINGE, **FAST, "batch": 64},
    "hinge, rates x 2, bce": {**HINGE, **FAST, "loss": "bce"},
    "hinge, rates x 2, equal": {**HINGE, "lr_generator": 4e-4, "lr_discriminator": 4e-4},
    "hinge, rates x 4": {**HINGE, **FASTER},
    "hinge, rates x 4, no minibatch std, batch 64": {**HINGE, **FASTER, "minibatch_std": False, "batch": 64},
    "hinge, rates x 8": {**HINGE, "lr_generator": 1.6e-3, "lr_discriminator": 3.2e-3},
    "relativistic, rates x 4": PAIRS,
    "relativistic, rates x 4, batch 16": {**PAIRS, "batch": 16},
    "relativistic, rates x 4, batch 64": {**PAIRS, "batch": 64},
    "relativistic, rates x 4, width 24": {**PAIRS, "width": 24},
    "relativistic, rates x 4, width 48": {**PAIRS, "width": 48},
    "relativistic, rates x 4, gamma 1": {**PAIRS, "gamma": 1.0},
    "relativistic, rates x 4, gamma 0.05": {**PAIRS, "gamma": 0.05},
    "relativistic, rates x 4, no minibatch std": {**PAIRS, "minibatch_std": False},
    "relativistic, rates x 4, excitation": {**PAIRS, "excite": True},
    "relativistic, rates x 4, LeCam": {**PAIRS, "lecam": 0.1},
    "relativistic, rates x 4, transposed": {**PAIRS, "upsample": "transposed"},
    "relativistic, rates x 4, spectral": {**PAIRS, "norm": "spectral", "gamma": 0.0},
    "relativistic, rates x 4, not augmented": {**PAIRS, "augment": False},
    "relativistic, rates x 4, not augmented, width 48": {**PAIRS, "augment": False, "width": 48},
    "relativistic, rates x 4, attributes": {**PAIRS, "augment_target": 0.6, "attribute_weight": 0.3},
    "relativistic, rates x 4, not augmented, attributes": {**PAIRS, "augment": False, "attribute_weight": 0.3},
    "relativistic, rates x 4, momentum": {**PAIRS, "betas": (0.5, 0.99)},
    "relativistic, rates x 4 and 8": {**PAIRS, "lr_discriminator": 1.6e-3},
    "relativistic, rates x 4, sureness 0.6": {**PAIRS, "augment_target": 0.6},
    "relativistic, rates x 4, sureness 0.7": {**PAIRS, "augment_target": 0.7},
    "relativistic, rates x 4, sureness 0.9": {**PAIRS, "augment_target": 0.9},
    "relativistic, rates x 4, plain": PLAIN,
    "relativistic, rates x 4, plain, width 48": {**PLAIN, "width": 48},
    "relativistic, rates x 4, plain, width 64": {**PLAIN, "width": 64},
    "relativistic, rates x 4, plain, batch 64": {**PLAIN, "batch": 64},
    "hinge, R1 + R2, rates x 4, plain": {**PLAIN, "loss": "hinge"},
    "bce, R1 + R2, rates x 4": {**PAIRS, "loss": "bce"},
    "hinge, R1 + R2, rates x 4": {**PAIRS, "loss": "hinge"},
    "hinge, R1 + R2, rates x 4, not augmented": {**PAIRS, "augment": False, "loss": "hinge"},
    "hinge, rates x 4, batch 16": {**HINGE, **FASTER, "batch": 16},
    "relativistic, rates x 8": {**RELATIVISTIC, "lr_generator": 1.6e-3, "lr_discriminator": 1.6e-3},
    "bce, spectral": {**HINGE, "loss": "bce"},
    "bce, R1 + R2": {**RELATIVISTIC, "loss": "bce"},
    "relativistic": RELATIVISTIC,
    "relativistic, not augmented": {**RELATIVISTIC, "augment": False},
    "relativistic, spectral": {**HINGE, "loss": "relativistic"},
    "relativistic, no minibatch std": {**RELATIVISTIC, "minibatch_std": False},
    "relativistic, gamma 1": {**RELATIVISTIC, "gamma": 1.0},
    "relativistic, gamma 0.05": {**RELATIVISTIC, "gamma": 0.05},
    "relativistic, transposed": {**RELATIVISTIC, "upsample": "transposed"},
    "relativistic, batch 16": {**RELATIVISTIC, "batch": 16},
    "relativistic, batch 64": {**RELATIVISTIC, "batch": 64},
    "relativistic, excitation": {**RELATIVISTIC, "excite": True},
    "relativistic, LeCam": {**RELATIVISTIC, "lecam": 0.1},
    "relativistic, rates x 2": {**RELATIVISTIC, "lr_generator": 4e-4, "lr_discriminator": 4e-4},
}


def recipe_of(name: str, faces: int):
    from facegan.gan.config import PRESETS, Recipe, recipe_for

    known = name in PRESETS and name not in CANDIDATES
    return recipe_for(name, faces) if known else Recipe(images_seen=1, **CANDIDATES[name])


@cache
def faces_of(folder: Path, count: int):
    """(images, training rows, held-out features, features of as many training faces)."""
    from facegan.faces.cache import FaceCache
    from facegan.gan.metrics import features

    faces = FaceCache.open(folder)
    training, held_out = faces.split()
    training = np.sort(np.random.RandomState(1).permutation(training)[:count])
    same = training[np.random.RandomState(2).permutation(len(training))[: len(held_out)]]
    return faces.images, training, features(faces.images[held_out]), features(faces.images[np.sort(same)])


def gan_of(name: str, seed: int, size: int, args: argparse.Namespace):
    import torch

    from facegan.gan.adversaries import Adversaries
    from facegan.gan.config import TrainConfig, choose_precision

    torch.set_num_threads(args.threads)
    precision = args.precision or choose_precision("cpu")
    recipe = recipe_of(name, args.count)
    attributes = attributes_of(args).names if recipe.attribute_weight else ()
    return Adversaries(TrainConfig(recipe, size, seed, "cpu", precision, attributes=attributes))


def attributes_of(args: argparse.Namespace):
    """Those of all faces, read once and kept under --out."""
    from facegan.faces.cache import FaceCache
    from facegan.gan.attributes import FaceAttributes
    from facegan.gan.conditioning import FILE, attributes_for

    if not (args.out / FILE).exists():
        attributes_for(args.out, FaceCache.open(args.faces), None)
    return FaceAttributes.load(args.out / FILE)


def speed_of(name: str, size: int, args: argparse.Namespace) -> float:
    """Images a second, measured once."""
    import torch

    path = args.out / "speeds.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    key = f"{size} px, {name}"
    if key not in known:
        gan = gan_of(name, 0, size, args)
        # What augmentation costs depends on its probability: a tenth is more than many faces and less than few need.
        gan.probability.value = 0.1 if gan.recipe.augment else 0.0
        faces = torch.randint(0, 256, (gan.recipe.batch, size, size, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
        k = len(gan.config.attributes)
        attributes = torch.randn(gan.recipe.batch, k) if k else None
        fastest = float("inf")
        for _ in range(10):
            start = time.process_time()
            for _ in range(8):  # lazy penalties come every eighth step
                gan.step(faces, attributes)
            fastest = min(fastest, time.process_time() - start)
        known[key] = round(8 * gan.recipe.batch / fastest, 1)
        path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return known[key]


def go_on(name: str, seed: int, minutes: float, speed: float, args: argparse.Namespace) -> dict:
    """Train one candidate until it has had `minutes` of a core, and measure it."""
    import torch
    from PIL import Image

    from facegan.base.pictures import grid
    from facegan.base.seeds import latents_of
    from facegan.gan import checkpoint as ckpt
    from facegan.gan.data import FaceBatches
    from facegan.gan.ema import recalibrated
    from facegan.gan.metrics import features, kid, precision_recall
    from facegan.gan.samples import draw

    images, rows, held_out, training = faces_of(args.faces, args.count)
    gan = gan_of(name, seed, images.shape[1], args)
    batches = FaceBatches(images, rows, seed, attributes_of(args) if gan.config.attributes else None)
    folder = args.out / f"{gan.config.size} px, {len(rows)} faces" / name / str(seed)
    if found := ckpt.load_checkpoint(folder):
        gan.restore(*found)
    while gan.images_seen < minutes * 60 * speed:
        gan.step(*batches.batch(gan.images_seen, gan.recipe.batch))
    ckpt.save_checkpoint(folder, gan.images_seen, *gan.state())
    generator = recalibrated(gan.ema.generator)
    latents = torch.from_numpy(latents_of(range(args.generated)))
    faces = np.concatenate([draw(generator, part) for part in latents.split(64)])
    Image.fromarray(grid(faces[:32], 8)).save(folder / f"{minutes:g}.png")
    found = features(faces)
    of = kid(held_out, found)
    precision, recall = precision_recall(held_out, found[: len(held_out)])
    result = {
        "name": name, "size": gan.config.size, "faces": len(rows), "seed": seed, "core_minutes": minutes,
        "images_seen": gan.images_seen, "images_per_core_s": speed,
        "kid": round(of.value, 3), "spread": round(of.spread, 3), "kid_train": round(kid(training, found).value, 3),
        "precision": round(precision, 3), "recall": round(recall, 3), "augment_p": round(gan.probability.value, 3),
    }  # fmt: skip
    with (args.out / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    return result


def results(out: Path) -> list[dict]:
    path = out / "results.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def _of(args: argparse.Namespace, size: int, minutes: float) -> list[dict]:
    """The results of one rung."""
    same = {"size": size, "faces": args.count, "core_minutes": minutes}
    return [r for r in results(args.out) if same.items() <= r.items()]


def table(found: list[dict]) -> str:
    """Markdown: a table for every size and number of faces, a row a candidate, a column a rung; mean +- spread."""
    parts = []
    for size, faces in sorted({(r["size"], r["faces"]) for r in found}):
        here = [r for r in found if (r["size"], r["faces"]) == (size, faces)]
        rungs = sorted({r["core_minutes"] for r in here})
        rows = []
        for name in {r["name"]: None for r in here}:
            mine = [r for r in here if r["name"] == name]
            last = [r for r in mine if r["core_minutes"] == max(m["core_minutes"] for m in mine)]
            cells = [_cell([r for r in mine if r["core_minutes"] == rung]) for rung in rungs]
            means = [f"{np.mean([r[key] for r in last]):.2f}" for key in ("kid_train", "precision", "recall")]
            speed = f"{np.median([r['images_per_core_s'] for r in mine]):.0f}"
            order = (-max(m["core_minutes"] for m in mine), np.mean([r["kid"] for r in last]))
            rows.append((order, [name, *cells, *means, f"{np.mean([r['images_seen'] for r in last]):,.0f}", speed]))
        head = ["recipe", *(f"KID at {rung:g}" for rung in rungs), "to training faces", "precision", "recall",
                "images seen", "images/s"]  # fmt: skip
        lines = [head, ["---"] * len(head), *(row for _, row in sorted(rows))]
        parts.append(f"**{faces:,} faces, {size} px**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def _cell(runs: list[dict]) -> str:
    if not runs:
        return ""
    values = [r["kid"] for r in runs]
    if len(runs) == 1:
        return f"{values[0]:.1f} ± {runs[0]['spread']:.1f}"
    return f"{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f} ({len(runs)} seeds)"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--faces", type=Path, help="RUN/faces of a prepared run")
    p.add_argument("--count", type=int, default=12_000, help="faces to train on")
    p.add_argument("--rungs", type=float, nargs="+", default=[4.0], help="minutes of one core, in all")
    p.add_argument("--keep", type=int, nargs="*", default=[], help="candidates that go on after each rung but the last")
    p.add_argument("--only", nargs="+", default=list(CANDIDATES), help="names of candidates or presets")
    p.add_argument("--seeds", type=int, nargs="+", default=[0])
    p.add_argument("--generated", type=int, default=2_000)
    p.add_argument("--precision", choices=("float32", "bfloat16"))
    p.add_argument("--threads", type=int, default=1, help="of each candidate")
    p.add_argument("--lanes", type=int, default=1, help="candidates at a time")
    p.add_argument("--out", type=Path, default=Path.home() / "facegan-runs" / "recipes")
    p.add_argument("--table", action="store_true", help="print what was measured and leave")
    args = p.parse_args()
    if args.table:
        print(table(results(args.out)))
        return
    args.out.mkdir(parents=True, exist_ok=True)
    size = json.loads((args.faces / "report.json").read_text(encoding="utf-8"))["size"]
    names = args.only
    speeds = {name: speed_of(name, size, args) for name in names}
    print(json.dumps(speeds), flush=True)
    with ProcessPoolExecutor(args.lanes, get_context("spawn")) as pool:
        for rung, minutes in enumerate(args.rungs):
            wanted = [(name, seed) for name in names for seed in args.seeds]
            known = {(r["name"], r["seed"]) for r in _of(args, size, minutes)}
            jobs = [pool.submit(go_on, *pair, minutes, speeds[pair[0]], args) for pair in wanted if pair not in known]
            for job in jobs:
                print(json.dumps(job.result()), flush=True)
            if rung < len(args.keep):
                scored = _of(args, size, minutes)
                mean = {name: np.mean([r["kid"] for r in scored if r["name"] == name]) for name in names}
                names = sorted(names, key=mean.__getitem__)[: args.keep[rung]]
                print(f"going on after {minutes:g} minutes: {', '.join(names)}", flush=True)
    print(table(results(args.out)))


if __name__ == "__main__":
    main()
