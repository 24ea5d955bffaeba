"""Animating a slider, dragging two at once and surprises in Chromium, wide and on a phone: mouse, touch, keyboard."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.model.face import Alike, Edited, Mixed, Seed, latent_of
from facegan.model.face_text import from_text
from facegan.model.provenance import Swing
from tests.end_to_end.looking import NO_PAGE, PHONE, decoded, drop, large_face, link, open_tab, recipe_in, waits_until

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
        assert np.abs(frames[i] - drawn(model, face, 0.7, 512)).mean() < 8
    assert recipe_in(path).swing == Swing("smile", 1.0, 4)
    path = client.predict(recipe_in(path).to_dict(), "age", "gif", -1.0, 3, None, api_name="/animate")
    with Image.open(path) as film:
        assert (film.format, film.n_frames) == ("GIF", 6)


def test_the_face_that_was_looked_at_smiles_and_its_film_brings_it_back(visit, model):
    page = visit("?seed=Anna&truncation=0.6&smile=-0.5&lock=age", PHONE)
    page.locator("#face-after figure:not([data-preview]) img").wait_for()
    open_tab(page, "Animate")
    page.wait_for_url("**animate=~**")  # the face as the sliders have it
    film = page.locator("#animate-film video")
    page.wait_for_function("() => document.querySelector('#animate-film video')?.readyState >= 2")
    box = film.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] < PHONE["height"]  # seen without scrolling
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


def test_a_film_that_could_not_be_fetched_comes_by_itself(visit):
    page = visit("?seed=7", PHONE)
    page.route("**/animation?*", lambda route: route.abort(), times=1)
    open_tab(page, "Animate")
    page.locator("#animate-film").get_by_text("This page tries again by itself").wait_for()
    page.wait_for_function("() => document.querySelector('#animate-film video')?.readyState >= 2")


def test_what_is_typed_stays_and_a_click_takes_another_face(visit):
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
    page.wait_for_function("() => document.querySelector('#seen [aria-current]')?.ariaLabel.endsWith('seed 20')")
    open_tab(page, "Animate")
    page.wait_for_url("**animate=Maria**")
    page.locator("#seen li button[aria-label$='seed 20']").click()
    page.wait_for_url("**animate=20&**")
    page.go_back()
    page.wait_for_url("**animate=Maria**")
    written = "document.querySelector('#animate-face :is(input, textarea)').value"
    page.wait_for_function(f"() => {written} === 'Maria'")


def test_an_animation_is_set_by_keyboard_alone(visit, app):
    page, held = visit(NO_PAGE), []
    page.route("**/animation?*", lambda route: held.append(route))
    page.goto(f"{app}/?animate=Anna&slider=smile&frames=4&truncation=0.6")
    page.locator("#animate-here img").wait_for()
    film = page.locator("#animate-film video")
    page.locator("#animate-film").get_by_text("Drawing the film").wait_for()
    assert film.get_attribute("poster") == page.locator("#animate-here img").get_attribute("src")
    assert film.get_attribute("controls") is None  # nothing is there to play
    waits_until(page, lambda: held)
    held[0].continue_()
    page.unroute("**/animation?*")
    page.wait_for_function("() => document.querySelector('#animate-film video').controls")
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


def settled(page, values):
    """Waits until the edited face with these slider values can be saved; its state."""
    wanted = {name: f"{value:g}" for name, value in values.items()}
    page.wait_for_function(
        """wanted => {
            const figure = document.querySelector("#face-after figure:not([data-preview])");
            const state = new URLSearchParams(figure?.dataset.query);
            return figure && Object.entries(wanted).every(([name, value]) => (state.get(name) ?? "0") === value);
        }""",
        arg=wanted,
    )


def open_pad(page):
    page.locator("#face-after figure:not([data-preview]) img").wait_for()
    page.locator("summary").get_by_text("Drag two at once").click()
    square = page.locator(".fg-pad-square")
    square.scroll_into_view_if_needed()
    return square


def slider_values(page, *names):
    return [float(page.locator(f"#slider-{name} [type=range]").input_value()) for name in names]


def places(square, *points):
    """Points of the page for slider values."""
    box = square.bounding_box()
    return [(box["x"] + box["width"] * (x + 1) / 2, box["y"] + box["height"] * (1 - y) / 2) for x, y in points]


def test_the_pad_moves_two_sliders_and_a_drag_is_one_step(visit, model):
    page = visit("?seed=20&truncation=0.6&tab=sliders")
    square = open_pad(page)
    first, *more = places(square, (0, 0), (0.3, 0.2), (0.5, 0.5), (0.6, -0.4))
    page.mouse.move(*first)
    page.mouse.down()
    for place in more:  # each has its link
        before = page.url
        page.mouse.move(*place)
        page.wait_for_url(lambda url, before=before: url != before)
    page.mouse.up()
    smile, age = slider_values(page, "smile", "age")
    assert (smile, age) == (pytest.approx(0.6, abs=0.06), pytest.approx(-0.4, abs=0.06))
    settled(page, {"smile": smile, "age": age})
    page.wait_for_url(f"**smile={smile:g}&age={age:g}")
    assert square.get_attribute("aria-valuetext") == f"Smile {smile:g}, Age {age:g}"
    face = Edited(Seed(20), {"smile": smile, "age": age})
    assert np.array_equal(decoded(page, "#face-after", 20), drawn(model, face, 0.6))
    with page.expect_download() as download:
        page.locator("#face-after").get_by_text("Save PNG").click()
    assert recipe_in(download.value.path()).shown == (face,)
    page.locator("#tabs [role=tab]").first.focus()
    page.keyboard.press("Control+z")  # the whole drag
    settled(page, {"smile": 0, "age": 0})
    page.locator(".fg-pad-square[aria-valuetext='Smile 0, Age 0']").wait_for()

    page.locator("#pad select").nth(1).select_option("smile")  # they change places
    assert page.locator("#pad select").evaluate_all("all => all.map((one) => one.value)") == ["age", "smile"]
    page.locator("#pad [data-grid]").click()
    page.locator("#pad figure img").wait_for()
    with page.expect_download() as download:
        page.locator("#pad figure").get_by_text("Save PNG").click()
    assert download.value.suggested_filename == "age-smile.png"
    assert recipe_in(download.value.path()).shown == (Seed(20),)
    assert min(Image.open(download.value.path()).size) > 5 * 192
    page.reload()
    open_pad(page)
    assert page.locator("#pad select").evaluate_all("all => all.map((one) => one.value)") == ["age", "smile"]


def test_the_pad_is_dragged_by_a_thumb_with_the_face_in_sight(app, browser):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{app}/?seed=20&truncation=0.6&tab=sliders")
    square = open_pad(page)
    page.evaluate("document.querySelector('.fg-pad-square').scrollIntoView({block: 'end'})")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    scrolled = page.evaluate("scrollY")
    touches, session = places(square, (0, 0), (0.2, 0.3), (0.5, 0.6), (-0.5, 0.8)), context.new_cdp_session(page)
    for kind, (x, y) in zip(("touchStart", "touchMove", "touchMove", "touchMove"), touches, strict=True):
        before = square.get_attribute("aria-valuetext")
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        if kind == "touchMove":
            page.wait_for_function("old => document.querySelector('.fg-pad-square').ariaValueText !== old", arg=before)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    smile, age = slider_values(page, "smile", "age")
    assert (smile, age) == (pytest.approx(-0.5, abs=0.06), pytest.approx(0.8, abs=0.06))
    settled(page, {"smile": smile, "age": age})
    assert page.evaluate("scrollY") == scrolled  # the page does not scroll under the thumb
    face, pad = page.locator("#face-after img").bounding_box(), square.bounding_box()
    assert face["y"] >= 0
    assert face["y"] + face["height"] <= pad["y"]
    assert pad["y"] + pad["height"] <= PHONE["height"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_the_pad_and_the_surprises_are_used_by_keyboard_alone(visit):
    page = visit("?seed=20&truncation=0.6&tab=sliders")
    page.locator("#face-after figure:not([data-preview]) img").wait_for()
    page.locator("#reset-sliders").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # opens the pad
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.fg-pad-square')")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_url("**smile=0.1&age=0.2")
    page.keyboard.press("Home")
    settled(page, {"smile": 0, "age": 0})
    page.locator("#surprises summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.matches('#slider-surprise_1 [type=range]')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**surprise_1=0.05")


def test_a_surprise_moves_the_face_and_has_the_visitors_name(visit, model):
    page = visit("?seed=20&truncation=0.6&tab=sliders", PHONE)
    page.locator("#face-after figure:not([data-preview]) img").wait_for()
    last = page.locator("#slider-surprise_6 [type=range]")
    assert not last.is_visible()  # until somebody opens the fold
    page.locator("#surprises summary").click()
    last.scroll_into_view_if_needed()
    last.fill("0.5")
    settled(page, {"surprise_6": 0.5})
    page.wait_for_url("**surprise_6=0.5")
    face = Edited(Seed(20), {"surprise_6": 0.5})
    assert np.array_equal(decoded(page, "#face-after", 20), drawn(model, face, 0.6))
    with page.expect_download() as download:
        page.locator("#face-after").get_by_text("Save PNG").click()
    assert recipe_in(download.value.path()).shown == (face,)
    page.get_by_label("Name Surprise 6").click()
    page.locator("[data-surprise=surprise_6]").fill("Fringe <b>")
    page.keyboard.press("Enter")
    label = page.locator("#slider-surprise_6 [data-testid=block-info]")
    label.filter(has_text="Fringe <b>").wait_for()
    page.reload()
    label.filter(has_text="Fringe <b>").wait_for()  # and the fold is open, because the link moves what is in it
    assert last.is_visible()
    assert np.array_equal(decoded(page, "#face-after", 20), drawn(model, face, 0.6))
    page.locator("#lock-surprise_5 input").check()  # what moves with it is held
    page.wait_for_url("**lock=surprise_5")
    page.locator("#face-after figure[data-query$='lock=surprise_5']:not([data-preview])").wait_for()
    locked = Edited(Seed(20), {"surprise_6": 0.5}, ("surprise_5",))
    assert np.array_equal(decoded(page, "#face-after", 20), drawn(model, locked, 0.6))
    page.get_by_label("Name Surprise 6").click()
    page.locator("[data-surprise=surprise_6]").fill(" ")
    page.keyboard.press("Enter")
    label.filter(has_text="Surprise 6").wait_for()


def test_a_surprise_is_taken_and_held_by_the_visitors_name(visit, model):
    page = visit("?face_a=Anna&face_b=7&truncation=0.6&amount=1")
    page.locator("#mix-face img").wait_for()
    page.evaluate(
        "() => localStorage.setItem('facegan-surprises-' + document.querySelector('[data-weights]').dataset.weights,"
        " JSON.stringify([['surprise_2', 'Fringe']]))"
    )
    page.reload()
    page.locator("#mix-face img").wait_for()
    page.locator("summary").get_by_text("Take only some").click()
    page.get_by_label("Take only: Fringe").check()
    page.wait_for_url("**only=surprise_2**")
    page.locator("#mix-face [data-query*='only=surprise_2']").wait_for()
    face = Mixed(ANNA, Alike(ANNA, Seed(7), ("surprise_2",)), 1.0)
    assert np.array_equal(decoded(page, "#mix-face"), drawn(model, face, 0.6))
    open_tab(page, "Evolve")
    page.locator("#neighbours img").nth(8).wait_for()
    page.locator("summary").get_by_text("Hold some").click()
    page.get_by_label("Hold: Fringe").press("Space")
    page.wait_for_url("**hold=surprise_2**")
    page.locator("#evolve-face [data-query*='hold=surprise_2']").wait_for()
    child = from_text(page.locator("#neighbours button").first.get_attribute("data-face"))
    assert child.hold == ("surprise_2",)


def test_a_surprise_can_be_called_for_and_animated(client, model):
    path = client.predict(5, 0.7, smile=0.5, surprise_2=-1.0, api_name="/edit")
    face = Edited(Seed(5), {"smile": 0.5, "surprise_2": -1.0})
    assert np.array_equal(np.asarray(Image.open(path)), drawn(model, face, 0.7, model.size))
    assert recipe_in(path).shown == (face,)
    path = client.predict(5, "surprise_2", "gif", 1.0, 2, 0.7, api_name="/animate")
    assert recipe_in(path).swing == Swing("surprise_2", 1.0, 2)
