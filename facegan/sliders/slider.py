"""What a slider is, and the set of them that belongs to one generator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from facegan.sliders.steer import steer
from facegan.sliders.surrogate import Surrogate

END = 2.0  # standard deviations of the population, where a slider's ends lie
LEAST_MOVE = 0.5  # standard deviations; a face that is at an end already still moves so far
HELD = 1.0  # the weight of a score that should stay, against a slider's own
LOCKED = 4.0  # of one that the user locks
PACES = 5  # equal parts of either side of a slider, for each of which it is known how far it goes


def even_pace(sliders: int) -> np.ndarray:
    """Equal parts of the way for equal parts of each slider, float32 (sliders, 2, PACES)."""
    return np.tile(np.linspace(0, 1, PACES + 1, dtype=np.float32)[1:], (sliders, 2, 1))


@dataclass(frozen=True)
class Slider:
    """One attribute of a generator that can be moved by itself.

    0 is the face as it is. `high` is where two standard deviations above the mean of all faces lie and `low` two below
    (where a score is not normal: as few faces, 2.3 %, lie beyond), or as far as this generator clearly goes; between
    them it goes evenly. `quality` holds what was measured of it, by name; docs/sliders.md says how. `note` is one plain
    sentence on how pure it is on this model, for people who move it.
    """

    name: str
    label: str
    low: float = -1.0
    high: float = 1.0
    quality: dict = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class SliderSet:
    """The sliders of one generator, and what moves them.

    `scores` are the names of the surrogate's outputs, k: first the attributes of the s sliders, in their order, then
    what else is held still. `weights` (s, k) say how firmly each slider holds each of them; 0 where two are names of
    one thing. `ends` (s, 2) are the surrogate's outputs to which the way leads, in standard deviations; `pace` (s, 2,
    PACES) the shares of it, down and up, that each fifth of a slider has gone: the slider ends at the last.
    `differences` (s, d) are the mean-difference directions of the same attributes, which move them as far from -1 to 1
    as the sliders do: the "before" that these are compared with. `facts` is what was measured, as it stands in
    sliders.json.
    """

    sliders: tuple[Slider, ...]
    scores: tuple[str, ...]
    weights: np.ndarray
    ends: np.ndarray
    pace: np.ndarray
    differences: np.ndarray
    surrogate: Surrogate
    facts: dict = field(default_factory=dict)

    def edit(self, latents: np.ndarray, values: Mapping[str, float], lock: Iterable[str] = ()) -> np.ndarray:
        """Latents float32 (n, d) moved so that each face has the attributes that `values` ask for; see FaceModel.edit.

        Raises ValueError for the name of no slider, a value outside its range, or a lock on what is not known.
        """
        names = {slider.name: slider for slider in self.sliders}
        for name, value in values.items():
            if name not in names:
                raise ValueError(f"There is no slider {name!r}; this model has {', '.join(names) or 'none'}.")
            if not names[name].low <= value <= names[name].high:  # NaN is outside, too
                raise ValueError(f"{name} must be from {names[name].low:g} to {names[name].high:g}, not {value}.")
        locked = []
        for name in lock:
            if name not in self.scores:
                raise ValueError(f"{name!r} cannot be locked; this model knows {', '.join(self.scores)}.")
            locked.append(self.scores.index(name))
        moved = {name: float(value) for name, value in values.items() if value != 0}
        latents = np.asarray(latents, np.float32)
        if not moved or len(latents) == 0:
            return latents.copy()
        rows = [self.scores.index(name) for name in moved]
        weights = self.weights[rows].min(axis=0)  # what one slider must move along, none can hold
        weights[rows] = HELD
        weights[locked] = LOCKED
        before = self.surrogate.scores(latents)
        targets = before.copy()
        for name, value in moved.items():
            column = self.scores.index(name)
            targets[:, column] = self._target(before[:, column], column, value)
        return steer(self.surrogate, latents, targets, weights).astype(np.float32)

    def edit_before(self, latents: np.ndarray, name: str, value: float) -> np.ndarray:
        """The same by the mean-difference direction, which takes along whatever the attribute goes with in the data."""
        row = [slider.name for slider in self.sliders].index(name)
        return (np.asarray(latents, np.float32) + np.float32(value) * self.differences[row]).astype(np.float32)

    def _target(self, before: np.ndarray, column: int, value: float) -> np.ndarray:
        low, high = self.ends[column]
        end = np.maximum(high, before + LEAST_MOVE) if value > 0 else np.minimum(low, before - LEAST_MOVE)
        gone = np.interp(abs(value), np.linspace(0, 1, PACES + 1), [0.0, *self.pace[column, int(value > 0)]])
        return before + np.float32(gone) * (end - before)
