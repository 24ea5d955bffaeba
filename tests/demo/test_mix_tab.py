import io
import json
import re
from html import unescape
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.latent_paths import slerp
from facegan.base.pictures import enlarge
from facegan.base.stamp import as_text as as_stamp
from facegan.demo.build import TABS
from facegan.demo.mix_tab import Mixes, MixState
from facegan.demo.reopen import link_of
from facegan.model.face import Alike, Edited, Mixed, Seed, latent_of
from facegan.model.face_text import as_text, to_json
from facegan.model.provenance import read_recipe


@pytest.fixture
def mixes(edited_model, outbox):
    return Mixes(edited_model, outbox)


def state_of(html):
    return dict(parse_qsl(unescape(re.search(r'data-query="([^"]+)"', html)[1])))


def picture(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize("amount", [0, 0.25, 1])
def test_a_mix_is_on_the_way_from_the_first_face_to_the_second(mixes, edited_model, returned, amount):
    a, b = edited_model.latents([7, Seed.of("Anna").number], 0.8)
    drawn = picture(returned(mixes.mix(7, "Anna", amount, truncation=0.8)))
    assert np.array_equal(drawn, edited_model.generate(slerp(a, b, amount)[None])[0])


def test_only_what_is_named_is_taken_of_the_second_face(mixes, edited_model, returned):
    other = Edited(Seed(7), {"smile": 1.0, "age": -1.0})
    content = returned(mixes.mix(7, to_json(other), 1, "smile", 0.8))
    taken = Mixed(Seed(7), Alike(Seed(7), other, ("smile",)), 1.0)
    assert read_recipe(content).shown == (taken,)
    scores = edited_model.slider_set.surrogate.scores
    before, whole, found = (
        scores(latent_of(edited_model, face, 0.8)[None])[0] for face in (Seed(7), other, taken)
    )  # smile, age
    assert found[0] == pytest.approx(whole[0], abs=0.1)
    assert found[1] == pytest.approx(before[1], abs=0.1)


def test_a_mix_is_a_face_again(mixes, edited_model, returned):
    first = returned(mixes.mix(7, "Anna", 0.25))
    again = returned(mixes.mix(json.dumps(read_recipe(first).to_dict()), 3, 0, truncation=1.2))
    assert np.array_equal(picture(again), picture(first))


def test_the_link_and_the_picture_bring_the_mix_back(mixes, edited_model, returned, pictures_in):
    html = mixes.draw("Anna, Maria", "7", 0.25, 0.8, True, False)
    opened, complaints = mixes.open_page(state_of(html))
    tabs, a, b, amount, smile, age, figure = opened
    assert (tabs.selected, b, amount, smile, age, complaints) == ("mix", "7", 0.25, True, False, [])
    assert pictures_in(figure)[0].tobytes() == pictures_in(html)[0].tobytes()
    content = returned(mixes.mix(a, b, amount, "smile", 0.8))
    tabs = [tab for tab in TABS if tab.shown(edited_model)]
    link = link_of(as_stamp(read_recipe(content).to_dict()), None, edited_model, tabs)
    assert dict(parse_qsl(link)) == state_of(html)
    assert np.array_equal(enlarge(picture(content), 384), pictures_in(html)[0])
    assert mixes.open_page({"seed": "7"}) == ((gr.skip(),) * 7, [])


def test_an_edited_face_is_mixed_as_it_is_and_called_what_it_is(mixes, edited_model, pictures_in):
    edited = Edited(Seed.of("Anna"), {"smile": 1.0})
    html = mixes.draw(as_text(edited), "7", 0.25, 0.8, False, False)
    mixed = Mixed(edited, Seed(7), 0.25)
    expected = edited_model.generate(latent_of(edited_model, mixed, 0.8)[None])[0]
    assert np.array_equal(pictures_in(html)[0], enlarge(expected, 384))
    assert 'data-save="face-Anna-7.png"' in html
    assert f'data-current="{as_text(mixed)}"' in html
    titles = json.loads(unescape(re.search('data-titles="([^"]+)"', html)[1]))
    assert titles[as_text(edited)] == "Anna, edited"


def test_a_mix_of_mixes_is_a_link_of_less_than_2000_letters(mixes, pictures_in):
    face = Seed(1)
    for i in range(12):
        face = Mixed(face, Edited(Seed.of(f"{i} Anna"), {"smile": 0.123456789}), 0.123456789)
    html = mixes.draw(json.dumps(to_json(face)), json.dumps(to_json(face.a)), 0.25, 0.8, False, False)
    assert len(re.search(r'data-query="([^"]+)"', html)[1]) < 2000
    opened, _ = mixes.open_page(state_of(html))
    assert pictures_in(opened[-1])[0].tobytes() == pictures_in(html)[0].tobytes()


def test_a_cleared_field_leaves_the_page_as_it_is(mixes):
    assert mixes.draw("", "7", 0.5, 0.8, False, False) == gr.skip()


def test_what_a_link_gets_wrong_is_put_right_and_said():
    state, said = MixState.read({"face_a": "~x", "face_b": "7", "amount": "9", "only": "smile,beret"}, 0.7, ["smile"])
    assert (state.b, state.amount, state.only) == (Seed(7), 1, ("smile",))
    assert len(said) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 7), "face_a must be a whole number"),
        ((7, None), "face_b must be a seed"),
        ((7, 8, 1.5), "amount must be a number from 0 to 1"),
        ((7, 8, 0.5, "hat"), "only names 'hat', but the sliders are smile, age"),
        ((7, 8, 0.5, "", 2), "truncation must be"),
    ],
)
def test_mix_says_which_argument_is_wrong(mixes, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        mixes.mix(*arguments)


def test_a_model_without_sliders_mixes_too(model, outbox):
    assert len(Mixes(model, outbox).open_page({"face_a": "1", "face_b": "2"})[0]) == 5
