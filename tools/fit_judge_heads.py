"""Fits the heads with which the judge of sliders measures attributes, and prints their accuracy.

    python -m tools.fit_judge_heads --faces RUN/faces --labels labels.csv --synthetic SYN/faces \
        --synthetic-labels labels.csv --drawn DRAWN/faces --latents FACES/latents.safetensors --pairs PAIRS \
        --celeba CELEBA_RUN/faces --celeba-table list_attr.csv --out facegan/assets/judge_heads

RUN/faces are aligned FairFace photos, SYN/faces those of SFHQ-T2I, DRAWN/faces those of tools/draw_faces.py, of which
the odd numbers are taken, and PAIRS pairs of drawn people. --celeba is used for evaluation only. The features are those
of sliders/judge_networks.py, independent of the label networks. The heads of gender and age are fitted twice: to
EfficientNet's maps alone, into --out, and to those and the embeddings of InsightFace's recognition network, into the
folder judge_people_heads beside --out. The targets of photos:

    gender, age    human labels
    turn, nod      the pose from InsightFace's five keypoints in the photo
    glasses        SFHQ-T2I's prompts, then photos ranked by a first head, as in tools/fit_label_heads.py
    smile          where two independent measurements agree: the width of the mouth between InsightFace's keypoints,
                   and FaceExpressionNet
    mouth_open     FaceLandmark68TinyNet; no permissively licensed photos have human labels of it

Those of drawn faces are what they were drawn with, but for the two angles. No reading shall answer to what differs
within a pair of another attribute, where the label networks see all others still.

A tenth of the photos is held out for the accuracies.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.options import FaceOptions
from facegan.labels.label import label_faces
from facegan.labels.probe import AttributeProbe
from facegan.labels.ridge import auc, correlation
from facegan.labels.table import AttributeTable, read_attributes
from facegan.sliders.judge_networks import identity_embeddings, image_features
from facegan.sliders.readings import RECOGNISED
from tools.drawn_faces import truth
from tools.drawn_faces.aligned_pairs import Pairs, changes, read_all
from tools.fit_label_heads import AGES, asked_for_glasses, held_out, rank_glasses, read_csv

NAMES = ("smile", "gender", "age", "turn", "mouth_open", "glasses", "nod")
CELEBA = {"smile": "Smiling", "gender": "Male", "age": "Young", "glasses": "Eyeglasses",
          "mouth_open": "Mouth_Slightly_Open"}  # fmt: skip
PEOPLE_COLUMNS = [NAMES.index(name) for name in RECOGNISED]
SMILE_LIMIT = 20.0  # log-odds; beyond it the network is saturated
ABOUT = (
    "Readings that judge sliders. gender, age: FairFace (Karkkainen and Joo 2021, "
    "https://github.com/joojs/fairface, CC BY 4.0), labelled by people. glasses: SFHQ-T2I (David Beniaguev, MIT) and "
    "FairFace photos ranked by it. smile, mouth_open, turn, nod: measured in FairFace photos. All but the angles also "
    "from drawn faces (docs/drawn_faces.md). Read from EfficientNet-Lite0's middle maps; made by "
    "tools/fit_judge_heads.py."
)
ABOUT_PEOPLE = (
    "Readings that judge sliders, where InsightFace's recognition network (w600k_mbf, not part of this) is at hand. "
    "gender, age: FairFace (Karkkainen and Joo 2021, https://github.com/joojs/fairface, CC BY 4.0), labelled by "
    "people, and drawn faces (docs/drawn_faces.md). Read from EfficientNet-Lite0's middle maps and that network's "
    "embeddings; made by tools/fit_judge_heads.py."
)


def selected_faces(folder: Path, limit: int) -> tuple[FaceCache, np.ndarray, list[str]]:
    """The cache of a run, rows of at most `limit` of its used faces (0: all), and the names of their photos."""
    cache = FaceCache.open(folder)
    rows = cache.selected
    if limit and len(rows) > limit:
        rows = np.sort(np.random.RandomState(0).choice(rows, limit, replace=False))
    return cache, rows, [Path(cache.names[row]).name for row in rows]


def in_chunks(cache: FaceCache, rows: np.ndarray, measure: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The results of `measure` for the faces at `rows`, computed in chunks that fit into memory."""
    chunks = [np.ascontiguousarray(cache.images[rows[start : start + 256]]) for start in range(0, len(rows), 256)]
    return np.concatenate([measure(chunk) for chunk in chunks])


def standardised(values: np.ndarray) -> np.ndarray:
    return (values - np.nanmean(values)) / np.nanstd(values)


def targets_of(cache: FaceCache, rows: np.ndarray, names: list[str], labels: dict) -> np.ndarray:
    """The targets of the photos, float64 (n, len(NAMES)); NaN for glasses, and for smiles on which the two disagree."""
    framing = float(cache.report["framing"])
    scores = in_chunks(cache, rows, lambda images: label_faces(images, framing).values)
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


@dataclass(frozen=True)
class Faces:
    """Faces of a run at `rows`, with targets float64 (n, len(NAMES)); NaN where one is unknown."""

    cache: FaceCache
    rows: np.ndarray
    targets: np.ndarray

    @property
    def framing(self) -> float:
        return float(self.cache.report["framing"])

    @cached_property
    def features(self) -> np.ndarray:
        """float32 (n, 1280)."""
        return in_chunks(self.cache, self.rows, lambda images: image_features(images, self.framing))

    @cached_property
    def with_identity(self) -> np.ndarray:
        """The features and the identity embeddings side by side, float32 (n, 1280 + 512)."""
        embeddings = in_chunks(self.cache, self.rows, lambda images: identity_embeddings(images, self.framing))
        return np.concatenate([self.features, embeddings], axis=1)


def read_photos(folder: Path, labels: Path, limit: int) -> tuple[Faces, list[str]]:
    """The photos of FairFace, and their file names."""
    cache, rows, names = selected_faces(folder, limit)
    return Faces(cache, rows, targets_of(cache, rows, names, read_csv(labels))), names


def read_synthetic(folder: Path, labels: Path, photos: Faces, names: list[str], training: np.ndarray) -> Faces:
    """The synthetic faces, of which only the glasses are known. Ranks glasses in the training photos, too.

    The photos' targets of glasses are filled in.
    """
    cache, rows, synthetic_names = selected_faces(folder, 0)
    faces = Faces(cache, rows, np.full((len(rows), len(NAMES)), np.nan))
    has_glasses, column = asked_for_glasses(read_csv(labels), synthetic_names), NAMES.index("glasses")
    ranked = rank_glasses(
        faces.features.astype(np.float64),
        has_glasses,
        photos.features[training].astype(np.float64),
        np.array(names)[training],
    )
    photos.targets[training, column] = np.where(np.isfinite(ranked), ranked > 0, np.nan)
    faces.targets[has_glasses > 0, column] = 1
    return faces


def read_drawn(folder: Path, latents: Path) -> Faces:
    """The drawn faces with odd numbers."""
    cache = FaceCache.open(folder)
    rows = truth.people(cache, odd=True)
    targets = truth.targets(cache, rows, latents, NAMES)
    targets[:, NAMES.index("turn")] = np.nan  # the drawn turn is on another scale than that of the photos
    return Faces(cache, rows, targets)


def fit_people(photos: Faces, training: np.ndarray, drawn: Faces, pairs: list[Pairs]) -> AttributeProbe:
    """The heads of gender and age on features and identity embeddings."""
    targets = np.concatenate([photos.targets[training], drawn.targets])[:, PEOPLE_COLUMNS]

    def with_identity(images: np.ndarray) -> np.ndarray:
        parts = image_features(images, drawn.framing), identity_embeddings(images, drawn.framing)
        return np.concatenate(parts, axis=1)

    return AttributeProbe.fit_features(
        np.concatenate([photos.with_identity[training], drawn.with_identity]),
        AttributeTable(RECOGNISED, targets),
        changes=changes(pairs, RECOGNISED, with_identity),
    )


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--faces", type=Path, required=True)
    p.add_argument("--labels", type=Path, required=True)
    p.add_argument("--synthetic", type=Path, required=True)
    p.add_argument("--synthetic-labels", type=Path, required=True)
    p.add_argument("--drawn", type=Path, required=True)
    p.add_argument("--latents", type=Path, required=True)
    p.add_argument("--pairs", type=Path, required=True, help="a folder with a folder of pairs for each attribute")
    p.add_argument("--celeba", type=Path)
    p.add_argument("--celeba-table", type=Path)
    p.add_argument("--limit", type=int, default=0, help="photos; 0 takes all")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()

    photos, names = read_photos(args.faces, args.labels, args.limit)
    training = np.array([not held_out(name) for name in names])
    synthetic = read_synthetic(args.synthetic, args.synthetic_labels, photos, names, training)
    drawn = read_drawn(args.drawn, args.latents)
    frame = Frame(drawn.cache.images.shape[1], drawn.framing)
    pairs = read_all(args.pairs, frame, choose_detector(FaceOptions(), say=print).open())
    probe = AttributeProbe.fit_features(
        np.concatenate([photos.features[training], synthetic.features, drawn.features]),
        AttributeTable(NAMES, np.concatenate([photos.targets[training], synthetic.targets, drawn.targets])),
        changes=changes(pairs, NAMES, lambda images: image_features(images, drawn.framing)),
    )
    probe.save(args.out, about=ABOUT)
    people = fit_people(photos, training, drawn, pairs)
    people.save(args.out.parent / "judge_people_heads", about=ABOUT_PEOPLE)
    print(
        f"fitted to {training.sum():,} photos, {len(synthetic.rows):,} synthetic and {len(drawn.rows):,} drawn faces, "
        f"and {sum(one.steady.sum() for one in pairs):,} steady pairs; held out {(~training).sum():,}"
    )
    print_accuracy(probe, photos.features[~training], photos.targets[~training])
    print_accuracy(people, photos.with_identity[~training], photos.targets[~training][:, PEOPLE_COLUMNS])
    if args.celeba:
        compare_celeba(probe, people, args.celeba, args.celeba_table)


def print_accuracy(probe: AttributeProbe, features: np.ndarray, targets: np.ndarray) -> None:
    """Prints each head's accuracy on held-out photos: features (n, d) and targets (n, k), which may be NaN."""
    for column, score, target in zip(probe.columns, probe.scores_of(features).T, targets.T, strict=True):
        known = np.isfinite(target)
        if known.any():
            figure = auc(score[known], target[known] > 0) if column.binary else correlation(score[known], target[known])
            kind = "AUC" if column.binary else "correlation"
            print(f"{column.name:12} {kind} {figure:.3f} on {known.sum():,} held out, {features.shape[1]:,} features")


def compare_celeba(probe: AttributeProbe, people: AttributeProbe, folder: Path, path: Path) -> None:
    """Prints each head's AUC on CelebA, and for gender and age by how much a smile biases them."""
    cache, rows, names = selected_faces(folder, 0)
    framing = float(cache.report["framing"])
    one = in_chunks(cache, rows, lambda images: image_features(images, framing))
    other = in_chunks(cache, rows, lambda images: image_features(np.ascontiguousarray(images[:, :, ::-1]), framing))
    embeddings = in_chunks(cache, rows, lambda images: identity_embeddings(images, framing))
    table = read_attributes(path, names, columns=list(CELEBA.values()))
    truth = dict(zip(CELEBA, (table.values > 0).T, strict=True))
    mean = (one + other) / 2
    for reader, features in ((probe, mean), (people, np.concatenate([mean, embeddings], axis=1))):
        scores = dict(zip(reader.names, reader.scores_of(features).T, strict=True))
        for name in (name for name in CELEBA if name in scores):
            sign = -1 if name == "age" else 1
            line = f"{name:12} CelebA {CELEBA[name]}: AUC {auc(sign * scores[name], truth[name]):.3f}"
            if name in RECOGNISED:
                biases = [smile_bias(scores[name], truth["smile"], truth[name] == value) for value in (True, False)]
                line += f"; smiling changes it by {biases[0]:+.2f} sd where true, {biases[1]:+.2f} sd where not"
            print(line)


def smile_bias(scores: np.ndarray, smiling: np.ndarray, among: np.ndarray) -> float:
    """How much higher smiling faces score within the faces `among`, in standard deviations of all scores."""
    return float((scores[smiling & among].mean() - scores[~smiling & among].mean()) / scores.std())


if __name__ == "__main__":
    main()
