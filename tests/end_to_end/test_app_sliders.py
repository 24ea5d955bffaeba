"""The tab Sliders in Chromium; and that what is set and what is shown agree, whatever comes late."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.base.pictures import enlarge
from facegan.model.provenance import recipe_of
from tests.end_to_end.looking import after, drawn, drop, edited, large_face, link, recipe_in, waits_until


def test_edit_returns_what_the_model_draws(client, model):
    path = client.predict(5, 0.7, smile=0.5, gender=-0.25, lock="age", api_name="/edit")
    moved = {"smile": 0.5, "gender": -0.25}
    assert np.array_equal(np.asarray(Image.open(path)), edited(model, 5, 0.7, moved, ["age"]))
    assert recipe_in(path) == recipe_of(model, [5], 0.7, moved, lock=["age"])


def test_a_slider_moves_the_face_and_the_link_brings_it_back(visit, model):
    page = visit("?seed=20&truncation=0.6")
    large_face(page, 20)
    page.get_by_role("tab", name="Sliders").click()
    assert np.array_equal(after(page, 20), drawn(model, 20, 0.6))
    page.locator("#slider-smile input[type=range]").fill("0.5")
    page.wait_for_url("**smile=0.5")
    page.locator("#lock-age input").check()
    page.wait_for_url("**lock=age")
    moved = enlarge(edited(model, 20, 0.6, {"smile": 0.5}, ["age"]), 384)
    assert np.array_equal(after(page, 20), moved)
    assert not np.array_equal(moved, drawn(model, 20, 0.6))
    page.reload()
    page.locator("#face-after img").wait_for()
    assert np.array_equal(after(page, 20), moved)
    page.wait_for_url("**smile=0.5&lock=age")
    with page.expect_download() as download:
        page.locator("#face-after").get_by_text("Save PNG").click()
    assert recipe_in(download.value.path()) == recipe_of(model, [20], 0.6, {"smile": 0.5}, lock=["age"])
    page.evaluate("window.before = true")  # the link of the picture is that of the page, so it tells nothing
    drop(page, Path(download.value.path()))
    page.wait_for_function("() => !window.before && document.querySelector('#face-after img')")
    assert np.array_equal(after(page, 20), moved)
    page.wait_for_url("**smile=0.5&lock=age")
    page.locator("#reset-sliders").click()
    page.wait_for_url("**/?seed=20&truncation=0.6&tab=sliders")
    assert np.array_equal(after(page, 20), drawn(model, 20, 0.6))


def test_a_random_face_of_the_sliders_is_the_current_one_everywhere(visit, model):
    page = visit("?seed=20&truncation=0.6&smile=1")
    page.locator('#face-after img[alt$="seed 20"]').wait_for()
    page.wait_for_url("**smile=1")
    page.keyboard.press("r")
    page.wait_for_function("() => !location.search.includes('seed=20&')")
    seed = link(page)["seed"]
    assert np.array_equal(after(page, seed), enlarge(edited(model, int(seed), 0.6, {"smile": 1}), 384))
    page.get_by_role("tab", name="Faces").click()
    assert np.array_equal(large_face(page, seed), drawn(model, seed, 0.6))


def hold(page, pattern, wanted=lambda request: True):
    """Holds the first request that is wanted; the others pass. Where it will be, and what lets it pass, too."""
    held = []

    def decide(route):
        if held or not wanted(route.request):
            route.continue_()
        else:
            held.append(route)

    def release():
        """Returns when the page has had its answer."""
        with page.expect_request_finished(lambda request: request == held[0].request):
            held[0].continue_()
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    page.route(pattern, decide)
    return held, release


def test_a_slow_answer_does_not_take_the_place_of_a_later_face(visit):
    page = visit("?seed=20&truncation=0.6&smile=1")
    after(page, 20)
    held, release = hold(page, "**/gradio_api/run/**")
    page.keyboard.press("r")
    waits_until(page, lambda: held)
    field = page.locator("#seed input")
    slow = field.input_value()
    page.keyboard.press("r")
    page.wait_for_function("slow => document.querySelector('#seed input').value !== slow", arg=slow)
    seed = field.input_value()
    shown = page.locator(f'#face-after figure:not([data-preview]) img[alt$="seed {seed}"]')
    shown.wait_for()
    release()
    shown.wait_for()
    page.wait_for_url(f"**seed={seed}&**")
    assert field.input_value() == seed


def test_a_slider_that_is_moved_meanwhile_has_the_last_word(visit, model):
    page = visit("?seed=20&truncation=0.6&smile=1")
    after(page, 20)
    held, release = hold(page, "**/live/sliders?*", lambda request: "preview" not in request.url)
    slider = page.locator("#slider-smile input[type=range]")
    slider.fill("0.5")
    waits_until(page, lambda: held)
    slider.fill("-0.5")
    page.wait_for_url("**smile=-0.5")
    moved = enlarge(edited(model, 20, 0.6, {"smile": -0.5}), 384)
    assert np.array_equal(after(page, 20), moved)
    release()
    assert link(page)["smile"] == "-0.5"
    assert np.array_equal(after(page, 20), moved)


def test_nothing_is_asked_for_before_the_page_has_opened(app, browser):
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    held, release = hold(page, "**/gradio_api/run/**")
    page.goto(f"{app}/?seed=20&count=3")
    waits_until(page, lambda: held)
    page.locator("#random-face").wait_for(state="attached")
    page.keyboard.press("r")
    assert page.locator("#face img").count() == 0
    release()
    page.locator('#face img[alt$="seed 20"]').wait_for()
    assert page.locator("#seed input").input_value() == "20"
    assert len(asked) == 1
    page.close()


def test_a_number_out_of_range_is_put_right_and_drawn(visit):
    page = visit("?seed=20&count=4")
    large_face(page, 20)
    number = page.locator("#count [data-testid=number-input]")
    number.fill("30")
    number.press("Tab")
    page.locator("#faces [data-seed='44']").wait_for()
    page.wait_for_url("**count=25")
    assert number.input_value() == "25"
    number.fill("")
    number.press("Tab")
    assert number.input_value() == "25"
    assert page.get_by_text("Error", exact=True).count() == 0


@pytest.mark.parametrize("typed", ["0.35", "-0.5", "-1", "0.05"])
def test_a_number_that_is_typed_key_by_key_is_what_it_says(visit, typed):
    page = visit("?seed=20&truncation=0.6&smile=0.2")
    after(page, 20)
    number = page.locator("#slider-smile [data-testid=number-input]")
    number.press("ControlOrMeta+a")
    number.press_sequentially(typed)
    number.press("Tab")
    page.wait_for_url(f"**smile={typed}")
    assert number.input_value() == typed


def test_a_seed_field_left_empty_has_the_face_that_is_shown(visit):
    page = visit("?seed=20&count=4")
    large_face(page, 20)
    page.locator("#faces [data-seed='22']").click()
    large_face(page, 22)
    page.locator("#seed input").fill("")
    page.locator("#seed input").press("Tab")
    page.wait_for_function("() => document.querySelector('#seed input').value === '22'")
    page.locator("#seed input").fill("20")  # the same grid as at first
    large_face(page, 20)
    assert page.locator('#faces [aria-pressed="true"]').get_attribute("data-seed") == "20"


def over(page):
    """The picture that lies over the edited face, uint8 (384, 384, 3); None where there is none."""
    if not page.locator("#face-after .fg-over").count():
        return None
    data = page.locator("#face-after .fg-over").get_attribute("src").partition(",")[2]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_the_face_before_is_small_and_large_while_it_is_held(visit, model):
    page = visit("?seed=20&truncation=0.6&smile=1")
    large = page.locator("#face-after [data-query] img").first
    after(page, 20)
    before = page.locator("[data-compare]")
    assert before.bounding_box()["width"] < large.bounding_box()["width"] / 2
    box = before.bounding_box()
    for hold, release in (
        (lambda: page.keyboard.down("b"), lambda: page.keyboard.up("b")),
        (lambda: (before.focus(), page.keyboard.down("Enter")), lambda: page.keyboard.up("Enter")),
        (
            lambda: (page.mouse.move(box["x"] + 20, box["y"] + 20), page.mouse.down()),
            lambda: (page.mouse.move(5, 5), page.mouse.up()),  # wherever the finger has gone
        ),
    ):
        assert over(page) is None
        hold()
        assert np.array_equal(over(page), drawn(model, 20, 0.6))
        assert page.locator("#face-after .fg-over").bounding_box() == large.bounding_box()
        release()
        assert over(page) is None
    page.get_by_role("tab", name="Faces").click()
    page.locator("#seed input").click()
    page.keyboard.type("b")  # a letter of a name
    assert over(page) is None
