"""The kinds of faces, all of which can be drawn, morphed, mixed, evolved, saved and linked to, and their latents.

face = Mixed(Seed.of("Anna"), Edited(Seed(7), {"smile": 1.0}), 0.5)
image = model.generate(latent_of(model, face, truncation=0.8)[None])[0]

How a face is written as JSON and in a link is in face_text.py.
"""

import base64
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.base.latent_paths import slerp
from facegan.base.seeds import latents_of, seed_of_name
from facegan.model.load import FaceModel

_MOST_TITLES = 3  # of the roots of a face: a child of many has more than fit into a caption or a file name
_LEVELS = 127  # of a kept latent, on either side of 0: an error of half a hundredth changes no face visibly


@dataclass(frozen=True)
class Seed:
    """The face of a seed. `name` is the text that it was asked for by, empty for a number.

    `truncation`: None for that of the page or of the call.
    """

    number: int
    name: str = ""
    truncation: float | None = None

    @classmethod
    def of(cls, name: str) -> "Seed":
        return cls(seed_of_name(name), name.strip())


@dataclass(frozen=True)
class Edited:
    """`of` with sliders moved, by name from -1 to 1, while the attributes of `lock` are held firmly."""

    of: "Face"
    sliders: Mapping[str, float] = field(default_factory=dict)
    lock: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mixed:
    """A face between `a` (amount 0) and `b` (amount 1), by spherical interpolation."""

    a: "Face"
    b: "Face"
    amount: float


@dataclass(frozen=True)
class Alike:
    """`of` with the attributes `names` as `other` has them, such as its expression."""

    of: "Face"
    other: "Face"
    names: tuple[str, ...]


@dataclass(frozen=True)
class Neighbour:
    """A step from `of` in a random direction, which `seed` gives; distance 1 is as far as another seed is.

    The attributes of `hold` stay as `of` has them.
    """

    of: "Face"
    seed: int
    distance: float
    hold: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """A stored latent: of a face whose text would be too long, or that was found from a photo.

    `latent` is base64 (URL-safe) of a float32 scale, little-endian, and one signed byte for each number.
    """

    latent: str

    @classmethod
    def of(cls, latent: np.ndarray) -> "Kept":
        scale = np.float32(max(np.abs(latent).max(), 1e-6) / _LEVELS)
        levels = np.rint(latent / scale).clip(-_LEVELS, _LEVELS).astype(np.int8)
        content = np.asarray(scale, "<f4").tobytes() + levels.tobytes()
        return cls(base64.urlsafe_b64encode(content).decode("ascii").rstrip("="))

    def point(self) -> np.ndarray:
        """The latent, float32 (n,). Raises ValueError for what `of` has not made."""
        content = base64.b64decode(self.latent + "=" * (-len(self.latent) % 4), b"-_", validate=True)
        if len(content) < 5:
            raise ValueError("a latent needs a scale and numbers.")
        scale = np.frombuffer(content[:4], "<f4")[0]
        if not 0 <= scale <= 1:  # NaN is outside, too
            raise ValueError("no latent has this scale.")
        return np.frombuffer(content[4:], np.int8).astype(np.float32) * scale


Face = Seed | Edited | Mixed | Alike | Neighbour | Kept


def latent_of(model: FaceModel, face: Face, truncation: float) -> np.ndarray:
    """The latent float32 (d,) of a face, `truncation` where the face has none of its own.

    Raises FaceGANError when the model cannot draw it, such as for want of a slider.
    """
    try:
        return _latent(model, face, truncation)
    except ValueError as error:
        raise FaceGANError(f"This model cannot draw that face. {error}") from error


def _latent(model: FaceModel, face: Face, truncation: float) -> np.ndarray:
    match face:
        case Seed():
            own = truncation if face.truncation is None else face.truncation
            return model.latents([face.number], own)[0]
        case Edited():
            return model.edit(_latent(model, face.of, truncation)[None], face.sliders, face.lock)[0]
        case Mixed():
            return slerp(_latent(model, face.a, truncation), _latent(model, face.b, truncation), face.amount)
        case Alike():
            of, other = (_latent(model, one, truncation)[None] for one in (face.of, face.other))
            return model.edit_like(of, other, face.names)[0]
        case Neighbour():
            of = _latent(model, face.of, truncation)
            return model.edit_like(_turned(of, face.seed, face.distance)[None], of[None], face.hold)[0]
        case Kept():
            point = face.point()
            if len(point) != model.config.latent_size:
                raise ValueError(f"Its latent has {len(point)} numbers, not {model.config.latent_size}.")
            return point


def _turned(latent: np.ndarray, seed: int, distance: float) -> np.ndarray:
    """`latent` turned by `distance` right angles towards a random direction; its length, and so its variety, stays.

    Two latents of random seeds are at nearly a right angle.
    """
    length = np.linalg.norm(latent)
    away = latents_of([seed], len(latent))[0].astype(np.float64)
    if length:
        away -= (away @ latent) / length**2 * latent
    away *= length / np.linalg.norm(away)
    angle = distance * np.pi / 2
    return (np.cos(angle) * latent + np.sin(angle) * away).astype(np.float32)


def inner(face: Face) -> tuple[Face, ...]:
    """The faces that a face is made of; none for a seed or a latent."""
    match face:
        case Mixed():
            return face.a, face.b
        case Alike():
            return face.of, face.other
        case Edited() | Neighbour():
            return (face.of,)
    return ()


def pinned(face: Face, truncation: float) -> Face:
    """The same face with a truncation of its own, so that it does not depend on that of its context."""
    match face:
        case Seed():
            return face if face.truncation is not None else replace(face, truncation=truncation)
        case Mixed():
            return replace(face, a=pinned(face.a, truncation), b=pinned(face.b, truncation))
        case Alike():
            return replace(face, of=pinned(face.of, truncation), other=pinned(face.other, truncation))
        case Edited() | Neighbour():
            return replace(face, of=pinned(face.of, truncation))
    return face


def reduced(face: Face) -> Face:
    """The same face without steps that change nothing, such as a mix with nothing of the second face."""
    match face:
        case Mixed(amount=0):
            return reduced(face.a)
        case Mixed(amount=1):
            return reduced(face.b)
        case Mixed():
            return replace(face, a=reduced(face.a), b=reduced(face.b))
        case Neighbour(distance=0) | Alike(names=()):
            return reduced(face.of)
        case Edited() if not any(face.sliders.values()):
            return reduced(face.of)
        case Alike():
            return replace(face, of=reduced(face.of), other=reduced(face.other))
        case Edited() | Neighbour():
            return replace(face, of=reduced(face.of))
    return face


def root(face: Face) -> Seed | Kept:
    """The seed or latent that a face was made from; of two faces, that of the first."""
    while parts := inner(face):
        face = parts[0]
    return face


def roots(face: Face) -> tuple[Seed | Kept, ...]:
    """All seeds and latents that a face was made from, each once, in their order."""
    parts = inner(face)
    return tuple(dict.fromkeys(one for part in parts for one in roots(part))) if parts else (face,)


def title(face: Face) -> str:
    """A face in a few words: "seed 7", "Anna, seed 2345", "Anna, edited", "Anna and Maria, evolved"."""
    match face:
        case Seed():
            return f"{face.name}, seed {face.number}" if face.name else f"seed {face.number}"
        case Edited():
            return f"{short_title(face)}, edited"
        case Mixed(b=Alike()):
            return title(face.b)
        case Mixed():
            return short_title(face)
        case Alike():
            return f"{short_title(face.of)}, like {short_title(face.other)}"
        case Neighbour():
            return f"{short_title(face)}, evolved"
    return "a face of its own"


def short_title(face: Face) -> str:
    """The titles of its roots: "seed 7", "Anna"; of a child both parents, "Anna and Maria"."""
    words = [("a face" if isinstance(one, Kept) else one.name or f"seed {one.number}") for one in roots(face)]
    words = [word if words.index(word) == i else "another" for i, word in enumerate(words)]
    if len(words) > _MOST_TITLES:
        words = [*words[: _MOST_TITLES - 1], f"{len(words) - _MOST_TITLES + 1} more"]
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def file_name(face: Face) -> str:
    """A face in ASCII letters for the name of a file: "7", "Anna"; of a child both parents, "Anna-Maria"."""
    return "-".join(_plain(one) for one in roots(face)[:_MOST_TITLES])


def _plain(root: Seed | Kept) -> str:
    if isinstance(root, Kept):
        return "kept"
    letters = (one for one in unicodedata.normalize("NFKD", root.name) if not unicodedata.combining(one))
    plain = re.sub(r"[^A-Za-z0-9]+", "-", "".join(letters)).strip("-")
    return plain[:30] or str(root.number)
