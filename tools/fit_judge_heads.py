"""Learns the judge's readings of a face, which sliders are judged by, and prints how well they read.

    python -m tools.fit_judge_heads --faces RUN/faces --labels labels.csv --synthetic SYN/faces \
        --synthetic-labels labels.csv --celeba CELEBA_RUN/faces --celeba-table list_attr.csv \
        --out facegan/assets/judge_heads

RUN/faces are aligned FairFace photos, SYN/faces those of SFHQ-T2I; --celeba is only asked for how well it went, never
learned from. The features are those of sliders/judge_networks.py, independent of the label networks. Gender and age
are learned twice: from the middle maps alone, and with InsightFace's recognition network beside them, into
judge_people_heads beside --out. The truths:

    gender, age    people's labels
    turn, nod      InsightFace's five points in the photo
    glasses        SFHQ-T2I's prompts, then photos ranked by them, as in tools/fit_label_heads.py
    smile          where two that know nothing of each other agree: the width of the mouth between InsightFace's
                   points, and FaceExpressionNet
    mouth_open     FaceLandmark68TinyNet; no permissively licensed photos have people's labels of it

A tenth of the photos is never learned from.
"""

import argparse
from pathlib import Path

import numpy as np

from facegan.faces.cache import FaceCache
from facegan.labels.label import label_faces
from facegan.labels.probe import AttributeProbe
from facegan.labels.ridge import auc, correlation
from facegan.labels.table import AttributeTable, read_attributes
from facegan.sliders.judge_networks import identity_embeddings, image_features
from facegan.sliders.readings import RECOGNISED
from tools.fit_label_heads import AGES, GLASSES_FIGURES, SUNGLASSES_ROW, held_out, rank_glasses, read_csv

NAMES = ("smile", "gender", "age", "turn", "mouth_open", "glasses", "nod")
CELEBA = {"smile": "Smiling", "gender": "Male", "age": "Young", "glasses": "Eyeglasses",
          "mouth_open": "Mouth_Slightly_Open"}  # fmt: skip
SMILE_LIMIT = 20.0  # log-odds; beyond it the network says nothing more
ABOUT = (
    "Readings that judge sliders. gender, age: FairFace (Karkkainen and Joo 2021, "
    "https://github.com/joojs/fairface, CC BY 4.0), labelled by people. glasses: SFHQ-T2I (David Beniaguev, MIT) and "
    "FairFace photos ranked by it. smile, mouth_open, turn, nod: measured in FairFace photos. Read from "
    "EfficientNet-Lite0's middle maps; made by tools/fit_judge_heads.py."
)
ABOUT_PEOPLE = (
    "Readings that judge sliders, where InsightFace's recognition network (w600k_mbf, not part of this) is at hand. "
    "gender, age: FairFace (Karkkainen and Joo 2021, https://github.com/joojs/fairface, CC BY 4.0), labelled by "
    "people. Read from EfficientNet-Lite0's middle maps and that network's embeddings; made by "
    "tools/fit_judge_heads.py."
)


def faces_of(folder: Path, limit: int) -> tuple[FaceCache, np.ndarray, list[str]]:
    cache = FaceCache.open(folder)
    rows = cache.selected
    if limit and len(rows) > limit:
        rows = np.sort(np.random.RandomState(0).choice(rows, limit, replace=False))
    return cache, rows, [Path(cache.names[row]).name for row in rows]


def by_chunks(cache: FaceCache, rows: np.ndarray, measure) -> np.ndarray:
    chunks = [np.ascontiguousarray(cache.images[rows[start : start + 256]]) for start in range(0, len(rows), 256)]
    return np.concatenate([measure(chunk) for chunk in chunks])


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - np.nanmean(values)) / np.nanstd(values)


def truths(cache: FaceCache, rows: np.ndarray, names: list[str], labels: dict) -> np.ndarray:
    """What is known of the photos, float64 (n, len(NAMES)); glasses are NaN."""
    framing = float(cache.report["framing"])
    scores = by_chunks(cache, rows, lambda images: label_faces(images, framing).values)
    smile, mouth = scores[:, 0], scores[:, 4]
    poses = np.full((len(cache.images), 2), np.nan)
    for record in cache.records:
        for face in record.faces:
            poses[face.row] = face.yaw, face.pitch
    points = cache.keypoints[rows]
    width = np.linalg.norm(points[:, 4] - points[:, 3], axis=1) / np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    width /= np.cos(np.radians(poses[rows, 0]))
    one, other = standardised(np.clip(smile, -SMILE_LIMIT, SMILE_LIMIT)), standardised(width)
    agreed = np.where(one * other > 0, one + other > 0, np.nan)
    gender = [labels[name]["gender"] == "male" for name in names]
    age = [AGES[labels[name]["age"]] for name in names]
    unknown = np.full(len(rows), np.nan)
    return np.stack([agreed, gender, age, poses[rows, 0], mouth, unknown, poses[rows, 1]], axis=1).astype(np.float64)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--faces", type=Path, required=True)
    p.add_argument("--labels", type=Path, required=True)
    p.add_argument("--synthetic", type=Path, required=True)
    p.add_argument("--synthetic-labels", type=Path, required=True)
    p.add_argument("--celeba", type=Path)
    p.add_argument("--celeba-table", type=Path)
    p.add_argument("--limit", type=int, default=0, help="photos; 0 takes all")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()

    labels, rows_of = read_csv(args.labels), read_csv(args.synthetic_labels)
    cache, rows, names = faces_of(args.faces, args.limit)
    framing = float(cache.report["framing"])
    photos = by_chunks(cache, rows, lambda images: image_features(images, framing))
    truth = truths(cache, rows, names, labels)
    own = np.array([not held_out(name) for name in names])
    drawn_cache, drawn_rows, drawn_names = faces_of(args.synthetic, 0)
    drawn_framing = float(drawn_cache.report["framing"])
    drawn = by_chunks(drawn_cache, drawn_rows, lambda images: image_features(images, drawn_framing))
    figures = [(rows_of[name]["figure"], rows_of[name]["row"]) for name in drawn_names]
    worn = np.array([1.0 if f in GLASSES_FIGURES or (f, r) == SUNGLASSES_ROW else -1.0 for f, r in figures])
    at = NAMES.index("glasses")
    ranked = rank_glasses(drawn.astype(np.float64), worn, photos[own].astype(np.float64), np.array(names)[own])
    truth[own, at] = np.where(np.isfinite(ranked), ranked > 0, np.nan)
    with_drawn = np.full((len(drawn), len(NAMES)), np.nan)
    with_drawn[worn > 0, at] = 1
    probe = AttributeProbe.fit_features(
        np.concatenate([photos[own], drawn]), AttributeTable(NAMES, np.concatenate([truth[own], with_drawn]))
    )
    probe.save(args.out, about=ABOUT)
    known = by_chunks(cache, rows, lambda images: identity_embeddings(images, framing))
    print("faces are read", flush=True)
    with_who = np.concatenate([photos, known], axis=1)
    of_people = [NAMES.index(name) for name in RECOGNISED]
    people = AttributeProbe.fit_features(with_who[own], AttributeTable(RECOGNISED, truth[own][:, of_people]))
    people.save(args.out.parent / "judge_people_heads", about=ABOUT_PEOPLE)
    print(f"learned from {own.sum():,} photos and {len(drawn):,} synthetic faces; held out {(~own).sum():,}")
    told(probe, photos[~own], truth[~own])
    told(people, with_who[~own], truth[~own][:, of_people])
    if args.celeba:
        compare_celeba(probe, people, args.celeba, args.celeba_table)


def told(probe: AttributeProbe, features: np.ndarray, truth: np.ndarray) -> None:
    """How well photos that it did not learn from are read."""
    for column, score, known in zip(probe.columns, probe.scores_of(features).T, truth.T, strict=True):
        held = np.isfinite(known)
        if held.any():
            figure = auc(score[held], known[held] > 0) if column.binary else correlation(score[held], known[held])
            kind = "AUC" if column.binary else "correlation"
            print(
                f"{column.name:12} {kind} {figure:.3f} on {held.sum():,} held out, from {features.shape[1]:,} numbers"
            )


def compare_celeba(probe: AttributeProbe, people: AttributeProbe, folder: Path, path: Path) -> None:
    cache, rows, names = faces_of(folder, 0)
    framing = float(cache.report["framing"])
    one = by_chunks(cache, rows, lambda images: image_features(images, framing))
    other = by_chunks(cache, rows, lambda images: image_features(np.ascontiguousarray(images[:, :, ::-1]), framing))
    known = by_chunks(cache, rows, lambda images: identity_embeddings(images, framing))
    table = read_attributes(path, names, columns=list(CELEBA.values()))
    truth = dict(zip(CELEBA, (table.values > 0).T, strict=True))
    mean = (one + other) / 2
    for reader, features in ((probe, mean), (people, np.concatenate([mean, known], axis=1))):
        scores = dict(zip(reader.names, reader.scores_of(features).T, strict=True))
        for name in (name for name in CELEBA if name in scores):
            sign = -1 if name == "age" else 1
            line = f"{name:12} CelebA {CELEBA[name]}: AUC {auc(sign * scores[name], truth[name]):.3f}"
            if name in RECOGNISED:  # what a smile makes of it, within either class
                apart = [smiles(scores[name], truth["smile"], truth[name] == which) for which in (True, False)]
                line += f"; people who smile read {apart[0]:+.2f} and {apart[1]:+.2f} sd"
            print(line)


def smiles(scores: np.ndarray, smiling: np.ndarray, among: np.ndarray) -> float:
    """How much higher those of `among` who smile score, in standard deviations of all."""
    return float((scores[smiling & among].mean() - scores[~smiling & among].mean()) / scores.std())


if __name__ == "__main__":
    main()
