"""Sliders, and the set of them that belongs to one generator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from facegan.sliders.limit import PARTS, Limit
from facegan.sliders.steer import steer
from facegan.sliders.surrogate import Surrogate

END = 2.0  # standard deviations from the mean at which a slider ends
LEAST_MOVE = 0.5  # standard deviations by which a slider moves a face that is already at the end
_SATURATED = 2.5  # standard deviations, beyond which an entry of the latent changes nothing that could be seen
_TO_BEGIN = 0.2  # of the path, within which a face that starts beyond _SATURATED gets there
# The length of a standard deviation along an entry, below which its curve is so steep that it switches between two
# kinds of faces. The generator learned both, and on a part of the way is neither, so the limit does not shorten it.
_STEEP = 0.5
HELD = 1.0  # the weight of a score that is held, relative to the slider's own
LOCKED = 4.0  # the weight of a score that the user locks
PACES = 5  # parts of either side of a slider for which the pace is stored


def even_pace(sliders: int) -> np.ndarray:
    """The pace of sliders that follow their path at a constant rate, float32 (sliders, 2, PACES)."""
    return np.tile(np.linspace(0, 1, PACES + 1, dtype=np.float32)[1:], (sliders, 2, 1))


@dataclass(frozen=True)
class Slider:
    """One attribute of a generator that can be moved by itself.

    Its value goes from `low` to `high`; 0 leaves the face unchanged. 1 is two standard deviations above the mean of all
    faces and -1 two below (if a score is not normal: beyond which 2.3 % of the faces lie), or as far as this generator
    clearly goes; between them the attribute changes evenly. `quality` holds its measured figures by name
    (docs/sliders.md). `note` is one plain sentence on how pure it is on this model, for users.
    """

    low: ClassVar[float] = -1.0
    high: ClassVar[float] = 1.0

    name: str
    label: str
    quality: dict = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Surprises:
    """Sliders that were found without labels (surprise.py), and what moves them.

    The score of each is z @ `directions`.T with z = squash(g), in standard deviations; `directions` float32 (m, d).
    `ends` (m, 2) are the scores at -1 and 1.
    """

    sliders: tuple[Slider, ...]
    directions: np.ndarray
    ends: np.ndarray


@dataclass(frozen=True)
class SliderSet:
    """The sliders of one generator, and the arrays that move them.

    `scores` are the names of the surrogate's k outputs: first the attributes of the s sliders, in their order, then the
    other scores that are held. `weights` (s, k) are how firmly each slider holds each score; 0 if two mean the same.
    `ends` (s, 2) are the surrogate's outputs at -1 and 1, in standard deviations; of a slider along a direction how far
    along it a face is there. `pace` (s, 2, PACES) are the shares of the path to an end, down and up, at each fifth of
    the slider. `differences` (s, d) are the mean-difference directions of the same attributes, of the same reach, which
    the sliders are compared with. `along` (s, d) are directions of length 1 along which sliders move a face; 0 for a
    slider that follows the surrogate (axes.py). `facts` are the measured figures, as in sliders.json. `surprises` hold
    all scores, as the other sliders do; the other sliders do not hold them. `limit` shortens the path of a face that
    would stop looking like one on it.
    """

    sliders: tuple[Slider, ...]
    scores: tuple[str, ...]
    weights: np.ndarray
    ends: np.ndarray
    pace: np.ndarray
    differences: np.ndarray
    along: np.ndarray
    surrogate: Surrogate
    facts: dict = field(default_factory=dict)
    surprises: Surprises | None = None
    limit: Limit | None = None

    @cached_property
    def with_surprises(self) -> "SliderSet":
        """The same with the surprises as ordinary sliders."""
        if self.surprises is None:
            return self
        (s, m), k, found = (len(self.sliders), len(self.surprises.sliders)), len(self.scores), self.surprises
        weights = np.zeros((s + m, k + m), np.float32)
        weights[:s, :s], weights[:s, s + m :] = self.weights[:, :s], self.weights[:, s:]
        held = self.weights.max(axis=0)  # a slider does not hold a score that means the same as its own, but others do
        weights[s:, :s], weights[s:, s : s + m], weights[s:, s + m :] = held[:s], HELD, held[s:]
        last, bias = self.surrogate.last
        surrogate = replace(
            self.surrogate,
            linear=np.insert(self.surrogate.linear, [s] * m, found.directions.T, axis=1),
            last=(np.insert(last, [s] * m, 0, axis=1), np.insert(bias, [s] * m, 0)),
        )
        return SliderSet(
            (*self.sliders, *found.sliders),
            (*self.scores[:s], *(slider.name for slider in found.sliders), *self.scores[s:]),
            weights,
            np.concatenate([self.ends, found.ends]),
            np.concatenate([self.pace, even_pace(m)]),
            np.concatenate([self.differences, np.zeros_like(found.directions)]),
            np.concatenate([self.along, np.zeros_like(found.directions)]),
            surrogate,
            self.facts,
            limit=self.limit,
        )

    @property
    def _surprise_names(self) -> set[str]:
        return {slider.name for slider in self.surprises.sliders} if self.surprises else set()

    def edit(self, latents: np.ndarray, values: Mapping[str, float], lock: Iterable[str] = ()) -> np.ndarray:
        """Latents float32 (n, d) moved so that each face has the attributes that `values` ask for; see FaceModel.edit.

        Raises ValueError for an unknown slider, a value outside its range, or a lock on an unknown score.
        """
        lock = tuple(lock)
        surprise_names = self._surprise_names
        if surprise_names & {*lock, *(name for name, value in values.items() if value)}:
            return self.with_surprises.edit(latents, values, lock)
        values = {name: value for name, value in values.items() if name not in surprise_names}
        names = {slider.name: slider for slider in self.sliders}
        for name, value in values.items():
            if name not in names:
                raise ValueError(f"There is no slider {name!r}; this model has {', '.join(names) or 'none'}.")
            if not names[name].low <= value <= names[name].high:  # NaN is outside, too
                raise ValueError(f"{name} must be from {names[name].low:g} to {names[name].high:g}, not {value}.")
        moved = {name: float(value) for name, value in values.items() if value != 0}
        # A lock is against the other sliders; the attribute's own slider still moves it.
        locked = [column for column in self._columns(lock, "locked") if self.scores[column] not in moved]
        latents = np.asarray(latents, np.float32)
        if not moved or len(latents) == 0:
            return latents.copy()
        shares = np.ones(len(latents), np.float32) if self.limit is None else self._shares(latents, moved, locked)
        return self._moved(latents, moved, locked, shares)

    def _shares(self, latents: np.ndarray, moved: Mapping[str, float], locked: list[int]) -> np.ndarray:
        """The share of its path that each face may go, float32 (n,).

        The path is that on which all values grow in proportion until the first of the sliders is at its end. So a
        slider is at 1 where the limit of its face is, and goes there evenly.
        """
        farthest = max(abs(value) for value in moved.values())
        at_the_end = {name: value / farthest for name, value in moved.items()}
        parts = np.repeat(np.linspace(0, 1, PARTS + 1, dtype=np.float32)[1:], len(latents))
        paths = self._moved(np.tile(latents, (PARTS, 1)), at_the_end, locked, parts)
        return self.limit.shares(np.concatenate([latents, paths]).reshape(PARTS + 1, *latents.shape))

    def _moved(
        self, latents: np.ndarray, moved: Mapping[str, float], locked: list[int], shares: np.ndarray
    ) -> np.ndarray:
        """Latents (n, d) moved by `shares` (n,) of the path to the values of the sliders in `moved`.

        Sliders along an entry go first. What they change of other scores stays, as it does when such a slider is moved
        alone: a second slider that took it back would change the face at its first touch. Only locked scores return.
        """
        before = latents
        columns = {self.scores.index(name): value for name, value in moved.items()}
        for column, value in columns.items():
            if self._is_along(column):
                latents = self._moved_along(column, latents, before @ self.along[column], value, shares)
        steered = [column for column in columns if not self._is_along(column)]
        if not steered and not locked:
            return latents
        targets = self.surrogate.scores(latents)
        if locked:
            targets[:, locked] = self.surrogate.scores(before)[:, locked]
        for column in steered:
            targets[:, column] = self._target(targets[:, column], column, columns[column], shares)
        return self._steered(latents, targets, columns, locked)

    def edit_like(self, latents: np.ndarray, others: np.ndarray, names: Iterable[str]) -> np.ndarray:
        """Latents float32 (n, d) moved so that each face has the attributes `names` of its other in `others` (n, d).

        All other scores are held, as in `edit`. Raises ValueError for a name without a slider.
        """
        names = list(names)
        if self._surprise_names & set(names):
            return self.with_surprises.edit_like(latents, others, names)
        known = [slider.name for slider in self.sliders]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"There is no slider {unknown[0]!r}; this model has {', '.join(known) or 'none'}.")
        columns = self._columns(names, "taken")
        latents, others = np.asarray(latents, np.float32), np.asarray(others, np.float32)
        if not columns or len(latents) == 0:
            return latents.copy()
        for direction in (self.along[column] for column in columns if self._is_along(column)):
            latents = latents + np.outer((others - latents) @ direction, direction)
        steered = [column for column in columns if not self._is_along(column)]
        if not steered:
            return latents
        targets = self.surrogate.scores(latents)
        targets[:, steered] = self.surrogate.scores(others)[:, steered]
        return self._steered(latents, targets, dict.fromkeys(columns, 1.0), [])

    def _is_along(self, column: int) -> bool:
        """Whether the score is that of a slider which moves along a direction."""
        return column < len(self.sliders) and bool(self.along[column].any())

    def _moved_along(
        self, column: int, latents: np.ndarray, start: np.ndarray, value: float, shares: np.ndarray
    ) -> np.ndarray:
        """Latents (n, d) moved along the slider's direction. `start` (n,): how far along it the face is unedited.

        The path ends END standard deviations of the entry, as the generator sees it by its curve, from the middle.
        """
        low, high = self.ends[column]
        sign, middle, deviation = np.sign(value), (low + high) / 2, (high - low) / (2 * END)
        before = sign * (start - middle) / deviation
        begin = np.maximum(before, -_SATURATED)
        end = np.maximum(END, begin + LEAST_MOVE)
        part = self._part(column, value) * (1 if deviation < _STEEP else shares)
        begun = np.minimum(part / _TO_BEGIN, 1)
        step = sign * deviation * (begun * (begin - before) + part * (end - begin))
        return latents + np.outer(step, self.along[column]).astype(np.float32)

    def _columns(self, names: Iterable[str], what: str) -> list[int]:
        columns = []
        for name in names:
            if name not in self.scores:
                raise ValueError(f"{name!r} cannot be {what}; this model knows {', '.join(self.scores)}.")
            columns.append(self.scores.index(name))
        return columns

    def _steered(
        self, latents: np.ndarray, targets: np.ndarray, moved: Mapping[int, float], locked: list[int]
    ) -> np.ndarray:
        """Latents (n, d), moved along the directions of the sliders that have one, steered to the scores `targets`.

        `moved`: the value of each moved slider by its column of the scores. `locked`: columns.
        """
        weights = self._held(moved)
        weights[locked] = LOCKED
        return steer(self.surrogate, latents, targets, weights).astype(np.float32)

    def _held(self, moved: Mapping[int, float]) -> np.ndarray:
        """How firmly each score is held, float32 (k,), when sliders are moved to these values, by column.

        A score that one of the sliders changes is held by none. The less a slider is moved beside the others, the less
        its own row of the weights counts, so that none changes the face at its first touch.
        """
        columns = list(moved)
        rows = self.weights[columns]
        share = np.abs(np.array(list(moved.values()), np.float32))[:, None]
        share = share / share.max()
        weights = (share * rows + (1 - share) * rows.max(axis=0)).min(axis=0)
        weights[columns] += share[:, 0] * (HELD - weights[columns])
        return weights

    def edit_by_difference(self, latents: np.ndarray, name: str, value: float) -> np.ndarray:
        """Latents moved along the mean-difference direction of a slider's attribute, `value` from -1 to 1.

        The simplest slider, for comparison: it also changes whatever the attribute correlates with in the data.
        """
        row = [slider.name for slider in self.sliders].index(name)
        return (np.asarray(latents, np.float32) + np.float32(value) * self.differences[row]).astype(np.float32)

    def _target(self, before: np.ndarray, column: int, value: float, shares: np.ndarray) -> np.ndarray:
        """The score (n,) that faces with the score `before` get at a position of the slider, after `shares` of it."""
        low, high = self.ends[column]
        end = np.maximum(high, before + LEAST_MOVE) if value > 0 else np.minimum(low, before - LEAST_MOVE)
        return before + self._part(column, value) * shares * (end - before)

    def _part(self, column: int, value: float) -> np.float32:
        """The share of the path to its end at which a slider with this value is, before the limit of a face."""
        pace = self.pace[column, int(value > 0)]
        return np.float32(np.interp(abs(value), np.linspace(0, 1, PACES + 1), [0.0, *pace]))
