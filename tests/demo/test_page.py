import inspect
import json
import re
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from gradio_client import Client

from facegan.base.errors import FaceGANError
from facegan.demo import build
from facegan.demo.markup import about, header
from facegan.demo.state import FacesState, MorphState, SlidersState
from facegan.labels.names import RESERVED
from facegan.model.film import Film
from facegan.model.load import FaceModel


def test_only_the_stable_endpoints_are_public(model):
    endpoints = build.build_demo(model).get_api_info()["named_endpoints"]
    assert set(endpoints) == {"/generate", "/morph"}
    names = [parameter["parameter_name"] for parameter in endpoints["/generate"]["parameters"]]
    assert names == ["seed", "count", "truncation"]
    names = [parameter["parameter_name"] for parameter in endpoints["/morph"]["parameters"]]
    assert names[:4] == ["seeds", "frames_per_leg", "loop", "format"]


def test_every_sliders_name_is_a_parameter_of_edit(edited_model):
    endpoints = build.build_demo(edited_model).get_api_info()["named_endpoints"]
    assert set(endpoints) == {"/generate", "/morph", "/edit"}
    names = [parameter["parameter_name"] for parameter in endpoints["/edit"]["parameters"]]
    assert names == ["seed", "truncation", "smile", "age", "lock"]


def test_no_slider_can_be_called_what_calls_and_links_need(edited_model):
    endpoints = build.build_demo(edited_model).get_api_info()["named_endpoints"]
    calls = {parameter["parameter_name"] for endpoint in endpoints.values() for parameter in endpoint["parameters"]}
    for call in (Client.predict, Client.submit):
        parameters = inspect.signature(call).parameters.values()
        calls |= {parameter.name for parameter in parameters if parameter.kind is parameter.POSITIONAL_OR_KEYWORD}
        calls |= {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY}
    states = (FacesState(1, 1, 2, 0), MorphState((1, 2), 1, position=0.5), SlidersState(1, 1, {}, ("age",)))
    links = {name for state in states for name in parse_qs(state.query())}
    assert (calls | links) - {"smile", "age"} <= RESERVED
    script = (Path(build.__file__).parent / "theme" / "page.js").read_text()
    ours = set(json.loads(re.search(r"const ours = new Set\((\[.*?\])\)", script)[1]))
    assert ours == links  # what the page takes out of the address bar


def tabs_of(model):
    blocks = build.build_demo(model).blocks.values()
    return [block.label for block in blocks if block.get_block_name() == "tabitem"]


def test_every_tab_of_the_list_is_on_the_page_where_the_model_has_what_it_shows(model, edited_model, tmp_path):
    filmed = FaceModel(
        edited_model.config,
        edited_model._session,
        sliders=edited_model.slider_set,
        films=(Film(tmp_path, "progress.mp4"),),
    )
    assert tabs_of(filmed) == list(build.TABS)
    assert tabs_of(model) == [label for label in build.TABS if label not in ("Sliders", "How it learned")]


def test_the_page_tells_what_the_model_is(model):
    html = about(model.config)
    assert "Drawn by &lt;a&gt; test." in html
    assert "12,345" in html
    assert "16 × 16 pixels" in html


def test_the_page_says_whether_the_faces_are_of_somebody(model):
    assert "none of these people exists" in header(model.config)
    somebody = header(replace(model.config, data={"one_person": True}))
    assert "of one real person" in somebody
    assert "none of these people" not in somebody
    of_one = replace(model.config, data={"one_person": True})
    assert "cannot draw a person who is asked for" in about(model.config)
    assert "draws one real person" in about(of_one)
    assert "cannot draw a person" not in about(of_one)


def test_a_port_in_use_gives_way_to_the_next():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = build.free_port("127.0.0.1", port)
        assert port < found < port + 100


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(build, "_PORTS", 1)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(FaceGANError, match="--port"):
        build.free_port("127.0.0.1", taken.getsockname()[1])
