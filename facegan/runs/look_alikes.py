"""Measures how similar look-alikes are to the faces that they are made for, and draws examples for the model card."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facegan.base import pictures
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.faces.cache import FaceCache
from facegan.faces.one_photo import AlignedFace
from facegan.gan.metrics import fixed_subset
from facegan.labels.label import label_faces
from facegan.model import folder as layout
from facegan.model.card import write_card
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.sliders.judge_networks import image_features
from facegan.sliders.readings import names, read_faces

FIRST_SEED = 3_000_000_000  # of the generated faces; samples, sliders and crowds use much smaller seeds
MEASURED = 60  # faces of each kind: two minutes on one core; the standard error of a share is 6 percentage points
RANDOM = 2_000  # faces; a look-alike should be more similar than the nearest of these
EXAMPLES, _PAIRS_IN_A_ROW = 20, 5
CLEARLY_ADULT = 40  # years by the label networks, which err by about five: no example may look like a child
_CELL, _GAP = 128, 8  # px
_QUALITY = 90  # of WebP: 300 KB
_BATCH = 500


@dataclass(frozen=True)
class Crowd:
    """Random generated faces: their latents, their features divided by `scale`, and this scale (d,)."""

    latents: np.ndarray
    features: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, model: FaceModel, framing: float, count: int) -> "Crowd":
        """The faces of the seeds from 0 on."""
        latents = model.latents(range(count))
        parts = [
            image_features(model.generate(latents[start : start + _BATCH]), framing)
            for start in range(0, count, _BATCH)
        ]
        found = np.concatenate(parts)
        scale = found.std(axis=0) + 1e-6
        return cls(latents, found / scale, scale)

    def nearest(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The index of the face nearest to each of the scaled features (n, d), and its distance."""
        squares = (self.features**2).sum(1) - 2 * features @ self.features.T + (features**2).sum(1)[:, None]
        place = squares.argmin(axis=1)
        return place, np.sqrt(np.maximum(squares[np.arange(len(features)), place], 0))


def generated_faces(model: FaceModel, count: int) -> list[AlignedFace]:
    """Generated faces of seeds that nothing else uses."""
    return as_faces(model.generate(model.latents(range(FIRST_SEED, FIRST_SEED + count))))


def held_out_faces(cache: FaceCache, count: int) -> list[AlignedFace]:
    """Up to `count` of the held-out faces of a run, always the same ones."""
    _, held_out = cache.split()
    return as_faces(cache.images[fixed_subset(held_out, count)])


def as_faces(images: np.ndarray) -> list[AlignedFace]:
    return [AlignedFace(np.ascontiguousarray(image)) for image in images]


def figures_of(
    model: FaceModel, faces: Sequence[AlignedFace], answers: np.ndarray, crowd: Crowd, framing: float
) -> dict[str, tuple[float, float]]:
    """Each figure of measurements.LOOK_ALIKES: of the look-alikes, and of the nearest random faces.

    Args:
        model: the generator.
        faces: the faces whose look-alikes are measured, at least one.
        answers: latents float32 (n, 100) of the look-alikes.
        crowd: the random faces.
        framing: the framing of the model.
    """
    images, alike = np.stack([face.image for face in faces]), model.generate(answers)
    wanted, got = (image_features(some, framing) / crowd.scale for some in (images, alike))
    place, floor = crowd.nearest(wanted)
    nearest = model.generate(crowd.latents[place])
    found = {"distance": (float(np.median(np.linalg.norm(wanted - got, axis=1) / floor)), 1.0)}

    def compare(name: str, measure: Callable[[np.ndarray, np.ndarray], float], true, others) -> None:
        found[name] = tuple(float(measure(true, other)) for other in others)

    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return np.nanmedian(np.abs(a - b))

    compare("colours", lambda a, b: np.abs(a.astype(int) - b).mean(), images, (alike, nearest))
    readings = [read_faces(some, framing) for some in (images, alike, nearest)]
    columns = {name: [reading[:, place] for reading in readings] for place, name in enumerate(names())}
    for name in ("gender", "smile", "glasses"):
        compare(name, lambda a, b: ((a > 0) == (b > 0)).mean(), columns[name][0], columns[name][1:])
    for name in ("age", "skin_lightness"):
        compare(name, apart, columns[name][0], columns[name][1:])
    turns = [label_faces(some, framing)["turn"] for some in (images, alike, nearest)]
    compare("turn", apart, turns[0], turns[1:])
    return found


def add_look_alikes(
    model: FaceModel,
    folder: Path,
    cache: FaceCache | None = None,
    drawn: bool = False,
    say: Callable[[str], None] = print,
) -> FaceModel:
    """Measure the look-alikes of `model`, and write figures and examples into its `folder` and card.

    The figures are those of generated faces, and of the held-out faces in `cache`. The examples are of generated faces,
    because no photo may get into a folder that is published; with `drawn` (the faces in `cache` were drawn and show
    nobody) they are of held-out ones. Returns the model loaded again.

    Raises FaceGANError for `drawn` without held-out faces, and for a model of one real person.
    """
    if drawn:
        check_drawn(model.config, cache)
    model, framing = model.base, float(model.config.data["framing"])
    sets = {"generated": generated_faces(model, MEASURED)}
    held_out = held_out_faces(cache, MEASURED) if cache is not None else []
    if held_out:
        sets["held_out"] = held_out
    say(f"Measuring the look-alikes of {sum(map(len, sets.values()))} faces.")
    crowd, measured = Crowd.of(model, framing, RANDOM), {}
    shown = "held_out" if drawn else "generated"
    for name, faces in sets.items():
        answers = np.concatenate([model.encode_face(face) for face in faces])
        figures = figures_of(model, faces, answers, crowd, framing)
        measured[name] = {"faces": len(faces)} | {key: [round(one, 4) for one in pair] for key, pair in figures.items()}
        if name == shown:
            rows = (clearly_adult(faces, framing) if drawn else np.arange(len(faces)))[:EXAMPLES]
            write_examples(model, [faces[row] for row in rows], answers[rows], folder)
    found = {"random": RANDOM, "shown": shown, **measured}
    config = replace(model.config, training={**model.config.training, "look_alikes": found})
    config.save(folder)
    write_card(config, folder)
    return FaceModel.load(folder)


def clearly_adult(faces: Sequence[AlignedFace], framing: float) -> np.ndarray:
    """The indices of the faces that the label networks read as CLEARLY_ADULT or older; at least one.

    Raises FaceGANError when none is.
    """
    ages = label_faces(np.stack([face.image for face in faces]), framing, mirror=True)["age"]
    rows = np.flatnonzero(ages >= CLEARLY_ADULT)
    if not len(rows):
        raise FaceGANError(
            f"None of the held-out faces looks {CLEARLY_ADULT} or older, so none may be shown: leave --drawn out."
        )
    return rows


def check_drawn(config: ModelConfig, cache: FaceCache | None) -> None:
    """Raises FaceGANError if the card cannot show drawn faces: none are held out, or they show a real person."""
    if cache is None or not len(cache.split()[1]):
        raise FaceGANError("There are no held-out faces to show as examples: give the run that has them with --data.")
    if config.data.get("one_person") is True:
        raise FaceGANError(
            "This model learned from photos of one real person, so its faces were not drawn: leave --drawn out."
        )


def write_examples(model: FaceModel, faces: Sequence[AlignedFace], answers: np.ndarray, folder: Path) -> None:
    """Write the faces, each beside its look-alike with the latents `answers` (n, 100), as look_alikes.webp."""
    pairs = [
        np.concatenate([pictures.enlarge(one, _CELL) for one in (face.image, alike)], axis=1)
        for face, alike in zip(faces, model.generate(answers), strict=True)
    ]
    sheet = pictures.grid(np.stack(pairs), min(_PAIRS_IN_A_ROW, len(pairs)), _GAP)
    atomic_write(folder / layout.LOOK_ALIKES, pictures.encode_webp(sheet, {"shows": "look-alikes"}, _QUALITY))
