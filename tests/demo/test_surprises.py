import io
from urllib.parse import parse_qsl

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.base.stamp import as_text as as_stamp
from facegan.demo import build
from facegan.demo.animate_tab import AnimateState, film_frames
from facegan.demo.evolve_tab import Evolving
from facegan.demo.mix_tab import Mixes
from facegan.demo.reopen import link_of
from facegan.demo.sliders_tab import Edits
from facegan.demo.surprises import markup
from facegan.model.face import Edited, Seed, latent_of
from facegan.model.provenance import read_recipe
from facegan.sliders.slider import Slider


@pytest.fixture
def edits(surprising_model, outbox):
    return Edits(surprising_model, outbox)


def moved(model, values, lock=()):
    """The face of seed 7 as the model itself draws it, uint8 (16, 16, 3)."""
    return model.generate(model.edit(model.latents([7], 0.8), values, lock))[0]


def ids(model):
    return {getattr(block, "elem_id", None) for block in build.build_demo(model).blocks.values()}


def test_a_model_without_surprises_shows_none(edited_model, surprising_model):
    controls = {f"{control}-surprise_{i}" for control in ("slider", "lock", "only", "hold") for i in (1, 2)}
    assert {"surprises", *controls} <= ids(surprising_model)
    assert not [name for name in ids(edited_model) if name and "surprise" in name]


def test_they_are_moved_like_the_others_and_the_link_and_the_picture_hold_them(
    edits, surprising_model, pictures_in, returned
):
    values = {"smile": 0.5, "surprise_2": -1.0}
    _, html = edits.draw_both(7, 0.8, 0.5, 0, 0, -1, False, True, True, False)
    expected = moved(surprising_model, values, ["age", "surprise_1"])
    assert np.array_equal(pictures_in(html)[0], enlarge(expected, 384))
    assert not np.array_equal(expected, moved(surprising_model, {"smile": 0.5}, ["age", "surprise_1"]))
    query = {"seed": "7", "truncation": "0.8", "smile": "0.5", "surprise_2": "-1", "lock": "age,surprise_1"}
    opened, complaints = edits.open_page(query)
    tabs, *controls, before, after = opened
    assert (tabs.selected, controls, complaints) == ("sliders", [0.5, 0, 0, -1.0, False, True, True, False], [])
    assert pictures_in(after)[0].tobytes() == pictures_in(html)[0].tobytes()
    assert edits.open_page({"seed": "7"})[0] == (gr.skip(),) * 11
    content = returned(edits.endpoint()(7, 0.8, smile=0.5, lock="age,surprise_1", surprise_2=-1.0))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), expected)
    recipe = read_recipe(content)
    assert recipe.shown == (Edited(Seed(7), values, ("age", "surprise_1")),)
    tabs = [tab for tab in build.TABS if tab.shown(surprising_model)]
    assert dict(parse_qsl(link_of(as_stamp(recipe.to_dict()), None, surprising_model, tabs))) == query


def test_edit_takes_them_last_and_says_what_they_are(surprising_model):
    (endpoint,) = [
        call for name, call in build.build_demo(surprising_model).get_api_info()["named_endpoints"].items()
        if name == "/edit"
    ]  # fmt: skip
    names = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
    assert names == ["seed", "truncation", "smile", "age", "lock", "surprise_1", "surprise_2"]
    assert "found without labels" in str(endpoint["parameters"][-1])


def test_a_surprise_is_taken_of_another_face_and_held_in_a_family(surprising_model, outbox, returned):
    read = surprising_model.latents([7, 8], 0.8)
    mixes, evolving = Mixes(surprising_model, outbox), Evolving(surprising_model, outbox)
    recipe = read_recipe(returned(mixes.mix(7, 8, 1, "surprise_2", 0.8)))
    found = latent_of(surprising_model, recipe.shown[0], 0.8)
    assert found[3] == pytest.approx(read[1, 3], abs=0.2)  # steering comes near
    assert np.abs(found[:3] - read[0, :3]).max() < 0.2 < abs(read[1, 3] - read[0, 3])
    opened, complaints = mixes.open_page({"face_a": "7", "face_b": "8", "only": "surprise_2"})
    assert (opened[4:8], complaints) == ((False, False, False, True), [])
    for file in evolving.neighbours(7, 3, 0.9, "surprise_1", truncation=0.8):
        child = read_recipe(returned(file)).shown[0]
        assert child.hold == ("surprise_1",)
        assert latent_of(surprising_model, child, 0.8)[2] == pytest.approx(read[0, 2], abs=0.2)
    opened, complaints = evolving.open_page({"parent": "7", "hold": "surprise_1"})
    assert (opened[5:9], complaints) == ((False, False, True, False), [])


def test_a_surprise_is_animated(surprising_model):
    frames = list(film_frames(surprising_model, AnimateState(Seed(7), "surprise_1", 1.0, 3, 0.8)))
    assert np.array_equal(frames[3], moved(surprising_model, {"surprise_1": 1.0}))


def test_what_a_model_says_of_itself_is_escaped():
    html = markup(Slider("surprise_1", "<b>", note="<i>"))
    assert "<b>" not in html
    assert "<i>" not in html
