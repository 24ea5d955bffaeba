"""What a link to the page holds, and what its values may be.

Callers of the endpoints are told exactly what is wrong (`whole_number`, `number`, `parse_seeds`). A link is never
refused: what it gets wrong is put right, and the page says so (`FacesState.read` and those of the other tabs).
"""

import math
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED

MAX_COUNT = 25  # five rows of five; more are too small to look at
COUNT = 10  # what a fresh page shows: enough to choose from beside the large face
MAX_TRUNCATION = 1.5  # beyond it nearly every face falls apart
MAX_STOPS = 12  # what a strip of thumbnails shows
MAX_FRAMES_PER_LEG = 60  # 2.5 seconds from one face to the next
MAX_FRAMES = 600  # 25 seconds: bounds what one visitor can ask of the server
FRAMES_PER_LEG = 24  # one second

RANDOM_SEEDS = 1_000_000  # a random seed is short enough to be said aloud


def random_seed() -> int:
    return secrets.randbelow(RANDOM_SEEDS)


def number(value: object, what: str, low: float, high: float) -> float:
    """`value` as a float. Raises FaceGANError, naming `what`, when it is not a number from `low` to `high`."""
    found = _as_number(value)
    if found is None or not low <= found <= high:
        raise FaceGANError(f"{what} must be a number from {low:g} to {high:g}.")
    return float(found)


def whole_number(value: object, what: str, low: int, high: int) -> int:
    """`value` as an int. Raises FaceGANError, naming `what`, when it is not a whole number from `low` to `high`."""
    found = _as_number(value)
    if found is None or found != int(found) or not low <= found <= high:
        raise FaceGANError(f"{what} must be a whole number from {low} to {high}.")
    return int(found)


def split_words(text: str) -> list[str]:
    """The words of a list that commas, semicolons or spaces divide."""
    return [word for word in re.split(r"[,;\s]+", text) if word]


def parse_seeds(text: object) -> tuple[int, ...]:
    """The seeds of "1, 7, 42".

    Raises FaceGANError when they are not 2 to 12 whole numbers that can be seeds.
    """
    words = split_words(str(text))
    for word in words:
        if _as_number(word) is None:
            raise FaceGANError(
                f'"{word[:20]}" is not a seed: write numbers with commas between them, such as 1, 7, 42.'
            )
    seeds = tuple(whole_number(word, "A seed", 0, MAX_SEED) for word in words)
    if not 2 <= len(seeds) <= MAX_STOPS:
        raise FaceGANError(
            f"A morph leads through 2 to {MAX_STOPS} seeds, such as 1, 7, 42; there are {len(seeds)} here."
        )
    return seeds


@dataclass(frozen=True)
class FacesState:
    """The Faces tab: the large face is `seed`, the grid shows the `count` seeds from `first` on."""

    seed: int
    truncation: float
    count: int
    first: int

    @classmethod
    def near(cls, seed: int, truncation: float, count: int, first: int | None = None) -> "FacesState":
        """The state with these values, its grid moved to where it holds the large face."""
        if first is None or not first <= seed < first + count:
            first = seed
        return cls(seed, truncation, count, min(first, MAX_SEED + 1 - count))

    @classmethod
    def read(cls, query: Mapping[str, str], truncation: float) -> tuple["FacesState", list[str]]:
        """The state that a link's query asks for, and sentences about what had to be put right.

        Without a seed it is a random one; without a truncation, `truncation`.
        """
        reader = _Reader(query)
        seed = reader.whole_number("seed", 0, MAX_SEED, random_seed())
        truncation = reader.number("truncation", 0, MAX_TRUNCATION, truncation)
        count = reader.whole_number("count", 1, MAX_COUNT, COUNT)
        return cls.near(seed, truncation, count, reader.whole_number("first", 0, MAX_SEED, seed)), reader.complaints

    @property
    def seeds(self) -> range:
        return range(self.first, self.first + self.count)

    def query(self) -> str:
        values = {"seed": self.seed, "truncation": f"{self.truncation:g}", "count": self.count}
        if self.first != self.seed:
            values["first"] = self.first
        return urlencode(values)


@dataclass(frozen=True)
class MorphState:
    """The Morph tab: a path through the faces of `seeds`, back to the first when `loop`.

    `position`, from 0 to 1, is how far along the path the walk by hand has come.
    """

    seeds: tuple[int, ...]
    truncation: float
    frames_per_leg: int = FRAMES_PER_LEG
    loop: bool = True
    position: float = 0.0

    @classmethod
    def checked(
        cls, seeds: object, truncation: object, frames_per_leg: object, loop: object, position: object = 0.0
    ) -> "MorphState":
        """The state with these values, `seeds` as a text.

        Raises FaceGANError, naming the argument, for values out of range, and for a morph longer than the server draws.
        """
        if not isinstance(loop, bool):
            raise FaceGANError("loop must be true or false.")
        state = cls(
            parse_seeds(seeds),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
            whole_number(frames_per_leg, "frames_per_leg", 1, MAX_FRAMES_PER_LEG),
            loop,
            number(position, "position", 0, 1),
        )
        if state.legs * state.frames_per_leg > MAX_FRAMES:
            raise FaceGANError(
                f"A morph has at most {MAX_FRAMES} frames, and this one has {state.legs * state.frames_per_leg}: "
                "take fewer seeds or fewer frames between them."
            )
        return state

    @classmethod
    def read(cls, query: Mapping[str, str], truncation: float) -> tuple["MorphState | None", list[str]]:
        """The state that a link's query asks for, None when it asks for no morph, and what had to be put right."""
        if "seeds" not in query:
            return None, []
        reader = _Reader(query)
        # The tab Faces reads the same truncation, and says what is wrong with it.
        truncation = FacesState.read(query, truncation)[0].truncation
        frames = reader.whole_number("frames", 1, MAX_FRAMES_PER_LEG, FRAMES_PER_LEG)
        loop = reader.whole_number("loop", 0, 1, 1)
        position = reader.number("position", 0, 1, 0)
        try:
            state = cls.checked(query["seeds"], truncation, frames, bool(loop), position)
        except FaceGANError:
            complaint = (
                f"The link's seeds are not 2 to {MAX_STOPS} numbers such as 1,7,42, so there is no morph to show."
            )
            return None, [*reader.complaints, complaint]
        return state, reader.complaints

    @property
    def legs(self) -> int:
        return len(self.seeds) - (0 if self.loop else 1)

    def query(self) -> str:
        values = {"seeds": ",".join(map(str, self.seeds)), "truncation": f"{self.truncation:g}"}
        values |= {"frames": self.frames_per_leg, "loop": int(self.loop)}
        return urlencode({**values, "position": f"{self.position:g}"} if self.position else values, safe=",")


@dataclass(frozen=True)
class SlidersState:
    """The Sliders tab: the face of `seed` with the sliders of `values` moved, while the attributes of `lock` are held.

    `values` by name, without those at 0.
    """

    seed: int
    truncation: float
    values: Mapping[str, float]
    lock: tuple[str, ...] = ()

    @classmethod
    def checked(
        cls, seed: object, truncation: object, values: Mapping[str, object], lock: Iterable[str], known: Sequence[str]
    ) -> "SlidersState":
        """The state with these values. Raises FaceGANError, naming the argument, for one that cannot be."""
        lock = tuple(lock)
        if unknown := [name for name in lock if name not in known]:
            raise FaceGANError(f"lock names {unknown[0][:20]!r}, but the sliders are {', '.join(known)}.")
        return cls(
            whole_number(seed, "seed", 0, MAX_SEED),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
            _moved({name: number(value, name, -1, 1) for name, value in values.items()}),
            lock,
        )

    @classmethod
    def read(
        cls, query: Mapping[str, str], truncation: float, known: Sequence[str]
    ) -> tuple["SlidersState | None", list[str]]:
        """The state that a link's query asks for, None when it moves no slider, and what had to be put right.

        `known` are the names of the model's sliders.
        """
        if not any(name in query for name in (*known, "lock")):
            return None, []
        reader = _Reader(query)
        face = FacesState.read(query, truncation)[0]  # that tab says what is wrong with these values
        values = _moved({name: reader.number(name, -1, 1, 0) for name in known})
        lock = split_words(query.get("lock", ""))
        if any(name not in known for name in lock):
            reader.complaints.append("The link locks something that this model has no slider for, so it was left out.")
        return cls(face.seed, face.truncation, values, tuple(n for n in known if n in lock)), reader.complaints

    def query(self) -> str:
        values = {"seed": self.seed, "truncation": f"{self.truncation:g}"}
        values |= {name: f"{value:g}" for name, value in self.values.items()}
        return urlencode({**values, "lock": ",".join(self.lock)} if self.lock else values, safe=",")


def _moved(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value}


class _Reader:
    """Reads a link's values, and notes each one that had to be put right instead of failing.

    The notes leave out what the link says: Gradio shows notes as HTML, and anybody can write a link.
    """

    def __init__(self, query: Mapping[str, str]):
        self._query = query
        self.complaints: list[str] = []

    def number(self, name: str, low: float, high: float, default: float) -> float:
        text = self._query.get(name, "")
        if text.strip() == "":
            return default
        found = _as_number(text)
        if found is None:
            self.complaints.append(f"The link's {name} is not a number, so {default:g} was taken.")
            return default
        if not low <= found <= high:
            self.complaints.append(f"The link's {name} must be from {low:g} to {high:.10g}, so the nearest was taken.")
        return min(max(found, low), high)

    def whole_number(self, name: str, low: int, high: int, default: int) -> int:
        return int(self.number(name, low, high, default))


def _as_number(value: object) -> float | int | None:
    """A finite number, an int where the text is one, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(found):
        return None
    return int(found) if found == int(found) else found
