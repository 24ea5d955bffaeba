from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import av
import gradio as gr
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.stamp import as_text
from facegan.demo.faces_tab import Faces
from facegan.demo.morph_tab import Morphs
from facegan.demo.reopen import Opener, link_of
from facegan.demo.state import FacesState, MorphState, SlidersState
from facegan.model.provenance import Recipe, read_recipe, recipe_of


def text_of(model, *seeds, truncation=0.6, **values):
    return as_text(recipe_of(model, seeds, truncation, **values).to_dict())


def query(link):
    return {name: values[0] for name, values in parse_qs(link).items()}


def test_a_face_opens_as_it_was(model):
    state, complaints = FacesState.read(query(link_of(text_of(model, 42, truncation=0.55), None, model)), 0.7)
    assert (state.seed, state.truncation, complaints) == (42, 0.55, [])


def test_a_sheet_of_faces_opens_as_a_grid(model):
    state, _ = FacesState.read(query(link_of(text_of(model, *range(3, 9)), None, model)), 0.7)
    assert list(state.seeds) == list(range(3, 9))
    assert query(link_of(text_of(model, *range(32)), None, model))["count"] == "25"


def test_a_morph_opens_as_it_was(model):
    text = text_of(model, 9, 4, 7, frames_per_leg=12, loop=False, position=0.5)
    state, complaints = MorphState.read(query(link_of(text, None, model)), 0.7)
    assert (state, complaints) == (MorphState((9, 4, 7), 0.6, 12, False, 0.5), [])


def test_an_edited_face_opens_with_its_sliders(edited_model):
    text = text_of(edited_model, 9, sliders={"smile": 0.5}, lock=["age"])
    state, complaints = SlidersState.read(query(link_of(text, None, edited_model)), 0.7, ["smile", "age"])
    assert (state, complaints) == (SlidersState(9, 0.6, {"smile": 0.5}, ("age",)), [])


def test_a_slider_that_the_model_does_not_have_is_said(model):
    with pytest.raises(FaceGANError, match="no longer has"):
        link_of(text_of(model, 9, sliders={"smile": 0.5}), None, model)


def test_what_the_endpoints_give_opens_again(model):
    (face,) = Faces(model).generate(11, truncation=0.9)
    gif = Morphs(model).morph("3, 9", frames_per_leg=2, loop=False, format="gif", truncation=0.8)
    mp4 = Morphs(model).morph("3, 9", frames_per_leg=2, truncation=0.8)
    expected = {face["path"]: Recipe("tiny", model.weights, (11,), 0.9)}
    for file, loop in ((gif, False), (mp4, True)):
        expected[file["path"]] = Recipe("tiny", model.weights, (3, 9), 0.8, frames_per_leg=2, loop=loop)
    for path, recipe in expected.items():
        assert read_recipe(Path(path).read_bytes()) == recipe
    with Image.open(face["path"]) as picture:
        assert "trainedAlgorithmicMedia" in picture.info["XML:com.adobe.xmp"]
    with av.open(mp4["path"], options={"export_xmp": "1"}) as film:
        assert "trainedAlgorithmicMedia" in film.metadata["xmp"]


OTHER = {"model": "user/cats", "weights": "f" * 16, "revision": "0123456789ab", "seeds": [1], "truncation": 1}


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ({}, "does not say how it was made"),
        ({"text": None}, "does not say how it was made"),
        ({"text": 5}, "does not say how it was made"),
        ({"text": "{"}, "damaged or not from FaceGAN"),
        ({"text": as_text(OTHER)}, "made by user/cats at revision 0123456, which is another model"),
        ({"text": as_text({**OTHER, "model": "A & <b>"})}, "made by A &amp; &lt;b&gt; at revision"),
        ({"text": as_text({"shows": "training"})}, "belongs to a training run"),
        ({"trouble": "large"}, "larger than any picture"),
        ({"trouble": "unreadable"}, "could not be read"),
        ({"trouble": ["<b>"]}, "could not be read"),
    ],
)
def test_a_picture_that_cannot_be_opened_is_one_sentence_and_no_change(model, event, sentence):
    with pytest.warns(UserWarning, match=sentence):
        found = Opener(model).open(SimpleNamespace(**event))
    assert found == gr.skip()


@pytest.mark.parametrize(
    ("seeds", "values"),
    [
        ([1, 5], {}),
        ([1], {"truncation": 1.6}),
        ([1], {"frames_per_leg": 24, "loop": True}),
        (range(13), {"frames_per_leg": 24, "loop": True}),
        ([1, 2], {"frames_per_leg": 61, "loop": True}),
        (range(12), {"frames_per_leg": 60, "loop": True}),
    ],
)
def test_a_state_that_the_page_cannot_have_is_refused(model, seeds, values):
    with pytest.raises(FaceGANError):
        link_of(text_of(model, *seeds, **values), None, model)
