import inspect
import re
from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import pytest
from gradio_client import Client

from facegan.demo import build
from facegan.demo.animate_tab import AnimateState
from facegan.demo.evolve_tab import EvolveState
from facegan.demo.markup import about, header
from facegan.demo.mix_tab import MixState
from facegan.demo.state import FacesState, MorphState, SlidersState
from facegan.demo.you_tab import YouState
from facegan.labels.names import RESERVED
from facegan.model.face import Kept, Seed
from facegan.model.film import Film
from facegan.model.load import FaceModel


def test_only_the_stable_endpoints_are_public(model):
    endpoints = build.build_demo(model).get_api_info()["named_endpoints"]
    assert set(endpoints) == {"/generate", "/morph", "/mix", "/neighbours", "/sheet"}
    names = [parameter["parameter_name"] for parameter in endpoints["/generate"]["parameters"]]
    assert names == ["seed", "count", "truncation"]
    names = [parameter["parameter_name"] for parameter in endpoints["/morph"]["parameters"]]
    assert names[:4] == ["faces", "frames_per_leg", "loop", "format"]
    names = [parameter["parameter_name"] for parameter in endpoints["/mix"]["parameters"]]
    assert names[:3] == ["face_a", "face_b", "amount"]
    names = [parameter["parameter_name"] for parameter in endpoints["/neighbours"]["parameters"]]
    assert names[:3] == ["face", "count", "distance"]


def test_every_sliders_name_is_a_parameter_of_edit(edited_model):
    endpoints = build.build_demo(edited_model).get_api_info()["named_endpoints"]
    assert set(endpoints) == {"/generate", "/morph", "/mix", "/neighbours", "/sheet", "/edit", "/animate", "/grid"}
    names = [parameter["parameter_name"] for parameter in endpoints["/animate"]["parameters"]]
    assert names[:3] == ["face", "slider", "format"]
    names = [parameter["parameter_name"] for parameter in endpoints["/edit"]["parameters"]]
    assert names == ["seed", "truncation", "smile", "age", "lock"]


def test_no_slider_can_be_called_what_calls_and_links_need(edited_model):
    endpoints = build.build_demo(edited_model).get_api_info()["named_endpoints"]
    calls = {parameter["parameter_name"] for endpoint in endpoints.values() for parameter in endpoint["parameters"]}
    for call in (Client.predict, Client.submit):
        parameters = inspect.signature(call).parameters.values()
        calls |= {parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD}
        calls |= {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    links = {key for tab in build.TABS for key in tab.keys(edited_model)}
    assert (calls | links) - {"smile", "age"} <= RESERVED


@pytest.mark.parametrize(
    "state",
    [
        FacesState(1, 1, 2, 0),
        MorphState((1, 2), 1, position=0.5),
        SlidersState(1, 1, {"smile": 1}, ("age",)),
        MixState(Seed(1), Seed(2), 0.5, ("age",), 1),
        EvolveState(Seed(1), Seed(2), 0.5, ("age",), 3, 1),
        AnimateState(Seed(1), "smile", 0.5, 24, 1),
        YouState(Kept.of(np.ones(100, np.float32)), 0.5),
    ],
)
def test_every_name_in_a_link_belongs_to_a_tab(state, edited_model):
    keys = {key for tab in build.TABS for key in tab.keys(edited_model)}
    assert set(parse_qs(state.query())) <= keys
    assert set(type(state).KEYS) <= set(parse_qs(state.query()))  # none is forgotten


def test_the_page_knows_which_names_of_its_link_are_its_own(edited_model):
    html = next(
        block.value
        for block in build.build_demo(edited_model).blocks.values()
        if "link-keys" in str(getattr(block, "value", ""))
    )
    keys = set(re.search(r'data-link-keys="([^"]*)"', html)[1].split())
    assert keys == {key for tab in build.TABS if tab.shown(edited_model) for key in tab.keys(edited_model)}


def tabs_of(model):
    blocks = build.build_demo(model).blocks.values()
    return [block.label for block in blocks if block.get_block_name() == "tabitem"]


def test_every_tab_of_the_list_is_on_the_page_where_the_model_has_what_it_shows(model, edited_model, tmp_path):
    filmed = FaceModel(
        edited_model.config,
        edited_model._session,
        sliders=edited_model.slider_set,
        films=(Film(tmp_path, "progress.mp4"),),
        encoder=object(),
    )
    assert tabs_of(filmed) == [tab.label for tab in build.TABS]
    assert tabs_of(model) == ["Faces", "Mix", "Evolve", "Morph", "Yearbook"]


def test_the_page_tells_what_the_model_is(model):
    html = about(model.config, model.size)
    assert "Drawn by &lt;a&gt; test." in html
    assert "12,345" in html
    assert "16 × 16 pixels" in html


def test_the_page_says_whether_the_faces_are_of_somebody(model):
    assert "none of these people exists" in header(model.config)
    somebody = header(replace(model.config, data={"one_person": True}))
    assert "of one real person" in somebody
    assert "none of these people" not in somebody
    of_one = replace(model.config, data={"one_person": True})
    assert "cannot draw a person who is asked for" in about(model.config, model.size)
    assert "draws one real person" in about(of_one, 64)
    assert "cannot draw a person" not in about(of_one, 64)


def fired_when_a_page_opens(blocks):
    """The events that reach the server: those of loading, and what Gradio fires when it selects the first tab."""
    first = next(block._id for block in blocks.blocks.values() if block.get_block_name() == "tabitem")
    return [
        fn
        for fn in blocks.fns.values()
        if fn.fn and any(event == "load" or (event == "select" and block == first) for block, event in fn.targets)
    ]


def test_a_page_that_opens_asks_once_and_cannot_be_refused_by_a_full_queue(edited_model):
    (opening,) = fired_when_a_page_opens(build.build_demo(edited_model))
    assert opening.queue is False


def test_nothing_waits_in_gradios_queue_which_refuses_when_it_is_full(edited_model):
    assert {fn.queue for fn in build.build_demo(edited_model).fns.values() if fn.fn} == {False}
