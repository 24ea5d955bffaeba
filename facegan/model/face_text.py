"""Serialises faces: as JSON in pictures and calls, and as short texts in links and fields.

The input is untrusted: every value is checked, and the depth and the length of a face are limited.
"""

import base64
import json
import math
import re
import unicodedata
import zlib
from collections.abc import Mapping

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED
from facegan.model.face import Alike, Edited, Face, Kept, Mixed, Neighbour, Seed, inner, latent_of
from facegan.model.load import FaceModel

MOST_TEXT = 800  # letters of a face in a link: with two faces a link has fewer than 2,000
MOST_NAME = 100  # letters of a name
_MOST_JSON = 4000  # letters of a face that is read, as of a picture's recipe
# Letters of the JSON of a face that others are made of. A mix that takes something holds one of its two faces twice,
# and with the sliders on it the whole still fits into _MOST_JSON.
_MOST_JSON_OF_A_PART = 1000
_MOST_DEPTH, _DEEPEST = 6, 16  # faces within faces: of those made here, and of those that are read
_MOST_NAMES = 100  # of sliders
SLIDER_NAME = re.compile(r"[A-Za-z][\w-]{0,63}", re.ASCII)
_LATENT = re.compile(r"[\w-]{8,3000}", re.ASCII)
CODE = "~"  # the first letter of the text of a face other than a seed or name; "~." for a latent
_DIVIDES = re.compile(r"[,;\n]")


def to_json(face: Face) -> object:
    """For JSON: a number, a name, or an object."""
    match face:
        case Seed():
            seed = face.name or face.number
            return seed if face.truncation is None else {"seed": seed, "truncation": face.truncation}
        case Edited():
            return {"of": to_json(face.of), "sliders": dict(face.sliders), **_list("lock", face.lock)}
        case Mixed():
            return {"mix": [to_json(face.a), to_json(face.b)], "amount": face.amount}
        case Alike():
            return {"of": to_json(face.of), "like": to_json(face.other), "in": list(face.names)}
        case Neighbour():
            step = {"of": to_json(face.of), "step": face.seed, "distance": face.distance}
            return {**step, **_list("hold", face.hold)}
        case Kept():
            return {"latent": face.latent}


def from_json(value: object) -> Face:
    """The face that `to_json` wrote. Raises FaceGANError for anything else, and for one too deep to be drawn."""
    try:
        return _read(value, _DEEPEST)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise FaceGANError("This is no face that can be drawn here: take a number, a name, or a saved face.") from None


def as_text(face: Face) -> str:
    """For links and fields: the number, the name, or a code of letters that need no escaping."""
    if isinstance(face, Seed) and face.truncation is None and (not face.name or _is_plain(face.name)):
        return face.name or str(face.number)
    if isinstance(face, Kept):
        return f"{CODE}.{face.latent}"
    packed = zlib.compress(_json(face).encode(), 9)
    return CODE + base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def from_text(text: str) -> Face:
    """The face of a text: a whole number is a seed, JSON or a code of `as_text` is what it says, the rest is a name.

    Raises FaceGANError when it can be none of them.
    """
    text = text.strip()
    if len(text) > _MOST_JSON:
        raise FaceGANError(f"A face is at most {_MOST_JSON} letters long.")
    if text.startswith("{"):
        return from_json(_parsed(text))
    if text.startswith(f"{CODE}."):
        return from_json({"latent": text[2:]})
    if text.startswith(CODE):
        return from_json(_parsed(_unpacked(text[1:])))
    if (number := _number(text)) is not None:
        if number != int(number) or not 0 <= number <= MAX_SEED:
            raise FaceGANError(f"A seed is a whole number from 0 to {MAX_SEED}.")
        return Seed(int(number))
    if not _is_name(text):
        raise FaceGANError(f"A name has 1 to {MOST_NAME} letters.")
    return Seed.of(text)


def compacted(model: FaceModel, face: Face, truncation: float, most: int = MOST_TEXT) -> Face:
    """The face if its text has at most `most` letters and its JSON is short, else its latent, whose text has 140.

    So even a face that has been evolved a hundred times fits into a link, and its descendants into a recipe.
    """
    is_short = len(as_text(face)) <= most and len(_json(face)) <= _MOST_JSON_OF_A_PART
    if _depth(face) <= _MOST_DEPTH and is_short:
        return face
    return Kept.of(latent_of(model, face, truncation))


def _json(face: Face) -> str:
    return json.dumps(to_json(face), separators=(",", ":"))


def _list(name: str, values: tuple[str, ...]) -> dict:
    return {name: list(values)} if values else {}


def _depth(face: Face) -> int:
    return 1 + max(map(_depth, inner(face)), default=0)


def _read(value: object, depth: int) -> Face:
    if not depth:
        raise ValueError("too deep")
    if isinstance(value, int | str):
        return _seed(value)
    if not isinstance(value, Mapping):
        raise TypeError("no face")
    if "seed" in value:
        truncation = value.get("truncation")
        seed = _seed(value["seed"])
        return seed if truncation is None else Seed(seed.number, seed.name, _checked(truncation, 0, 100))
    if "mix" in value:
        a, b = value["mix"]
        return Mixed(_read(a, depth - 1), _read(b, depth - 1), _checked(value["amount"], 0, 1))
    if "latent" in value:
        if not isinstance(value["latent"], str) or not _LATENT.fullmatch(value["latent"]):
            raise ValueError("no latent")
        kept = Kept(value["latent"])
        kept.point()
        return kept
    of = _read(value["of"], depth - 1)
    if "like" in value:
        return Alike(of, _read(value["like"], depth - 1), _names(value["in"]))
    if "step" in value:
        return Neighbour(of, _whole(value["step"]), _checked(value["distance"], 0, 1), _names(value.get("hold", [])))
    sliders = value["sliders"]
    if not isinstance(sliders, Mapping) or len(_names(list(sliders))) != len(sliders):
        raise ValueError("no sliders")
    moved = {name: _checked(value, -1, 1) for name, value in sliders.items()}
    return Edited(of, moved, _names(value.get("lock", [])))


def _seed(value: object) -> Seed:
    if isinstance(value, str):
        if not _is_name(value) or _number(value) is not None:
            raise ValueError("no name")
        return Seed.of(value)
    return Seed(_whole(value))


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SEED:
        raise ValueError("no seed")
    return value


def _checked(value: object, low: float, high: float) -> float:
    if type(value) not in (int, float) or not low <= value <= high:  # NaN is outside, too
        raise ValueError("out of range")
    return float(value)


def _names(values: object) -> tuple[str, ...]:
    sound = isinstance(values, list) and len(values) <= _MOST_NAMES
    if not sound or not all(isinstance(name, str) and SLIDER_NAME.fullmatch(name) for name in values):
        raise ValueError("no names of sliders")
    return tuple(values)


def _is_name(text: str) -> bool:
    """Whether a text can be a name. A page that shows it must escape it."""
    return 0 < len(text.strip()) <= MOST_NAME and not any(unicodedata.category(one) in ("Cc", "Cs") for one in text)


def _is_plain(name: str) -> bool:
    """Whether a name stands in a list of faces as it is."""
    numbers = all(_number(word) is not None for word in name.split())
    return not _DIVIDES.search(name) and name[0] not in f"{CODE}{{" and not numbers


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number):
        return None  # Nan is a name
    return int(text) if re.fullmatch(r"[+-]?\d{1,30}", text) else number


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unpacked(code: str) -> str:
    try:
        packed = base64.b64decode(code + "=" * (-len(code) % 4), b"-_", validate=True)
        # No more than is wanted: a few letters can hold millions.
        return zlib.decompressobj().decompress(packed, _MOST_JSON).decode()
    except (ValueError, zlib.error):
        return ""
