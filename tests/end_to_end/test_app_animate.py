"""Animating a slider and dragging two at once in Chromium, wide and on a phone: by mouse, touch and keyboard."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.model.face import Edited, Seed, latent_of
from facegan.model.face_text import from_text
from facegan.model.provenance import Swing
from tests.end_to_end.looking import PHONE, drop, large_face, link, open_tab, recipe_in

ANNA = Seed.of("Anna")


def drawn(model, face, truncation, size=384):
    return enlarge(model.generate(latent_of(model, face, truncation)[None])[0], size)


def frames_of(path):
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]


def field(page, element):
    return page.locator(f"{element} :is(input, textarea)")


def test_animate_returns_the_slider_there_and_back(client, model):
    path = client.predict("Anna", "smile", "mp4", 1.0, 4, 0.7, api_name="/animate")
    frames = frames_of(path)
    assert len(frames) == 8
    for i, face in ((0, ANNA), (4, Edited(ANNA, {"smile": 1.0}))):
        assert np.abs(frames[i] - drawn(model, face, 0.7)).mean() < 8
    assert recipe_in(path).swing == Swing("smile", 1.0, 4)
    path = client.predict(recipe_in(path).to_dict(), "age", "gif", -1.0, 3, None, api_name="/animate")
    with Image.open(path) as film:
        assert (film.format, film.n_frames) == ("GIF", 6)


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "phone"])
def test_the_face_that_was_looked_at_smiles_and_its_film_brings_it_back(visit, model, viewport):
    page = visit("?seed=Anna&truncation=0.6&smile=-0.5&lock=age", viewport)
    page.locator("#face-after figure:not([data-preview]) img").wait_for()
    open_tab(page, "Animate")
    page.wait_for_url("**animate=~**")  # the face as the sliders have it
    film = page.locator("#animate-film video")
    page.wait_for_function("() => document.querySelector('#animate-film video')?.readyState >= 2")
    box = film.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] < (viewport or {"height": 900})["height"]  # seen without scrolling
    page.get_by_label("Age", exact=True).locator("visible=true").check()
    page.wait_for_url("**slider=age**")
    page.locator("#animate-frames [type=range]").fill("6")
    page.wait_for_url("**frames=6&**")
    page.locator("#animate-reach [type=range]").fill("-1")
    page.wait_for_url("**reach=-1&**")
    page.wait_for_function("() => document.querySelector('#animate-here figure:not([data-preview])')")
    face = from_text(link(page)["animate"])
    assert (face.of, face.sliders, face.lock) == (ANNA, {"smile": -0.5}, ("age",))
    for name, kind in (("MP4", b"ftyp"), ("GIF", b"GIF8")):
        with page.expect_download() as download:
            page.locator("#animate-film").get_by_text(f"Save {name}").click()
        path = download.value.path()
        assert kind in Path(path).read_bytes()[:12]
        assert download.value.suggested_filename.startswith("age-")
        assert (recipe_in(path).shown[0], recipe_in(path).swing) == (face, Swing("age", -1.0, 6))
    page.goto(f"{page.url.partition('?')[0]}?seed=1&count=1")
    large_face(page, 1)
    drop(page, Path(path))
    page.wait_for_url("**slider=age&reach=-1&frames=6&**")
    page.wait_for_function("() => document.querySelector('#animate-film video')?.readyState >= 2")
    page.reload()
    page.locator("#animate-here img").wait_for()
    assert page.locator("#animate-slider input:checked").get_attribute("value") == "age"


def test_what_is_typed_stays_until_another_face_is_looked_at(visit):
    page = visit("?animate=Anna&slider=smile&frames=4&truncation=0.6")
    page.locator("#animate-here img").wait_for()
    assert field(page, "#animate-face").input_value() == "Anna"  # and not the random face behind it
    field(page, "#animate-face").fill("Maria")
    page.wait_for_url("**animate=Maria**")
    open_tab(page, "Yearbook")
    open_tab(page, "Animate")
    page.wait_for_url("**animate=Maria**")
    open_tab(page, "Faces")
    page.locator("#face img").wait_for()
    field(page, "#seed").fill("20")
    large_face(page, 20)
    open_tab(page, "Animate")
    page.wait_for_url("**animate=20&**")
    page.go_back()  # to the face
    page.go_back()
    page.go_back()
    page.wait_for_url("**animate=Maria**")
    written = "document.querySelector('#animate-face :is(input, textarea)').value"
    page.wait_for_function(f"() => {written} === 'Maria'")


def test_an_animation_is_set_by_keyboard_alone(visit):
    page = visit("?animate=Anna&slider=smile&frames=4&truncation=0.6")
    page.locator("#animate-here img").wait_for()
    page.locator("#random-animate").focus()
    for _ in range(2):  # to the second attribute
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_url("**slider=gender**")
    page.locator("#animate-reach [type=range]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**reach=0.95&**")
    page.keyboard.press("r")
    page.wait_for_function("() => !location.search.includes('animate=Anna')")
