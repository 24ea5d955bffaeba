"""Strangers' calls to the running app: by MCP, with values that are wrong, and past what the page uses."""

import asyncio
import base64
import contextlib
import io
import json
import random
import socket
from urllib.parse import urlencode, urlsplit

import av
import httpx
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from facegan.demo.build import TABS, build_demo
from facegan.model.face import Edited, Mixed, Seed, latent_of
from facegan.model.face_text import as_text
from facegan.model.provenance import read_recipe, recipe_of
from tests.end_to_end.looking import APP, edited
from tests.end_to_end.running_app import running_app


@pytest.fixture(scope="module")
def log():
    return []


@pytest.fixture(scope="module")
def app(tmp_path_factory, log):
    with running_app(tmp_path_factory.mktemp("cache"), *APP, "--port", "0", log=log) as address:
        yield address


@pytest.fixture
def web(app):
    with httpx.Client(base_url=app, timeout=60, trust_env=False) as web:
        yield web


def test_an_mcp_client_lists_the_tools_and_gets_pictures_and_films(app, model):
    pytest.importorskip("mcp", reason="pip install -r requirements-dev.txt")
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def visit():
        async with streamablehttp_client(f"{app}/gradio_api/mcp/") as (read, write, _):  # noqa: SIM117
            async with ClientSession(read, write) as session:
                await session.initialize()
                tools = {tool.name: tool for tool in (await session.list_tools()).tools}
                calls = {
                    "faces": ("generate", {"seed": 5, "count": 2}),
                    "edit": ("edit", {"seed": 5, "smile": 1}),
                    "mix": ("mix", {"face_a": "Anna", "face_b": {"seed": 7, "truncation": 0.5}, "amount": 0.25}),
                    "near": ("neighbours", {"face": "Anna", "count": 2, "hold": "smile"}),
                    "mp4": ("morph", {"faces": "1, 7", "frames_per_leg": 3}),
                    "gif": ("morph", {"faces": "1, 7", "frames_per_leg": 3, "format": "gif"}),
                    "smile": ("animate", {"face": "Anna", "slider": "smile", "frames_per_leg": 2}),
                    "grid": ("grid", {"face": "Anna"}),
                    "wrong": ("generate", {"seed": -1}),
                }
                return tools, {label: await session.call_tool(*call) for label, call in calls.items()}

    tools, found = asyncio.run(visit())
    look_alikes = {"lookalike"} if model.encoder else set()
    assert set(tools) == {"generate", "edit", "morph", "mix", "neighbours", "sheet", "animate", "grid", *look_alikes}
    for tool in tools.values():
        assert all(parameter["description"] for parameter in tool.inputSchema["properties"].values())
    assert not found["faces"].isError, found["faces"].content
    first, second = [part for part in found["faces"].content if part.type == "image"]
    truncation = model.config.truncation
    for part, seed in ((first, 5), (second, 6)):
        assert np.array_equal(picture(part), model.generate(model.latents([seed], truncation))[0])
    (moved,) = [part for part in found["edit"].content if part.type == "image"]
    assert np.array_equal(picture(moved), edited(model, 5, truncation, {"smile": 1}))
    (mixed,) = [part for part in found["mix"].content if part.type == "image"]
    face = Mixed(Seed.of("Anna"), Seed(7, truncation=0.5), 0.25)
    assert np.array_equal(picture(mixed), model.generate(latent_of(model, face, truncation)[None])[0])
    assert len([part for part in found["near"].content if part.type == "image"]) == 2
    (film,) = [part.resource for part in found["mp4"].content if part.type == "resource"]
    with av.open(io.BytesIO(base64.b64decode(film.blob))) as video:
        assert sum(1 for _ in video.decode(video=0)) == 6
    (smile,) = [part.resource for part in found["smile"].content if part.type == "resource"]
    with av.open(io.BytesIO(base64.b64decode(smile.blob))) as video:
        assert sum(1 for _ in video.decode(video=0)) == 4
    assert len([part for part in found["grid"].content if part.type == "image"]) == 1
    (gif,) = [part for part in found["gif"].content if part.type == "image"]
    assert gif.mimeType == "image/gif"
    assert read_recipe(base64.b64decode(gif.data)) == recipe_of(model, [1, 7], truncation, frames_per_leg=3, loop=True)
    assert found["wrong"].isError
    assert "whole number from 0" in found["wrong"].content[0].text


def picture(part):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(part.data))))


def test_every_parameter_is_described_on_the_api_page(client):
    for name, endpoint in client.view_api(return_format="dict")["named_endpoints"].items():
        for parameter in endpoint["parameters"]:
            assert parameter["python_type"]["description"], (name, parameter)


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("run/morph", {"data": ["1, 7", 4, True, ["gif"], None]}, "format must be one of mp4, gif"),
        ("run/morph", {"data": ["1, " * 2000, 4, True, "gif", None]}, "at most 4000 letters"),
        ("run/morph", {"data": ["1, 7"]}, "data must be a list of 5 values"),
        ("run/morph", {"data": ["1, 7", 4, True, "gif", None, 1]}, "data must be a list of 5 values"),
        ("run/nothing", {"data": []}, "no such endpoint"),
        ("run/predict", {"data": [], "fn_index": 9999}, "no such endpoint"),
        ("run/generate", {"data": [1, 26, None]}, "count must be a whole number from 1 to 25"),
        ("run/generate", {"data": [{"a": 1}, 1, None]}, "no face"),
        ("run/mix", {"data": ["~x", 7, 0.5, "", None]}, "no face"),
        ("run/mix", {"data": [1, 2, 2, "", None]}, "amount must be a number from 0 to 1"),
        ("run/animate", {"data": [1, "hat", "mp4", 1, 24, None]}, "slider must be one of smile"),
        ("run/animate", {"data": [1, "smile", "mp4", 1, 61, None]}, "frames_per_leg must be a whole number"),
        ("run/grid", {"data": [1, "smile", "smile", None]}, "must be two sliders"),
        ("run/neighbours", {"data": [1, 26, 0.3, "", None, 0, None]}, "count must be a whole number from 1 to 25"),
        ("run/neighbours", {"data": [1, 2, 0.3, "hat", None, 0, None]}, "hold names 'hat'"),
        ("call/v2/generate", {"seed": 1, "hat": 2}, "'hat' is no parameter of /generate"),
        ("call/v2/generate", {"count": 2}, "/generate needs seed"),
        ("call/v2/nothing", {}, "no such endpoint"),
        ("run/sheet", {"data": ["Anna", "", "a5", "png", None]}, "paper must be one of a4, letter"),
        ("run/sheet", {"data": ["a," * 40, "", "a4", "png", None]}, "1 to 36 names"),
        ("queue/join", {"data": [], "fn_index": 0, "session_hash": {}}, ""),
        ("call/generate", {"data": [1, 1, None], "session_hash": ""}, "session_hash must not be empty"),
    ],
)
def test_a_call_that_does_not_fit_is_one_sentence(web, path, body, sentence):
    answer = web.post(f"/gradio_api/{path}", json=body)
    assert 400 <= answer.status_code < 500
    assert sentence in json.dumps(answer.json())


def test_what_the_page_does_not_use_is_not_there(web):
    web.post("/gradio_api/run/generate", json={"data": [1, 1, None], "session_hash": "known"})
    assert web.get("/gradio_api/deep_link", params={"session_hash": "known"}).status_code == 404
    assert web.post("/gradio_api/upload", files={"files": b"x"}).status_code == 404
    for path in ("component_server", "process_recording", "vibe-edit", "stream/1", "file=/etc/passwd"):
        assert web.post(f"/gradio_api/{path}", json={}).status_code in (404, 405), path
    for path in (
        "file=/etc/passwd",
        "runs",
        "run-history/records",
        "vibe-code",
        "proxy=http://localhost",
        "upload_progress",
    ):
        assert web.get(f"/gradio_api/{path}").status_code == 404, path
    assert "run_history" not in web.get("/config").json() or web.get("/config").json()["run_history"] is False


def test_a_large_body_is_refused_before_it_is_read(app, web):
    call = {"data": ["1" * 70_000, 1, None]}
    assert web.post("/gradio_api/run/generate", json=call).status_code == 413
    address = urlsplit(app)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        head = b"POST /gradio_api/run/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
        connection.sendall(head + b"x" * 1000)
        assert connection.recv(100).split()[1] == b"413"


def test_whoever_listens_for_nothing_is_told_so(web):
    assert web.get("/gradio_api/queue/data", params={"session_hash": "nobody"}).status_code == 404
    assert web.get("/gradio_api/call/generate/no-such-event").status_code == 404


VALUES = [
    None, True, -1, 0, 7, 2**40, 1e308, 0.5, "", "7", "nan", "1, 2", "<svg/onload=alert(1)>", "\0", "9" * 500, [], {},
    [1, [2]], {"a": {}}, {"mix": [1, 2], "amount": 0.5}, {"of": 1, "step": 1, "distance": 9}, "~eJyLjgUAARUAuQ",
    "~.AAAA", {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}, ["gif"], float("nan"),
]  # fmt: skip
NAMES = ["seed", "count", "faces", "face_a", "face_b", "face", "hold", "lock", "slider", "reach", "across", "x"]


def bad_request(choose, fns):
    """The path and the body of a call, wrong in one way or another."""
    fn = choose.choice(fns)
    few = choose.choice([len(fn["inputs"])] * 3 + [choose.randrange(12)])
    call = {"data": [choose.choice(VALUES) for _ in range(few)]}
    for name in choose.sample(["session_hash", "event_id", "trigger_id", "event_data", "simple_format", "batched"], 2):
        call[name] = choose.choice(VALUES)
    kind = choose.randrange(5)
    if kind == 0:
        return f"run/{fn['api_name'] or 'predict'}", {**call, "fn_index": choose.choice([fn["id"], *VALUES])}
    if kind == 1:
        return "queue/join", {**call, "fn_index": fn["id"], "session_hash": choose.choice(["s", *VALUES])}
    if kind == 2:
        return f"call/{fn['api_name'] or 'x'}", call
    if kind == 3:
        named = {choose.choice(NAMES): choose.choice(VALUES) for _ in range(3)}
        return f"call/v2/{fn['api_name'] or 'x'}", named
    return "run/predict", {**call, "fn_index": fn["id"]}


def test_no_bad_request_is_a_fault_of_ours(app, web, log):
    choose = random.Random(19)
    fns = web.get("/config").json()["dependencies"]
    for i in range(500):
        path, call = bad_request(choose, fns)
        body = json.dumps(call) if i % 20 else json.dumps(call)[: choose.randrange(40)]
        answer = web.post(f"/gradio_api/{path}", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, (path, call, answer.text[:500])
        found = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        assert not (isinstance(found, dict) and found.get("error", "") is None), (path, call)
        event = found.get("event_id") if isinstance(found, dict) else None
        if event and path != "queue/join":
            with contextlib.suppress(httpx.ReadTimeout):
                told = web.get(f"/gradio_api/{path.removesuffix('/')}/{event}").text
                assert "event: error\ndata: null" not in told, (path, call)
    assert len(Client(app, verbose=False, download_files=False).predict(1, 2, api_name="/generate")) == 2
    assert "Traceback" not in "".join(log)


TEXTS = [
    "", "7", "-1", "1.5", "nan", "1e308", "9" * 3000, "512", "Anna", "1,7,Anna", "smile", "smile,age", "hat", "mp4",
    "gif", "png", "\0", "%ff", "ﷺ", "<svg/onload=alert(1)>", '{"mix": [1, 2], "amount": 0.5}', '{"of": {}}', "~x",
    "~.AAAA", "~.AAAAAAAAAAAA", as_text(Mixed(Seed.of("Anna"), Seed(7), 0.5)), as_text(Edited(Seed(7), {"hat": 1.0})),
]  # fmt: skip


def test_no_bad_link_is_a_fault_of_ours(app, web, log, model):
    """Whatever stands in a link: the page itself, what the page asks for when it opens, and all that it fetches."""
    choose, demo, opens = random.Random(22), build_demo(model), opening(web)
    places = ["/", *(route.path.replace("{name}", "learned.mp4") for route in demo.page.routes)]
    names = [key for tab in TABS for key in tab.keys(model)]
    names += ["format", "across", "up", "visitor", "preview", "_size", "_format", "_weights", "again", "x"]
    faces = ["seed", "face_a", "face_b", "parent", "animate", "seeds", "you"]
    for i in range(150):  # twelve of each kind
        query = {name: choose.choice(TEXTS) for name in [*choose.sample(faces, 3), *choose.sample(names, 4)]}
        search = urlencode({**query, "frames": 2, "count": 2})  # few, for the sake of time
        path = f"{places[i % len(places)]}?{search}"
        answer = web.request("POST" if i % 40 == 0 else "GET", path)
        assert answer.status_code < 500 or answer.headers.get("retry-after"), (path, answer.text[:500])
        if answer.status_code != 200:
            assert answer.json()["error"].endswith("."), path
        elif "text" in answer.headers["content-type"]:
            assert "<svg/onload" not in answer.text.partition("window.gradio_config")[0], path
        if i % 5 == 0:
            body = {"data": [search], "fn_index": opens}
            assert web.post("/gradio_api/run/predict", json=body).status_code == 200, path
    assert "Traceback" not in "".join(log)
    assert web.get("/").status_code == 200


def test_the_page_keeps_its_wits_when_many_never_read(app, web):
    address, listeners = urlsplit(app), []
    call = json.dumps({"data": ["?seed=1"], "fn_index": opening(web)})
    head = f"POST /gradio_api/run/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(call)}\r\n"
    for _ in range(40):
        listener = socket.create_connection((address.hostname, address.port), timeout=20)
        listener.sendall(f"{head}Content-Type: application/json\r\n\r\n{call}".encode())
        listeners.append(listener)
    answer = web.post("/gradio_api/run/predict", json={"data": ["?seed=77"], "fn_index": opening(web)})
    assert "seed 77" in answer.text
    for listener in listeners:
        listener.close()


def opening(web):
    dependencies = web.get("/config").json()["dependencies"]
    return next(d["id"] for d in dependencies if any(event == "load" for _, event in d["targets"]))
