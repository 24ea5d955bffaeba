"""Fits the shipped heads of gender, age and glasses, and prints their cross-validated accuracy.

    python -m tools.fit_label_heads --faces RUN/faces [RUN2/faces] --labels labels.csv \
        --synthetic SYN/faces --synthetic-labels labels.csv --out facegan/assets/label_heads

RUN/faces are aligned FairFace photos, at one or more framings. SYN/faces are those of SFHQ-T2I, whose figures have a
row of pictures for each prompt; some prompts ask for glasses. Only data with a permissive licence may train what is
shipped: FairFace is CC BY 4.0, SFHQ-T2I is MIT. A tenth of the photos (`held_out`) is not used, but left for
benchmarks/labels.py.

FairFace has human labels of gender and age. For glasses only the synthetic faces have labels. So a first head is fitted
to those, and then three times again with photos: the highest-ranked ones as glasses and the lower three quarters as no
glasses. Contact sheets of an earlier ranking showed few faces without glasses among the first 840.
"""

import argparse
import csv
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from facegan.faces.cache import FaceCache
from facegan.labels.crop import face_crops
from facegan.labels.networks import inner_features
from facegan.labels.probe import AttributeProbe
from facegan.labels.ridge import fit_ridge
from facegan.labels.table import AttributeTable

AGES = {"20-29": 25, "30-39": 35, "40-49": 45, "50-59": 55, "60-69": 65, "70+": 75}
GLASSES_FIGURES = (
    "textual_search_1_glasses_top_8_matches.jpg",
    "textual_search_2_Glasses Style_top_10_matches.jpg",
)
SUNGLASSES_ROW = ("textual_search_2_Accessories_top_10_matches.jpg", "7")
GLASSES_SHARE = 0.06  # of all photos, from the top of the ranking: labelled as glasses. Twice as many show glasses
CLEAR_SHARE = 0.75  # of all photos, from the bottom of the ranking: labelled as no glasses
ROUNDS = 3
ABOUT = (
    "gender, age: FairFace (Karkkainen and Joo 2021, https://github.com/joojs/fairface, CC BY 4.0), labelled by "
    "people. glasses: SFHQ-T2I (David Beniaguev, MIT) and FairFace photos ranked by it. Read from the inner features "
    "of the networks in ../face_api; made by tools/fit_label_heads.py."
)


def held_out(name: str) -> bool:
    """Whether the photo with this file name is held out for benchmarks/labels.py."""
    return zlib.crc32(name.encode()) % 10 == 0


def features_of(folder: Path, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Features float32 (n, d) of a run's faces, without those held out, and the names of their photos (n,)."""
    cache = FaceCache.open(folder)
    rows = np.array([row for row in cache.selected if not held_out(Path(cache.names[row]).name)])
    if limit and len(rows) > limit:
        rows = np.sort(np.random.RandomState(0).choice(rows, limit, replace=False))
    framing = float(cache.report["framing"])
    print(f"{folder}: {len(rows):,} faces at framing {framing:g}", flush=True)
    batches = [rows[start : start + 256] for start in range(0, len(rows), 256)]
    features = [inner_features(face_crops(cache.images[batch], framing)) for batch in batches]
    return np.concatenate(features), np.array([Path(cache.names[row]).name for row in rows])


def features_of_all(folders: list[Path], limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Features and names of several runs."""
    features, names = zip(*(features_of(folder, limit) for folder in folders), strict=True)
    return np.concatenate(features), np.concatenate(names)


def read_csv(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        return {row["file"]: row for row in csv.DictReader(lines)}


def asked_for_glasses(rows: dict[str, dict[str, str]], names: Iterable[str]) -> np.ndarray:
    """1.0 for the synthetic pictures whose prompts ask for glasses, else -1.0: (n,). `rows`: their labels by name."""
    figures = [(rows[name]["figure"], rows[name]["row"]) for name in names]
    return np.array([1.0 if f in GLASSES_FIGURES or (f, r) == SUNGLASSES_ROW else -1.0 for f, r in figures])


def rank_glasses(synthetic: np.ndarray, has_glasses: np.ndarray, photos: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Labels (n,) of photos: 1 for glasses, -1 for none, NaN if unclear. Self-training from synthetic faces.

    Args:
        synthetic: features of the synthetic faces, float64 (m, d).
        has_glasses: their labels (m,), 1 if the prompt asks for glasses, else -1.
        photos: features of the photos, float64 (n, d); a photo may occur at several framings.
        names: the photos' file names (n,).
    """
    head = fit_ridge(synthetic, has_glasses[:, None])
    for _ in range(ROUNDS):
        score = (photos @ head.weights + head.bias)[:, 0]
        # All framings of a photo get the label of their mean score.
        photo, member = np.unique(names, return_inverse=True)
        mean = np.bincount(member, score) / np.bincount(member)
        rank = np.argsort(np.argsort(-mean)) / len(photo)
        labels = np.where(rank < GLASSES_SHARE, 1.0, np.where(rank > 1 - CLEAR_SHARE, -1.0, np.nan))[member]
        # Some synthetic faces wear glasses that their prompt does not mention: those with a high score are left out.
        synthetic_score = (synthetic @ head.weights + head.bias)[:, 0]
        kept = (has_glasses > 0) | (synthetic_score < np.percentile(synthetic_score[has_glasses > 0], 5))
        sure = np.isfinite(labels)
        head = fit_ridge(
            np.concatenate([synthetic[kept], photos[sure]]), np.concatenate([has_glasses[kept], labels[sure]])[:, None]
        )
    return labels


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--faces", type=Path, nargs="+", required=True)
    p.add_argument("--labels", type=Path, required=True)
    p.add_argument("--synthetic", type=Path, nargs="+", required=True)
    p.add_argument("--synthetic-labels", type=Path, required=True)
    p.add_argument("--limit", type=int, default=0, help="faces a run; 0 takes all")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()

    labels, rows = read_csv(args.labels), read_csv(args.synthetic_labels)
    photos, names = features_of_all(args.faces, args.limit)
    synthetic_features, synthetic_names = features_of_all(args.synthetic, 0)
    has_glasses = asked_for_glasses(rows, synthetic_names)
    photos, synthetic_features = photos.astype(np.float64), synthetic_features.astype(np.float64)
    glasses = rank_glasses(synthetic_features, has_glasses, photos, names)

    targets = np.full((len(photos) + len(synthetic_features), 3), np.nan)
    targets[: len(photos), 0] = [labels[name]["gender"] == "male" for name in names]
    targets[: len(photos), 1] = [AGES[labels[name]["age"]] for name in names]
    targets[: len(photos), 2] = glasses > 0
    targets[: len(photos), 2][np.isnan(glasses)] = np.nan
    targets[len(photos) :, 2][has_glasses > 0] = 1
    table = AttributeTable(("gender", "age", "glasses"), targets)
    groups = np.concatenate([names, synthetic_names])
    probe = AttributeProbe.fit_features(np.concatenate([photos, synthetic_features]), table, groups=groups)
    probe.save(args.out, about=ABOUT)
    for column in probe.columns:
        print(column)


if __name__ == "__main__":
    main()
