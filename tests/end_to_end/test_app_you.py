"""The tab You of the running app: a photo in, its look-alike out, and nothing of the photo anywhere afterwards."""

import base64
import hashlib
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from gradio_client import Client
from PIL import Image

from facegan import FaceModel
from facegan.gan.encoder import Encoder
from facegan.model.export_encoder import export_encoder
from facegan.model.folder import DEFAULT_FOLDER, ENCODER
from facegan.model.provenance import read_recipe
from tests.end_to_end.looking import link, open_tab
from tests.end_to_end.running_app import MODEL, running_app

# The bodies of photos that the page sends, which the browser does not tell otherwise.
_RECORD = """
window.sentPhotos = [];
const send = window.fetch;
window.fetch = async (input, options) => {
  if (String(input).includes("lookalike-photo")) {
    const bytes = new Uint8Array(await options.body.arrayBuffer());
    window.sentPhotos.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
  }
  return send(input, options);
};
"""
MARK = "facegan-canary-in-exif-5107"


@pytest.fixture(scope="module")
def encoding_folder(tmp_path_factory):
    """The model that is tested, with an encoder: its own, or one that has learned nothing."""
    folder = Path(shutil.copytree(MODEL or DEFAULT_FOLDER, tmp_path_factory.mktemp("encoding") / "model"))
    if not (folder / ENCODER).exists():
        torch.manual_seed(0)
        export_encoder(Encoder((8, 8, 8, 8), 16).eval(), folder)
    return folder


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Where the app may write: its home, its temporary folder and Gradio's."""
    return {name: tmp_path_factory.mktemp(name) for name in ("home", "temporary", "cache")}


@pytest.fixture(scope="module")
def log():
    return []


@pytest.fixture(scope="module")
def app(encoding_folder, places, log):
    environment = {"HOME": str(places["home"]), "TMPDIR": str(places["temporary"])}
    command = ("app.py", "--model", str(encoding_folder), "--port", "0")
    with running_app(places["cache"], *command, environment=environment, log=log) as address:
        yield address


@pytest.fixture(scope="module")
def photo(portrait, tmp_path_factory):
    """A photo file with a mark in its EXIF."""
    path = tmp_path_factory.mktemp("photo") / "me.jpg"
    exif = Image.Exif()
    exif[0x010E] = MARK
    Image.fromarray(portrait).save(path, quality=95, exif=exif)
    return path


@pytest.fixture
def web(app):
    with httpx.Client(base_url=app, timeout=120, trust_env=False) as web:
        yield web


def data_url(content):
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def traces(content, rgb):
    """What a copy of the photo would hold: a part of it, as bytes and in base64, its mark, its hashes, its pixels."""
    middle = len(content) // 2
    middle -= middle % 3
    part = content[middle : middle + 48]
    return {
        MARK.encode(),
        part,
        base64.b64encode(part),
        hashlib.sha256(content).hexdigest().encode(),
        hashlib.md5(content).hexdigest().encode(),
        rgb.tobytes()[len(rgb.tobytes()) // 2 :][:64],
    }


def files_with(traces, folders):
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                found += [path for trace in traces if trace in content]
                if content[:3] == b"\xff\xd8\xff":  # no JPEG file has a reason to be there
                    found.append(path)
    return found


def test_a_photo_gives_its_look_alike_and_leaves_nothing(app, web, places, log, photo, portrait, encoding_folder):
    content = photo.read_bytes()
    answer = web.post("/lookalike-photo?face=0", content=content)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert set(told) == {"code", "photo", "faces", "shown"}
    assert MARK not in answer.text
    client = Client(app, verbose=False, download_files=str(photo.parent))
    result = client.predict(data_url(content), api_name="/lookalike")
    recipe = read_recipe(Path(result).read_bytes())
    model = FaceModel.load(encoding_folder)
    drawn = np.asarray(Image.open(result))
    assert np.array_equal(drawn, model.generate(recipe.faces[0].point()[None])[0])
    assert MARK.encode() not in Path(result).read_bytes()
    marks = traces(content, portrait)
    assert files_with(marks, [photo.parent]) != []  # else this test could not fail
    assert files_with(marks, places.values()) == []
    said = "".join(log).encode()
    assert not any(mark in said for mark in marks)
    assert told["code"].encode() not in said


def test_bad_bodies_are_answered_by_one_sentence_and_the_page_lives(web):
    bodies = [b"", b"text", bytes(3000), b"\x89PNG\r\n\x1a\n" + bytes(50), b"<svg/>", b"\xff\xd8\xff" + bytes(100)]
    for body in bodies:
        answer = web.post("/lookalike-photo", content=body)
        assert answer.status_code == 422
        assert answer.json()["error"].endswith(".")
    assert web.get("/lookalike-photo").status_code == 405
    assert web.post("/lookalike-photo", content=bytes(9_000_000)).status_code == 413
    assert web.post("/live/you", content=b"x").status_code == 405
    answer = web.post("/gradio_api/run/lookalike", json={"data": ["no photo", 1]})
    assert "data URL" in answer.text or "base64" in answer.text
    assert web.post("/gradio_api/run/generate", json={"data": [1, 1, None], "more": "x" * 70_000}).status_code == 413
    assert web.get("/").status_code == 200


def test_a_visitor_sees_the_photo_beside_the_look_alike_and_takes_it_to_the_other_tabs(app, browser, photo, places):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(_RECORD)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{app}/?seed=7")
    page.locator("#face figure img").wait_for()
    open_tab(page, "You")
    assert page.locator("#you-photo").get_by_text("stays on this computer").is_visible()
    page.locator("#you-photo input[type=file]").set_input_files(photo)
    page.locator("#you-face figure:not([data-preview]) img").wait_for()
    page.locator("#you-photo figure img").wait_for()
    sent = [base64.b64decode(body) for body in page.evaluate("() => window.sentPhotos")]
    assert len(sent) == 1 and len(sent[0]) < 500_000 and MARK.encode() not in sent[0]
    with Image.open(io.BytesIO(sent[0])) as small:
        assert max(small.size) <= 1024
    framed_face = page.locator("#you-photo figure img").get_attribute("src")
    assert framed_face.startswith("data:image/jpeg")
    page.wait_for_function("() => new URLSearchParams(location.search).has('you')")
    assert len(page.url) < 2000
    code = link(page)["you"]
    page.locator("#keep-you").click()
    page.locator("#face figure").wait_for()
    page.wait_for_function("code => document.querySelector('#face [data-current]').dataset.current === code", arg=code)
    # Among the faces that were seen, once it has rested.
    page.wait_for_function("code => JSON.stringify({...localStorage}).includes(code)", arg=code)
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])")
    sent_middle = base64.b64encode(sent[0][3000:3060]).decode()
    face_middle = framed_face[len(framed_face) // 2 :][:60]
    assert not any(trace in kept for trace in (MARK, sent_middle, face_middle))
    page.goto(f"{app}/?you={code}&strength=0.5")
    page.locator("#you-face figure img").wait_for()
    assert errors == []
    assert files_with(traces(photo.read_bytes(), np.asarray(Image.open(photo))), places.values()) == []
    context.close()


def test_sixteen_at_once_all_get_their_look_alike(web, photo):
    content = photo.read_bytes()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: web.post("/lookalike-photo", content=content, timeout=600), range(16)))
    assert [answer.status_code for answer in answers] == [200] * 16
    assert len({answer.json()["code"] for answer in answers}) == 1
