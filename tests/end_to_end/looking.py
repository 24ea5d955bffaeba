"""What the tests of the page look at: its faces as the browser has decoded them, its link, and what they should be."""

import base64
import io
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.model.provenance import read_recipe
from tests.end_to_end.running_app import MODEL

APP = ("app.py", *(("--model", MODEL) if MODEL else ()))
PHONE = {"width": 390, "height": 844}
NO_PAGE = "favicon.ico"  # what `visit` shows for a test that first changes what the page will meet


def large_face(page, seed=None):
    """The large face, uint8 (384, 384, 3), once it is that of `seed`, as the browser has decoded it."""
    return decoded(page, "#face", seed)


def decoded(page, element, seed=None):
    shown = f"{element} figure:not([data-preview])"
    image = page.locator(f"{shown} img" if seed is None else f'{shown} img[alt$="seed {seed}"]')
    image.wait_for()
    page.wait_for_function("element => document.querySelector(`${element} img`).complete", arg=element)
    assert image.evaluate("image => image.naturalWidth") == 384
    data = image.evaluate(
        """image => {
            const canvas = Object.assign(document.createElement("canvas"), {width: 384, height: 384});
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png");
        }"""
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data.split(",")[1]))).convert("RGB"))


def open_tab(page, name):
    """As a visitor does, who finds it in the menu where the screen is too small for all tabs."""
    tab = page.get_by_role("tab", name=name)
    if tab.count() == 0 or not tab.is_visible():
        page.get_by_label("More tabs").click()
        tab = page.locator(".overflow-dropdown").get_by_text(name)
    tab.click()


def waits_until(page, condition):
    """Until `condition()`, of what the browser has told, such as the requests that a route holds."""
    for _ in range(1200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("waited for a minute in vain")


def recipe_in(path):
    return read_recipe(Path(path).read_bytes())


def picture(content):
    """A picture's bytes as uint8 (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def tags(html):
    """What a page tells other programs of itself: the content of each og: and twitter: tag."""
    found = re.findall(r'<meta\s+(?:property|name)="((?:og|twitter):[^"]+)"\s+content="([^"]*)"', html)
    assert len({name for name, _ in found}) == len(found), "a tag stands there twice"
    return {name: unescape(value) for name, value in found}


def link(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def drawn(model, seed, truncation, size=384):
    return enlarge(model.generate(model.latents([int(seed)], float(truncation)))[0], size)


def edited(model, seed, truncation, values, lock=()):
    return model.generate(model.edit(model.latents([seed], truncation), values, lock))[0]


def after(page, seed):
    """The edited face, uint8 (384, 384, 3), as the browser has decoded it."""
    return decoded(page, "#face-after", seed)


def drop(page, path, name="picture"):
    """Drops a file on the page as a visitor does, from another window."""
    content = base64.b64encode(path.read_bytes()).decode()
    page.evaluate(
        """([content, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
            for (const type of ["dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(type, {dataTransfer: transfer, bubbles: true}));
        }""",
        [content, name],
    )
