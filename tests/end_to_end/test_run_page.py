"""RUN/index.html in a browser, from a file and without the network: what its script adds, and that it fits a phone."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from facegan.gan.monitor.log import LOG
from facegan.gan.monitor.watch import write_page

GRIDS = (0, 500, 1000, 2000, 4000)


@pytest.fixture
def run(tmp_path):
    lines = [
        {"images_seen": at, "loss_d": 1.0 + at / 4000, "loss_g": 0.5, "kid": 4000 / at, "accuracy": 0.7}
        for at in GRIDS[1:]
    ]
    events = [{"images_seen": 0, "event": "start", "message": "A sentence long enough to need two lines. " * 4}]
    (tmp_path / LOG).write_text("".join(json.dumps(line) + "\n" for line in events + lines))
    (tmp_path / "samples").mkdir()
    for i, at in enumerate(GRIDS):
        grid = np.full((64, 128, 3), 40 * i, np.uint8)
        Image.fromarray(grid).save(tmp_path / "samples" / f"{at:012d}.png")
    return tmp_path


@pytest.fixture
def visit(browser, run):
    """visit(viewport): the page of the run. At the end: no error, and nothing but files of the run was asked for."""
    contexts, wrong = [], []

    def open_page(width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 600}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: request.url.startswith(run.as_uri()) or wrong.append(request.url))
        page.goto((run / "index.html").as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def test_the_slider_goes_through_the_grids(run, visit):
    write_page(run, 0.5, 10.0)
    page = visit()
    slider = page.locator("#time")
    assert slider.is_visible()
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("#when").inner_text() == "2,000 images"
    assert page.locator("#grid").get_attribute("src") == "samples/000000002000.png"
    page.locator(".strip a").nth(1).click()
    assert page.locator("#when").inner_text() == "500 images"
    assert slider.input_value() == "1"


def test_a_refresh_keeps_the_place_and_the_chosen_grid_and_follows_the_newest_otherwise(run, visit):
    write_page(run, 0.5, 10.0)
    page = visit()
    page.locator(".strip a").nth(2).click()
    page.evaluate("scrollTo(0, 432)")
    page.reload()
    assert page.evaluate("scrollY") == 432
    assert page.locator("#grid").get_attribute("src") == "samples/000000001000.png"
    page.locator(".strip a").last.click()
    Image.fromarray(np.zeros((64, 128, 3), np.uint8)).save(run / "samples" / "000000008000.png")
    write_page(run, 0.6, 9.0)
    page.reload()
    assert page.locator("#grid").get_attribute("src") == "samples/000000008000.png"


def test_a_running_page_reloads_itself(run, visit):
    write_page(run, 0.5, 10.0)
    index = run / "index.html"
    index.write_text(index.read_text().replace('data-refresh="30"', 'data-refresh="1"'))
    page = visit()
    with page.expect_event("load", timeout=120_000):
        pass  # of its own accord


def test_the_pointer_over_a_curve_tells_its_values(run, visit):
    write_page(run, 0.5, 10.0)
    page = visit()
    plot = page.locator(".plot").nth(1)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 50)  # 1800 of 4000: the point at 2000 is nearest
    tip = plot.locator(".tip")
    assert tip.inner_text().split("\n") == ["2,000 images", "generator 0.5", "discriminator 1.5"]
    page.mouse.move(5, 5)
    assert not tip.is_visible()


def test_a_page_that_nobody_rewrites_says_that_the_run_is_probably_dead(run, visit):
    write_page(run, 0.5, 10.0)
    assert not visit().locator("#stale").is_visible()
    index = run / "index.html"
    written = int(re.search(r'data-written="(\d+)"', index.read_text())[1])
    index.write_text(index.read_text().replace(f'data-written="{written}"', f'data-written="{written - 660}"'))
    assert visit().locator("#stale").is_visible()


def test_a_finished_page_is_never_stale_and_does_not_reload(run, visit):
    write_page(run, 1.0, 0.0, running=False)
    index = run / "index.html"
    index.write_text(re.sub(r'data-written="\d+"', 'data-written="0"', index.read_text()))  # long ago
    page = visit()
    page.clock.install()
    page.evaluate("window.before = true")
    page.clock.fast_forward("01:00:00")
    assert page.evaluate("window.before")
    assert not page.locator("#stale").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(run, visit, scheme):
    write_page(run, 0.5, 10.0)
    page = visit(width=390, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert red < 60 if scheme == "dark" else red > 200


def test_without_javascript_the_newest_grid_and_the_curves_are_there(run, visit):
    write_page(run, 0.5, 10.0)
    page = visit(java_script_enabled=False)
    assert not page.locator("#time").is_visible()
    assert page.locator("#grid").is_visible()
    assert page.locator("svg").count() == 3
    assert page.locator(".strip a").count() == len(GRIDS)
