"""How well the labels read the truth, and how fast: the tables of docs/measurements/labels.md.

    python -m benchmarks.labels --celeba RUN/faces --celeba-table list_attr.csv \
        --fairface RUN2/faces --fairface-labels labels.csv --count 3000

Prints an AUC or a correlation for every label that has a truth, how well probes read every column of a table, and the
speed on one core. `--sheets FOLDER` also draws the lowest and the highest faces of every score, real ones of FairFace
and generated ones of `--model`: a figure does not say what an eye sees.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.labels.attributes import ATTRIBUTES
from facegan.labels.crop import face_crops
from facegan.labels.evidence import heads
from facegan.labels.label import Labels, label_faces
from facegan.labels.networks import run_networks
from facegan.labels.probe import AttributeProbe
from facegan.labels.ridge import auc, correlation, fit_ridge
from facegan.labels.table import read_attributes
from tools.fit_label_heads import AGES, held_out, read_csv

# A CelebA column and the score that should read it; -1 where "yes" means less.
CELEBA = (
    ("Smiling", "smile", 1),
    ("Male", "gender", 1),
    ("Young", "age", -1),
    ("Eyeglasses", "glasses", 1),
    ("Mouth_Slightly_Open", "mouth_open", 1),
    ("Pale_Skin", "skin_lightness", 1),
    ("Blond_Hair", "hair_lightness", 1),
    ("Black_Hair", "hair_lightness", -1),
)


@dataclass(frozen=True)
class Faces:
    """Some faces of a run."""

    images: np.ndarray  # uint8 (n, H, H, 3)
    names: list[str]
    framing: float
    poses: np.ndarray  # (n, 3) yaw, pitch and roll that the detector saw in the photo


def open_faces(folder: Path, count: int, only_held_out: bool = False) -> Faces:
    cache = FaceCache.open(folder)
    rows = cache.selected
    if only_held_out:
        rows = np.array([row for row in rows if held_out(Path(cache.names[row]).name)])
    if len(rows) > count:
        rows = np.sort(np.random.RandomState(0).choice(rows, count, replace=False))
    poses = np.full((len(cache.images), 3), np.nan)
    for record in cache.records:
        for face in record.faces:
            poses[face.row] = face.yaw, face.pitch, face.roll
    images = np.ascontiguousarray(cache.images[rows])
    return Faces(images, [cache.names[row] for row in rows], float(cache.report["framing"]), poses[rows])


def compare_celeba(faces: Faces, path: Path) -> None:
    table = read_attributes(path, faces.names)
    labels = label_faces(faces.images, faces.framing)
    outputs = run_networks(face_crops(faces.images, faces.framing))
    print(f"\nCelebA, {len(labels):,} faces at framing {faces.framing:g}: AUC")
    for column, name, sign in CELEBA:
        truth = table.values[:, table.names.index(column)] > 0
        print(f"  {name:20s} {column:20s} {auc(sign * labels[name], truth):.3f}  ({truth.sum():,} of them)")
    male, young, blond, black = (
        table.values[:, table.names.index(c)] > 0 for c in ("Male", "Young", "Blond_Hair", "Black_Hair")
    )
    either = blond | black
    print(f"  hair_lightness       blond against black  {auc(labels['hair_lightness'][either], blond[either]):.3f}")
    print(f"  face-api's own gender {auc(outputs.gender, male):.3f}, age {auc(-outputs.age, young):.3f}")
    print("  pose against the detector's keypoints in the photo (correlation):", end="")
    for i, name in enumerate(("turn", "nod")):
        print(f" {name} {correlation(labels[name], faces.poses[:, i]):.3f}", end="")
    mirrored = label_faces(np.ascontiguousarray(faces.images[:500, :, ::-1]), faces.framing)
    print(f"\n  turn against the mirror image's: {correlation(labels['turn'][:500], mirrored['turn']):.4f}")
    probe = AttributeProbe.fit(faces.images, table, faces.framing)
    read = sorted(probe.columns, key=lambda column: -column.auc)
    print(f"\nProbes of the table's own columns, five-fold AUC, mean {np.mean([c.auc for c in read]):.3f}")
    for column in read:
        print(f"  {column.name:22s} {column.auc:.3f}  ({column.positives:,} of them)")


def compare_fairface(faces: Faces, path: Path) -> None:
    known = read_csv(path)
    rows = [known[Path(name).name] for name in faces.names]
    male = np.array([row["gender"] == "male" for row in rows])
    age = np.array([AGES[row["age"]] for row in rows], float)
    race = np.array([row["race"] for row in rows])
    labels = label_faces(faces.images, faces.framing)
    outputs = run_networks(face_crops(faces.images, faces.framing))
    print(f"\nFairFace, {len(labels):,} faces at framing {faces.framing:g} that the heads were not fitted on")
    for who, gender, years in (("heads", labels["gender"], labels["age"]), ("face-api", outputs.gender, outputs.age)):
        right = ((gender > 0) == male).mean()
        print(
            f"  {who:9s} gender AUC {auc(gender, male):.3f}, right {right:.1%}; age correlation "
            f"{correlation(years, age):.3f}, mean error {np.abs(years - age).mean():.1f} years"
        )
    for column in heads().columns:
        print(
            f"  {column.name}: five-fold AUC {column.auc}, correlation {column.correlation:.3f}, {column.faces:,} rows"
        )
    print("  by the race that people saw: mean skin L*, skin hue; AUC of gender (heads, face-api)")
    for name in sorted(set(race), key=lambda name: labels["skin_lightness"][race == name].mean()):
        own = race == name
        print(
            f"    {name:16s} {labels['skin_lightness'][own].mean():5.1f} {np.nanmean(labels['skin_hue'][own]):5.1f}"
            f"   {auc(labels['gender'][own], male[own]):.3f} {auc(outputs.gender[own], male[own]):.3f}"
        )


def time_labels(images: np.ndarray, framing: float) -> None:
    label_faces(images[:32], framing)
    for mirror in (False, True):
        start = time.process_time()  # of one core, whatever else the machine does
        label_faces(images[:512], framing, mirror=mirror)
        rate = min(len(images), 512) / (time.process_time() - start)
        print(f"\n{rate:.0f} faces of {images.shape[1]} px a second for all scores, mirror={mirror}", end="")
    print()


def explain_generated(model: FaceModel, framing: float, count: int) -> None:
    """How steady the scores of generated faces are, and how much of them a ridge on the latent explains."""
    latents = model.latents(range(5000, 5000 + count))
    images = model.generate(latents)
    one = label_faces(images, framing)
    back = np.array([-1 if attribute.odd else 1 for attribute in ATTRIBUTES])
    other = label_faces(np.ascontiguousarray(images[:, :, ::-1]), framing).values * back
    print(f"\n{count:,} faces of {model.name}: mean, deviation, agreement with the mirror, explained, with the mirror")
    for j, name in enumerate(one.names):
        known = np.isfinite(one.values[:, j]) & np.isfinite(other[:, j])
        if known.sum() < count / 2:
            continue
        first, second = one.values[known, j].astype(np.float64), other[known, j]
        targets = np.stack([first, (first + second) / 2], axis=1)
        rest = targets - fit_ridge(latents[known].astype(np.float64), targets).held_out
        share = 1 - (rest**2).mean(axis=0) / targets.var(axis=0)
        print(f"  {name:16s} {first.mean():7.2f} {first.std():6.2f} {correlation(first, second):6.3f}", end="")
        print(f" {share[0]:6.2f} {share[1]:6.2f}")


def draw_sheets(images: np.ndarray, labels: Labels, prefix: Path) -> None:
    """One picture a score: the 16 lowest faces in the upper row, the 16 highest in the lower one."""
    for name in labels.names:
        known = np.flatnonzero(np.isfinite(labels[name]))
        if len(known) < 32:
            continue
        order = known[np.argsort(labels[name][known])]
        rows = [np.concatenate(list(images[part]), axis=1) for part in (order[:16], order[-16:])]
        Image.fromarray(np.concatenate(rows)).save(f"{prefix}-{name}.png")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--celeba", type=Path, nargs="*", default=[], help="RUN/faces of CelebA photos")
    p.add_argument("--celeba-table", type=Path)
    p.add_argument("--fairface", type=Path, help="RUN/faces of FairFace photos")
    p.add_argument("--fairface-labels", type=Path)
    p.add_argument("--count", type=int, default=3000, help="faces of each")
    p.add_argument("--model", type=Path, help="the generator of the sheets; without it the embedded one")
    p.add_argument("--generated", type=int, default=0, help="seeds on which the scores of generated faces are examined")
    p.add_argument("--sheets", type=Path, help="a folder for the sheets")
    args = p.parse_args()

    for folder in args.celeba:
        compare_celeba(open_faces(folder, args.count), args.celeba_table)
    model = FaceModel.load(args.model).base
    framing = float(model.config.data["framing"])
    drawn = model.generate(model.latents(range(2000)))
    if args.fairface:
        faces = open_faces(args.fairface, args.count, only_held_out=True)
        compare_fairface(faces, args.fairface_labels)
        if args.sheets:
            args.sheets.mkdir(parents=True, exist_ok=True)
            draw_sheets(faces.images, label_faces(faces.images, faces.framing), args.sheets / "real")
    if args.sheets:
        args.sheets.mkdir(parents=True, exist_ok=True)
        draw_sheets(drawn, label_faces(drawn, framing), args.sheets / "generated")
    if args.generated:
        explain_generated(model, framing, args.generated)
    time_labels(drawn, framing)


if __name__ == "__main__":
    main()
