"""Calibrates sliders on generated faces: where each ends, and its pace, so that equal steps change a face equally.

The surrogate alone cannot say either, because it predicts only a part of a score. A slider follows a path in the space
of latents (steer.py). This file measures the scores of faces along that path.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from math import erf, sqrt

import numpy as np

from facegan.sliders.slider import END, PACES, SliderSet, even_pace

Measure = Callable[[np.ndarray, str], float]  # latents (n, d) to the mean score of their faces, in standard deviations

_TAIL = 0.5 * (1 - erf(END / sqrt(2)))  # the share of a normal population below -END: 2.3 %
_MIN_END, _MAX_STRETCH = 0.5, 1.5  # standard deviations; factor
_PARTS = 8  # equal parts of the path to an end, after each of which the score is measured
# The path ends where the score changes at less than this share of its rate in the first half. Beyond that point more
# and more faces change back: ending there takes a fifth off the path, and 92 % of smiles grow at every step in place of
# 85 %, for nine tenths of the change.
_MIN_RATE = 0.4
# Of a path along an entry that is never taken off: the label networks see no mouth close after half of its way, and the
# judge sees 86 % of mouths closed there, 93 % after three quarters and 98 % at the end.
_LEAST_ALONG = 0.75


def ends_of(scores: np.ndarray) -> np.ndarray:
    """The ends float32 (s, 2) of scores (n, s), in standard deviations.

    They are quantiles: beyond them lie as many faces as beyond END standard deviations of a normal distribution. A
    score that is not normal may have no face two deviations below its mean: a mouth cannot be more than closed.
    """
    ends = np.nanquantile(scores, (_TAIL, 1 - _TAIL), axis=0).T
    return np.stack([np.minimum(ends[:, 0], -_MIN_END), np.maximum(ends[:, 1], _MIN_END)], axis=1).astype(np.float32)


def calibrated(
    sliders: SliderSet, measure: Measure, latents: np.ndarray, only: Collection[str] | None = None
) -> SliderSet:
    """The sliders with ends that the faces of `latents` (n, d) reach, and with a pace that makes them even.

    The surrogate's own ends are a little too near. And near an end equal steps of its score change a face less and
    less, until the slider seems to stand still. The mean-difference directions are scaled to move their attribute as
    far as the slider does, from end to end. `only` sliders of these names are changed; None for all.
    """
    rows = [row for row, slider in enumerate(sliders.sliders) if only is None or slider.name in only]
    stretched = _stretched(sliders, rows, measure, latents)
    paced = _paced(stretched, rows, measure, latents)
    return _with_equal_differences(paced, rows, measure, latents)


def _stretched(sliders: SliderSet, rows: list[int], measure: Measure, latents: np.ndarray) -> SliderSet:
    """With ends moved outwards until the measured scores reach the wanted ones."""
    ends = sliders.ends.copy()
    for row in rows:
        slider = sliders.sliders[row]
        if sliders.along[row].any():  # ends where the population does
            continue
        for side, value in ((0, -1.0), (1, 1.0)):
            reached = measure(sliders.edit(latents, {slider.name: value}), slider.name)
            stretch = sliders.ends[row, side] / max(value * reached, 1e-6) * value
            ends[row, side] *= np.clip(stretch, 1.0, _MAX_STRETCH)
    return replace(sliders, ends=ends)


def _paced(sliders: SliderSet, rows: list[int], measure: Measure, latents: np.ndarray) -> SliderSet:
    """With the pace at which equal parts of a slider change the measured score equally."""
    pace = sliders.pace.copy()
    parts = np.linspace(0, 1, _PARTS + 1)[1:]
    for row in rows:
        slider = sliders.sliders[row]
        start = measure(latents, slider.name)
        for side, sign in ((0, -1.0), (1, 1.0)):
            scores = [measure(sliders.edit(latents, {slider.name: sign * part}), slider.name) for part in parts]
            least = _LEAST_ALONG if sliders.along[row].any() else 0.0
            pace[row, side] = pace_of(sign * (np.array(scores) - start), least)
    return replace(sliders, pace=pace)


def _with_equal_differences(sliders: SliderSet, rows: list[int], measure: Measure, latents: np.ndarray) -> SliderSet:
    """With mean-difference directions that change the measured score as much as the sliders do."""
    differences = sliders.differences.copy()
    for row in rows:
        name = sliders.sliders[row].name
        low, high = (measure(sliders.edit(latents, {name: value}), name) for value in (-1.0, 1.0))
        back, there = (measure(sliders.edit_by_difference(latents, name, value), name) for value in (-1.0, 1.0))
        differences[row] *= np.clip((high - low) / max(there - back, 1e-6), 0.5, 2.0)
    return replace(sliders, differences=differences)


def pace_of(changes: np.ndarray, least: float = 0.0) -> np.ndarray:
    """The shares of the path, float32 (PACES,), after which equal parts of the change are done.

    `changes` (n,): the change of the score after equal parts of the path, in the slider's direction. The path ends
    where more of it changes little, but not before its second half and its share `least`.
    """
    n = len(changes)
    if not np.isfinite(changes).all():
        return even_pace(1)[0, 0]
    known = np.maximum.accumulate(np.concatenate([[0.0], changes]))
    rates = np.diff(known)
    usual = rates[: n // 2].mean()
    if usual <= 1e-6:
        return even_pace(1)[0, 0]
    slow = np.flatnonzero(rates[n // 2 :] < _MIN_RATE * usual)
    last = max(n // 2 + int(slow[0]), round(least * n)) if len(slow) else n
    rises = np.concatenate([[True], rates[:last] > 0])  # np.interp needs strictly rising points
    path = np.linspace(0, 1, n + 1)[: last + 1]
    equal_changes = np.linspace(0, known[last], PACES + 1)[1:]
    found = np.interp(equal_changes, known[: last + 1][rises], path[rises]).astype(np.float32)
    found[-1] = path[last]  # also where the last parts of it change nothing
    return found
