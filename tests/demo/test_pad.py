import asyncio
import io

import numpy as np
import pytest
from PIL import Image
from starlette.requests import Request

from facegan.base.errors import FaceGANError
from facegan.base.pictures import enlarge
from facegan.base.stamp import read_stamp
from facegan.demo.pad import Grids, markup
from facegan.demo.render import Renderer
from facegan.model.face import Edited, Seed
from facegan.model.face_text import to_json
from facegan.model.provenance import read_recipe
from facegan.sliders.slider import Slider

CELL = 192


@pytest.fixture
def grids(edited_model, outbox):
    return Grids(edited_model, outbox, Renderer())


@pytest.fixture
def grid(grids, returned):
    """grid(...): the bytes that a caller of /grid fetches."""
    return lambda *arguments, **named: returned(asyncio.run(grids.endpoint(*arguments, **named)))


def asked(grids, query):
    """The answer over HTTP."""
    scope = {"type": "http", "query_string": query.encode(), "headers": [], "client": ("127.0.0.1", 1)}
    return asyncio.run(grids.answer(Request(scope)))


def shows(page, face):
    """Whether a picture (H, W, 3) has an enlarged face (16, 16, 3) in it, and where: (row, column) of the grid."""
    small = enlarge(face, CELL)
    corners = np.argwhere((page == small[0, 0]).all(axis=2))
    found = [(y, x) for y, x in corners.tolist() if np.array_equal(page[y : y + CELL, x : x + CELL], small)]
    return found[0] if found else None


def test_the_corners_and_the_middle_are_the_two_sliders(grid, edited_model):
    page = np.asarray(Image.open(io.BytesIO(grid(7, "smile", "age", 0.8))).convert("RGB"))
    latent = edited_model.latents([7], 0.8)

    def drawn(smile, age):
        return edited_model.generate(edited_model.edit(latent, {"smile": smile, "age": age}))[0]

    places = {(x, y): shows(page, drawn(x, y)) for x in (-1, 1) for y in (-1, 1)}
    assert places[-1, 1] < places[1, 1] < places[-1, -1] < places[1, -1]  # the first slider to the right, the other up
    middle = shows(page, edited_model.generate(latent)[0])
    assert middle == tuple((np.array(places[-1, 1]) + places[1, -1]) // 2)
    assert page[:, : places[-1, 1][1]].min() < 60  # captions left and below
    assert page[places[1, -1][0] + CELL :].min() < 60


def test_what_else_is_moved_and_locked_stays_and_the_picture_says_so(grid, edited_model):
    content = grid(to_json(Edited(Seed(7), {"smile": 0.5}, ("smile",))), "age", "smile", 0.8)
    assert read_recipe(content).shown == (Seed(7),)  # both axes have taken its smile
    assert read_stamp(content)["grid"] == ["age", "smile"]


def test_the_page_gets_the_grid_of_its_state(grids, grid):
    answer = asked(grids, "seed=Anna&truncation=0.8&tab=sliders&across=age&up=smile")
    assert answer.media_type == "image/png"
    assert answer.body == grid("Anna", "age", "smile", 0.8)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("seed=7", "no link"),
        ("seed=7&tab=sliders", "across must be one of smile, age"),
        ("seed=7&tab=sliders&across=age&up=hat", "up must be one of"),
    ],
)
def test_a_wrong_question_is_one_sentence(grids, query, sentence):
    answer = asked(grids, query)
    assert answer.status_code == 404
    assert sentence in answer.body.decode()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "face must be a whole number"),
        ((7, "hat"), "across must be one of smile, age"),
        ((7, "smile", "smile"), "must be two sliders"),
        ((7, "smile", "age", 2), "truncation must be"),
    ],
)
def test_grid_says_which_argument_is_wrong(grids, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        asyncio.run(grids.endpoint(*arguments))


def test_the_pad_offers_every_slider_and_escapes_its_label():
    html = markup([Slider("smile", "<b>Smile"), Slider("age", "Age"), Slider("hat", "Hat")])
    assert html.count('value="age"') == 2
    assert "<b>" not in html
