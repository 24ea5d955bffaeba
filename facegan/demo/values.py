"""Numbers and lists that strangers write, in links and in calls, checked in one place.

Callers of the endpoints are told exactly what is wrong (`number`, `whole_number`, `parse_seeds`). A link is never
refused: what it gets wrong is put right, and the page says so (`LinkReader`).
"""

import math
import re
from collections.abc import Mapping, Sequence

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED

MAX_STOPS = 12  # of a morph: what a strip of thumbnails shows
_MAX_LETTERS = 1000  # of a list of seeds or names: a hundred times what the page writes


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


def split_words(text: object, what: str) -> list[str]:
    """The words of a list that commas, semicolons or spaces divide.

    Raises FaceGANError, naming `what`, for anything but a text of at most 1,000 letters.
    """
    if not isinstance(text, str) or len(text) > _MAX_LETTERS:
        raise FaceGANError(f"{what} must be a text of at most {_MAX_LETTERS} letters.")
    return [word for word in re.split(r"[,;\s]+", text) if word]


def one_of(value: object, what: str, choices: Sequence[str]) -> str:
    """`value`. Raises FaceGANError, naming `what`, when it is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise FaceGANError(f"{what} must be one of {', '.join(choices)}.")
    return value


def parse_seeds(text: object) -> tuple[int, ...]:
    """The seeds of "1, 7, 42".

    Raises FaceGANError when they are not 2 to 12 whole numbers that can be seeds.
    """
    words = split_words(text, "seeds")
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


class LinkReader:
    """Reads a link's values, and notes each one that had to be put right instead of failing.

    The notes leave out what the link says: anybody can write a link.
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
        found = self.number(name, low, high, default)
        if found != int(found):
            self.complaints.append(f"The link's {name} is not a whole number, so {int(found)} was taken.")
        return int(found)


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
