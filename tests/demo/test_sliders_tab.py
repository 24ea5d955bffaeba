import base64
import io
import re
from urllib.parse import parse_qs

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.pictures import enlarge
from facegan.demo.sliders_tab import Edits
from facegan.demo.state import SlidersState
from facegan.model.face import Edited, Seed, title
from facegan.model.provenance import Recipe, read_recipe


@pytest.fixture
def edits(edited_model, outbox):
    return Edits(edited_model, outbox)


def moved(model, seed, truncation, values, lock=()):
    """The picture that the model itself draws, uint8 (16, 16, 3)."""
    return model.generate(model.edit(model.latents([seed], truncation), values, lock))[0]


def test_a_moved_slider_changes_the_face_and_says_so_in_the_link(edits, edited_model, pictures_in):
    html = edits.figure({"seed": "7", "truncation": "0.8", "smile": "0.5"})
    assert np.array_equal(pictures_in(html)[0], enlarge(moved(edited_model, 7, 0.8, {"smile": 0.5}), 384))
    assert 'data-query="seed=7&amp;truncation=0.8&amp;smile=0.5"' in html


def test_the_caption_says_that_a_face_is_edited(edits):
    for smile, face in ((0.5, Edited(Seed(7), {"smile": 0.5})), (0, Seed(7))):
        html = edits.figure({"seed": "7", "truncation": "0.8", "smile": str(smile)})
        assert f">{title(face)}</span>" in html


def test_before_is_the_face_as_it_was(edits, face, pictures_in):
    before, after = edits.draw_both(7, 0.8, 1, -1, False, False)
    assert np.array_equal(pictures_in(before)[0], enlarge(face(7, 0.8), 384))
    assert not np.array_equal(pictures_in(after)[0], enlarge(face(7, 0.8), 384))


def test_at_zero_both_are_the_same_face(edits, face, pictures_in):
    assert np.array_equal(pictures_in(edits.draw_both(7, 0.8, 0, 0, True, False)[1])[0], enlarge(face(7, 0.8), 384))


def test_a_preview_is_the_same_face_in_few_bytes_and_says_that_it_is_one(edits, edited_model):
    query = {"seed": "7", "truncation": "0.8", "smile": "0.5", "lock": "age"}
    html, whole = edits.figure(query, preview=True), edits.figure(query)
    content = base64.b64decode(re.search(r'<img src="data:image/jpeg;base64,([^"]+)"', html)[1])
    shown = np.asarray(Image.open(io.BytesIO(content))).astype(int)
    assert np.abs(shown - enlarge(moved(edited_model, 7, 0.8, {"smile": 0.5}, ["age"]), 256)).mean() < 6
    recipe = Recipe("tiny", edited_model.weights, (7,), 0.8, sliders={"smile": 0.5}, lock=("age",))
    assert read_recipe(content) == recipe
    assert ("data-preview" in html, "data-preview" in whole) == (True, False)
    assert "data:image/png" not in html  # nothing that takes its time
    assert re.search(r"<button[^>]* disabled>Save PNG", html)  # no JPEG is saved as a PNG
    state = r'data-query="[^"]+"'
    assert re.search(state, html)[0] == re.search(state, whole)[0]


def test_a_link_without_sliders_has_no_edited_face(edits):
    with pytest.raises(FaceGANError, match="no link"):
        edits.figure({"seed": "7"})


def test_a_cleared_seed_is_seed_0(edits, edited_model, pictures_in):
    assert np.array_equal(
        pictures_in(edits.draw_both(None, 0.8, 1, 0, False, False)[1])[0],
        enlarge(moved(edited_model, 0, 0.8, {"smile": 1}), 384),
    )


def test_the_link_opens_the_tab_as_it_was(edits, edited_model, pictures_in):
    state = SlidersState(7, 0.8, {"smile": 0.5, "age": -1.0}, ("age",))
    query = {name: values[0] for name, values in parse_qs(state.query()).items()}
    (tabs, smile, age, lock_smile, lock_age, before, after), complaints = edits.open_page(query)
    assert complaints == []
    assert (tabs.selected, smile, age, lock_smile, lock_age) == ("sliders", 0.5, -1, False, True)
    expected = moved(edited_model, 7, 0.8, {"smile": 0.5, "age": -1}, ["age"])
    assert np.array_equal(pictures_in(after)[0], enlarge(expected, 384))
    assert len(pictures_in(before)) == 1


def test_a_link_without_sliders_leaves_the_tab_alone(edits):
    assert edits.open_page({"seed": "7"}) == ((gr.skip(),) * 7, [])


def test_the_endpoint_draws_what_the_model_does(edits, edited_model, returned):
    file = edits.endpoint()(7, 0.8, -1.0, lock="age")
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(returned(file)))), moved(edited_model, 7, 0.8, {"smile": -1}, ["age"])
    )
    recipe = Recipe("tiny", edited_model.weights, (7,), 0.8, sliders={"smile": -1.0}, lock=("age",))
    assert read_recipe(returned(file)) == recipe


def test_the_endpoint_takes_the_models_truncation_and_unmoved_sliders(edits, edited_model, returned):
    file = edits.endpoint()(7)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(returned(file)))), moved(edited_model, 7, 0.7, {}))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": 1, "truncation": 2}, "truncation must be a number from 0 to 1.5"),
        ({"seed": 1, "smile": 1.5}, "smile must be a number from -1 to 1"),
        ({"seed": 1, "smile": float("nan")}, "smile must be a number"),
        ({"seed": 1, "lock": "hat"}, "lock names 'hat', but the sliders are smile, age"),
    ],
)
def test_the_endpoint_says_what_is_wrong(edits, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        edits.endpoint()(**arguments)
