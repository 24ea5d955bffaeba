"""Passing a face on: files, the clipboard, the system's sheet, and what other programs show of a link."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.model.provenance import recipe_of
from tests.end_to_end.looking import PHONE, after, drawn, drop, edited, large_face, link, picture, recipe_in, tags


@pytest.fixture
def web(app):
    with httpx.Client(base_url=app, timeout=60, trust_env=False) as web:
        yield web


def inside(page, more):
    """Whether the opened menu of sizes is cut off on neither side."""
    box = more.locator("> div").bounding_box()
    return box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]


def test_a_face_is_saved_in_every_size_and_format_and_each_file_brings_it_back(visit, model):
    page = visit("?seed=20&truncation=0.6&smile=0.5")
    after(page, 20)
    expected = edited(model, 20, 0.6, {"smile": 0.5})
    more = page.locator("#face-after .fg-more")
    more.locator("summary").click()
    assert inside(page, more)
    saved = {}
    for button in more.locator("[data-size]").all():
        with page.expect_download() as download:
            button.click()
        name = download.value.suggested_filename
        saved[name] = Path(download.value.path())
        assert recipe_in(saved[name]) == recipe_of(model, [20], 0.6, {"smile": 0.5})
        size = int(button.get_attribute("data-size") or model.size)
        with Image.open(saved[name]) as image:
            assert (image.size, image.format.lower()) == ((size, size), name.rpartition(".")[2])
            if image.format == "PNG":
                same = enlarge(expected, size) if size != model.size else expected
                assert np.array_equal(np.asarray(image), same)
    assert set(saved) == {
        f"face-20-{size}px.{kind}" for size in (model.size, 256, 512, 1024) for kind in ("png", "webp")
    }
    page.keyboard.press("Escape")
    assert more.get_attribute("open") is None
    page.goto(f"{page.url.partition('?')[0]}?seed=1")
    large_face(page, 1)
    drop(page, saved["face-20-1024px.webp"], "face.webp")
    page.wait_for_url("**smile=0.5**")
    assert np.array_equal(after(page, 20), enlarge(expected, 384))


def test_a_picture_is_copied_to_the_clipboard(visit, model):
    page = visit("?seed=20&truncation=0.6")
    large_face(page, 20)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#face .fg-more summary").click()
    page.get_by_text("Copy picture").locator("visible=true").click()
    page.get_by_text("is on the clipboard").wait_for()
    content = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read(), blob = await item.getType("image/png");
            return [...new Uint8Array(await blob.arrayBuffer())];
        }"""
    )
    assert np.array_equal(picture(bytes(content)), drawn(model, 20, 0.6))


# Of a phone's sheet, which is the system's: what the page hands to it, and what it answers.
_SHEET = """
window.shared = [];
navigator.canShare = (told) => FILES || !told.files;
navigator.share = async (told) => {
    if (!navigator.userActivation.isActive) throw new DOMException("too late", "NotAllowedError");
    const read = async (file) => ({name: file.name, bytes: [...new Uint8Array(await file.arrayBuffer())]});
    const files = await Promise.all((told.files ?? []).map(read));
    window.shared.push({...told, files});
};
"""


@pytest.mark.parametrize("files", [True, False])
def test_a_phone_hands_the_picture_and_the_link_to_the_system(app, browser, model, tmp_path, files):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(_SHEET.replace("FILES", json.dumps(files)))
    page.goto(f"{app}/?seed=20&truncation=0.6&count=1")
    large_face(page, 20)
    assert page.locator("#face [data-copy-link]").first.is_hidden()
    page.locator("#face [data-share]").tap()
    page.wait_for_function("() => window.shared.length")
    (told,) = page.evaluate("window.shared")
    assert told["url"] == page.url
    assert link(page)["seed"] == "20"
    assert len(told["files"]) == files
    for file in told["files"]:
        content = bytes(file["bytes"])
        assert np.array_equal(picture(content), drawn(model, 20, 0.6))
        (tmp_path / file["name"]).write_bytes(content)
        assert recipe_in(tmp_path / file["name"]) == recipe_of(model, [20], 0.6)
    page.locator("#face .fg-more summary").tap()
    assert page.locator("#face .fg-more [data-copy-link]").is_visible()
    assert inside(page, page.locator("#face .fg-more"))
    context.close()


def test_where_nothing_can_be_shared_no_button_says_so(visit):
    page = visit("?seed=20")
    large_face(page, 20)
    assert page.locator("[data-share]:visible").count() == 0
    assert page.locator("#face [data-copy-link]:visible").count() == 1


def test_a_link_shows_the_very_face_in_other_programs(web, model):
    told = tags(web.get("/", params={"seed": "Anna", "truncation": "0.6", "smile": "0.5"}).text)
    assert told["og:title"].startswith("Anna, edited")
    answer = web.get(told["og:image"])
    assert answer.headers["content-type"] == "image/jpeg"
    card = picture(answer.content)
    face = edited(model, 1431804757, 0.6, {"smile": 0.5})
    assert np.abs(card[:, :630].astype(int) - enlarge(face, 630)).mean() < 4
    assert answer.content == web.get(told["og:image"]).content
    page = tags(web.get("/").text)
    assert picture(web.get(page["og:image"]).content).shape == (630, 1200, 3)


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"X-Forwarded-Host": "faces.example.org", "X-Forwarded-Proto": "https"}, "https://faces.example.org"),
        ({"Host": "faces.example.org:81"}, "http://faces.example.org:81"),
        ({"X-Forwarded-Host": '"><script>alert(1)</script>'}, None),
        ({"X-Forwarded-Host": "["}, None),
    ],
)
def test_the_preview_is_where_the_page_is(web, headers, base):
    answer = web.get("/?seed=7", headers=headers)
    assert answer.status_code == 200
    assert "<script>alert(1)" not in answer.text.partition("window.gradio_config")[0]
    if base:
        assert tags(answer.text)["og:image"].startswith(f"{base}/preview.jpg?seed=7")


def test_a_flood_of_previews_is_answered(web):
    """How many are drawn is in tests/demo/test_share.py, where the clock stands still."""
    bad = ["?seed=~x", "?seeds=1", "?" + "&" * 3000, "?seed=%ff%00", "?truncation=nan&seed=1", "?_size=9&seed=3"]
    asked = [*bad, *(f"?seed={seed}&truncation=0.6" for seed in range(40))]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda query: web.get(f"/preview.jpg{query}"), asked))
        assert {answer.status_code for answer in answers} == {200}
    assert all(len(answer.content) < 300_000 for answer in answers)  # what messengers take
    page = web.get("/preview.jpg").content
    assert all(answer.content == page for answer in answers[:4])
    assert web.post("/preview.jpg").status_code == 405
    assert web.head("/preview.jpg").status_code == 200
