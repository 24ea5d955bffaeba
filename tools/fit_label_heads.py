"""Learns the shipped readings of gender, age and glasses, and prints how well they read photos they did not see.

    python -m tools.fit_label_heads --faces RUN/faces [RUN2/faces] --labels labels.csv \
        --synthetic SYN/faces --synthetic-labels labels.csv --out facegan/assets/label_heads

RUN/faces are aligned FairFace photos, at one or more framings; SYN/faces those of SFHQ-T2I, whose rows of pictures
answer to one prompt, some of them to "glasses". Nothing else may train what is shipped: FairFace is CC BY 4.0, SFHQ
MIT. A tenth of the photos (`held_out`) is never learned from; benchmarks/labels.py asks about those.

Gender and age have people's labels. Glasses have labels only for the synthetic faces: a first reading is learned from
those; then the photos that it ranks highest count as glasses and the lower three quarters as none, and it is learned
again, three times. Contact sheets of an earlier such ranking showed few faces without glasses among its first 840.
"""

import argparse
import csv
import zlib
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
GLASSES_SHARE = 0.06  # of the photos ranked highest that count as glasses; twice as many wear some
CLEAR_SHARE = 0.75  # of those ranked lowest that count as none
ROUNDS = 3
ABOUT = (
    "gender, age: FairFace (Karkkainen and Joo 2021, https://github.com/joojs/fairface, CC BY 4.0), labelled by "
    "people. glasses: SFHQ-T2I (David Beniaguev, MIT) and FairFace photos ranked by it. Read from the inner features "
    "of the networks in ../face_api; made by tools/fit_label_heads.py."
)


def held_out(name: str) -> bool:
    """Whether a photo, by its file name, is kept for benchmarks/labels.py."""
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


def rank_glasses(synthetic: np.ndarray, worn: np.ndarray, photos: np.ndarray, names: np.ndarray) -> np.ndarray:
    """1 for glasses, -1 for none, NaN for unclear: photos float64 (n, d) by what a reading of the synthetic says."""
    reading = fit_ridge(synthetic, worn[:, None])
    for _ in range(ROUNDS):
        score = (photos @ reading.weights + reading.bias)[:, 0]
        # One verdict a photo: all its framings say it together.
        photo, member = np.unique(names, return_inverse=True)
        mean = np.bincount(member, score) / np.bincount(member)
        place = np.argsort(np.argsort(-mean)) / len(photo)
        truth = np.where(place < GLASSES_SHARE, 1.0, np.where(place > 1 - CLEAR_SHARE, -1.0, np.nan))[member]
        # Synthetic faces of other rows wear glasses, too: those that look like it say nothing.
        own = (synthetic @ reading.weights + reading.bias)[:, 0]
        kept = (worn > 0) | (own < np.percentile(own[worn > 0], 5))
        sure = np.isfinite(truth)
        reading = fit_ridge(
            np.concatenate([synthetic[kept], photos[sure]]), np.concatenate([worn[kept], truth[sure]])[:, None]
        )
    return truth


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
    drawn, drawn_names = features_of_all(args.synthetic, 0)
    figures = [(rows[name]["figure"], rows[name]["row"]) for name in drawn_names]
    worn = np.array([1.0 if f in GLASSES_FIGURES or (f, r) == SUNGLASSES_ROW else -1.0 for f, r in figures])
    photos, drawn = photos.astype(np.float64), drawn.astype(np.float64)
    glasses = rank_glasses(drawn, worn, photos, names)

    truth = np.full((len(photos) + len(drawn), 3), np.nan)
    truth[: len(photos), 0] = [labels[name]["gender"] == "male" for name in names]
    truth[: len(photos), 1] = [AGES[labels[name]["age"]] for name in names]
    truth[: len(photos), 2] = glasses > 0
    truth[: len(photos), 2][np.isnan(glasses)] = np.nan
    truth[len(photos) :, 2][worn > 0] = 1
    table = AttributeTable(("gender", "age", "glasses"), truth)
    groups = np.concatenate([names, drawn_names])
    probe = AttributeProbe.fit_features(np.concatenate([photos, drawn]), table, groups=groups)
    probe.save(args.out, about=ABOUT)
    for column in probe.columns:
        print(column)


if __name__ == "__main__":
    main()
