"""Sliders as two files: names and figures in sliders.json, the arrays that move them in sliders.safetensors.

They may come from a stranger, so every value is checked.
"""

import json
import math

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facegan.labels.names import check_name
from facegan.sliders.slider import LOCKED, PACES, Slider, SliderSet, even_pace
from facegan.sliders.surrogate import STEEPEST, Surrogate

# Format 1 had no pace: its sliders follow their path at a constant rate. Format 2 had no `along`: all sliders
# follow the surrogate.
FORMAT = 3
MOST_SLIDERS, MOST_SCORES, MOST_HIDDEN = 64, 128, 1024
_LONGEST = 4000  # letters of a text
_DEEPEST, _LARGEST = 8, 20_000  # levels of nested tables, and values in all, of the facts
_FIELDS = {"format", "sliders", "scores", "facts"}
_SLIDER_FIELDS = {"name", "label", "quality", "note"}
_TENSORS = (
    "ends",
    "pace",
    "weights",
    "differences",
    "along",
    "linear",
    "first",
    "first_bias",
    "second",
    "second_bias",
    "last",
    "last_bias",
)
_MOST = 1e4  # the largest number in a tensor


def to_json(sliders: SliderSet) -> str:
    """sliders.json. A figure that could not be measured, NaN, is null there."""
    values = {
        "format": FORMAT,
        "sliders": [
            {"name": one.name, "label": one.label, "quality": one.quality, "note": one.note} for one in sliders.sliders
        ],
        "scores": list(sliders.scores),
        "facts": sliders.facts,
    }
    return json.dumps(json_ready(values), indent=1, allow_nan=False) + "\n"


def to_safetensors(sliders: SliderSet) -> bytes:
    """sliders.safetensors, float32."""
    s = sliders.surrogate
    tensors = dict(zip(_TENSORS, (sliders.ends, sliders.pace, sliders.weights, sliders.differences, sliders.along,
                                  s.linear, *s.first, *s.second, *s.last), strict=True))  # fmt: skip
    return save({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()})


def parse_json(content: bytes) -> tuple[tuple[Slider, ...], tuple[str, ...], dict]:
    """The sliders, the names of the scores and the facts of sliders.json.

    Raises ValueError with what is wrong.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a number")

    try:
        values = json.loads(content.decode("utf-8"), parse_constant=refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(values, dict) or type(values.get("format")) is not int:
        raise ValueError("it has no format")
    if not 1 <= values["format"] <= FORMAT:
        raise ValueError(f"it has format {values['format']}, but this program reads up to {FORMAT}; update FaceGAN")
    if set(values) != _FIELDS:
        raise ValueError(f"{sorted(set(values) ^ _FIELDS)[0][:80]!r} is missing or unknown")
    scores = _names(values["scores"], "scores", MOST_SCORES)
    if not isinstance(values["sliders"], list) or not all(
        isinstance(one, dict) and set(one) == _SLIDER_FIELDS for one in values["sliders"]
    ):
        raise ValueError(f"sliders is not a list of tables with {', '.join(sorted(_SLIDER_FIELDS))}")
    names = _names([one["name"] for one in values["sliders"]], "the sliders' names", MOST_SLIDERS)
    if names != scores[: len(names)]:
        raise ValueError("the scores do not begin with those of the sliders")
    budget = [_LARGEST]
    for one in values["sliders"]:
        for field in ("label", "note"):
            if not isinstance(one[field], str) or len(one[field]) > _LONGEST or not one[field].isprintable():
                raise ValueError(f"the {field} of {one['name']} is not a text")
        _check_facts(one["quality"], one["name"], _DEEPEST, budget, whole=True)
    _check_facts(values["facts"], "facts", _DEEPEST, budget, whole=True)
    sliders = tuple(Slider(one["name"], one["label"], quality=one["quality"], note=one["note"])
                    for one in values["sliders"])  # fmt: skip
    return sliders, scores, values["facts"]


def parse_safetensors(
    content: bytes, sliders: tuple[Slider, ...], scores: tuple[str, ...], facts: dict, latent_size: int
) -> SliderSet:
    """The sliders that the tensors move. Raises ValueError with what is wrong with them."""
    try:
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ValueError(f"it is not a file of tensors ({error})") from error
    tensors.setdefault("pace", even_pace(len(sliders)))
    tensors.setdefault("along", np.zeros((len(sliders), latent_size), np.float32))
    if set(tensors) != set(_TENSORS):
        raise ValueError(f"the tensor {sorted(set(tensors) ^ set(_TENSORS))[0][:80]!r} is missing or unknown")
    hidden = tensors["first"].shape[-1] if tensors["first"].ndim else 0
    if not 1 <= hidden <= MOST_HIDDEN:
        raise ValueError(f"its network is not 1 to {MOST_HIDDEN} wide")
    s, k, d = len(sliders), len(scores), latent_size
    shapes = ((s, 2), (s, 2, PACES), (s, k), (s, d), (s, d),
              (d, k), (d, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, k), (k,))  # fmt: skip
    for name, shape in zip(_TENSORS, shapes, strict=True):
        tensor = tensors[name]
        if tensor.dtype != np.float32 or tensor.shape != shape:
            raise ValueError(f"the tensor {name} is not float32 of the shape {shape}")
        if not (np.abs(tensor) <= _MOST).all():  # false for NaN as well
            raise ValueError(f"the tensor {name} holds numbers that are not finite or far too large")
    if not ((tensors["weights"] >= 0) & (tensors["weights"] <= LOCKED)).all():
        raise ValueError(f"a weight is not from 0 to {LOCKED:g}")
    lengths = np.linalg.norm(tensors["along"], axis=1)
    if not ((lengths == 0) | (np.abs(lengths - 1) < 1e-3)).all():
        raise ValueError("a direction is not of length 1")
    if (tensors["ends"][:, 0] >= tensors["ends"][:, 1]).any():
        raise ValueError("a slider's lower end is not below its upper one")
    if (
        (np.diff(tensors["pace"], axis=2, prepend=0) < 0).any()
        or (tensors["pace"] > 1).any()
        or (tensors["pace"][..., -1] <= 0).any()
    ):
        raise ValueError("a slider's pace does not go up from 0 to at most 1")
    t = tensors
    surrogate = Surrogate(
        t["linear"], (t["first"], t["first_bias"]), (t["second"], t["second_bias"]), (t["last"], t["last_bias"])
    )
    if not surrogate.steepest() <= STEEPEST:
        raise ValueError("its scores change so fast that no step towards them can be reckoned")
    return SliderSet(
        sliders, scores, t["weights"], t["ends"], t["pace"], t["differences"], t["along"], surrogate, facts
    )


def _names(values: object, what: str, most: int) -> tuple[str, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"{what} is not a list of 1 to {most} names")
    for name in values:
        check_name(name, what)
    if len(set(values)) != len(values):
        raise ValueError(f"{what} name one thing twice")
    return tuple(values)


def _check_facts(value: object, path: str, depth: int, budget: list[int], whole: bool = False) -> None:
    """Numbers, texts and tables of them; `whole`: it must be a table itself."""
    budget[0] -= 1
    if whole and not isinstance(value, dict):
        raise ValueError(f"{path} is not a table")
    if budget[0] < 0 or depth < 0:
        raise ValueError(f"{path} holds too much")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not name.isprintable() or not 1 <= len(name) <= 64:
                raise ValueError(f"{path} has the name {name[:80]!r}")
            _check_facts(inner, f"{path}.{name}"[:200], depth - 1, budget)
    elif isinstance(value, list):
        for inner in value:
            _check_facts(inner, path, depth - 1, budget)
    elif isinstance(value, str):
        if len(value) > _LONGEST or not value.isprintable():
            raise ValueError(f"{path} is not a plain text")
    # abs first: isfinite makes a float of a whole number, and one of 400 digits is none. True for NaN as well.
    elif value is not None and not isinstance(value, bool) and not abs(value) < 2**63:
        raise ValueError(f"{path} is no sensible number")


def json_ready(value: object) -> object:
    """The value for json.dumps: numpy's numbers as Python's, rounded to five figures; None for what is not finite."""
    if isinstance(value, dict):
        return {str(name): json_ready(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [json_ready(inner) for inner in value]
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value
