"""Fits the sliders of a generator: faces are drawn, scored and learned from, in minutes on two cores.

Nothing is asked of the generator but its images, so any will do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from facegan.labels import AttributeProbe, label_faces
from facegan.labels.crop import thumbnails
from facegan.labels.overall import OVERALL, overall
from facegan.labels.probe import THUMBNAIL
from facegan.labels.ridge import auc
from facegan.labels.table import MIN_OF_A_CLASS, own_names
from facegan.sliders.calibrate import calibrated, ends_of
from facegan.sliders.learn import EPOCHS, learn_surrogate
from facegan.sliders.slider import END, HELD, Slider, SliderSet, even_pace

Generate = Callable[[np.ndarray], np.ndarray]  # latents float32 (n, d) to images uint8 (n, H, H, 3)
Edit = Callable[[np.ndarray], np.ndarray]  # latents to latents

SAMPLES = 16_000  # faces; more still helps, at 12 ms each
CALIBRATION = 100  # faces, at each place of each slider that is measured
SEED = 1_000_003  # of the samples, which are none of the faces of the seeds 0, 1, 2 ...
LEAST_AUC = 0.8  # of an attribute that can be read back from the latents; below it there is no slider
SAME = 0.7  # correlation of two scores that are names of one thing: neither can move without the other
# What is measured with much noise is held less firmly.
_SOFT = {"tilt": 0.5, "background_lightness": 0.5}
_BATCH = 256
_MOST_WEIGHT = 5.0  # of a face in a rare cell against one in the most frequent

LABELS = {
    "smile": "Smile",
    "gender": "Perceived gender",
    "age": "Age",
    "skin_lightness": "Skin tone",
    "turn": "Head turn",
    "mouth_open": "Mouth open",
    "glasses": "Glasses",
    "hair_lightness": "Hair lightness",
}
# Where "no" ends and "yes" begins, in the score's unit; others are parted at their median.
BOUNDARIES = {"smile": 0.0, "gender": 0.0, "glasses": 0.0}


@dataclass(frozen=True)
class Samples:
    """Generated faces and their scores."""

    latents: np.ndarray  # float32 (n, d)
    names: tuple[str, ...]
    scores: np.ndarray  # float32 (n, k) in the scores' units, NaN where a face does not show one

    def __getitem__(self, name: str) -> np.ndarray:
        return self.scores[:, self.names.index(name)]


def fit_sliders(
    generate: Generate,
    framing: float,
    *,
    latent_size: int = 100,
    samples: int = SAMPLES,
    epochs: int = EPOCHS,
    probe: AttributeProbe | None = None,
    say: Callable[[str], None] = print,
) -> SliderSet | None:
    """The sliders of a generator, none judged yet; None where it can do none.

    Args:
        generate: draws faces uint8 (n, H, H, 3) of latents float32 (n, latent_size) ~ N(0, I).
        framing: of those faces, as in the report of the photos.
        samples: how many faces are drawn to learn from.
        epochs: how often the surrogate sees each of them.
        probe: reads a user's own attributes, each of which becomes a slider where it can be read.
        say: told which attributes are left out, and why.
    """
    latents = np.random.RandomState(SEED).randn(samples, latent_size).astype(np.float32)
    found = score_faces(generate, latents, framing, probe)
    offered, left_out = _offered(found, probe)
    names = (*offered, *(name for name in found.names if name not in offered and name not in left_out["same"]))
    columns = [found.names.index(name) for name in names]
    scores = found.scores[:, columns]
    mean, spread = np.nanmean(scores, axis=0), np.nanstd(scores, axis=0)
    known = (scores - mean) / np.maximum(spread, 1e-6)
    learned = known.astype(np.float32)
    kept = samples - max(samples // 10, 1)
    surrogate = learn_surrogate(latents[:kept], learned[:kept], balance(found)[:kept], epochs=epochs)
    foretold = surrogate.scores(latents[kept:])
    readable, reasons = [], dict(left_out["reasons"])
    reads = {}
    for j, name in enumerate(offered):
        reads[name] = _read_back(foretold[:, j], found, name, kept)
        if reads[name] >= LEAST_AUC:  # false for NaN
            readable.append(name)
        else:
            reasons[name] = (
                f"the generator does not say it clearly enough: it can be foretold from the latent with an AUC of "
                f"{reads[name]:.2f}, and {LEAST_AUC:g} is needed"
            )
    for name, reason in reasons.items():
        say(f"There is no slider {name}, because {reason}.")
    if not readable:
        return None
    order = [*readable, *(name for name in names if name not in readable)]
    places = [names.index(name) for name in order]
    surrogate = replace(
        surrogate, linear=surrogate.linear[:, places], last=(surrogate.last[0][:, places], surrogate.last[1][places])
    )
    learned = learned[:, places]
    sliders = tuple(Slider(name, label_of(name, probe), quality={"read_back_auc": reads[name]}) for name in readable)
    facts = {"fit": {"samples": samples, "framing": framing}, "left_out": reasons,
             "mean": dict(zip(names, mean.tolist(), strict=True)),
             "spread": dict(zip(names, spread.tolist(), strict=True))}  # fmt: skip
    plain = SliderSet(
        sliders,
        tuple(order),
        _weights(learned, order, len(readable)),
        ends_of(learned[:, : len(sliders)]),
        even_pace(len(sliders)),
        mean_differences(latents, learned[:, : len(sliders)]),
        surrogate,
        facts,
    )

    def measure(moved: np.ndarray, name: str) -> float:
        at = names.index(name)
        return float(np.nanmean(score_faces(generate, moved, framing, probe)[name]) - mean[at]) / float(spread[at])

    return calibrated(
        plain, measure, np.random.RandomState(SEED + 1).randn(CALIBRATION, latent_size).astype(np.float32)
    )


def score_faces(generate: Generate, latents: np.ndarray, framing: float, probe: AttributeProbe | None) -> Samples:
    """Scores of the faces of latents, each the mean of the face and its mirror image."""
    scores, names = [], ()
    for start in range(0, len(latents), _BATCH):
        images = generate(latents[start : start + _BATCH])
        labels = label_faces(images, framing, mirror=True, features=probe is not None)
        values, names = [labels.values, overall(images)], (*labels.names, *OVERALL)
        if probe is not None:
            small = (thumbnails(images, THUMBNAIL) + thumbnails(images[:, :, ::-1], THUMBNAIL)) / 2
            values.append(probe.scores_of(np.concatenate([labels.features, small / 128 - 1], axis=1)))
            names += own_names(probe.names)
        scores.append(np.concatenate(values, axis=1))
    joined = np.concatenate(scores)
    # What this framing does not show, or no face has, is no score.
    shown = np.isfinite(joined).mean(axis=0) > 0.5
    shown &= np.nan_to_num(np.nanstd(np.where(shown, joined, 0), axis=0)) > 1e-6
    kept = tuple(name for name, there in zip(names, shown, strict=True) if there)
    return Samples(latents, kept, joined[:, shown])


def label_of(name: str, probe: AttributeProbe | None) -> str:
    """What people read beside the slider."""
    own = (
        {word: column.replace("_", " ") for word, column in zip(own_names(probe.names), probe.names, strict=True)}
        if probe
        else {}
    )
    return LABELS.get(name) or own.get(name) or name.replace("_", " ").capitalize()


def balance(samples: Samples) -> np.ndarray:
    """How much each face counts, float64 (n,) of mean 1: every cell of perceived gender, skin tercile and age tercile
    the same in all, so that what is frequent does not decide what an attribute looks like."""
    cell = np.zeros(len(samples.latents), int)
    for name, edges in (("gender", (0.0,)), ("skin_lightness", None), ("age", None)):
        if name in samples.names:
            values = np.nan_to_num(samples[name], nan=float(np.nanmedian(samples[name])))
            parts = np.quantile(values, (1 / 3, 2 / 3)) if edges is None else np.array(edges)
            cell = cell * (len(parts) + 1) + np.digitize(values, parts)
    count = np.bincount(cell)
    weight = np.minimum(1 / count[cell], _MOST_WEIGHT / count.max())
    return weight / weight.mean()


def mean_differences(latents: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Float32 (s, d): the mean latent of the faces above each score's median less that of those below it.

    Its length is what moves the score, foretold by a line through the samples, by END standard deviations.
    """
    found = []
    for score in scores.T:
        known = np.isfinite(score)
        g, s = latents[known], score[known]
        direction = g[s > np.median(s)].mean(axis=0) - g[s <= np.median(s)].mean(axis=0)
        along = g @ direction
        slope = np.cov(along, s)[0, 1] / along.var() * (direction @ direction)  # of the score, per length of direction
        found.append(direction * (END / slope) if slope > 1e-9 else direction * 0)
    return np.array(found, np.float32)


def _offered(samples: Samples, probe: AttributeProbe | None) -> tuple[list[str], dict]:
    """The attributes that may be sliders, and what is left out: reasons by name, and doubles of a user's columns."""
    own, reasons = [], {}
    for name, column in zip(own_names(probe.names), probe.columns, strict=True) if probe else ():
        reads = column.auc if column.binary else (1 + column.correlation) / 2
        if name not in samples.names:
            reasons[name] = "all generated faces have the same of it"
        elif not reads >= LEAST_AUC:
            reasons[name] = f"it cannot be read well from photos: AUC {reads:.2f}, and {LEAST_AUC:g} is needed"
        else:
            own.append(name)
    # A user's "Smiling" takes the place of our smile: no face can have one of them without the other.
    same = {
        name for name in samples.names if name not in own
        and any(abs(_correlation(samples[name], samples[column])) > SAME for column in own)
    }  # fmt: skip
    built_in = [name for name in LABELS if name in samples.names and name not in same]
    reasons |= {name: "generated faces of this framing do not show it" for name in LABELS if name not in samples.names}
    reasons |= {name: "a column of the table says the same" for name in LABELS if name in same}
    return [*own, *built_in], {"reasons": reasons, "same": same}


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[known], other[known])[0, 1]) if known.sum() > 2 else 0.0


def _weights(learned: np.ndarray, order: list[str], sliders: int) -> np.ndarray:
    """How firmly each slider holds each score, float32 (s, k)."""
    weights = np.array([HELD * _SOFT.get(name, 1.0) for name in order])
    found = np.tile(weights, (sliders, 1))
    for i in range(sliders):
        for j in range(len(order)):
            if i != j and abs(_correlation(learned[:, i], learned[:, j])) > SAME:
                found[i, j] = 0
    return found.astype(np.float32)


def _read_back(foretold: np.ndarray, samples: Samples, name: str, kept: int) -> float:
    """The AUC with which faces on either side of the boundary are told apart from their latents."""
    truth = samples[name][kept:]
    boundary = BOUNDARIES.get(name, float(np.nanmedian(truth)))
    known = np.isfinite(truth)
    above = truth[known] > boundary
    if min(above.sum(), (~above).sum()) < min(MIN_OF_A_CLASS, len(above) // 5):
        above = truth[known] > np.median(truth[known])
    return auc(foretold[known], above)
