"""sliders.json and sliders.safetensors, there and back; what is not one is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from facegan.sliders.slider import Slider, Surprises
from facegan.sliders.store import parse_json, parse_safetensors, to_json, to_safetensors
from tests.sliders.test_limit import limited
from tests.sliders.toy import D, toy_set


def read(told, tensors, latent_size=D):
    return parse_safetensors(tensors, *parse_json(told), latent_size)


def test_there_and_back():
    sliders = replace(toy_set(), facts={"judged": {"leakage": np.array([[0.123456789, np.nan]]), "seeds": 5}})
    first = replace(sliders.sliders[0], quality={"crossing": 0.97, "of": "age"}, note="Pure.")
    sliders = replace(sliders, sliders=(first, *sliders.sliders[1:]))
    found = read(to_json(sliders).encode(), to_safetensors(sliders))
    g = np.random.RandomState(0).randn(4, D).astype(np.float32)
    assert np.array_equal(found.edit(g, {"smile": 0.7}), sliders.edit(g, {"smile": 0.7}))
    assert np.array_equal(found.edit_by_difference(g, "age", 0.7), sliders.edit_by_difference(g, "age", 0.7))
    assert found.sliders[0] == Slider("smile", "Smile", quality={"crossing": 0.97, "of": "age"}, note="Pure.")
    assert found.facts == {"judged": {"leakage": [[0.12346, None]], "seeds": 5}}


def surprising():
    directions = np.eye(D, dtype=np.float32)[[5, 6]]
    sliders = Slider("surprise_1", "Surprise 1", note="Found."), Slider("surprise_2", "Surprise 2")
    return replace(toy_set(), surprises=Surprises(sliders, directions, np.float32([[-2, 2], [-3, 3]])))


def test_surprises_there_and_back():
    found = read(to_json(surprising()).encode(), to_safetensors(surprising()))
    g = np.random.RandomState(0).randn(4, D).astype(np.float32)
    values = {"smile": 0.7, "surprise_2": -0.5}
    assert np.array_equal(found.edit(g, values), surprising().edit(g, values))
    assert found.surprises.sliders == surprising().surprises.sliders


def test_sliders_without_surprises_are_written_as_earlier_versions_read_them():
    told = json.loads(to_json(toy_set()))
    assert (told["format"], "surprises" in told) == (3, False)
    assert json.loads(to_json(surprising()))["format"] == 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda told, tensors: told.update(surprises=[]),
        lambda told, tensors: told.pop("surprises"),
        lambda told, tensors: told["surprises"][0].update(name="smile"),
        lambda told, tensors: told["surprises"][0].update(name="surprise_2"),
        lambda told, tensors: told["surprises"][0].update(label=5),
        lambda told, tensors: told.update(format=3),
        lambda told, tensors: tensors.pop("surprise_ends"),
        lambda told, tensors: tensors.update(surprise_ends=tensors["surprise_ends"][:, ::-1].copy()),
        lambda told, tensors: tensors.update(surprise_directions=tensors["surprise_directions"][:1].copy()),
        lambda told, tensors: tensors["surprise_directions"].fill(np.nan),
        lambda told, tensors: tensors["surprise_directions"].fill(9e3),
    ],
)
def test_surprises_that_are_none_are_refused(damage):
    told, tensors = json.loads(to_json(surprising())), load(to_safetensors(surprising()))
    damage(told, tensors)
    with pytest.raises(ValueError, match=r"\w"):
        read(json.dumps(told).encode(), save(tensors))


def test_a_limit_there_and_back():
    sliders = replace(limited(), surprises=surprising().surprises)
    told, tensors = to_json(sliders), to_safetensors(sliders)
    found, g = read(told.encode(), tensors), np.random.RandomState(0).randn(9, D).astype(np.float32)
    for values in ({"smile": 1.0}, {"smile": 1.0, "surprise_1": 0.4}):
        assert np.array_equal(found.edit(g, values), sliders.edit(g, values))
    assert json.loads(told)["format"] == 5
    assert not np.array_equal(found.edit(g, {"smile": 1.0}), toy_set().edit(g, {"smile": 1.0}))


@pytest.mark.parametrize(
    "damage",
    [
        lambda tensors: tensors.pop("limit_least"),
        lambda tensors: tensors.pop("limit_first"),
        lambda tensors: tensors.update(limit_first=np.array(1, np.float32)),
        lambda tensors: tensors.update(limit_least=np.float32([np.nan])),
        lambda tensors: tensors.update(limit_least=np.float32([1, 2])),
        lambda tensors: tensors.update(limit_last=np.zeros((1, 2), np.float32)),
        lambda tensors: tensors["limit_linear"].fill(np.inf),
    ],
)
def test_a_limit_that_is_none_is_refused(damage):
    told, tensors = to_json(limited()), load(to_safetensors(limited()))
    damage(tensors)
    with pytest.raises(ValueError, match=r"\w"):
        read(told.encode(), save(tensors))


def change(**values):
    return {**json.loads(to_json(toy_set())), **values}


BAD_JSON = {
    "a later format": change(format=6),
    "surprises of an earlier format": change(surprises=[{"name": "x", "label": "X", "quality": {}, "note": ""}]),
    "no format": change(format=True),
    "a field more": change(more=1),
    "no sliders": change(sliders=[]),
    "a slider without a score": change(scores=["gender", "smile", "age"]),
    "a score twice": change(scores=["smile", "gender", "gender"]),
    "a name with a space": change(scores=["smile", "gender", "age group"]),
    "a name that begins with a digit": change(scores=["smile", "gender", "age", "5_o"]),
    "facts that are a list": change(facts=[1]),
    "facts as deep as a well": change(facts={"a": [[[[[[[[[[1]]]]]]]]]]}),
    "facts without end": change(facts={"a": [0] * 30_000}),
    "a huge number": change(facts={"a": 10**30}),
    "a number of 400 digits": change(facts={"a": 10**400}),
    "a negative number of 400 digits": change(facts={"a": [-(10**400)]}),
    "a line break": change(facts={"a": "x\ny"}),
    "sliders that are texts": change(sliders=["smile"]),
    "a label that is a number": change(sliders=[{**change()["sliders"][0], "label": 5}]),
}


@pytest.mark.parametrize("values", BAD_JSON.values(), ids=BAD_JSON)
def test_what_is_no_sliders_json_is_refused(values):
    with pytest.raises(ValueError, match=r"\w+ "):
        parse_json(json.dumps(values).encode())


@pytest.mark.parametrize("name", ["class", "lambda", "None", "seed", "truncation", "lock", "first", "api_name"])
def test_a_name_that_calls_or_links_need_is_refused(name):
    told = to_json(toy_set(names=("smile", name, "age")))
    with pytest.raises(ValueError, match=f"'{name}' in .* is a word of links or calls"):
        parse_json(told.encode())


@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff", b'{"format": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_refused(content):
    with pytest.raises(ValueError, match=r"\w"):
        parse_json(content)


TENSORS = {
    "a NaN": lambda t: t["last"].__setitem__((0, 0), np.nan),
    "an infinity": lambda t: t["linear"].__setitem__((0, 0), np.inf),
    "a huge number": lambda t: t["first"].__setitem__((0, 0), 1e9),
    "a negative weight": lambda t: t["weights"].__setitem__((0, 0), -1),
    "a weight above a lock's": lambda t: t["weights"].__setitem__((0, 0), 5),
    "a network too steep to follow": lambda t: [t[name].fill(1e4) for name in ("linear", "first", "second", "last")],
    "ends the wrong way round": lambda t: t.update(ends=t["ends"][:, ::-1].copy()),
    "a pace that turns round": lambda t: t["pace"].__setitem__((0, 0, 1), 0),
    "a pace beyond the end": lambda t: t["pace"].__setitem__((0, 1, -1), 1.5),
    "a direction that is too long": lambda t: t["along"].__setitem__((0, 0), 2),
    "a pace that stays": lambda t: t.update(pace=np.zeros_like(t["pace"])),
    "a tensor less": lambda t: t.pop("differences"),
    "a tensor more": lambda t: t.update(more=np.zeros(2, np.float32)),
    "another shape": lambda t: t.update(linear=t["linear"].T.copy()),
    "a number for the network": lambda t: t.update(first=np.float32([1])),
    "double numbers": lambda t: t.update(last=t["last"].astype(np.float64)),
}


@pytest.mark.parametrize("damage", TENSORS.values(), ids=TENSORS)
def test_what_are_no_tensors_of_sliders_is_refused(damage):
    told, tensors = to_json(toy_set()).encode(), load(to_safetensors(toy_set()))
    damage(tensors)
    with pytest.raises(ValueError, match=r"\w"):
        read(told, save(tensors))


def test_another_latent_size_is_refused():
    with pytest.raises(ValueError, match="differences|linear"):
        read(to_json(toy_set()).encode(), to_safetensors(toy_set()), latent_size=D + 1)


def test_sliders_of_the_first_format_go_evenly():
    told, tensors = json.loads(to_json(toy_set())), load(to_safetensors(toy_set()))
    del tensors["pace"], tensors["along"]
    found = read(json.dumps({**told, "format": 1}).encode(), save(tensors))
    g = np.random.RandomState(0).randn(5, D).astype(np.float32)
    np.testing.assert_array_equal(found.edit(g, {"smile": 0.3}), toy_set().edit(g, {"smile": 0.3}))
