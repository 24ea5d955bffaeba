import io
import re
from html import unescape
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.demo.evolve_tab import EvolveState, Evolving
from facegan.model.face import Mixed, Neighbour, Seed, latent_of
from facegan.model.face_text import as_text, from_text
from facegan.model.provenance import read_recipe


@pytest.fixture
def evolving(edited_model, outbox):
    return Evolving(edited_model, outbox)


def texts(grid):
    return [unescape(text) for text in re.findall(r'data-face="([^"]+)"', grid)]


def state_of(html):
    return dict(parse_qsl(unescape(re.search(r'data-query="([^"]+)"', html)[1])))


def test_neighbours_are_what_their_recipes_say(evolving, edited_model, returned):
    files = [returned(file) for file in evolving.neighbours("Anna", 4, 0.2, "age", brood=5, truncation=0.8)]
    faces = [read_recipe(content).shown[0] for content in files]
    assert faces == [Neighbour(Seed.of("Anna"), 5 + i, 0.2, ("age",)) for i in range(4)]
    for content, face in zip(files, faces, strict=True):
        drawn = edited_model.generate(latent_of(edited_model, face, 0.8)[None])[0]
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), drawn)


def test_neighbours_at_no_distance_are_the_parent(evolving, face, returned):
    (file,) = evolving.neighbours(7, 1, 0, truncation=0.8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(returned(file)))), face(7, 0.8))


def test_two_parents_have_children_of_both(evolving, returned):
    faces = [read_recipe(returned(file)).shown[0] for file in evolving.neighbours(7, 3, 0.1, other="Anna")]
    assert all(isinstance(face.of, Mixed) and (face.of.a, face.of.b) == (Seed(7), Seed.of("Anna")) for face in faces)
    assert len({face.of.amount for face in faces}) == 3
    figure, grid = evolving.draw(as_text(faces[0]), "", 0.3, "1", 0.8, True, False)
    for html in (figure, grid):
        assert "seed 7 and Anna, evolved" in html
    assert 'data-save="face-7-Anna.png"' in figure
    assert [file["orig_name"] for file in evolving.neighbours(7, 2, 0.1, other="Anna")] == [
        "near-7-Anna-1.png",
        "near-7-Anna-2.png",
    ]


def test_a_chosen_child_is_the_next_parent_for_fifty_steps(evolving, pictures_in):
    parent = "Anna"
    for step in range(50):
        figure, grid = evolving.draw(parent, "", 0.3, str(step), 0.8, True, False)
        assert len(state_of(figure)["parent"]) <= 800
        parent = texts(grid)[4]
        if step % 10 == 9:
            shown = evolving.draw(parent, "", 0.3, "1", 0.8, True, False)[0]
            assert shown  # its own picture
            small = pictures_in(grid)[4].astype(int)
            large = np.asarray(Image.fromarray(pictures_in(shown)[0]).resize((128, 128))).astype(int)
            assert np.abs(small - large).mean() < 6
    from_text(parent)


def test_a_link_brings_the_neighbours_back(evolving):
    figure, grid = evolving.draw("7", "Anna", 0.4, "12", 0.8, False, True)
    opened, complaints = evolving.open_page(state_of(figure))
    tabs, *settings, again, neighbours = opened
    assert (tabs.selected, settings, complaints) == ("evolve", ["7", "Anna", 0.4, "12", False, True], [])
    assert (again, neighbours) == (figure, grid)
    assert evolving.open_page({"seed": "7"}) == ((gr.skip(),) * 9, [])


def test_a_cleared_parent_leaves_the_page_as_it_is(evolving):
    assert evolving.draw("", "", 0.3, "0", 0.8, False, False) == (gr.skip(), gr.skip())


def test_what_a_link_gets_wrong_is_put_right_and_said():
    query = {"parent": "~x", "distance": "9", "brood": "-1", "hold": "hat,smile"}
    state, said = EvolveState.read(query, 0.7, ["smile"])
    assert (state.distance, state.brood, state.hold, len(said)) == (1, 0, ("smile",), 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "face must be a whole number"),
        ((7, 26), "count must be a whole number from 1 to 25"),
        ((7, 9, 2), "distance must be a number from 0 to 1"),
        ((7, 9, 0.3, "hat"), "hold names 'hat'"),
        ((7, 9, 0.3, "", [1]), "other must be a seed"),
        ((7, 9, 0.3, "", None, 2**32), "brood must be"),
    ],
)
def test_neighbours_says_which_argument_is_wrong(evolving, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        evolving.neighbours(*arguments)
