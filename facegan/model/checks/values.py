"""Checks the values of config.json, which are untrusted."""

import math

from facegan.base.curves import entry_curves
from facegan.base.seeds import LATENT_SIZE, MAX_TRUNCATION

_MAX_SIZE, _MAX_CHANNELS = 1024, 4096  # px; maps. Far above what DCGANs are, and what they say is held in memory
BASE_SIZE = 4  # px: the map that the dense layer fills
_MAX_TEXT, _MAX_DEPTH, _MAX_ITEMS = 4000, 4, 500
_NAMES = {"name", "image_size", "channels", "latent_size", "curves", "truncation", "training", "data", "format_version"}


def check_values(values: dict) -> None:
    """Raises ValueError with the name of the first value that no FaceGAN model has."""
    unknown = set(values) - _NAMES
    if unknown:
        raise ValueError(f"{sorted(unknown)[0][:80]!r} is unknown")
    for name in ("name", "image_size", "channels"):
        if name not in values:
            raise ValueError(f"{name} is missing")
    name = values["name"]
    if not isinstance(name, str) or not 1 <= len(name) <= 200 or not name.isprintable():
        raise ValueError("name is not a text of 1 to 200 printable letters")
    channels = values["channels"]
    if not isinstance(channels, list) or not 1 <= len(channels) <= 8:
        raise ValueError("channels is not a list of 1 to 8 numbers")
    if not all(_is_whole(count, 1, _MAX_CHANNELS) for count in channels):
        raise ValueError(f"channels are not whole numbers from 1 to {_MAX_CHANNELS}")
    size = values["image_size"]
    if not _is_whole(size, 8, _MAX_SIZE):
        raise ValueError(f"image_size is not a whole number from 8 to {_MAX_SIZE}")
    if size != BASE_SIZE * 2 ** len(channels):
        raise ValueError(f"image_size is {size}, but {len(channels)} channels draw {BASE_SIZE * 2 ** len(channels)}")
    # Every seed is a point of this space, so another one would be other faces.
    if values.get("latent_size", LATENT_SIZE) != LATENT_SIZE or isinstance(values.get("latent_size"), float):
        raise ValueError(f"latent_size is not {LATENT_SIZE}")
    entry_curves(values.get("curves", []))
    truncation = values.get("truncation", 1)
    if isinstance(truncation, bool) or not isinstance(truncation, int | float) or not 0 <= truncation <= MAX_TRUNCATION:
        raise ValueError(f"truncation is not a number from 0 to {MAX_TRUNCATION}")
    for section in ("training", "data"):
        if not isinstance(values.get(section, {}), dict):
            raise ValueError(f"{section} is not an object")
        _check_facts(values.get(section, {}), section, _MAX_DEPTH)


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _check_facts(value: object, path: str, depth: int) -> None:
    """Numbers, texts and small nested tables of them."""
    if value is None or isinstance(value, bool | int):
        if type(value) is int and abs(value) >= 2**63:
            raise ValueError(f"{path} is no sensible number")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{path} is not finite")
    elif isinstance(value, str):
        if len(value) > _MAX_TEXT:
            raise ValueError(f"{path} has more than {_MAX_TEXT:,} letters")
        if any("\ud800" <= letter <= "\udfff" for letter in value):  # JSON can hold them, no file of text can
            raise ValueError(f"{path} is not text in UTF-8")
    elif depth == 0 or len(value) > _MAX_ITEMS:
        raise ValueError(f"{path} holds too much")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not name.isprintable() or not 1 <= len(name) <= 64:
                raise ValueError(f"{path} has the name {name[:80]!r}")
            _check_facts(inner, f"{path}.{name}", depth - 1)
    else:
        for number, inner in enumerate(value):
            _check_facts(inner, f"{path}[{number}]", depth - 1)
