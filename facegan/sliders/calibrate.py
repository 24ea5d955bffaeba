"""The ends and the pace of sliders, measured on faces: the surrogate predicts only a part of a score."""

from collections.abc import Callable
from dataclasses import replace
from math import erf, sqrt

import numpy as np

from facegan.sliders.slider import END, PACES, SliderSet, even_pace

Measure = Callable[[np.ndarray, str], float]  # latents (n, d) to the mean score of their faces, in standard deviations

_BELOW = 0.5 * (1 - erf(END / sqrt(2)))  # the share of a normal population below -END: 2.3 %
_LEAST_END, _MOST_STRETCH = 0.5, 1.5
_PARTS = 8  # equal parts of the path to an end, after each of which the score is measured
# The path ends where a score changes at less than this share of its rate in the first half. Beyond that more and more
# faces go back: with a fifth less of the path 92 % of smiles grow at every step instead of 85 %, and nine tenths as
# far.
_SLOW = 0.4


def ends_of(scores: np.ndarray) -> np.ndarray:
    """The ends float32 (s, 2) of scores (n, s), in standard deviations.

    They are quantiles: beyond them lie as many faces as beyond END standard deviations of a normal distribution. A
    score that is not normal may have no face two deviations below its mean: a mouth cannot be more than closed.
    """
    ends = np.nanquantile(scores, (_BELOW, 1 - _BELOW), axis=0).T
    return np.stack([np.minimum(ends[:, 0], -_LEAST_END), np.maximum(ends[:, 1], _LEAST_END)], axis=1).astype(
        np.float32
    )


def calibrated(sliders: SliderSet, measure: Measure, latents: np.ndarray) -> SliderSet:
    """The sliders with ends that the faces of `latents` (n, d) reach, and with a pace that makes them even.

    The surrogate's own ends are a little too near. And near an end equal steps of its score change a face less and
    less, until the slider seems to stand still. The mean-difference directions are scaled to move their attribute as
    far as the slider does, from end to end.
    """
    wanted, ends, differences = sliders.ends, sliders.ends.copy(), sliders.differences.copy()
    for row, slider in enumerate(sliders.sliders):
        for side, value in ((0, -1.0), (1, 1.0)):
            reached = measure(sliders.edit(latents, {slider.name: value}), slider.name)
            ends[row, side] *= np.clip(wanted[row, side] / max(value * reached, 1e-6) * value, 1.0, _MOST_STRETCH)
    stretched = replace(sliders, ends=ends)
    pace = even_pace(len(sliders.sliders))
    way = np.linspace(0, 1, _PARTS + 1)[1:]
    for row, slider in enumerate(sliders.sliders):
        start = measure(latents, slider.name)
        for side, sign in ((0, -1.0), (1, 1.0)):
            scores = [measure(stretched.edit(latents, {slider.name: sign * part}), slider.name) for part in way]
            pace[row, side] = pace_of(sign * (np.array(scores) - start))
    paced = replace(stretched, pace=pace)
    for row, name in enumerate(slider.name for slider in sliders.sliders):
        low, high = (measure(paced.edit(latents, {name: value}), name) for value in (-1.0, 1.0))
        back, there = (measure(paced.edit_before(latents, name, value), name) for value in (-1.0, 1.0))
        differences[row] *= np.clip((high - low) / max(there - back, 1e-6), 0.5, 2.0)
    return replace(paced, differences=differences)


def pace_of(gone: np.ndarray) -> np.ndarray:
    """The shares of the path, float32 (PACES,), after which equal parts of the change are done.

    `gone` (n,) is the change after equal parts of the path. The path ends where more of it changes little.
    """
    n = len(gone)
    if not np.isfinite(gone).all():
        return even_pace(1)[0, 0]
    known = np.maximum.accumulate(np.concatenate([[0.0], gone]))
    rates = np.diff(known)
    usual = rates[: n // 2].mean()
    if usual <= 1e-6:
        return even_pace(1)[0, 0]
    slow = np.flatnonzero(rates[n // 2 :] < _SLOW * usual)
    last = n // 2 + int(slow[0]) if len(slow) else n
    rises = np.concatenate([[True], rates[:last] > 0])  # np.interp needs strictly rising points
    way = np.linspace(0, 1, n + 1)[: last + 1]
    return np.interp(np.linspace(0, known[last], PACES + 1)[1:], known[: last + 1][rises], way[rises]).astype(
        np.float32
    )
