"""Judges sliders: what each changes beside its own attribute. The figures of sliders.json, the card and the docs.

The judge uses other networks than those that the sliders were fitted with: see readings.py. The faces are those of the
seeds 0, 1, 2 ..., which the fit never saw. A leakage is the mean |change| of one reading from end to end, in its
standard deviations over the unedited faces, divided by the same of the slider's own reading.

The error of a reading from one picture to the next counts as change, too. So the leakage is also given as far as the
judge and the label networks, whose errors are independent, agree: the root of the mean product of their two changes,
which is 0 for errors alone, as the mean |change| of a normal distribution of that width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from facegan.base.seeds import LATENT_SIZE, latents_of
from facegan.gan.metrics import features, kid
from facegan.labels.attributes import SLIDERS, boundary_of
from facegan.labels.label import label_faces
from facegan.labels.probe import AttributeProbe
from facegan.sliders import leakage, readings
from facegan.sliders.judge_networks import can_recognise, image_features
from facegan.sliders.notes import note_of
from facegan.sliders.readings import RECOGNISED
from facegan.sliders.slider import SliderSet

SEEDS = 1_000
POSITIONS = 11
SLACK = 0.1  # standard deviations: the error of a reading from one picture to the next, within which a fall is no fall
# The figures of pairs (judge_pairs) that are stored beside those of a slider, as its floor.
FLOOR = ("leakage_mean", "leakage_worst", "leakage_worst_of", "gender_flips", "skin_change")
_BATCH = 128
_FEWEST_IN_CELL = 10  # faces


@dataclass(frozen=True)
class Reader:
    """Reads faces with the judge's heads and, after fitting to a user's table, with heads for its attributes."""

    generate: Callable[[np.ndarray], np.ndarray]
    framing: float
    own: AttributeProbe | None = None  # of judge_networks.image_features
    own_names: tuple[str, ...] = ()  # of the sliders for its columns

    @property
    def names(self) -> tuple[str, ...]:
        return (*readings.names(), *self.own_names)

    def read(self, latents: np.ndarray, mirror: bool, people: bool = True) -> np.ndarray:
        """Readings float32 (n, j) of the faces of latents, see readings.read_faces."""
        parts = [np.empty((0, len(self.names)), np.float32)]
        for start in range(0, len(latents), _BATCH):
            images = self.generate(latents[start : start + _BATCH])
            found = readings.read_faces(images, self.framing, mirror=mirror, people=people)
            if self.own is not None:
                found = np.concatenate([found, self.own.scores_of(image_features(images, self.framing))], axis=1)
            parts.append(found)
        return np.concatenate(parts)

    def labels(self, latents: np.ndarray) -> np.ndarray:
        """The label networks' scores of what the judge reads, float32 (n, j); NaN where they have none."""
        found = np.full((len(latents), len(self.names)), np.nan, np.float32)
        for start in range(0, len(latents), _BATCH):
            labels = label_faces(self.generate(latents[start : start + _BATCH]), self.framing)
            for column, name in enumerate(self.names):
                if name in labels.names:
                    found[start : start + _BATCH, column] = labels[name]
        return found

    def features(self, latents: np.ndarray) -> np.ndarray:
        """EfficientNet's last features float32 (n, 1280), by which KID and likeness are measured."""
        return np.concatenate(
            [features(self.generate(latents[i : i + _BATCH])) for i in range(0, len(latents), _BATCH)]
        )


@dataclass(frozen=True)
class Unedited:
    """The faces that every slider is judged on, as they are: the population of its units."""

    latents: np.ndarray  # float32 (n, d)
    readings: np.ndarray  # (n, j), mean of the face and its mirror image
    single: np.ndarray  # (n, j), of the face alone
    features: np.ndarray  # (n, 1280)
    labels: np.ndarray  # (n, j), NaN where the label networks have no such score

    @classmethod
    def of(cls, reader: Reader, latents: np.ndarray) -> "Unedited":
        both, single = (reader.read(latents, mirror) for mirror in (True, False))
        return cls(latents, both, single, reader.features(latents), reader.labels(latents))

    @cached_property
    def sigma(self) -> np.ndarray:
        """Standard deviations (j,) of the readings."""
        return np.maximum(np.nanstd(self.readings, axis=0), 1e-6)

    @cached_property
    def label_sigma(self) -> np.ndarray:
        """Standard deviations (j,) of the label networks' scores."""
        known = np.isfinite(self.labels).any(axis=0)
        return np.maximum(np.nan_to_num(np.nanstd(np.where(known, self.labels, 0), axis=0)), 1e-6)

    @cached_property
    def errors(self) -> np.ndarray:
        """What a reading errs by (j,), in standard deviations; NaN where it is not known.

        Half the difference to the mirror image is about the error of their mean. The recognition network reads the face
        alone.
        """
        return np.sqrt(2) * leakage.mean_of_known(np.abs(self.single - self.readings)) / self.sigma


@dataclass(frozen=True)
class _Change:
    """What moving from the lower end to the upper one changes, of the same n faces."""

    low: np.ndarray  # (n, j) readings
    high: np.ndarray
    low_labels: np.ndarray  # (n, j) scores of the label networks
    high_labels: np.ndarray
    readings: np.ndarray  # (n, j) the change in standard deviations
    agreed: np.ndarray  # (n, j) its product with the change of the label networks' scores

    @classmethod
    def of(
        cls, unedited: Unedited, ends: tuple[np.ndarray, np.ndarray], labels: tuple[np.ndarray, np.ndarray]
    ) -> "_Change":
        change = (ends[1] - ends[0]) / unedited.sigma
        agreed = (labels[1] - labels[0]) / unedited.label_sigma * change
        return cls(*ends, *labels, change, agreed)


def judge_sliders(
    sliders: SliderSet,
    reader: Reader,
    *,
    latent_size: int = LATENT_SIZE,
    seeds: int = SEEDS,
    positions: int = POSITIONS,
    real: np.ndarray | None = None,
    say: Callable[[str], None] = print,
) -> SliderSet:
    """The same sliders with `quality`, `note` and facts["judged"] as measured.

    Args:
        sliders: of the generator that `reader` draws with.
        seeds: faces; 1,000 take some 30 minutes of one core for eight sliders.
        positions: of each slider, odd, the ends and the middle among them.
        real: held-out real faces, uint8 (m, H, H, 3), for their KID to generated ones; None leaves that out.
        say: takes a line for each slider; a slider that the judge has no reading of keeps its figures and says so.
    """
    unedited = Unedited.of(reader, latents_of(range(seeds), latent_size))
    judged = [slider.name for slider in sliders.sliders if slider.name in reader.names]
    for slider in sliders.sliders:
        if slider.name not in judged:
            say(f"{slider.name}: not judged, because the judge has no reading of it (facegan/sliders/readings.py)")
    own = np.array([reader.names.index(name) for name in judged], int)
    changes, differences, quality = [], [], {}
    for name in judged:
        change, difference, quality[name] = _judge_one(sliders, reader, unedited, name, positions)
        changes.append(change)
        differences.append(difference)
        say(f"{name}: {quality[name]['crossing']:.0%} cross the boundary, {quality[name]['monotone']:.0%} monotone")
    facts, rows = _facts(judged, reader.names, own, changes, differences, sliders, unedited)
    for name, row in zip(judged, rows, strict=True):
        quality[name] |= row
    facts |= {
        "seeds": seeds,
        "positions": positions,
        "recognition": can_recognise(),
        "ends_kid": _mean([one["kid"] for one in quality.values()]),
    }
    if real is not None and len(real) >= 2:
        facts["real_kid"] = kid(unedited.features, features(real)).value
    done = []
    for slider in sliders.sliders:
        found = {**slider.quality, **quality.get(slider.name, {})}
        done.append(replace(slider, quality=found, note=note_of(slider.name, found)))
    return replace(sliders, sliders=tuple(done), facts={**sliders.facts, "judged": facts})


def _judge_one(
    sliders: SliderSet, reader: Reader, unedited: Unedited, name: str, positions: int
) -> tuple[_Change, _Change, dict]:
    """What a slider changes, what its mean-difference direction changes, and the slider's own figures."""
    latents, base, names = unedited.latents, unedited.readings, reader.names
    at = names.index(name)
    ends = [sliders.edit(latents, {name: value}) for value in (-1.0, 1.0)]
    low, high = (reader.read(end, True) for end in ends)
    # Gender and age take long to read, and between the ends only the slider's own reading counts.
    people = name in RECOGNISED
    between = [
        reader.read(sliders.edit(latents, {name: value}), True, people) if value else base
        for value in np.linspace(-1, 1, positions)[1:-1]
    ]
    own_readings = np.stack([one[:, at] for one in (low, *between, high)])
    end_features = [reader.features(end) for end in ends]
    change = _Change.of(unedited, (low, high), tuple(reader.labels(end) for end in ends))
    difference_ends = [sliders.edit_by_difference(latents, name, value) for value in (-1.0, 1.0)]
    difference_readings = tuple(reader.read(end, True) for end in difference_ends)
    difference = _Change.of(unedited, difference_readings, tuple(reader.labels(end) for end in difference_ends))
    centre = unedited.features.mean(axis=0)
    quality = {
        **_own_figures(names, name, unedited, change),
        "monotone": leakage.monotone_share(own_readings, SLACK * float(unedited.sigma[at])),
        "monotone_strict": leakage.monotone_share(own_readings, 0.0),
        "gender_flips_agreed": _agreed_flips(names.index("gender"), change),
        "likeness": _likeness(unedited.features - centre, [one - centre for one in end_features]),
        "kid": kid(unedited.features, np.concatenate(end_features)).value if len(latents) >= 2 else float("nan"),
    }
    return change, difference, quality


def _own_figures(names: tuple[str, ...], name: str, unedited: Unedited, change: _Change) -> dict[str, float]:
    """What a change from a low to a high value of the attribute `name` does to it, to the classes and to the skin."""
    low, high, at = change.low, change.high, names.index(name)
    boundary = boundary_of(name)
    boundary = float(np.nanmedian(unedited.readings[:, at])) if boundary is None else boundary
    return {
        "moved": float(np.nanmean(change.readings[:, at])),
        "crossing": leakage.crossing_share(low[:, at], high[:, at], boundary),
        **_flips(names, unedited.readings, low, high),
        "skin_change": float(np.nanmedian(np.abs(high - low)[:, names.index("skin_lightness")])),
        "hue_change": float(np.nanmedian(_angle(high - low)[:, names.index("skin_hue")])),
    }


def judge_pairs(
    pictures: Mapping[str, tuple[np.ndarray, np.ndarray]], framing: float, unedited: Unedited
) -> dict[str, dict[str, float | str]]:
    """What the judge sees in pairs of pictures of the same people: the figures of a perfect slider, in quality's names.

    What the label networks agree with is not among them, because they chose the pairs.

    Args:
        pictures: by attribute, aligned faces uint8 (n, H, H, 3) with a low and, of the same people, with a high value.
        framing: of the pictures.
        unedited: the faces of the generator whose sliders are compared with them.
    """
    names = readings.names()
    counted = [one.name for one in SLIDERS if one.name in names]
    figures = {}
    for name, ends in pictures.items():
        low, high = (
            Reader(faces.__getitem__, framing).read(np.arange(len(faces)), mirror=True) for faces in ends
        )  # the number of a picture is its latent
        unknown = np.full_like(low, np.nan)
        change = _Change.of(unedited, (low, high), (unknown, unknown))
        own = np.array([names.index(name)])
        matrix = leakage.leakage_matrix(change.readings[None], own)
        row = leakage.without_own(matrix, own, ~np.isin(names, counted)[None])[0]
        figures[name] = {**_own_figures(names, name, unedited, change), **_leaks(row, names)}
    return figures


def with_floor(sliders: SliderSet, figures: Mapping[str, dict], pairs: Mapping[str, int]) -> SliderSet:
    """The same sliders, each with what judge_pairs found of its attribute as quality["floor"].

    `pairs` says of how many pairs. A slider without figures has no floor afterwards.
    """
    done = []
    for slider in sliders.sliders:
        quality = {key: value for key, value in slider.quality.items() if key != "floor"}
        if slider.name in figures:
            found = {key: figures[slider.name][key] for key in FLOOR}
            quality["floor"] = {"pairs": pairs[slider.name], **found}
        done.append(replace(slider, quality=quality))
    return replace(sliders, sliders=tuple(done))


def _leaks(row: np.ndarray, names: tuple[str, ...]) -> dict[str, float | str]:
    """The mean leakage and the worst, of one slider's leakages (j,) into the readings `names`; NaN do not count."""
    worst = int(np.nanargmax(row)) if np.isfinite(row).any() else -1
    return {
        "leakage_mean": _mean(row),
        "leakage_worst": float(row[worst]) if worst >= 0 else float("nan"),
        "leakage_worst_of": names[worst] if worst >= 0 else "",
    }


def _facts(
    judged: list[str],
    names: tuple[str, ...],
    own: np.ndarray,
    changes: list[_Change],
    differences: list[_Change],
    sliders: SliderSet,
    unedited: Unedited,
) -> tuple[dict, list[dict]]:
    """The matrices, the errors and the cells of facts["judged"]; and the leakage figures of each slider.

    `own` int (s,): which of the readings `names` each judged slider moves. `changes` are those of the sliders,
    `differences` those of the mean-difference directions.
    """
    if not judged:
        return {"names": list(names), "sliders": [], "leakage": [], "before": [], "noise": [], "cells": {}}, []
    by_sliders, by_differences = (np.array([one.readings for one in some]) for some in (changes, differences))
    matrix, naive = leakage.leakage_matrix(by_sliders, own), leakage.leakage_matrix(by_differences, own)
    agreed, agreed_naive = _agreed_matrix(changes, own), _agreed_matrix(differences, own)
    errors = unedited.errors.copy()
    if can_recognise():
        errors[[names.index(name) for name in RECOGNISED]] = np.nan
    moved = _moved(changes, own)
    # Only attributes with a slider count in the means; the matrices list the others too.
    outside = _inseparable(judged, names, sliders) | ~np.isin(np.arange(len(names)), own)[None]
    counted, counted_naive = leakage.without_own(matrix, own, outside), leakage.without_own(naive, own, outside)
    counted_agreed = leakage.without_own(agreed, own, outside)
    rows = []
    for row, one in enumerate(counted):
        rows.append({
            **_leaks(one, names), "leakage_mean_before": _mean(counted_naive[row]),
            "leakage_agreed": _mean(counted_agreed[row]),
            "leakage_noise": _mean(np.where(np.isfinite(one), errors / moved[row], np.nan)),
        })  # fmt: skip
    return {
        "names": list(names), "sliders": judged, "leakage": matrix, "before": naive, "agreed": agreed,
        "noise": errors, "leakage_agreed": _mean(counted_agreed),
        "leakage_agreed_before": _mean(leakage.without_own(agreed_naive, own, outside)),
        "leakage_mean": _mean(counted), "leakage_mean_before": _mean(counted_naive),
        "cells": _cells(names, unedited.readings, by_sliders, own, outside),
    }, rows  # fmt: skip


def _moved(changes: list[_Change], own: np.ndarray) -> np.ndarray:
    """The mean |change| (s,) of each slider's own reading."""
    means = [leakage.mean_of_known(np.abs(one.readings)) for one in changes]
    return np.array([mean[at] for mean, at in zip(means, own, strict=True)])


def _agreed_matrix(changes: list[_Change], own: np.ndarray) -> np.ndarray:
    """The leakage (s, j) that the judge and the label networks agree on."""
    return np.stack([leakage.agreed_change(one.agreed) for one in changes]) / _moved(changes, own)[:, None]


def _inseparable(judged: list[str], names: tuple[str, ...], sliders: SliderSet) -> np.ndarray:
    """Bool (s, j): readings that count as the slider's own (fit.SAME_ATTRIBUTE), which it does not hold."""
    found = np.zeros((len(judged), len(names)), bool)
    all_names = [slider.name for slider in sliders.sliders]
    for row, name in enumerate(judged):
        for column, other in enumerate(names):
            if other in sliders.scores and other != name:
                found[row, column] = sliders.weights[all_names.index(name), sliders.scores.index(other)] == 0
    return found


def _cells(names: tuple[str, ...], base: np.ndarray, changes: np.ndarray, own: np.ndarray, outside: np.ndarray) -> dict:
    """Mean leakage of each slider for the faces of one perceived gender and one tercile of skin lightness."""
    gender, skin = base[:, names.index("gender")] > 0, base[:, names.index("skin_lightness")]
    tercile = np.digitize(skin, np.nanquantile(skin, (1 / 3, 2 / 3)))
    cells = {}
    for group, belongs in (("women", ~gender), ("men", gender)):
        for part, tone in enumerate(("dark", "middle", "light")):
            rows = belongs & (tercile == part)
            if rows.sum() >= _FEWEST_IN_CELL:
                matrix = leakage.without_own(leakage.leakage_matrix(changes[:, rows], own), own, outside)
                cells[f"{group}, {tone}"] = {"faces": int(rows.sum()), "leakage_mean": [_mean(one) for one in matrix]}
    return cells


def _flips(names: tuple[str, ...], base: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """The shares of faces that change their perceived gender, age tercile or glasses from end to end."""
    age = base[:, names.index("age")]
    parts = {
        "gender": (boundary_of("gender"),),
        "age": tuple(np.quantile(age, (1 / 3, 2 / 3))),
        "glasses": (boundary_of("glasses"),),
    }
    return {
        f"{name}_flips": leakage.flip_share(low[:, names.index(name)], high[:, names.index(name)], edges)
        for name, edges in parts.items()
    }


def _agreed_flips(at: int, change: _Change) -> float:
    """The share of faces whose sign of the reading `at` differs from end to end, for the judge and the labels alike."""
    ends = (change.low, change.low_labels), (change.high, change.high_labels)
    low, high = ((read[:, at] > 0).astype(int) + (label[:, at] > 0) for read, label in ends)
    return float((np.abs(high - low) == 2).mean())


def _likeness(base: np.ndarray, ends: list[np.ndarray]) -> float:
    """The mean cosine between a face's features and those of its ends: 1 is the same face, 0 is any other."""
    unit = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-9) for one in (base, *ends)]
    return float(np.mean([(unit[0] * one).sum(axis=1).mean() for one in unit[1:]]))


def _angle(degrees: np.ndarray) -> np.ndarray:
    """The size of angles in degrees, 0 to 180."""
    return np.abs((degrees + 180) % 360 - 180)


def _mean(values) -> float:
    values = np.asarray(values, np.float64)
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")
