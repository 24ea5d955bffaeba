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
from facegan.base.pictures import enlarge
from facegan.base.seeds import MAX_SEED
from facegan.demo.faces_tab import Faces, draw_figure
from facegan.demo.state import FacesState
from facegan.model.face import Edited, Mixed, Seed, latent_of
from facegan.model.face_text import as_text, to_json
from facegan.model.provenance import read_recipe, recipe_of


@pytest.fixture
def faces(model, outbox):
    return Faces(model, outbox)


def shown_seed(pictures_in, face, figure, truncation, candidates):
    """Which of the candidates' faces the figure shows large."""
    large = pictures_in(figure)[0]
    return [seed for seed in candidates if np.array_equal(large, enlarge(face(seed, truncation), 384))]


def test_generate_gives_the_faces_of_the_seeds_in_order(faces, face, returned):
    files = faces.generate(5, count=3, truncation=0.9)
    drawn = [np.asarray(Image.open(io.BytesIO(returned(file)))) for file in files]
    assert [np.array_equal(image, face(5 + i, 0.9)) for i, image in enumerate(drawn)] == [True] * 3
    assert not np.array_equal(drawn[0], drawn[1])
    assert [file["orig_name"] for file in files] == ["face-5.png", "face-6.png", "face-7.png"]


def test_generate_takes_the_models_own_truncation_and_one_face(faces, face, returned):
    (file,) = faces.generate(5)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(returned(file)))), face(5, 0.7))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 1, 0.7), "seed must be a whole number from 0"),
        ((MAX_SEED, 2, 0.7), f"seed must be a whole number from 0 to {MAX_SEED - 1}"),
        (([], 1, 0.7), "seed must be"),
        (("Anna\n", -1, 0.7), "count must be"),
        (({"of": 7}, 1, 0.7), "no face"),
        (({"mix": [1, 2], "amount": 0.5}, 2, 0.7), "seed must be a whole number"),
        (({"of": 7, "sliders": {"beret": 1}}, 1, 0.7), "cannot draw that face"),
        ((1, 26, 0.7), "count must be a whole number from 1 to 25"),
        ((1, 1, 1.6), "truncation must be a number from 0 to 1.5"),
    ],
)
def test_generate_says_which_argument_is_wrong(faces, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        faces.generate(*arguments)


def test_the_large_face_is_lossless_and_carries_its_link(model, face, pictures_in):
    state = FacesState(42, 0.5, 4, 41)
    html = draw_figure(model, state)
    assert shown_seed(pictures_in, face, html, 0.5, range(40, 45)) == [42]
    assert "seed=42&amp;truncation=0.5&amp;count=4&amp;first=41" in html
    assert "AI-generated" in html


def test_the_grid_holds_every_seed_and_marks_the_large_one(faces, face, pictures_in):
    *_, html = faces.draw_seed(42, 0.5, 4, 41)
    drawn = pictures_in(html)
    assert [np.array_equal(image, enlarge(face(41 + i, 0.5), 128)) for i, image in enumerate(drawn)] == [True] * 4
    assert [part.split('"')[0] for part in html.split('data-seed="')[1:]] == ["41", "42", "43", "44"]
    assert [part.split('"')[0] for part in html.split('aria-pressed="')[1:]] == ["false", "true", "false", "false"]


def test_a_single_face_needs_no_grid(faces):
    assert faces.draw_seed(42, 0.5, 1, 42)[3] == ""


def test_typing_a_seed_does_not_write_the_field_back(faces, face, pictures_in):
    seed, first, figure, grid = faces.draw_seed(12, 0.6, 3, 500)
    assert seed == gr.skip()
    assert first == 12
    assert len(pictures_in(grid)) == 3
    assert shown_seed(pictures_in, face, figure, 0.6, range(10, 15)) == [12]


def test_an_impossible_seed_is_put_right_in_the_field(faces):
    assert faces.draw_seed(-4, 0.6, 3, 500)[:2] == ("0", 0)
    assert faces.draw_seed(MAX_SEED + 9, 0.6, 3, 500)[:2] == (str(MAX_SEED), MAX_SEED - 2)


def test_a_cleared_seed_field_leaves_the_page_as_it_is(faces):
    assert faces.draw_seed(None, 0.6, 3, 500) == (gr.skip(),) * 4


def test_a_chosen_face_becomes_the_large_one_and_the_grid_stays(faces, face, pictures_in):
    figure = faces.draw_large(43, 0.6, 5, 40)
    assert shown_seed(pictures_in, face, figure, 0.6, range(40, 45)) == [43]
    assert "first=40" in figure


def test_no_seed_cannot_be_chosen(faces):
    with pytest.raises(FaceGANError, match="whole number"):
        faces.draw_large(None, 0.6, 5, 40)


def test_a_name_is_a_face_with_its_number_beside_it(faces, face, pictures_in):
    anna = Seed.of("Anna")
    seed, first, figure, grid = faces.draw_seed(" anna", 0.6, 3, 500)
    assert (seed, first) == (gr.skip(), anna.number)
    assert np.array_equal(pictures_in(figure)[0], enlarge(face(anna.number, 0.6), 384))
    assert f"anna, seed {anna.number}" in figure
    assert "seed=anna&amp;" in figure
    assert len(pictures_in(grid)) == 3
    assert "<b>" not in faces.draw_seed("<b>", 0.6, 1, 0)[2]


def test_a_face_that_is_no_seed_can_be_the_large_one_and_come_back(faces, model, pictures_in):
    mixed = Mixed(Seed(1), Seed.of("Anna"), 0.25)
    for written in (as_text(mixed), json.dumps(to_json(mixed)), to_json(mixed)):
        figure = faces.draw_seed(written, 0.6, 3, 500)[2]
        expected = model.generate(latent_of(model, mixed, 0.6)[None])[0]
        assert np.array_equal(pictures_in(figure)[0], enlarge(expected, 384))
    query = dict(parse_qsl(unescape(re.search(r'data-query="([^"]+)"', figure)[1])))
    opened, complaints = faces.open_page(query)
    assert (opened[2], complaints) == (as_text(mixed), [])
    assert pictures_in(opened[4])[0].tobytes() == pictures_in(figure)[0].tobytes()


def test_a_saved_picture_is_a_face_for_callers(faces, model, returned):
    recipe = recipe_of(model, [Mixed(Seed(1), Seed(2), 0.5)], 0.5)
    (file,) = faces.generate(json.dumps(recipe.to_dict()), truncation=1.2)
    image = np.asarray(Image.open(io.BytesIO(returned(file))))
    assert np.array_equal(image, model.generate(latent_of(model, recipe.shown[0], 0.5)[None])[0])
    (file,) = faces.generate(read_recipe(returned(file)).to_dict())  # and what comes back is one again
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(returned(file)))), image)
    with pytest.raises(FaceGANError, match="made by another model"):
        faces.generate({**recipe.to_dict(), "weights": "0" * 16})


def test_a_link_to_a_face_of_another_model_shows_some_face_and_says_why(faces):
    opened, complaints = faces.open_page({"seed": as_text(Edited(Seed(7), {"beret": 1.0})), "count": "1"})
    assert "AI-generated" in opened[4]
    assert "cannot draw that face" in complaints[0]
