"""The app where a proxy serves it below a path of its own; with several models, see test_app_models.py."""

import io
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.looking import APP, drawn, large_face, picture, tags
from tests.end_to_end.running_app import running_app


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    environment = {"GRADIO_ROOT_PATH": "/faces"}
    with running_app(tmp_path_factory.mktemp("cache"), *APP, "--port", "0", environment=environment) as address:
        yield address


def test_behind_a_prefix_the_page_opens_with_and_without_its_last_slash(app, browser, model):
    for place in ("/faces", "/faces/"):
        page, missing = browser.new_page(), []
        page.on("response", lambda answer, seen=missing: seen.append(answer.url) if answer.status == 404 else None)
        page.goto(f"{app}{place}?seed=7&truncation=0.5")
        assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.5))
        icon = page.locator("link[rel=icon]").first.evaluate("link => link.href")
        assert urlsplit(icon).path == "/faces/favicon.ico"
        assert page.request.get(icon).ok
        assert missing == []
        page.close()


def test_behind_a_prefix_the_preview_is_there_too(app):
    for place in ("/faces", "/faces/"):
        told = tags(httpx.get(f"{app}{place}?seed=7", trust_env=False).text)
        assert urlsplit(told["og:image"]).path == "/faces/preview.jpg"
        card = httpx.get(told["og:image"], timeout=60, trust_env=False)
        assert picture(card.content).shape == (630, 1200, 3)
    saved = httpx.get(f"{app}/faces/picture?seed=7&_size=512&_format=webp", timeout=60, trust_env=False)
    assert Image.open(io.BytesIO(saved.content)).size == (512, 512)
