"""Sliders as two files: names and figures in sliders.json, the arrays that move them in sliders.safetensors.

They may be untrusted, so every value is checked.
"""

import json
import math

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facegan.labels.names import check_name
from facegan.sliders.limit import Limit
from facegan.sliders.slider import LOCKED, PACES, Slider, SliderSet, Surprises, even_pace
from facegan.sliders.surrogate import MAX_LIPSCHITZ, Surrogate

# Format 1 had no pace: its sliders follow their path at a constant rate. Format 2 had no `along`: all sliders
# follow the surrogate. Format 3 had no surprises, format 4 no limit.
FORMAT = 5
MOST_SLIDERS, MOST_SCORES, MOST_HIDDEN = 64, 128, 1024
_LONGEST = 4000  # letters of a text
_DEEPEST, _LARGEST = 8, 20_000  # levels of nested tables, and values in all, of the facts
_FIELDS = {"format", "sliders", "scores", "facts"}
_SURPRISES = "surprises"  # a field only where there are any
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
_SURPRISE_TENSORS = ("surprise_directions", "surprise_ends")
_LIMIT_NETWORK = (
    "limit_linear",
    "limit_first",
    "limit_first_bias",
    "limit_second",
    "limit_second_bias",
    "limit_last",
    "limit_last_bias",
)
_LIMIT_TENSORS = (*_LIMIT_NETWORK, "limit_least")
_MOST = 1e4  # the largest number in a tensor
_WITHOUT_SURPRISES, _WITHOUT_LIMIT = 3, 4  # earlier versions read sliders without them


def to_json(sliders: SliderSet) -> str:
    """sliders.json. A figure that could not be measured, NaN, is null there."""
    values = {
        "format": FORMAT if sliders.limit else _WITHOUT_LIMIT if sliders.surprises else _WITHOUT_SURPRISES,
        "sliders": [_slider_json(slider) for slider in sliders.sliders],
        "scores": list(sliders.scores),
        "facts": sliders.facts,
    }
    if sliders.surprises:
        values[_SURPRISES] = [_slider_json(slider) for slider in sliders.surprises.sliders]
    return json.dumps(json_ready(values), indent=1, allow_nan=False) + "\n"


def _slider_json(slider: Slider) -> dict:
    return {"name": slider.name, "label": slider.label, "quality": slider.quality, "note": slider.note}


def to_safetensors(sliders: SliderSet) -> bytes:
    """sliders.safetensors, float32."""
    s = sliders.surrogate
    tensors = dict(zip(_TENSORS, (sliders.ends, sliders.pace, sliders.weights, sliders.differences, sliders.along,
                                  s.linear, *s.first, *s.second, *s.last), strict=True))  # fmt: skip
    if sliders.surprises:
        tensors |= dict(zip(_SURPRISE_TENSORS, (sliders.surprises.directions, sliders.surprises.ends), strict=True))
    if sliders.limit:
        c = sliders.limit.certainty
        tensors |= dict(zip(_LIMIT_NETWORK, (c.linear, *c.first, *c.second, *c.last), strict=True))
        tensors["limit_least"] = np.array([sliders.limit.least])
    return save({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()})


def parse_json(content: bytes) -> tuple[tuple[Slider, ...], tuple[str, ...], dict, tuple[Slider, ...]]:
    """The sliders, the names of the scores, the facts and the surprises of sliders.json.

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
    fields = _FIELDS | ({_SURPRISES} & set(values) if values["format"] > _WITHOUT_SURPRISES else set())
    if set(values) != fields:
        raise ValueError(f"{sorted(set(values) ^ fields)[0][:80]!r} is missing or unknown")
    scores = _names(values["scores"], "scores", MOST_SCORES)
    budget = [_LARGEST]
    sliders = _sliders(values["sliders"], "sliders", budget)
    names = tuple(slider.name for slider in sliders)
    if names != scores[: len(names)]:
        raise ValueError("the scores do not begin with those of the sliders")
    surprises = _sliders(values[_SURPRISES], _SURPRISES, budget) if _SURPRISES in values else ()
    if twice := {slider.name for slider in surprises} & set(scores):
        raise ValueError(f"{sorted(twice)[0]!r} is a surprise and a score")
    _check_facts(values["facts"], "facts", _DEEPEST, budget, must_be_table=True)
    return sliders, scores, values["facts"], surprises


def _sliders(values: object, what: str, budget: list[int]) -> tuple[Slider, ...]:
    if not isinstance(values, list) or not all(isinstance(one, dict) and set(one) == _SLIDER_FIELDS for one in values):
        raise ValueError(f"{what} is not a list of tables with {', '.join(sorted(_SLIDER_FIELDS))}")
    _names([one["name"] for one in values], f"the names of {what}", MOST_SLIDERS)
    for one in values:
        for field in ("label", "note"):
            if not isinstance(one[field], str) or len(one[field]) > _LONGEST or not one[field].isprintable():
                raise ValueError(f"the {field} of {one['name']} is not a text")
        _check_facts(one["quality"], one["name"], _DEEPEST, budget, must_be_table=True)
    return tuple(Slider(one["name"], one["label"], quality=one["quality"], note=one["note"]) for one in values)


def parse_safetensors(
    content: bytes,
    sliders: tuple[Slider, ...],
    scores: tuple[str, ...],
    facts: dict,
    surprises: tuple[Slider, ...],
    latent_size: int,
) -> SliderSet:
    """The sliders that the tensors move. Raises ValueError with what is wrong with them."""
    try:
        tensors = load(content)
    except (SafetensorError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise ValueError(f"it is not a file of tensors ({error})") from error
    tensors.setdefault("pace", even_pace(len(sliders)))
    tensors.setdefault("along", np.zeros((len(sliders), latent_size), np.float32))
    limited = any(name in tensors for name in _LIMIT_TENSORS)
    expected = (*_TENSORS, *(_SURPRISE_TENSORS if surprises else ()), *(_LIMIT_TENSORS if limited else ()))
    if set(tensors) != set(expected):
        raise ValueError(f"the tensor {sorted(set(tensors) ^ set(expected))[0][:80]!r} is missing or unknown")
    hidden, limit_hidden = (
        tensors[name].shape[-1] if name in tensors and tensors[name].ndim else 0 for name in ("first", "limit_first")
    )
    if not 1 <= hidden <= MOST_HIDDEN or not limited <= limit_hidden <= MOST_HIDDEN:
        raise ValueError(f"its network is not 1 to {MOST_HIDDEN} wide")
    s, k, d, m = len(sliders), len(scores), latent_size, len(surprises)
    shapes = ((s, 2), (s, 2, PACES), (s, k), (s, d), (s, d),
              *_network_shapes(d, hidden, k),
              *(((m, d), (m, 2)) if m else ()),
              *((*_network_shapes(d, limit_hidden, 1), (1,)) if limited else ()))  # fmt: skip
    for name, shape in zip(expected, shapes, strict=True):
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
    if any((tensors[name][:, 0] >= tensors[name][:, 1]).any() for name in ("ends", "surprise_ends") if name in tensors):
        raise ValueError("a slider's lower end is not below its upper one")
    if (
        (np.diff(tensors["pace"], axis=2, prepend=0) < 0).any()
        or (tensors["pace"] > 1).any()
        or (tensors["pace"][..., -1] <= 0).any()
    ):
        raise ValueError("a slider's pace does not go up from 0 to at most 1")
    t = tensors
    surrogate = _network(t)
    if not surrogate.lipschitz() <= MAX_LIPSCHITZ:
        raise ValueError("its scores change so fast that no step towards them can be computed")
    found = Surprises(surprises, *(t[name] for name in _SURPRISE_TENSORS)) if surprises else None
    arrays = t["weights"], t["ends"], t["pace"], t["differences"], t["along"]
    limit = Limit(_network(t, "limit_"), float(t["limit_least"][0])) if limited else None
    found_set = SliderSet(sliders, scores, *arrays, surrogate, facts, found, limit)
    if not found_set.with_surprises.surrogate.lipschitz() <= MAX_LIPSCHITZ:
        raise ValueError("its surprises change so fast that no step towards them can be computed")
    return found_set


def _network_shapes(d: int, hidden: int, outputs: int) -> tuple[tuple[int, ...], ...]:
    """Of a surrogate's tensors, in the order of _LIMIT_NETWORK."""
    return (d, outputs), (d, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, outputs), (outputs,)


def _network(tensors: dict[str, np.ndarray], of: str = "") -> Surrogate:
    """The surrogate of the tensors whose names begin so."""
    layers = ((tensors[of + name], tensors[f"{of}{name}_bias"]) for name in ("first", "second", "last"))
    return Surrogate(tensors[f"{of}linear"], *layers)


def _names(values: object, what: str, most: int) -> tuple[str, ...]:
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"{what} is not a list of 1 to {most} names")
    for name in values:
        check_name(name, what)
    if len(set(values)) != len(values):
        raise ValueError(f"{what} name one thing twice")
    return tuple(values)


def _check_facts(value: object, path: str, depth: int, budget: list[int], must_be_table: bool = False) -> None:
    """Raises ValueError unless the value is a number, a text, or a table of such values that is not too large."""
    budget[0] -= 1
    if must_be_table and not isinstance(value, dict):
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
