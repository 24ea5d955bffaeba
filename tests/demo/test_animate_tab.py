import asyncio
import io
import json
import re
from html import unescape
from urllib.parse import parse_qsl

import av
import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.pictures import enlarge
from facegan.base.stamp import as_text as as_stamp
from facegan.demo.animate_tab import AnimateState, Animations, film_frames
from facegan.demo.build import TABS
from facegan.demo.render import Busy, Line, Renderer
from facegan.demo.reopen import link_of
from facegan.model.face import Edited, Mixed, Neighbour, Seed, latent_of
from facegan.model.face_text import as_text, to_json
from facegan.model.provenance import Swing, read_recipe

FACE = Mixed(Seed.of("Anna"), Seed(7), 0.5)


@pytest.fixture
def animations(edited_model, outbox):
    return Animations(edited_model, outbox, Renderer())


@pytest.fixture
def film(animations, returned):
    """film(...): the bytes that a caller of /animate fetches."""
    return lambda *arguments, **named: returned(asyncio.run(animations.endpoint(*arguments, **named)))


def state_of(html):
    return dict(parse_qsl(unescape(re.search(r'data-query="([^"]+)"', html)[1])))


@pytest.mark.parametrize("reach", [1.0, -0.5])
def test_the_slider_goes_there_and_back(edited_model, face, reach):
    frames = list(film_frames(edited_model, AnimateState(Seed(7), "smile", reach, 6, 0.8)))
    assert len(frames) == 12
    assert np.array_equal(frames[0], face(7, 0.8))
    end = edited_model.generate(edited_model.edit(edited_model.latents([7], 0.8), {"smile": reach}))[0]
    assert np.array_equal(frames[6], end)
    assert all(np.array_equal(frames[i], frames[-i]) for i in range(1, 6))
    assert not np.array_equal(frames[1], frames[0])  # the loop does not stand still


def test_an_edited_face_starts_as_it_is_and_its_locks_hold(edited_model):
    edited = Edited(Seed(7), {"age": -1.0}, ("age",))
    frames = list(film_frames(edited_model, AnimateState(edited, "smile", 1.0, 4, 0.8)))
    before = latent_of(edited_model, edited, 0.8)[None]
    assert np.array_equal(frames[0], edited_model.generate(before)[0])
    end = edited_model.generate(edited_model.edit(before, {"smile": 1.0}, ("age",)))[0]
    assert np.array_equal(frames[4], end)


@pytest.mark.parametrize("others", [{}, {"age": -1.0}])
def test_a_slider_that_the_face_has_moved_starts_at_0(edited_model, others):
    edited = Edited(Seed(7), {"smile": 0.9, **others}, ("age",))
    frames = list(film_frames(edited_model, AnimateState(edited, "smile", 1.0, 4, 0.8)))
    before = edited_model.edit(edited_model.latents([7], 0.8), others, ("age",))
    assert np.array_equal(frames[0], edited_model.generate(before)[0])
    end = edited_model.generate(edited_model.edit(before, {"smile": 1.0}, ("age",)))[0]
    assert np.array_equal(frames[4], end)


def test_an_mp4_and_a_gif_show_the_face_and_the_end(film, edited_model, face):
    end = edited_model.generate(edited_model.edit(edited_model.latents([7], 0.8), {"smile": 1.0}))[0]
    with av.open(io.BytesIO(film(7, "smile", "mp4", frames_per_leg=5, truncation=0.8))) as video:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in video.decode(video=0)]
    assert len(frames) == 10
    for i, expected in ((0, face(7, 0.8)), (5, end)):
        assert np.abs(frames[i] - enlarge(expected, 384)).mean() < 8
    with Image.open(io.BytesIO(film(7, "smile", "gif", frames_per_leg=5, truncation=0.8))) as gif:
        assert (gif.format, gif.n_frames, gif.info["loop"]) == ("GIF", 10, 0)


def test_the_film_opens_the_tab_as_it_was(film, edited_model, animations):
    recipe = read_recipe(film(to_json(FACE), "age", "gif", -0.5, 3, 0.8))
    assert (recipe.shown, recipe.swing) == ((FACE,), Swing("age", -0.5, 3))
    link = link_of(as_stamp(recipe.to_dict()), None, edited_model, [tab for tab in TABS if tab.shown(edited_model)])
    query = dict(parse_qsl(link))
    state, complaints = AnimateState.read(query, 0.7, ["smile", "age"])
    assert (state, complaints) == (AnimateState(FACE, "age", -0.5, 3, 0.8), [])
    (tabs, _, *settings, here), _ = animations.open_page(query)
    assert (tabs.selected, settings, state_of(here)) == ("animate", ["age", -0.5, 3], query)
    assert animations.open_page({"seed": "7"}) == ((gr.skip(),) * 6, [])


def test_an_animated_picture_is_a_face_for_the_endpoints(film):
    recipe = read_recipe(film("Anna", frames_per_leg=2, format="gif", truncation=0.8))
    again = read_recipe(film(recipe.to_dict(), frames_per_leg=2, format="gif", truncation=0.3))
    assert again.shown == (Seed(Seed.of("Anna").number, "Anna", 0.8),)


def test_the_page_shows_the_face_at_the_end(animations, edited_model, pictures_in):
    html = animations.show("Anna", "smile", 1, 24, 0.8)
    number = Seed.of("Anna").number
    end = edited_model.generate(edited_model.edit(edited_model.latents([number], 0.8), {"smile": 1.0}))[0]
    assert np.array_equal(pictures_in(html)[0], enlarge(end, 256))
    assert "Anna, smile +1" in html
    assert state_of(animations.figure(state_of(html), preview=True)) == state_of(html)
    assert 'data-current="Anna"' in html  # and not the face at the end, which another tab would begin with
    child = as_text(Neighbour(FACE, 3, 0.2))
    html = animations.show(child, "smile", 1, 24, 0.8)
    assert "Anna and seed 7, smile +1" in html
    assert json.loads(unescape(re.search('data-titles="([^"]+)"', html)[1]))[child] == "Anna and seed 7, evolved"
    assert animations.show(" ", "smile", 1, 24, 0.8) == gr.skip()  # cleared to type another


def test_a_long_face_is_a_link_of_less_than_2000_letters(animations):
    face = FACE
    for i in range(12):
        face = Mixed(face, Edited(Seed.of(f"{i} Anna"), {"smile": 0.123456789}), 0.123456789)
    query = state_of(animations.show(to_json(face), "smile", 1, 24, 0.8))
    assert sum(map(len, query.values())) < 1900


def test_what_a_link_gets_wrong_is_put_right_and_said():
    query = {"animate": "7", "slider": "beret", "reach": "9", "frames": "0"}
    state, said = AnimateState.read(query, 0.7, ["smile"])
    assert state == AnimateState(Seed(7), "smile", 1, 1, 0.7)
    assert len(said) == 3


def test_films_wait_in_the_line_of_films(animations):
    async def flood():
        calls = [animations.endpoint(i, frames_per_leg=60) for i in range(2 * Line.CALLS.most + 1)]
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(flood())
    assert any(isinstance(answer, Busy) for answer in answers)
    assert any(isinstance(answer, dict) for answer in answers)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "face must be a whole number"),
        ((None,), "face must be a seed"),
        ((7, "hat"), "slider must be one of smile, age"),
        ((7, ["smile"]), "slider must be one of smile, age"),
        ((7, "smile", "avi"), "format must be one of mp4, gif"),
        ((7, "smile", "mp4", 2), "reach must be a number from -1 to 1"),
        ((7, "smile", "mp4", 1, 61), "frames_per_leg must be a whole number from 1 to 60"),
        ((7, "smile", "mp4", 1, 24, 2), "truncation must be"),
    ],
)
def test_animate_says_which_argument_is_wrong(animations, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        asyncio.run(animations.endpoint(*arguments))


def test_a_film_of_a_slider_that_is_gone_says_so(film, model, edited_model):
    recipe = read_recipe(film(7, "age", "gif", frames_per_leg=1))
    told = as_stamp(recipe.to_dict()).replace('"age"', '"beret"')
    with pytest.raises(FaceGANError, match="no longer has"):
        link_of(told, None, edited_model, TABS)
