import json
from urllib.parse import parse_qsl

import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.demo.state import MAX_FRAMES, FacesState, MorphState, SlidersState
from facegan.demo.values import number, parse_faces, whole_number
from facegan.model.face import Kept, Mixed, Seed
from facegan.model.face_text import as_text, to_json

LAST = 2**32 - 1


def query_of(state):
    return dict(parse_qsl(state.query()))


@pytest.mark.parametrize("text", ["1, 7, 42", "1;7;42", " 1 7\t42, ", "1,,7,\n42"])
def test_seeds_may_be_divided_in_any_usual_way(text):
    assert parse_faces(text) == (Seed(1), Seed(7), Seed(42))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1, {two", "broken"),
        ("1, 2.5", "whole number from 0 to 4294967295"),
        ("1, -2", "whole number from 0"),
        (f"1, {LAST + 1}", "whole number from 0"),
        ("7", "2 to 12 faces.*there are 1"),
        ("", "there are 0"),
        (",".join("1" * 13), "there are 13"),
        (f"1, {'9' * 900}", "1 to 100 letters"),
        (f"1, {'9' * 5000}", "at most 4000 letters"),
    ],
)
def test_what_is_wrong_with_seeds_is_said(text, message):
    with pytest.raises(FaceGANError, match=message):
        parse_faces(text)


@pytest.mark.parametrize("value", ["x", None, True, float("nan"), float("inf"), 2.5, -1, 26, [3]])
def test_what_is_no_whole_number_in_range_is_refused(value):
    with pytest.raises(FaceGANError, match="count must be a whole number from 1 to 25"):
        whole_number(value, "count", 1, 25)


def test_numbers_may_come_as_texts_and_as_floats():
    assert whole_number("25", "count", 1, 25) == 25
    assert whole_number(3.0, "count", 1, 25) == 3
    assert number("0.5", "truncation", 0, 1.5) == 0.5
    # Exact beyond the 2**24 that a float32 holds.
    assert whole_number(str(LAST), "seed", 0, LAST) == LAST


@pytest.mark.parametrize(
    "state",
    [
        FacesState(7, 0.8, 1, 7),
        FacesState(7, 0.85, 25, 5),
        FacesState(LAST, 1.5, 10, LAST - 9),
    ],
)
def test_a_link_to_faces_leads_back_to_the_same_state(state):
    assert FacesState.read(query_of(state), truncation=0.3) == (state, [])


@pytest.mark.parametrize("state", [MorphState((1, 7, 42), 0.8), MorphState((LAST, 0), 1.05, 60, False, 0.125)])
def test_a_link_to_a_morph_leads_back_to_the_same_state(state):
    assert MorphState.read(query_of(state), truncation=0.3) == (state, [])


def test_a_bare_link_shows_a_random_face_with_the_models_truncation():
    states = [FacesState.read({}, truncation=0.7)[0] for _ in range(5)]
    assert len({state.seed for state in states}) > 1
    assert {state.truncation for state in states} == {0.7}
    assert MorphState.read({}, truncation=0.7) == (None, [])


@pytest.mark.parametrize(
    ("query", "expected", "complaints"),
    [
        ({"seed": "-3", "count": "2"}, FacesState(0, 0.7, 2, 0), 1),
        ({"seed": "9" * 30, "count": "2"}, FacesState(LAST, 0.7, 2, LAST - 1), 1),
        ({"seed": "3", "truncation": "99", "count": "1000"}, FacesState(3, 1.5, 25, 3), 2),
        ({"seed": "3", "truncation": "nan", "count": "<b>"}, FacesState(3, 0.7, 10, 3), 2),
        ({"seed": "3.9", "truncation": " ", "count": ""}, FacesState(3, 0.7, 10, 3), 1),
        ({"seed": "30", "count": "4", "first": "5"}, FacesState(30, 0.7, 4, 30), 0),
    ],
)
def test_what_a_link_gets_wrong_is_put_right(query, expected, complaints):
    state, said = FacesState.read(query, truncation=0.7)
    assert state == expected
    assert len(said) == complaints
    assert "<" not in "".join(said)


def test_a_link_without_a_readable_seed_shows_some_face():
    state, said = FacesState.read({"seed": "~<script>"}, truncation=0.7)
    assert 0 <= state.seed <= LAST
    assert said == [f"The link's seed is no face that can be drawn here, so {state.seed} was taken."]


def test_a_link_may_say_a_name_or_any_face():
    for face in (Seed.of("Anna Maria"), Seed.of("<script>"), Seed.of("a, b"), Mixed(Seed(1), Seed(2), 0.5)):
        state = FacesState.near(face, 0.8, 4)
        assert FacesState.read(query_of(state), truncation=0.3) == (state, [])
        path = MorphState((face, Seed(7), Kept.of(np.ones(100, np.float32))), 0.8)
        assert MorphState.read(query_of(path), truncation=0.3) == (path, [])


def test_a_list_of_faces_holds_names_recipes_and_codes():
    mixed = Mixed(Seed(1), Seed.of("Anna"), 0.5)
    text = f"Anna Maria, 1 7; {json.dumps(to_json(mixed))} {as_text(mixed)}"
    assert parse_faces(text) == (Seed.of("Anna Maria"), Seed(1), Seed(7), mixed, mixed)


@pytest.mark.parametrize("seeds", ["1", "a,~b", ",".join(["5"] * 13)])
def test_a_link_to_an_impossible_morph_says_so(seeds):
    state, said = MorphState.read({"seeds": seeds, "frames": "60"}, truncation=0.7)
    assert state is None
    assert "2 to 12" in said[0]


def test_a_morph_that_would_be_too_long_has_fewer_frames_and_says_so():
    seeds = ",".join(map(str, range(12)))
    state, said = MorphState.read({"seeds": seeds, "frames": "60"}, truncation=0.7)
    assert state.faces == tuple(map(Seed, range(12)))
    assert state.frames <= MAX_FRAMES["mp4"] < state.frames + state.legs
    assert len(said) == 1 and "too long" in said[0]


def test_the_grid_moves_only_when_the_large_face_leaves_it():
    assert FacesState.near(12, 0.8, 5, first=10).seeds == range(10, 15)
    assert FacesState.near(15, 0.8, 5, first=10).seeds == range(15, 20)
    assert FacesState.near(9, 0.8, 5, first=10).seeds == range(9, 14)
    assert FacesState.near(12, 0.8, 2, first=10).seeds == range(12, 14)


def test_a_morph_too_long_for_the_server_is_refused():
    eleven = ",".join(map(str, range(11)))
    assert MorphState.checked(eleven, 0.8, 60, loop=False).legs == 10
    with pytest.raises(FaceGANError, match="at most 600 frames as MP4, and this one has 660"):
        MorphState.checked(eleven, 0.8, 60, loop=True)


@pytest.mark.parametrize(
    "state", [SlidersState(7, 0.8, {"smile": -0.35}), SlidersState(0, 1.0, {"age": 1}, ("smile",))]
)
def test_a_link_to_sliders_opens_in_the_same_state(state):
    assert SlidersState.read(query_of(state), 0.3, ["smile", "age"]) == (state, [])


def test_a_link_of_the_other_tabs_moves_no_slider():
    assert SlidersState.read({"seed": "3", "truncation": "0.8"}, 0.7, ["smile"]) == (None, [])


def test_what_a_link_gets_wrong_about_sliders_is_put_right_and_said():
    query = {"seed": "3", "smile": "9", "age": "<b>", "lock": "smile,beret"}
    state, said = SlidersState.read(query, 0.7, ["smile", "age"])
    assert state == SlidersState(3, 0.7, {"smile": 1}, ("smile",))
    assert len(said) == 3
    assert not any("<" in sentence or "beret" in sentence for sentence in said)
