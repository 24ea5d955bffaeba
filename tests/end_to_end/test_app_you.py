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
from tests.demo.odd_photos import BAD
from tests.end_to_end.looking import link, open_tab
from tests.end_to_end.running_app import CHROMIUM_FLAGS, MODEL, WHOLE_CHROMIUM, running_app
from tests.end_to_end.traffic import leaves_the_machine, looks_like, network_log, pictures_in, relay, watched

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
def network(tmp_path_factory):
    """The folder with the log of what the app connects to."""
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="module")
def app(encoding_folder, places, log, network):
    environment = {"HOME": str(places["home"]), "TMPDIR": str(places["temporary"]), **watched(network)}
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


def files_with(traces, rgb, folders):
    """The files that hold one of the traces, or a picture that looks like the photo uint8 (H, W, 3)."""
    found, photo = [], Image.fromarray(rgb)
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                found += [path for trace in traces if trace in content]
                found += [path for picture in pictures_in(content) if looks_like(picture, photo)]
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
    Image.fromarray(portrait).resize((100, 100)).save(photo.parent / "small.webp", quality=50)
    # Else this test could not fail: the photo by its bytes, and a small copy by what it shows.
    assert {path.name for path in files_with(marks, portrait, [photo.parent])} == {photo.name, "small.webp"}
    assert files_with(marks, portrait, places.values()) == []
    said = "".join(log).encode()
    assert not any(mark in said for mark in marks)
    assert told["code"].encode() not in said


def test_bad_bodies_are_answered_by_one_sentence_and_the_page_lives(web):
    assert len(BAD) >= 25
    for kind, body in BAD.items():
        answer = web.post("/lookalike-photo", content=body)
        assert answer.status_code == 422, kind
        sentence = answer.json()["error"]
        assert sentence.endswith(".") and len(sentence) < 250 and "\n" not in sentence, kind
    assert web.get("/lookalike-photo").status_code == 405
    assert web.post("/lookalike-photo", content=bytes(9_000_000)).status_code == 413
    assert web.post("/live/you", content=b"x").status_code == 405
    answer = web.post("/gradio_api/run/lookalike", json={"data": ["no photo", 1]})
    assert "data URL" in answer.text or "base64" in answer.text
    assert web.post("/gradio_api/run/generate", json={"data": [1, 1, None], "more": "x" * 70_000}).status_code == 413
    assert web.get("/").status_code == 200


def test_a_visitor_sees_the_photo_beside_the_look_alike_and_takes_it_to_the_other_tabs(app, browser, photo, places):
    """And what goes over the network meanwhile: the photo once, small and without its EXIF, and its face once back."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_extra_http_headers({"Accept-Encoding": "identity"})  # so that nothing hides in what was compressed
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with relay(app) as (address, traffic):
        page.goto(f"{address}/?seed=7")
        page.locator("#face figure img").wait_for()
        open_tab(page, "You")
        assert page.locator("#you-photo").get_by_text("stays on this computer").is_visible()
        page.locator("#you-photo input[type=file]").set_input_files(photo)
        page.locator("#you-face figure:not([data-preview]) img").wait_for()
        page.locator("#you-photo figure img").wait_for()
        framed_face = page.locator("#you-photo figure img").get_attribute("src")
        assert framed_face.startswith("data:image/jpeg")
        page.wait_for_function("() => new URLSearchParams(location.search).has('you')")
        assert len(page.url) < 2000
        code = link(page)["you"]
        page.locator("#keep-you").click()
        page.locator("#face figure").wait_for()
        shown = "code => document.querySelector('#face [data-current]').dataset.current === code"
        page.wait_for_function(shown, arg=code)
        # Among the faces that were seen, once it has rested.
        page.wait_for_function("code => JSON.stringify({...localStorage}).includes(code)", arg=code)
        kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])")
        stores = "async () => [await indexedDB.databases(), await caches.keys(), document.cookie]"
        assert page.evaluate(stores) == [[], [], ""]
        asked, answered = traffic.to_server(), traffic.from_server()
        page.goto(f"{address}/?you={code}&strength=0.5")
        page.locator("#you-face figure img").wait_for()
    content, rgb = photo.read_bytes(), np.asarray(Image.open(photo))
    face = Image.open(io.BytesIO(base64.b64decode(framed_face.split(",")[1])))
    (sent,) = [one for part in asked for one in pictures_in(part)]
    assert looks_like(sent, Image.fromarray(rgb)) and max(sent.size) <= 1024
    (body,) = [part for part in asked if b"lookalike-photo" in part]
    assert len(body) < 500_000
    (back,) = [part for part in answered for one in pictures_in(part) if looks_like(one, face)]
    assert framed_face.split(",")[1].encode() in back and b"cache-control: no-store" in back
    shown = [one for part in answered for one in pictures_in(part)]
    assert len(shown) > 1 and not any(looks_like(one, Image.fromarray(rgb)) for one in shown)
    marks = traces(content, rgb)
    assert not any(mark in part for mark in marks for part in asked + answered + [kept.encode()])
    face_middle = framed_face[len(framed_face) // 2 :][:60].encode()
    assert not any(face_middle in part for part in [*asked, kept.encode()])
    assert not any(looks_like(one, other) for one in pictures_in(kept.encode()) for other in (face, sent))
    assert errors == []
    assert files_with(marks, rgb, places.values()) == []
    assert files_with({face_middle}, np.asarray(face), places.values()) == []
    context.close()


@pytest.fixture
def camera(portrait, tmp_path, browser):
    """A browser whose camera shows the portrait."""
    if WHOLE_CHROMIUM is None:
        pytest.skip("Chromium is not installed as a whole (apt-get install chromium)")
    frame = Image.new("RGB", (640, 480), (90, 100, 110))
    frame.paste(Image.fromarray(portrait).resize((480, 480)), (80, 0))
    still = io.BytesIO()
    frame.save(still, "jpeg", quality=95)
    film = tmp_path / "face.mjpeg"
    film.write_bytes(still.getvalue() * 3)
    flags = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}"]
    seeing = browser.browser_type.launch(executable_path=WHOLE_CHROMIUM, args=[*CHROMIUM_FLAGS, *flags])
    yield seeing
    seeing.close()


def test_the_camera_takes_a_picture_and_is_off_afterwards(app, camera, portrait):
    context = camera.new_context(permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script("""
        const open = MediaDevices.prototype.getUserMedia;
        window.tracks = [];
        MediaDevices.prototype.getUserMedia = async function (wanted) {
          await window.allowed;
          const stream = await open.call(this, wanted);
          window.tracks.push(...stream.getTracks());
          return stream;
        };
    """)
    page.goto(app)
    page.locator("#face figure img").wait_for()
    open_tab(page, "You")
    press = page.get_by_role("button", name="Use the camera")
    press.click()
    page.wait_for_function("() => document.querySelector('#you-photo video').videoWidth === 640")
    page.get_by_role("button", name="Take the picture").click()
    page.locator("#you-face figure:not([data-preview]) img").wait_for()
    face = page.locator("#you-photo figure img").get_attribute("src").split(",")[1]
    assert page.evaluate("() => window.tracks.map((track) => track.readyState)") == ["ended"]
    (face,) = pictures_in(face.encode())
    assert face.size[0] >= 64 and not page.locator("#you-photo video").is_visible()
    # Who leaves the tab before the browser has asked for the camera does not leave it on.
    page.evaluate("() => { window.allowed = new Promise((allow) => (window.allow = allow)); }")
    press.click()
    press.click()
    open_tab(page, "Faces")
    page.locator("#face figure img").wait_for()
    page.wait_for_function("() => document.querySelector('#you-photo').offsetParent === null")
    # The page's own observer tells it a frame later.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => window.allow()")
    page.wait_for_function(
        "() => window.tracks.length === 3 && window.tracks.every((one) => one.readyState === 'ended')"
    )
    context.close()
    without = camera.new_context()
    page = without.new_page()
    page.set_default_timeout(60_000)
    page.goto(app)
    page.locator("#face figure img").wait_for()
    open_tab(page, "You")
    page.get_by_role("button", name="Use the camera").click()
    page.locator("#you-photo [role=status]").get_by_text("There is no camera that this page may use").wait_for()
    without.close()


def test_eight_at_once_all_get_their_look_alike(web, photo):
    """Four times as many as are drawn side by side."""
    content = photo.read_bytes()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: web.post("/lookalike-photo", content=content, timeout=600), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({answer.json()["code"] for answer in answers}) == 1


def test_the_server_connects_to_nobody(app, web, photo, network):
    """Here, at the end, it has answered all of the above."""
    assert web.post("/lookalike-photo", content=photo.read_bytes()).status_code == 200
    events = network_log(network)
    assert any(event[0] == "socket.bind" for event in events)  # the watch works
    assert [event for event in events if leaves_the_machine(event)] == []
    for outside in (["socket.connect", "('93.184.215.14', 443)"], ["socket.getaddrinfo", "huggingface.co", "443"]):
        assert leaves_the_machine(outside)
