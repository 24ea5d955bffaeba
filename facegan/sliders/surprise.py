"""Finds sliders without labels: the directions that change a face most without changing a named attribute.

They are principal directions of the latent's effect on the generator's early features, as in GANSpace (Haerkoenen et
al. 2020, https://arxiv.org/abs/2004.02546), but of the mean of J'J with the Jacobian J, from which the gradients of the
scores can be projected out at every face. That holds the scores in a small step; over the whole path steering holds
them (SliderSet.with_surprises).
"""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facegan.labels.attributes import phrase_of
from facegan.sliders import leakage
from facegan.sliders.slider import END, Slider, SliderSet, Surprises
from facegan.sliders.surrogate import squash

Generate = Callable[[np.ndarray], np.ndarray]  # latents float32 (n, d) to images uint8 (n, H, H, 3)
Effect = Callable[[np.ndarray], np.ndarray]  # latents (n, d) to J'J (n, d, d) of the early features' Jacobian J in z
Read = Callable[[np.ndarray], np.ndarray]  # latents (n, d) to readings (n, j)

COUNT = 6
FACES = 64  # at which the effect is averaged
SCALED = 32  # faces by which the ends are set
SEED = 1_000_033  # of those faces
_LEAST, _MOST = 0.75, 1.5  # of END standard deviations, where a surprise may end
_SPREAD = np.float32(np.sqrt(3))  # z is uniform from -1 to 1


def find_surprises(sliders: SliderSet, effect: Effect, generate: Generate, count: int = COUNT) -> Surprises | None:
    """At most `count` directions, the strongest first; None where the scores leave no room for any.

    They are orthogonal to each other and to the mean gradients of all scores of `sliders`. They end where the picture
    has changed as much as by the median one of the named sliders, but not far from END standard deviations.
    """
    d = sliders.surrogate.latent_size
    count = min(count, d - len(sliders.scores) - int(sliders.along.any(axis=1).sum()))
    if count < 1:
        return None
    latents = np.random.RandomState(SEED).randn(FACES, d).astype(np.float32)
    directions = principal_directions(effect(latents), _gradients(sliders, latents), count)
    taken = (f"surprise_{i}" for i in itertools.count(1) if f"surprise_{i}" not in sliders.scores)  # by a user's column
    named = tuple(Slider(name, f"Surprise {i}") for i, name in zip(range(1, count + 1), taken, strict=False))
    ends = np.tile(np.float32([-END, END]), (count, 1))
    found = Surprises(named, _SPREAD * directions, ends)
    changes = _changes(replace(sliders, surprises=found), generate, latents[:SCALED])
    usual = np.median([changes[slider.name] for slider in sliders.sliders])
    factors = [np.clip(usual / max(changes[slider.name], 1e-6), _LEAST, _MOST) for slider in named]
    return replace(found, ends=(ends * np.array(factors)[:, None]).astype(np.float32))


def principal_directions(effects: np.ndarray, gradients: np.ndarray, count: int) -> np.ndarray:
    """Unit vectors float32 (count, d), the strongest first.

    The principal axes of the mean of `effects` (n, d, d). The span of the scores' `gradients` (n, k, d) at the same
    face is projected out of each effect, and the span of the mean gradients out of their mean. The sign of a vector is
    such that its entry with the largest absolute value is positive.
    """
    d = effects.shape[1]
    rests = np.eye(d) - _spans(gradients)
    rest = np.eye(d) - _spans(gradients.mean(axis=0)[None])[0]
    mean = rest @ (rests @ effects.astype(np.float64) @ rests).mean(axis=0) @ rest
    axes = np.linalg.eigh(mean)[1].T[::-1][:count]
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return (axes * np.sign(largest)[:, None]).astype(np.float32)


def _spans(gradients: np.ndarray) -> np.ndarray:
    """The projections (n, d, d) onto the spans of gradients (n, k, d)."""
    _, singular, rows = np.linalg.svd(gradients.astype(np.float64), full_matrices=False)
    kept = rows * (singular > 1e-6 * np.maximum(singular[:, :1], 1e-12))[..., None]
    return kept.transpose(0, 2, 1) @ kept


def _gradients(sliders: SliderSet, latents: np.ndarray) -> np.ndarray:
    """Of all scores in z, and what sliders move along, (n, k, d)."""
    gradients = sliders.surrogate.gradients(latents)[1] / np.maximum(squash(latents)[1], 1e-6)[:, None]
    along = sliders.along[sliders.along.any(axis=1)]
    return np.concatenate([gradients, np.tile(along, (len(latents), 1, 1))], axis=1)


def _changes(sliders: SliderSet, generate: Generate, latents: np.ndarray) -> dict[str, float]:
    """How much every slider changes the picture from end to end: the root mean square over pixels, mean over faces."""
    found = {}
    for slider in sliders.with_surprises.sliders:
        low, high = (generate(sliders.edit(latents, {slider.name: value})).astype(np.float32) for value in (-1.0, 1.0))
        found[slider.name] = float(np.sqrt(((high - low) ** 2).mean(axis=(1, 2, 3))).mean())
    return found


def judge_surprises(sliders: SliderSet, read: Read, names: tuple[str, ...], latents: np.ndarray) -> SliderSet:
    """The same with `quality` and `note` of each surprise: how much it moves the readings of the named attributes.

    `read` gives readings of `names` in the order of the columns; mean |change| from end to end, in their standard
    deviations over the unmoved faces `latents` (n, d).
    """
    if sliders.surprises is None:
        return sliders
    deviation = np.maximum(np.nanstd(read(latents), axis=0), 1e-6)
    columns = [names.index(slider.name) for slider in sliders.sliders if slider.name in names]
    done = []
    for slider in sliders.surprises.sliders:
        low, high = (read(sliders.edit(latents, {slider.name: value})) for value in (-1.0, 1.0))
        moved = leakage.mean_of_known(np.abs(high - low) / deviation)[columns]
        done.append(_judged(slider, moved, [names[column] for column in columns]))
    return replace(sliders, surprises=replace(sliders.surprises, sliders=tuple(done)))


def _judged(slider: Slider, moved: np.ndarray, names: list[str]) -> Slider:
    if not np.isfinite(moved).any():
        return slider
    most = int(np.nanargmax(moved))
    note = (
        f"Found without labels: from end to end the named attributes change by {np.nanmean(moved):.1f} standard "
        f"deviations on average, most of all {phrase_of(names[most])} ({moved[most]:.1f})."
    )
    quality = {"named_moved": float(np.nanmean(moved)), "named_moved_each": dict(zip(names, moved, strict=True))}
    return replace(slider, quality=quality, note=note)
