"""Validates untrusted values, in links and in calls of the endpoints.

For callers of the endpoints an invalid value is an error that names the argument (`number`, `whole_number`,
`read_face`). A link never fails: an invalid value is corrected, and the page shows a message (`LinkReader`).
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED
from facegan.base.stamp import parse
from facegan.model.face import Face, Seed
from facegan.model.face_text import from_json, from_text
from facegan.model.provenance import check_recipe

MAX_STOPS = 12  # faces of a morph: as many as the strip of thumbnails has room for
_MAX_LETTERS = 1000  # of a list of names of sliders
_MAX_FACES = 4000  # letters of a list of faces; the page's own links have less than half of that


def number(value: object, what: str, low: float, high: float) -> float:
    """`value` as a float. Raises FaceGANError, naming `what`, when it is not a number from `low` to `high`."""
    found = as_number(value)
    if found is None or not low <= found <= high:
        raise FaceGANError(f"{what} must be a number from {low:g} to {high:g}.")
    return float(found)


def whole_number(value: object, what: str, low: int, high: int) -> int:
    """`value` as an int. Raises FaceGANError, naming `what`, when it is not a whole number from `low` to `high`."""
    found = as_number(value)
    if found is None or found != int(found) or not low <= found <= high:
        raise FaceGANError(f"{what} must be a whole number from {low} to {high}.")
    return int(found)


def split_words(text: object, what: str) -> list[str]:
    """The words of a list with commas, semicolons or spaces between them.

    Raises FaceGANError, naming `what`, if it is not a string or longer than 1,000 letters.
    """
    if not isinstance(text, str) or len(text) > _MAX_LETTERS:
        raise FaceGANError(f"{what} must be a text of at most {_MAX_LETTERS} letters.")
    return [word for word in re.split(r"[,;\s]+", text) if word]


def check_sliders(names: Iterable[str], what: str, known: Sequence[str]) -> None:
    """Raises FaceGANError, naming `what`, when one of `names` is not the name of a slider in `known`."""
    if unknown := [name for name in names if name not in known]:
        raise FaceGANError(f"{what} names {unknown[0][:20]!r}, but the sliders are {', '.join(known) or 'none'}.")


def one_of(value: object, what: str, choices: Sequence[str]) -> str:
    """`value`. Raises FaceGANError, naming `what`, when it is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise FaceGANError(f"{what} must be one of {', '.join(choices)}.")
    return value


def read_face(value: object, what: str, weights: str = "") -> Face:
    """The face given as a seed, a name, the text of a face in a link, or a recipe (JSON or a dictionary).

    `weights` identify the model that should draw it (FaceModel.weights). Raises FaceGANError, naming `what`, if the
    value is not a face.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = parse(value)
        except ValueError:
            value = None
    if isinstance(value, Mapping):
        if "weights" not in value:
            return from_json(value)
        recipe = check_recipe(value)
        if weights and recipe.weights != weights:
            raise FaceGANError(f"{what} was made by another model, {recipe.model}: take a face of this one.")
        return recipe.face
    if as_number(value) is not None:
        return Seed(whole_number(value, what, 0, MAX_SEED))
    if not isinstance(value, str):
        raise FaceGANError(f"{what} must be a seed, which is a whole number from 0 to {MAX_SEED}, a name, or a recipe.")
    return from_text(value)


def parse_faces(text: object, weights: str = "") -> tuple[Face, ...]:
    """The faces of a list such as "1, 7, Anna", which may also hold recipes as JSON and codes of faces from links.

    `weights` as for `read_face`. Raises FaceGANError if there are fewer than 2 or more than 12.
    """
    if not isinstance(text, str) or len(text) > _MAX_FACES:
        raise FaceGANError(f"faces must be a text of at most {_MAX_FACES} letters.")
    faces = tuple(read_face(part, "A seed", weights) for part in split_faces(text))
    if not 2 <= len(faces) <= MAX_STOPS:
        raise FaceGANError(
            f"A morph leads through 2 to {MAX_STOPS} faces, such as 1, 7, Anna; there are {len(faces)} here."
        )
    return faces


def split_faces(text: str) -> list[str | Mapping]:
    """The parts of a list of faces. Commas, semicolons and new lines divide it, and spaces divide numbers."""
    parts, rest = [], text
    while rest := rest.lstrip(",; \t\r\n"):
        if rest.startswith("{"):
            try:
                face, end = json.JSONDecoder().raw_decode(rest)
            except (ValueError, RecursionError):
                raise FaceGANError("A recipe among the faces is broken: copy it whole.") from None
            parts.append(face)
            rest = rest[end:]
            continue
        part, *_ = re.split(r"[,;\n]", rest, maxsplit=1)
        rest = rest[len(part) :]
        numbers = part.split()
        parts += numbers if all(as_number(word) is not None for word in numbers) else [part]
    return parts


def names_face(query: Mapping[str, str], name: str) -> bool:
    """Whether a link's query says a face there; for what cannot be read the page takes a random one."""
    text = query.get(name, "").strip()
    try:
        return bool(text) and (as_number(text) is not None or read_face(text, name) is not None)
    except FaceGANError:
        return False


class LinkReader:
    """Reads a link's values. Invalid ones are corrected, with a message in `complaints`, instead of raising.

    The messages do not repeat the invalid value, so that a link cannot put a text of its own on the page.
    """

    def __init__(self, query: Mapping[str, str]):
        self._query = query
        self.complaints: list[str] = []

    def number(self, name: str, low: float, high: float, default: float) -> float:
        text = self._query.get(name, "")
        if text.strip() == "":
            return default
        found = as_number(text)
        if found is None:
            self.complaints.append(f"The link's {name} is not a number, so {default:g} was taken.")
            return default
        if not low <= found <= high:
            self.complaints.append(f"The link's {name} must be from {low:g} to {high:.10g}, so the nearest was taken.")
        return min(max(found, low), high)

    def face(self, name: str, default: int) -> Face:
        """The face at a key: a number is a seed, corrected if it is invalid; any other text as in `read_face`."""
        text = self._query.get(name, "").strip()
        if not text or as_number(text) is not None:
            return Seed(self.whole_number(name, 0, MAX_SEED, default))
        try:
            return read_face(text, name)
        except FaceGANError:
            self.complaints.append(f"The link's {name} is no face that can be drawn here, so {default} was taken.")
            return Seed(default)

    def words(self, name: str) -> list[str]:
        return split_words(self._query.get(name, "")[:_MAX_LETTERS], name)

    def sliders(self, name: str, verb: str, known: Sequence[str]) -> tuple[str, ...]:
        """Those of the `known` sliders that stand at a key, in their order; `verb`: what the link does to them."""
        words = self.words(name)
        if any(word not in known for word in words):
            self.complaints.append(f"The link {verb} something that this model has no slider for, so it was left out.")
        return tuple(slider for slider in known if slider in words)

    def whole_number(self, name: str, low: int, high: int, default: int) -> int:
        found = self.number(name, low, high, default)
        if found != int(found):
            self.complaints.append(f"The link's {name} is not a whole number, so {int(found)} was taken.")
        return int(found)


def as_number(value: object) -> float | int | None:
    """A finite number from a number or a text, as int if it is whole; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(found):
        return None
    return int(found) if found == int(found) else found
