"""The state of each tab, as the page's link encodes it: read from the link's query string and written into it.

`KEYS` are a tab's keys in the query string. The names of the model's sliders are keys, too.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED, MAX_TRUNCATION
from facegan.demo.values import MAX_STOPS, LinkReader, check_sliders, number, parse_faces, read_face, whole_number
from facegan.model.face import Face, Seed, root
from facegan.model.face_text import as_text

MAX_COUNT = 25  # five rows of five; more are too small to look at
COUNT = 10  # faces on a new page: enough to choose from beside the large face
MAX_FRAMES_PER_LEG = 60  # 2.5 seconds from one face to the next
MAX_FRAMES = {"mp4": 600, "gif": 300}  # of a film: a few seconds of rendering, and at most 12 MB
FRAMES_PER_LEG = 24  # one second

_SLIDERS = "sliders"  # the value of `tab` in a link to the tab Sliders if no slider is moved

RANDOM_SEEDS = 1_000_000  # a random seed is short enough to be said aloud


def random_seed() -> int:
    return secrets.randbelow(RANDOM_SEEDS)


@dataclass(frozen=True)
class FacesState:
    """The Faces tab: the large face is `face` (a number is a seed), the grid shows `count` seeds from `first` on."""

    KEYS: ClassVar = ("seed", "truncation", "count", "first")

    face: Face
    truncation: float
    count: int
    first: int

    def __post_init__(self):
        object.__setattr__(self, "face", _face(self.face))

    @classmethod
    def near(cls, face: Face | int, truncation: float, count: int, first: int | None = None) -> "FacesState":
        """The state with these values; the grid is moved to hold the seed that the large face is, or began as."""
        seed = getattr(root(_face(face)), "number", first or 0)
        if first is None or not first <= seed < first + count:
            first = seed
        return cls(face, truncation, count, min(first, MAX_SEED + 1 - count))

    @classmethod
    def read(cls, query: Mapping[str, str], truncation: float) -> tuple["FacesState", list[str]]:
        """The state in a link's query, and messages about invalid values that were corrected.

        The default seed is random, the default truncation is `truncation`.
        """
        reader = LinkReader(query)
        face = reader.face("seed", random_seed())
        truncation = reader.number("truncation", 0, MAX_TRUNCATION, truncation)
        count = reader.whole_number("count", 1, MAX_COUNT, COUNT)
        first = reader.whole_number("first", 0, MAX_SEED, getattr(root(face), "number", 0))
        return cls.near(face, truncation, count, first), reader.complaints

    @property
    def seed(self) -> int | None:
        """The seed of the large face; None if it is not in the grid, which shows seeds at the page's truncation."""
        return self.face.number if isinstance(self.face, Seed) and self.face.truncation is None else None

    @property
    def seeds(self) -> range:
        return range(self.first, self.first + self.count)

    def query(self) -> str:
        values = {"seed": as_text(self.face), "truncation": f"{self.truncation:g}", "count": self.count}
        if self.first != self.seed:
            values["first"] = self.first
        return urlencode(values)


@dataclass(frozen=True)
class MorphState:
    """The Morph tab: a path through `faces`, where a number is a seed; with `loop` back to the first.

    `position`, from 0 to 1, is the position of the slider "Walk along the path".
    """

    KEYS: ClassVar = ("seeds", "truncation", "frames", "loop", "position")

    faces: tuple[Face, ...]
    truncation: float
    frames_per_leg: int = FRAMES_PER_LEG
    loop: bool = True
    position: float = 0.0

    def __post_init__(self):
        object.__setattr__(self, "faces", tuple(map(_face, self.faces)))

    @classmethod
    def checked(
        cls,
        faces: object,
        truncation: object,
        frames_per_leg: object,
        loop: object,
        position: object = 0.0,
        file_format: str = "mp4",
        weights: str = "",
    ) -> "MorphState":
        """The state with these values; `faces` is a text, and `weights` identify the model that draws them.

        Raises FaceGANError, naming the argument, for invalid values, and for a film that is too long for the format.
        """
        if not isinstance(loop, bool):
            raise FaceGANError("loop must be true or false.")
        state = cls(
            parse_faces(faces, weights),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
            whole_number(frames_per_leg, "frames_per_leg", 1, MAX_FRAMES_PER_LEG),
            loop,
            number(position, "position", 0, 1),
        )
        if state.frames > MAX_FRAMES[file_format]:
            raise FaceGANError(
                f"A morph has at most {MAX_FRAMES[file_format]} frames as {file_format.upper()}, and this one has "
                f"{state.frames}: take fewer faces or fewer frames between them."
            )
        return state

    @classmethod
    def read(cls, query: Mapping[str, str], truncation: float) -> tuple["MorphState | None", list[str]]:
        """The state in a link's query, None if it has no morph, and messages about values that were corrected."""
        if "seeds" not in query:
            return None, []
        reader = LinkReader(query)
        # The tab Faces reads the truncation as well, and has the messages about it.
        truncation = FacesState.read(query, truncation)[0].truncation
        frames = reader.whole_number("frames", 1, MAX_FRAMES_PER_LEG, FRAMES_PER_LEG)
        loop = reader.whole_number("loop", 0, 1, 1)
        position = reader.number("position", 0, 1, 0)
        try:
            # First with the fewest frames, so that a film that is too long is no fault of its faces.
            shortest = cls.checked(query["seeds"], truncation, 1, bool(loop), position)
        except FaceGANError:
            complaint = (
                f"The link's seeds are not 2 to {MAX_STOPS} faces such as 1,7,Anna, so there is no morph to show."
            )
            return None, [*reader.complaints, complaint]
        most = MAX_FRAMES["mp4"] // shortest.legs
        if frames > most:
            reader.complaints.append(f"The link's frames make the film too long, so {most} were taken.")
        return replace(shortest, frames_per_leg=min(frames, most)), reader.complaints

    @property
    def legs(self) -> int:
        return len(self.faces) - (0 if self.loop else 1)

    @property
    def frames(self) -> int:
        """The number of frames of its film; without `loop` the film has one more."""
        return self.legs * self.frames_per_leg

    def query(self) -> str:
        values = {"seeds": ",".join(map(as_text, self.faces)), "truncation": f"{self.truncation:g}"}
        values |= {"frames": self.frames_per_leg, "loop": int(self.loop)}
        return urlencode({**values, "position": f"{self.position:g}"} if self.position else values, safe=",")


@dataclass(frozen=True)
class SlidersState:
    """The Sliders tab: `face` with the sliders of `values` moved, while the attributes of `lock` are held.

    A number is a seed. `values` by name, without those at 0.
    """

    KEYS: ClassVar = ("seed", "truncation", "lock")

    face: Face
    truncation: float
    values: Mapping[str, float]
    lock: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "face", _face(self.face))

    @classmethod
    def checked(
        cls,
        face: object,
        truncation: object,
        values: Mapping[str, object],
        lock: Iterable[str],
        known: Sequence[str],
        weights: str = "",
    ) -> "SlidersState":
        """The state with these values. Raises FaceGANError, naming the argument, for an invalid one."""
        lock = tuple(lock)
        check_sliders(lock, "lock", known)
        return cls(
            read_face(face, "seed", weights),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
            _moved({name: number(value, name, -1, 1) for name, value in values.items()}),
            lock,
        )

    @classmethod
    def read(
        cls, query: Mapping[str, str], truncation: float, known: Sequence[str]
    ) -> tuple["SlidersState | None", list[str]]:
        """The state in a link's query, None if the link is to another tab, and messages about values that were
        corrected.

        `known` are the names of the model's sliders.
        """
        if not any(name in query for name in (*known, "lock")) and query.get("tab") != _SLIDERS:
            return None, []
        reader = LinkReader(query)
        face = FacesState.read(query, truncation)[0]  # the tab Faces has the messages about these values
        values = _moved({name: reader.number(name, -1, 1, 0) for name in known})
        lock = reader.sliders("lock", "locks", known)
        return cls(face.face, face.truncation, values, lock), reader.complaints

    def query(self) -> str:
        values = {"seed": as_text(self.face), "truncation": f"{self.truncation:g}"}
        values |= {name: f"{value:g}" for name, value in self.values.items()}
        values |= {} if self.values or self.lock else {"tab": _SLIDERS}  # without it the link would open the tab Faces
        return urlencode({**values, "lock": ",".join(self.lock)} if self.lock else values, safe=",")


def _face(face: Face | int) -> Face:
    return Seed(face) if isinstance(face, int) else face


def _moved(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value}
