"""The tab You: a photo's look-alike, and a sentence for whatever is no photo of a person."""

import asyncio
import base64
import io
import json
import re
import threading
from html import unescape
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.demo.build import TABS, build_demo
from facegan.demo.reopen import link_of
from facegan.demo.you_tab import TAB, LookAlikes, YouState
from facegan.faces.one_photo import FoundFace
from facegan.model.face import Kept
from facegan.model.face_text import as_text
from facegan.model.load import FaceModel
from facegan.model.provenance import read_recipe, recipe_of
from tests.demo.odd_photos import BAD, GOOD, heif, saved

LATENT = np.random.RandomState(5).randn(100).astype(np.float32)


class EncodingModel(FaceModel):
    """It sees a face in every photo that is brighter than grey, two in those that are very bright."""

    def faces_in(self, photo):
        face = FoundFace(np.float32([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80]]), np.zeros(4, np.float32), 0.9)
        return [face] * (int(photo.mean() > 127) + int(photo.mean() > 200))

    def encode_face(self, face, strength=1.0):
        return LATENT[None] * np.float32(strength)


@pytest.fixture
def encoding(model):
    return EncodingModel(model.config, model._session, weights=model.weights, encoder=object())


@pytest.fixture
def look_alikes(encoding, outbox):
    return LookAlikes(encoding, outbox)


def data_url(content, kind="jpeg"):
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def state_of(html):
    return dict(parse_qsl(unescape(re.search(r'data-query="([^"]+)"', html)[1])))


def test_the_look_alike_is_drawn_and_its_recipe_draws_it_again(look_alikes, encoding, returned):
    content = returned(look_alikes.lookalike(data_url(saved("JPEG")), 0.5))
    recipe = read_recipe(content)
    (face,) = recipe.faces
    assert isinstance(face, Kept)
    assert np.abs(face.point() - LATENT / 2).max() < np.abs(LATENT).max() / 2 / 127
    drawn = np.asarray(Image.open(io.BytesIO(content)))
    assert np.array_equal(drawn, encoding.generate(face.point()[None])[0])


def test_the_page_gets_the_face_of_the_photo_and_the_code_of_its_look_alike(look_alikes):
    told = look_alikes.take(saved("JPEG"), "0")
    assert set(told) == {"code", "photo", "faces", "shown"}
    html = look_alikes.draw(told["code"], 1)
    assert state_of(html) == {"you": told["code"], "strength": "1"}
    assert told["faces"] == []
    with Image.open(io.BytesIO(base64.b64decode(told["photo"].split(",")[1]))) as face:
        assert face.size == (16, 16)


def test_of_several_faces_any_can_be_chosen(look_alikes):
    bright = saved("PNG", Image.new("RGB", (120, 120), (250, 250, 250)))
    told = look_alikes.take(bright, "1")
    assert len(told["faces"]) == 2 and told["shown"] == 1
    for wrong in ("2", "-1", "x", "1e9"):
        with pytest.raises(FaceGANError, match="face must be"):
            look_alikes.take(bright, wrong)


def test_a_link_to_a_look_alike_is_short_and_shows_it_again(look_alikes, encoding):
    state = YouState(Kept.of(LATENT), 0.7)
    assert len(state.query()) < 250  # and with a look-alike in every field of a page less than 2,000
    query = dict(parse_qsl(state.query()))
    (tab, code, strength, html), complaints = look_alikes.open_page(query)
    assert (code, strength, complaints) == (query["you"], 0.7, [])
    assert tab.selected == TAB.id
    assert state_of(html) == query
    again, notes = look_alikes.open_page({"you": "7", "strength": "9"})
    assert all(value == gr.skip() for value in again) and len(notes) == 2


def test_a_mix_of_two_look_alikes_stays_below_two_thousand_letters(encoding):
    from facegan.demo.mix_tab import MixState

    a, b = Kept.of(LATENT), Kept.of(-LATENT)
    assert len(MixState(a, b, 0.5, (), 0.8).query()) < 2000


def test_its_picture_is_opened_as_a_face(encoding):
    recipe = recipe_of(encoding, [Kept.of(LATENT)], 1.0)
    query = dict(parse_qsl(link_of(json.dumps(recipe.to_dict()), None, encoding, TABS)))
    assert query["seed"] == as_text(Kept.of(LATENT))


def own(model):
    return encode_png(model.generate(model.latents([1]))[0], recipe_of(model, [1], 0.8).to_dict())


def test_a_heic_photo_is_read_or_answered_by_one_sentence(look_alikes):
    with pytest.raises(FaceGANError) as error:  # it is dark, so there is no face in it where it is read
        look_alikes.take(heif(), "0")
    assert str(error.value).endswith(".") and len(str(error.value)) < 250


@pytest.mark.parametrize("kind", GOOD)
def test_odd_photos_are_read(look_alikes, kind):
    assert look_alikes.take(GOOD[kind], "0")["code"]


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_photo_of_a_person_is_answered_by_one_sentence(look_alikes, kind):
    sentences = []
    for ask in (lambda: look_alikes.take(BAD[kind], "0"), lambda: look_alikes.lookalike(data_url(BAD[kind]))):
        with pytest.raises(FaceGANError) as error:
            ask()
        sentences.append(str(error.value))
    assert sentences[0] == sentences[1]
    assert sentences[0].endswith((".", "!")) and len(sentences[0]) < 250 and "\n" not in sentences[0]


def test_a_picture_that_was_made_here_is_no_photo(look_alikes, model):
    with pytest.raises(FaceGANError, match="made by FaceGAN"):
        look_alikes.take(own(model), "0")


@pytest.mark.parametrize("text", [None, 7, "", "   ", "hello, world", "data:image/png;base64,@@@", "data:text/x,abc"])
def test_what_is_no_data_url_is_answered_by_one_sentence(look_alikes, text):
    with pytest.raises(FaceGANError, match="photo"):
        look_alikes.lookalike(text)


def test_the_tab_is_shown_where_the_model_encodes(model, encoding):
    assert TAB.shown(encoding) and not TAB.shown(model)


def test_photos_that_wait_do_not_keep_sliders_waiting(encoding, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(LookAlikes, "take", lambda *_: {"done": released.wait(30)})
    routes = {route.path: route.endpoint for route in build_demo(encoding).page.routes}

    def request(query=b""):
        async def receive():
            return {"type": "http.request", "body": b"a photo"}

        return Request({"type": "http", "method": "POST", "query_string": query, "headers": []}, receive)

    async def visit():
        photos = [asyncio.create_task(routes["/lookalike-photo"](request())) for _ in range(4)]
        await asyncio.sleep(0.1)
        face = await asyncio.wait_for(routes["/live/morph"](request(b"seeds=7,8")), 20)
        assert not any(photo.done() for photo in photos)
        released.set()
        return face, [await photo for photo in photos]

    face, photos = asyncio.run(visit())
    assert face.status_code == 200
    assert all(photo.body == b'{"done":true}' for photo in photos)
