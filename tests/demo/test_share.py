import io
import re
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.pictures import enlarge
from facegan.demo import build, share
from facegan.demo.evolve_tab import EvolveState
from facegan.demo.mix_tab import MixState
from facegan.demo.state import FacesState, MorphState, SlidersState
from facegan.model.face import Edited, Kept, Mixed, Neighbour, Seed, latent_of
from facegan.model.face_text import as_text
from facegan.model.provenance import read_recipe


@pytest.fixture
def sharing(edited_model):
    return share.Sharing(edited_model, build.TABS)


def query_of(state):
    return dict(parse_qsl(state.query()))


def picture(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


ANNA = Seed.of("Anna")
STATES = [
    (FacesState(7, 0.8, 2, 7), Seed(7)),
    (FacesState(Mixed(ANNA, Seed(7), 0.5), 0.8, 2, 7), Mixed(ANNA, Seed(7), 0.5)),
    (FacesState(Kept.of(np.ones(100, np.float32)), 0.8, 2, 7), Kept.of(np.ones(100, np.float32))),
    (SlidersState(ANNA, 0.8, {"smile": 0.5}, ("age",)), Edited(ANNA, {"smile": 0.5}, ("age",))),
    (SlidersState(7, 0.8, {}, ()), Seed(7)),
    (MixState(ANNA, Seed(7), 0.25, (), 0.8), Mixed(ANNA, Seed(7), 0.25)),
    (EvolveState(Neighbour(ANNA, 3, 0.4), None, 0.3, (), 9, 0.8), Neighbour(ANNA, 3, 0.4)),
]


@pytest.mark.parametrize(("state", "face"), STATES)
@pytest.mark.parametrize("size", ["", "256", "1024"])
def test_a_links_face_is_saved_as_the_model_draws_it(sharing, edited_model, state, face, size):
    content, name = sharing.picture({**query_of(state), "_size": size})
    drawn = edited_model.generate(latent_of(edited_model, face, 0.8)[None])[0]
    assert np.array_equal(picture(content), enlarge(drawn, int(size)) if size else drawn)
    assert read_recipe(content).shown == (face,)
    assert name.endswith(f"-{size or 16}px.png")


def test_a_webp_has_the_recipe_that_restores_the_face(sharing, edited_model):
    content, name = sharing.picture({"seed": "7", "smile": "1", "truncation": "0.8", "_size": "512", "_format": "webp"})
    assert (name, Image.open(io.BytesIO(content)).format) == ("face-7-512px.webp", "WEBP")
    assert picture(content).shape == (512, 512, 3)
    recipe = read_recipe(content)
    assert (recipe.seeds, recipe.sliders, recipe.weights) == ((7,), {"smile": 1}, edited_model.weights)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "no link to a single face"),
        ({"seed": "~x"}, "no link to a single face"),
        ({"seeds": "1,2"}, "no link to a single face"),
        ({"seed": "7", "_size": "9999"}, "_size must be one of"),
        ({"seed": "7", "_format": "exe"}, "_format must be one of png, webp"),
    ],
)
def test_what_cannot_be_saved_is_said(sharing, query, sentence):
    with pytest.raises(FaceGANError, match=sentence):
        sharing.picture(query)


def test_a_links_preview_shows_its_face(sharing, edited_model):
    for state, face in STATES:
        card = picture(sharing.preview(query_of(state))[0])
        assert card.shape == (630, 1200, 3)
        drawn = enlarge(edited_model.generate(latent_of(edited_model, face, 0.8)[None])[0], 630)
        assert np.abs(card[:, :630].astype(int) - drawn).mean() < 6  # it is a JPEG
        assert card[:, 660:].std() > 1  # its title


def test_a_preview_of_a_morph_shows_its_faces(sharing, edited_model):
    card = picture(sharing.preview(query_of(MorphState((3, 9), 0.8)))[0])
    for i, seed in enumerate((3, 9)):
        drawn = enlarge(edited_model.generate(edited_model.latents([seed], 0.8))[0], 440)
        left = (1200 - 880) // 2 + 440 * i
        assert np.abs(card[:440, left : left + 440].astype(int) - drawn).mean() < 6


HOSTILE = [
    {"seed": "~<script>"},
    {"seed": "9" * 5000},
    {"seed": "\ud800\0"},
    {"seeds": "1"},
    {"face_a": "~", "face_b": "~.AAAA"},
    {"parent": "{" * 100},
    {"seed": as_text(Edited(Seed(1), {"beret": 1.0}))},
    {"_weights": "x"},
]


@pytest.mark.parametrize("query", HOSTILE)
def test_a_link_that_says_no_face_has_the_preview_of_the_page(sharing, query):
    assert sharing.preview(query)[0] == sharing.preview({})[0]
    assert share.PREVIEW in sharing.tags(urlencode(query, errors="replace"), "https://example.org")


def test_a_fault_of_ours_is_logged_and_answered_with_the_preview_of_the_page(sharing, monkeypatch, caplog):
    card = sharing._card
    monkeypatch.setattr(sharing, "_card", lambda recipe: card(recipe) if recipe is None else 1 / 0)
    assert sharing.preview({"seed": "7"})[0] == sharing.preview({})[0]
    assert "ZeroDivisionError" in caplog.text


def test_previews_are_drawn_once_and_few_are_kept(sharing, edited_model, monkeypatch):
    drawn, card = [], sharing._card
    monkeypatch.setattr(sharing, "_card", lambda recipe: drawn.append(recipe) or card(recipe))
    assert sharing.preview({"seed": "7"})[0] == sharing.preview({"seed": "7", "count": "3", "utm_source": "chat"})[0]
    assert len(drawn) == 1
    monkeypatch.setattr(share, "_CACHE", 3 * len(sharing.preview({"seed": "7"})[0]))
    for seed in range(8):
        sharing.preview({"seed": str(seed)})[0]
    assert sum(map(len, sharing._cards.values())) <= share._CACHE


def test_who_asks_for_too_many_previews_gets_that_of_the_page(sharing, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(share.time, "monotonic", lambda: now[0])
    sharing._counted = 0.0
    page = sharing.preview({})[0]
    cards = [sharing.preview({"seed": str(seed)})[0] for seed in range(share._BURST + 5)]
    assert page not in cards[: share._BURST]
    assert set(cards[share._BURST :]) == {page}
    # A program may ask again for a card that others were drawn in place of.
    assert not sharing.preview({"seed": "901"})[1]
    assert sharing.preview({"seed": "0"})[1]
    assert sharing.preview({})[1]
    assert sharing.preview({"seed": "0"})[0] == cards[0]  # what is kept costs nothing
    now[0] += 2 / share._RATE
    assert sharing.preview({"seed": "900"})[0] != page
    assert sharing.preview({"seed": "901"})[0] != page
    assert sharing.preview({"seed": "902"})[0] == page


def told(html):
    return {key: unescape(value) for key, value in re.findall(r'<meta \w+="([^"]+)" content="([^"]*)" />', html)}


def test_the_tags_of_a_link_name_its_face_and_its_preview(sharing, edited_model):
    tags = told(sharing.tags("seed=Anna&smile=1&__theme=dark", "https://example.org/faces"))
    assert "Anna, edited" in tags["og:title"]
    image = urlsplit(tags["og:image"])
    assert (image.scheme, image.netloc, image.path) == ("https", "example.org", "/faces/preview.jpg")
    query = dict(parse_qsl(image.query))
    assert query["_weights"] == edited_model.weights  # another model at the same address has other previews
    assert sharing.preview(query)[0] == sharing.preview({"seed": "Anna", "smile": "1"})[0]
    assert dict(parse_qsl(urlsplit(tags["og:url"]).query))["seed"] == "Anna"
    assert tags["twitter:card"] == "summary_large_image"
    assert tags["twitter:image"] == tags["og:image"]


def test_nothing_of_a_link_becomes_html(sharing):
    html = sharing.tags(urlencode({"seed": '"><script>alert(1)</script>'}), 'https://x"><script>')
    assert "<script" not in html
    assert "alert(1)" in told(html)["og:title"]
