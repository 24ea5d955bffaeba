import asyncio
import io
from types import SimpleNamespace
from urllib.parse import parse_qs

import av
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.stamp import as_text
from facegan.demo.build import TABS
from facegan.demo.faces_tab import Faces
from facegan.demo.morph_tab import Morphs
from facegan.demo.render import Renderer
from facegan.demo.reopen import Opener, link_of
from facegan.demo.state import FacesState, MorphState, SlidersState
from facegan.model.provenance import Recipe, read_recipe, recipe_of


def text_of(model, *seeds, truncation=0.6, **values):
    return as_text(recipe_of(model, seeds, truncation, **values).to_dict())


def link(text, model):
    return link_of(text, None, model, [tab for tab in TABS if tab.shown(model)])


def query(found):
    return {name: values[0] for name, values in parse_qs(found).items()}


def test_a_face_opens_as_it_was(model):
    state, complaints = FacesState.read(query(link(text_of(model, 42, truncation=0.55), model)), 0.7)
    assert (state.seed, state.truncation, complaints) == (42, 0.55, [])


def test_a_sheet_of_faces_opens_as_a_grid(model):
    state, _ = FacesState.read(query(link(text_of(model, *range(3, 9)), model)), 0.7)
    assert list(state.seeds) == list(range(3, 9))
    assert query(link(text_of(model, *range(32)), model))["count"] == "25"


def test_a_morph_opens_as_it_was(model):
    text = text_of(model, 9, 4, 7, frames_per_leg=12, loop=False, position=0.5)
    state, complaints = MorphState.read(query(link(text, model)), 0.7)
    assert (state, complaints) == (MorphState((9, 4, 7), 0.6, 12, False, 0.5), [])


def test_an_edited_face_opens_with_its_sliders(edited_model):
    text = text_of(edited_model, 9, sliders={"smile": 0.5}, lock=["age"])
    state, complaints = SlidersState.read(query(link(text, edited_model)), 0.7, ["smile", "age"])
    assert (state, complaints) == (SlidersState(9, 0.6, {"smile": 0.5}, ("age",)), [])


def test_a_slider_that_the_model_does_not_have_is_said(model, edited_model):
    for page, values, sentence in (
        (model, {"smile": 0.5}, "does not have"),
        (edited_model, {"beret": 0.5}, "no longer has"),
    ):
        with pytest.raises(FaceGANError, match=sentence):
            link(text_of(page, 9, sliders=values), page)


def test_what_the_endpoints_give_opens_again(model, outbox, returned):
    face = returned(Faces(model, outbox).generate(11, truncation=0.9)[0])
    assert read_recipe(face) == Recipe("tiny", model.weights, (11,), 0.9)
    morph = Morphs(model, outbox, Renderer()).endpoint
    gif = returned(asyncio.run(morph("3, 9", 2, False, "gif", 0.8)))
    mp4 = returned(asyncio.run(morph("3, 9", 2, True, "mp4", 0.8)))
    for film, loop in ((gif, False), (mp4, True)):
        assert read_recipe(film) == Recipe("tiny", model.weights, (3, 9), 0.8, frames_per_leg=2, loop=loop)
    with Image.open(io.BytesIO(face)) as picture:
        assert "trainedAlgorithmicMedia" in picture.info["XML:com.adobe.xmp"]
    with av.open(io.BytesIO(mp4), options={"export_xmp": "1"}) as film:
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
        ({"text": as_text({**OTHER, "model": "A & <b>"})}, "made by A & <b> at revision"),
        ({"text": as_text({"shows": "training"})}, "belongs to a training run"),
        ({"trouble": "large"}, "larger than any picture"),
        ({"trouble": "unreadable"}, "could not be read"),
        ({"trouble": ["<b>"]}, "could not be read"),
    ],
)
def test_a_picture_that_cannot_be_opened_is_one_sentence_and_no_change(model, event, sentence):
    with pytest.raises(FaceGANError, match=sentence):
        Opener(model, TABS).open(SimpleNamespace(**event))


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
        link(text_of(model, *seeds, **values), model)
