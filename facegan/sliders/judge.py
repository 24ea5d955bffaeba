"""Judges sliders: what each changes, and what it should not. The figures of docs/sliders.md, sliders.json and the card.

The judge knows nothing of the networks that fitted: see readings.py. Faces are those of the seeds 0, 1, 2 ..., none of
which was fitted on. A leakage is the mean |change| of one reading from end to end, in its standard deviations over the
unedited faces, divided by the same of the slider's own reading.

What a reading errs by from one picture to the next counts as change, too. So beside the leakage stands what the judge
and the label networks, which err apart, agree on: the root of the mean product of their two changes, which is 0 for
errors alone, as the mean |change| of a normal distribution of that width.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from facegan.base.seeds import latents_of
from facegan.gan.metrics import features, kid
from facegan.labels import AttributeProbe, label_faces
from facegan.sliders import leakage, readings
from facegan.sliders.eyes import look, recognises
from facegan.sliders.notes import note_of
from facegan.sliders.readings import PEOPLE
from facegan.sliders.slider import SliderSet

SEEDS = 1_000
POSITIONS = 11
# Where the judge says yes rather than no; other readings are parted at the median of the unedited faces.
BOUNDARIES = {"smile": 0.0, "gender": 0.0, "glasses": 0.0}
# What a reading errs by from one picture to the next, in standard deviations: a fall within it is no fall.
SLACK = 0.1
_BATCH = 128
_FEWEST_IN_CELL = 10  # faces


@dataclass(frozen=True)
class Reader:
    """Reads faces with the judge's heads and, where a user's table taught them, heads of its own attributes."""

    generate: Callable[[np.ndarray], np.ndarray]
    framing: float
    own: AttributeProbe | None = None  # on eyes.look
    own_names: tuple[str, ...] = ()  # the sliders' names of its columns

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
                found = np.concatenate([found, self.own.scores_of(look(images, self.framing))], axis=1)
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


def judge_sliders(
    sliders: SliderSet,
    reader: Reader,
    *,
    latent_size: int = 100,
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
        real: held-out real faces, uint8 (m, H, H, 3), to say how far KID is from them; None leaves that out.
    """
    latents = latents_of(range(seeds), latent_size)
    names = reader.names
    base = reader.read(latents, mirror=True)
    single = reader.read(latents, mirror=False)
    sigma = np.maximum(np.nanstd(base, axis=0), 1e-6)
    judged = [slider.name for slider in sliders.sliders if slider.name in names]
    own = np.array([names.index(name) for name in judged], int)
    base_features = reader.features(latents)
    centre = base_features.mean(axis=0)
    values = np.linspace(-1, 1, positions)
    labelled = reader.labels(latents)
    spread = np.maximum(
        np.nan_to_num(np.nanstd(np.where(np.isfinite(labelled).any(axis=0), labelled, 0), axis=0)), 1e-6
    )
    changes, before, agreed, agreed_before, quality = [], [], [], [], {}
    for name, at in zip(judged, own, strict=True):
        boundary = BOUNDARIES.get(name, float(np.nanmedian(base[:, at])))
        ends = [sliders.edit(latents, {name: value}) for value in (-1.0, 1.0)]
        low, high = (reader.read(end, True) for end in ends)
        people = name in PEOPLE  # which take long to read, and between the ends only the slider's own counts
        between = [reader.read(sliders.edit(latents, {name: v}), True, people) if v else base for v in values[1:-1]]
        way = [low, *between, high]
        own_way = np.stack([one[:, at] for one in way])
        seen = [reader.features(end) for end in ends]
        changes.append((high - low) / sigma)
        low_label, high_label = (reader.labels(end) for end in ends)
        agreed.append((high_label - low_label) / spread * changes[-1])
        far = [sliders.edit_before(latents, name, value) for value in (-1.0, 1.0)]
        back, there = (reader.read(end, True) for end in far)
        before.append((there - back) / sigma)
        back_label, there_label = (reader.labels(end) for end in far)
        agreed_before.append((there_label - back_label) / spread * before[-1])
        quality[name] = {
            "moved": float(np.nanmean(changes[-1][:, at])),
            "crossing": leakage.crossing_share(low[:, at], high[:, at], boundary),
            "monotone": leakage.monotone_share(own_way, SLACK * float(sigma[at])),
            "monotone_strict": leakage.monotone_share(own_way, 0.0),
            **_flips(names, base, low, high),
            "gender_flips_agreed": _agreed_flips(names.index("gender"), (low, high), (low_label, high_label)),
            "skin_change": float(np.nanmedian(np.abs(high - low)[:, names.index("skin_lightness")])),
            "hue_change": float(np.nanmedian(_turned(high - low)[:, names.index("skin_hue")])),
            "likeness": _likeness(base_features - centre, [one - centre for one in seen]),
            "kid": kid(base_features, np.concatenate(seen)).value if len(latents) >= 2 else float("nan"),
        }
        say(f"{name}: {quality[name]['crossing']:.0%} cross the boundary, {quality[name]['monotone']:.0%} monotone")
    measured = tuple(np.array(one) for one in (changes, before, agreed, agreed_before))
    facts = _facts(judged, names, own, measured, sliders, base, single, sigma)
    for row, name in enumerate(judged):
        quality[name] |= facts["of"][row]
    del facts["of"]
    facts |= {
        "seeds": seeds,
        "positions": positions,
        "recognition": recognises(),
        "ends_kid": _mean([q["kid"] for q in quality.values()]),
    }
    if real is not None and len(real) >= 2:
        facts["real_kid"] = kid(base_features, features(real)).value
    done = []
    for slider in sliders.sliders:
        found = {**slider.quality, **quality.get(slider.name, {})}
        done.append(replace(slider, quality=found, note=note_of(slider.name, found)))
    return replace(sliders, sliders=tuple(done), facts={**sliders.facts, "judged": facts})


def _facts(
    judged: list[str], names: tuple[str, ...], own: np.ndarray, measured: tuple[np.ndarray, ...],
    sliders: SliderSet, base: np.ndarray, single: np.ndarray, sigma: np.ndarray,
) -> dict:  # fmt: skip
    """The matrices, what the judge errs by, the cells, and under "of" what each slider's row says."""
    if not judged:
        return {"names": list(names), "sliders": [], "leakage": [], "before": [], "noise": [], "cells": {}, "of": []}
    changes, before, products, products_before = measured
    bound = _bound(judged, names, sliders)
    matrix, naive = leakage.leakage_matrix(changes, own), leakage.leakage_matrix(before, own)
    # The mirror image is a second look: half their difference is about what the mean of both errs by.
    errs = np.sqrt(2) * leakage.mean_of_known(np.abs(single - base)) / sigma
    if recognises():  # which looks once only
        errs[[names.index(name) for name in PEOPLE]] = np.nan
    moved = np.array([leakage.mean_of_known(np.abs(c))[k] for c, k in zip(changes, own, strict=True)])
    agreed = np.stack([leakage.agreed_change(one) for one in products]) / moved[:, None]
    moved_before = np.array([leakage.mean_of_known(np.abs(c))[k] for c, k in zip(before, own, strict=True)])
    agreed_before = np.stack([leakage.agreed_change(one) for one in products_before]) / moved_before[:, None]
    # What counts are the sliders' own attributes; the rest is told beside them.
    outside = bound | ~np.isin(np.arange(len(names)), own)[None]
    counted, counted_before = leakage.others(matrix, own, outside), leakage.others(naive, own, outside)
    rows = []
    for row, one in enumerate(counted):
        worst = int(np.nanargmax(one)) if np.isfinite(one).any() else -1
        rows.append({
            "leakage_mean": _mean(one), "leakage_worst": float(one[worst]) if worst >= 0 else float("nan"),
            "leakage_worst_of": names[worst] if worst >= 0 else "", "leakage_mean_before": _mean(counted_before[row]),
            "leakage_agreed": _mean(leakage.others(agreed, own, outside)[row]),
            "leakage_noise": _mean(np.where(np.isfinite(one), errs / moved[row], np.nan)),
        })  # fmt: skip
    return {
        "names": list(names), "sliders": judged, "leakage": matrix, "before": naive, "agreed": agreed,
        "noise": errs, "leakage_agreed": _mean(leakage.others(agreed, own, outside)),
        "leakage_agreed_before": _mean(leakage.others(agreed_before, own, outside)),
        "leakage_mean": _mean(counted), "leakage_mean_before": _mean(counted_before),
        "cells": _cells(names, base, changes, own, outside), "of": rows,
    }  # fmt: skip


def _bound(judged: list[str], names: tuple[str, ...], sliders: SliderSet) -> np.ndarray:
    """Bool (s, j): readings that are another name of the slider's own, which nothing can hold."""
    bound = np.zeros((len(judged), len(names)), bool)
    all_names = [slider.name for slider in sliders.sliders]
    for row, name in enumerate(judged):
        for column, other in enumerate(names):
            if other in sliders.scores and other != name:
                bound[row, column] = sliders.weights[all_names.index(name), sliders.scores.index(other)] == 0
    return bound


def _cells(names: tuple[str, ...], base: np.ndarray, changes: np.ndarray, own: np.ndarray, outside: np.ndarray) -> dict:
    """Mean leakage of each slider for the faces of one perceived gender and one tercile of skin lightness."""
    gender, skin = base[:, names.index("gender")] > 0, base[:, names.index("skin_lightness")]
    tercile = np.digitize(skin, np.nanquantile(skin, (1 / 3, 2 / 3)))
    cells = {}
    for who, is_so in (("women", ~gender), ("men", gender)):
        for part, tone in enumerate(("dark", "middle", "light")):
            rows = is_so & (tercile == part)
            if rows.sum() >= _FEWEST_IN_CELL:
                matrix = leakage.others(leakage.leakage_matrix(changes[:, rows], own), own, outside)
                cells[f"{who}, {tone}"] = {"faces": int(rows.sum()), "leakage_mean": [_mean(one) for one in matrix]}
    return cells


def _flips(names: tuple[str, ...], base: np.ndarray, low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """The shares of faces that change their perceived gender, age tercile or glasses from end to end."""
    age = base[:, names.index("age")]
    parts = {"gender": (0.0,), "age": tuple(np.quantile(age, (1 / 3, 2 / 3))), "glasses": (0.0,)}
    return {
        f"{name}_flips": leakage.flip_share(low[:, names.index(name)], high[:, names.index(name)], edges)
        for name, edges in parts.items()
    }


def _agreed_flips(at: int, read: tuple[np.ndarray, np.ndarray], label: tuple[np.ndarray, np.ndarray]) -> float:
    """The share of faces whose sign of the reading `at` differs from end to end, as both readers see it."""
    low, high = ((one[:, at] > 0).astype(int) + (other[:, at] > 0) for one, other in zip(read, label, strict=True))
    return float((np.abs(high - low) == 2).mean())


def _likeness(base: np.ndarray, ends: list[np.ndarray]) -> float:
    """The mean cosine between a face's features and those of its ends: 1 is the same, 0 is anybody."""
    unit = [one / np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-9) for one in (base, *ends)]
    return float(np.mean([(unit[0] * one).sum(axis=1).mean() for one in unit[1:]]))


def _turned(degrees: np.ndarray) -> np.ndarray:
    """The size of angles, the short way round."""
    return np.abs((degrees + 180) % 360 - 180)


def _mean(values) -> float:
    values = np.asarray(values, np.float64)
    return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")
