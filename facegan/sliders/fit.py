"""Fits the sliders of a generator: faces are drawn, scored and learned from, in minutes on two cores.

It needs only the images that the generator draws, so any generator will do.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from facegan.base.curves import EntryCurves
from facegan.base.seeds import LATENT_SIZE
from facegan.labels.attributes import OVERALL, SLIDERS, attribute_of, boundary_of
from facegan.labels.crop import thumbnails
from facegan.labels.label import label_faces
from facegan.labels.overall import overall
from facegan.labels.probe import THUMBNAIL, AttributeProbe
from facegan.labels.ridge import auc
from facegan.labels.table import MIN_OF_A_CLASS, own_names
from facegan.sliders.axes import directions_along, ends_along
from facegan.sliders.calibrate import Measure, calibrated, ends_of
from facegan.sliders.learn import EPOCHS, learn_surrogate
from facegan.sliders.learn_limit import SAMPLES as LIMIT_SAMPLES
from facegan.sliders.learn_limit import certainties_by, learn_limit
from facegan.sliders.slider import END, HELD, Slider, SliderSet, even_pace
from facegan.sliders.surrogate import Surrogate

Generate = Callable[[np.ndarray], np.ndarray]  # latents float32 (n, d) to images uint8 (n, H, H, 3)

SAMPLES = 16_000  # faces; more still helps, at 12 ms each
CALIBRATION = 100  # faces on which each slider is calibrated
SEED = 1_000_003  # of the sampled latents, which are none of the seeds 0, 1, 2 ...
LEAST_AUC = 0.8  # of the attribute predicted from the latent; below it there is no slider
# Correlation above which two scores count as one attribute, for neither can move without the other.
SAME_ATTRIBUTE = 0.7
_BATCH = 256
_MOST_WEIGHT = 5.0  # of a face in a rare cell against one in the most frequent


@dataclass(frozen=True)
class Samples:
    """Generated faces and their scores."""

    latents: np.ndarray  # float32 (n, d)
    names: tuple[str, ...]
    scores: np.ndarray  # float32 (n, k) in the scores' units, NaN where a face does not show one

    def __getitem__(self, name: str) -> np.ndarray:
        return self.scores[:, self.names.index(name)]


@dataclass(frozen=True)
class _Candidates:
    """Which scores may become sliders."""

    sliders: tuple[str, ...]  # a user's own attributes, then those of the registry in their order
    held: tuple[str, ...]  # the other scores, which every slider holds still
    reasons: dict[str, str]  # why an attribute is no candidate, by name


@dataclass(frozen=True)
class Standardised:
    """Scores in standard deviations around their mean."""

    names: tuple[str, ...]
    mean: np.ndarray  # (k,)
    spread: np.ndarray  # (k,)
    values: np.ndarray  # float32 (n, k), NaN where a face does not show one

    @classmethod
    def of(cls, samples: Samples, names: tuple[str, ...]) -> "Standardised":
        scores = samples.scores[:, [samples.names.index(name) for name in names]]
        mean, spread = np.nanmean(scores, axis=0), np.nanstd(scores, axis=0)
        return cls(names, mean, spread, ((scores - mean) / np.maximum(spread, 1e-6)).astype(np.float32))


def fit_sliders(
    generate: Generate,
    framing: float,
    *,
    latent_size: int = LATENT_SIZE,
    samples: int = SAMPLES,
    epochs: int = EPOCHS,
    probe: AttributeProbe | None = None,
    curves: EntryCurves = (),
    say: Callable[[str], None] = print,
) -> SliderSet | None:
    """The sliders of a generator, not judged yet; None if no attribute can have one.

    Args:
        generate: draws faces uint8 (n, H, H, 3) of latents float32 (n, latent_size) ~ N(0, I).
        framing: of those faces, as in the report of the photos.
        samples: how many faces are drawn to learn from; the last tenth is held out.
        epochs: how often the surrogate sees each of them.
        probe: reads a user's own attributes, each of which becomes a slider if it can be read well.
        curves: of the last entries of a latent.
        say: takes a line for each attribute that is left out, and why.
    """
    latents = np.random.RandomState(SEED).randn(samples, latent_size).astype(np.float32)
    faces = score_faces(generate, latents, framing, probe)
    candidates = _candidates(faces, probe)
    scores = Standardised.of(faces, (*candidates.sliders, *candidates.held))
    training = samples - max(samples // 10, 1)
    surrogate = learn_surrogate(latents[:training], scores.values[:training], balance(faces)[:training], epochs=epochs)
    aucs = held_out_aucs(surrogate, faces, candidates.sliders, training)
    reasons = candidates.reasons | {
        name: "the generator does not show it clearly enough: predicted from the latent it has an AUC of "
        f"{found:.2f}, and {LEAST_AUC:g} is needed"
        for name, found in aucs.items()
        if not found >= LEAST_AUC  # true for NaN
    }
    for name, reason in reasons.items():
        say(f"There is no slider {name}, because {reason}.")
    chosen = tuple(name for name in candidates.sliders if name not in reasons)
    if not chosen:
        return None
    facts = {
        "fit": {"samples": samples, "framing": framing},
        "left_out": reasons,
        "mean": dict(zip(scores.names, scores.mean.tolist(), strict=True)),
        "spread": dict(zip(scores.names, scores.spread.tolist(), strict=True)),
    }
    sliders = tuple(Slider(name, label_of(name, probe), quality={"read_back_auc": aucs[name]}) for name in chosen)
    uncalibrated = _uncalibrated(sliders, latents, scores, surrogate, facts, curves)
    fresh = np.random.RandomState(SEED + 1).randn(CALIBRATION, latent_size).astype(np.float32)
    return limited(calibrated(uncalibrated, measure_by(generate, framing, probe, scores), fresh), generate, samples)


def limited(sliders: SliderSet, generate: Generate, samples: int = SAMPLES) -> SliderSet:
    """The sliders with a limit for each face, learned anew."""
    return replace(sliders, limit=learn_limit(sliders, certainties_by(generate), samples=min(samples, LIMIT_SAMPLES)))


def _uncalibrated(
    sliders: tuple[Slider, ...],
    latents: np.ndarray,
    scores: Standardised,
    surrogate: Surrogate,
    facts: dict,
    curves: EntryCurves,
) -> SliderSet:
    """The sliders with ends where the samples have theirs, at an even pace."""
    chosen = [slider.name for slider in sliders]
    order = [*chosen, *(name for name in scores.names if name not in chosen)]
    columns = [scores.names.index(name) for name in order]
    values, count = scores.values[:, columns], len(sliders)
    along = directions_along(latents, values[:, :count], tuple(chosen))
    return SliderSet(
        sliders,
        tuple(order),
        weights_of(values, order, count),
        ends_along(along, ends_of(values[:, :count]), curves),
        even_pace(count),
        mean_differences(latents, values[:, :count]),
        along,
        outputs_of(surrogate, columns),
        facts,
    )


def outputs_of(surrogate: Surrogate, columns: list[int]) -> Surrogate:
    """The surrogate of these of its scores."""
    weight, bias = surrogate.last
    return replace(surrogate, linear=surrogate.linear[:, columns], last=(weight[:, columns], bias[columns]))


def measure_by(generate: Generate, framing: float, probe: AttributeProbe | None, scores: Standardised) -> Measure:
    """Measures the mean score of the faces of latents, in standard deviations."""

    def measure(latents: np.ndarray, name: str) -> float:
        column = scores.names.index(name)
        mean = np.nanmean(score_faces(generate, latents, framing, probe)[name])
        return float(mean - scores.mean[column]) / float(scores.spread[column])

    return measure


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
    # Scores that this framing does not show, or that are the same for all faces, are left out.
    shown = np.isfinite(joined).mean(axis=0) > 0.5
    shown &= np.nan_to_num(np.nanstd(np.where(shown, joined, 0), axis=0)) > 1e-6
    kept = tuple(name for name, is_shown in zip(names, shown, strict=True) if is_shown)
    return Samples(latents, kept, joined[:, shown])


def label_of(name: str, probe: AttributeProbe | None) -> str:
    """The title of the slider of an attribute, also of a user's own."""
    if (found := attribute_of(name)) and found.label:
        return found.label
    columns = dict(zip(own_names(probe.names), probe.names, strict=True)) if probe else {}
    return columns[name].replace("_", " ") if name in columns else name.replace("_", " ").capitalize()


def balance(samples: Samples) -> np.ndarray:
    """The weight of each face, float64 (n,) of mean 1, so that frequent kinds of faces do not prevail.

    Every cell of perceived gender, skin tercile and age tercile weighs the same in all.
    """
    cell = np.zeros(len(samples.latents), int)
    for name in ("gender", "skin_lightness", "age"):
        if name in samples.names:
            values = np.nan_to_num(samples[name], nan=float(np.nanmedian(samples[name])))
            boundary = boundary_of(name)
            parts = np.quantile(values, (1 / 3, 2 / 3)) if boundary is None else np.array([boundary])
            cell = cell * (len(parts) + 1) + np.digitize(values, parts)
    count = np.bincount(cell)
    weight = np.minimum(1 / count[cell], _MOST_WEIGHT / count.max())
    return weight / weight.mean()


def mean_differences(latents: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Float32 (s, d): the mean latent of the faces above each score's median less that of those below it.

    Its length is what moves the score, predicted by a line through the samples, by END standard deviations.
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


def _candidates(samples: Samples, probe: AttributeProbe | None) -> _Candidates:
    """A user's own attributes that are read well from photos, and those of the registry that no such column repeats."""
    own, reasons = [], {}
    for name, column in zip(own_names(probe.names), probe.columns, strict=True) if probe else ():
        reads = column.auc if column.binary else (1 + column.correlation) / 2
        if name not in samples.names:
            reasons[name] = "all generated faces have the same value of it"
        elif not reads >= LEAST_AUC:
            reasons[name] = f"it cannot be read well from photos: AUC {reads:.2f}, and {LEAST_AUC:g} is needed"
        else:
            own.append(name)
    # A user's "Smiling" replaces our smile: no face can have one of them without the other.
    repeated = {
        name for name in samples.names if name not in own
        and any(abs(_correlation(samples[name], samples[column])) > SAME_ATTRIBUTE for column in own)
    }  # fmt: skip
    built_in = [attribute.name for attribute in SLIDERS]
    reasons |= {
        name: "generated faces of this framing do not show it" for name in built_in if name not in samples.names
    }
    reasons |= {name: "a column of the table says the same" for name in built_in if name in repeated}
    sliders = (*own, *(name for name in built_in if name in samples.names and name not in repeated))
    held = tuple(name for name in samples.names if name not in sliders and name not in repeated)
    return _Candidates(sliders, held, reasons)


def held_out_aucs(surrogate: Surrogate, samples: Samples, names: tuple[str, ...], training: int) -> dict[str, float]:
    """How well the surrogate separates the held-out faces on either side of each attribute's boundary.

    `names` are the first outputs of the surrogate, which has seen the first `training` faces.
    """
    predicted = surrogate.scores(samples.latents[training:])
    found = {}
    for column, name in enumerate(names):
        truth = samples[name][training:]
        known = np.isfinite(truth)
        boundary = boundary_of(name)
        above = truth[known] > (float(np.nanmedian(truth)) if boundary is None else boundary)
        if min(above.sum(), (~above).sum()) < min(MIN_OF_A_CLASS, len(above) // 5):
            above = truth[known] > np.median(truth[known])
        found[name] = auc(predicted[known, column], above)
    return found


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    return float(np.corrcoef(one[known], other[known])[0, 1]) if known.sum() > 2 else 0.0


def weights_of(values: np.ndarray, order: list[str], sliders: int) -> np.ndarray:
    """How firmly each slider holds each score, float32 (s, k); 0 for scores that mean the same as the slider's own."""
    attributes = [attribute_of(name) for name in order]
    weights = np.array([HELD * (attribute.held if attribute else 1.0) for attribute in attributes])
    found = np.tile(weights, (sliders, 1))
    for i in range(sliders):
        for j in range(len(order)):
            if i != j and abs(_correlation(values[:, i], values[:, j])) > SAME_ATTRIBUTE:
                found[i, j] = 0
    return found.astype(np.float32)
