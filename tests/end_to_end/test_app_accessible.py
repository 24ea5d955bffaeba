"""The page for everybody: axe-core's rules, by keyboard alone, on small screens, without motion."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urljoin

import numpy as np
import pytest
from PIL import Image

from tests.end_to_end.looking import NO_PAGE, PHONE, after, drawn, large_face, link, open_tab

WIDE = {"width": 1280, "height": 900}
TABS = {
    "Faces": ("?seed=7", "#face img"),
    "Sliders": ("?seed=7&smile=0.5&lock=age", "#face-after img"),
    "Mix": ("?face_a=Anna&face_b=7&only=smile", "#mix-face img"),
    "Evolve": ("?parent=Anna&hold=age", "#neighbours img >> nth=8"),
    "Animate": ("?animate=Anna&slider=smile&frames=4", "#animate-here img"),
    "Morph": ("?seeds=3,9&frames=4", "#morph-here img"),
    "Yearbook": ("?seed=7", "#face img"),
    "How it learned": ("?seed=7", "#face img"),
}


@pytest.fixture(scope="session")
def axe():
    spec = find_spec("axe_playwright_python")
    if spec is None:
        pytest.skip("axe-playwright-python is not installed (pip install -r requirements-dev.txt)")
    return (Path(spec.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")


def show(page, tab):
    query, face = TABS[tab]
    page.goto(urljoin(page.url, f"/{query}"))
    page.locator(face).wait_for()
    if tab == "How it learned":
        open_tab(page, tab)
        page.locator("#learning-film video[src]").wait_for(state="attached")


# What is seen of a tab without scrolling.
IN_SIGHT = {
    "Faces": "#face img",
    "Sliders": "#face-after img",
    "Mix": "#mix-face img",
    "Evolve": "#neighbours img >> nth=8",
    "Animate": "#animate-film video",
    "Morph": "#morph-film video",
    "Yearbook": "#yearbook-page img",
    "How it learned": "#learning-film video",
}


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_on_every_tab_things_are_in_their_places_and_no_rule_of_axe_is_broken_seriously(visit, app, axe, viewport):
    page, found, opened = visit(NO_PAGE, viewport), [], None
    faces, buttons, rows = {}, {}, {}
    for tab in (*(tab for tab in TABS if tab != "Faces"), "Faces"):  # last, because a favourite that is kept stays
        query, face = TABS[tab]
        if query != opened:
            page.goto(f"{app}/{query}&__theme=light")
            page.locator(face).wait_for()
            opened = query
        if query == TABS["Faces"][0]:
            open_tab(page, tab)
        if tab == "Yearbook":
            page.locator("#yearbook-names textarea").fill(", ".join(f"Anna {i}" for i in range(36)))
        page.locator(IN_SIGHT[tab]).wait_for()
        rests(page)
        box = page.locator(IN_SIGHT[tab]).bounding_box()
        assert box["y"] >= 0, tab
        assert box["y"] + box["height"] <= viewport["height"], tab
        if tab in ("Faces", "Sliders", "Mix", "Evolve", "Morph"):
            button = page.locator("#tabs .primary >> visible=true").bounding_box()
            buttons[tab] = button["x"], button["y"] if viewport == WIDE else 0
        if tab in ("Faces", "Sliders", "Mix", "Evolve"):
            figure = page.locator("#tabs figure:has([data-keep]) >> visible=true")
            rows[tab] = figure.locator(".fg-actions > *").all_inner_texts()
            image = figure.locator("img").first.bounding_box()
            if tab != "Evolve":  # where nine more have to be seen
                faces[tab] = image["x"], image["y"]
        unfold(page, tab)
        if tab == "Yearbook":
            saves = page.locator("#yearbook-page .fg-actions").bounding_box()
            assert saves["y"] + saves["height"] <= viewport["height"]
        found += violations(page, axe, tab)
    assert found == []
    assert len(set(faces.values())) == 1, faces
    assert len(set(buttons.values())) == 1, buttons
    assert len({tuple(row) for row in rows.values()}) == 1, rows


def unfold(page, tab):
    """Shows what a tab hides at first."""
    if tab == "Sliders":
        page.locator("#pad summary").click()
        page.locator("#surprises summary").click()
        page.get_by_label("Name Surprise 1").click()
        page.locator("#pad [data-grid]").click()
        page.locator("#pad figure img").wait_for()
    if tab in ("Mix", "Evolve"):
        page.locator("#tabs .fg-fold summary >> visible=true").click()
    if tab == "Faces":
        page.locator("#face [data-keep]").click()
        page.locator("#favourites summary").click()
        page.locator("#about button").first.click()
        page.locator("#about summary").click()
        page.locator("#face .fg-more summary").click()


def rests(page):
    """Waits until nothing fades or moves any more."""
    page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running')")


def violations(page, axe, what):
    """What breaks a rule of axe's seriously, light and dark."""
    page.evaluate(axe)
    found = []
    for theme in ("light", "dark"):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
        rests(page)  # axe reads colours as they are
        broken = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        serious = [rule for rule in broken if rule["impact"] in ("serious", "critical")]
        found += [(what, theme, rule["id"], node["html"][:150]) for rule in serious for node in rule["nodes"]]
    return found


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_no_rule_of_axe_is_broken_seriously_on_the_tab_you_and_while_the_page_opens(
    visit, axe, viewport, model, portrait, tmp_path
):
    page = visit("?seed=7&__theme=light", viewport)
    large_face(page, 7)
    if model.encoder is not None:
        open_tab(page, "You")
        choose = page.locator("#you-photo .fg-choose")
        choose.wait_for()
        top = page.locator("#tabs [role=tab] >> visible=true").first.bounding_box()
        assert choose.bounding_box()["y"] < top["y"] + 320  # and no empty square above it
        found = violations(page, axe, "You")
        Image.fromarray(portrait).save(tmp_path / "me.png")
        page.locator("#you-photo input[type=file]").set_input_files(tmp_path / "me.png")
        page.locator("#you-face figure img").wait_for()
        found += violations(page, axe, "You, with a look-alike")
        assert found == []
    # Whatever fits into the strip, what empties it is whole.
    page.goto(f"{page.url.partition('?')[0]}?seed=8&count=1")
    forget = page.get_by_role("button", name="Forget them")
    forget.wait_for()
    box = forget.bounding_box()
    assert box["x"] + box["width"] <= viewport["width"]
    assert page.get_by_role("heading", name="Seen").is_visible()
    page.route("**/gradio_api/run/**", lambda route: None)
    page.goto(f"{page.url.partition('?')[0]}?seed=9&count=1&__theme=light", wait_until="commit")
    page.locator("#fg-opening figure").wait_for()
    page.evaluate(axe)
    broken = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [rule["id"] for rule in broken if rule["impact"] in ("serious", "critical")] == []


def reach(page, element, most=60):
    """Presses Tab until `element` has the focus, and tells whether the browser draws a ring around it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("css => document.activeElement.matches(css)", element):
            return page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle !== 'none'")
    raise AssertionError(f"{element} cannot be reached by keyboard")


def test_the_page_can_be_used_by_keyboard_alone(visit, model):
    page = visit("?seed=20&truncation=0.6&count=4")
    large_face(page, 20)
    assert reach(page, "#tabs [role=tab]")
    assert reach(page, "#face [data-copy-link]")
    assert reach(page, "#random-face")
    assert reach(page, "#seed input")
    page.keyboard.press("Control+A")
    page.keyboard.type("21")
    assert np.array_equal(large_face(page, 21), drawn(model, 21, 0.6))
    assert reach(page, "#count [type=range]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**count=3**")
    assert reach(page, "#faces [data-seed='22']")
    page.keyboard.press("Space")
    large_face(page, 22)
    # Back to the tabs, as a list of tabs goes: arrows or Tab, then the key that presses.
    page.evaluate("() => document.activeElement.blur()")
    page.locator("#tabs [role=tab]").first.focus()
    for _ in range(4):
        if page.evaluate("() => document.activeElement.textContent.trim()") == "Sliders":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    after(page, 22)
    assert reach(page, "#slider-smile [type=range]")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**smile=0.05**")
    assert reach(page, "#lock-smile input")
    page.keyboard.press("Space")
    page.wait_for_url("**lock=smile")
    assert reach(page, ".fg-note summary")
    page.keyboard.press("Enter")
    assert page.locator(".fg-note p").first.is_visible()
    show(page, "Mix")
    assert reach(page, "#mix-face [data-copy-link]")
    assert reach(page, "#mix-amount [type=range]")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**amount=0.52**")
    assert reach(page, "#mix-b input")
    page.keyboard.press("Control+A")
    page.keyboard.type("Maria")
    page.wait_for_url("**face_b=Maria**")
    assert reach(page, ".fg-fold summary")
    assert reach(page, "#only-age input")
    page.keyboard.press("Space")
    page.wait_for_url("**only=smile,age**")
    show(page, "Evolve")
    assert reach(page, "#neighbours button")
    page.keyboard.press("Enter")
    page.wait_for_url("**parent=~**")
    assert reach(page, "#random-brood")
    page.keyboard.press("Enter")
    assert reach(page, "#hold-smile input")
    show(page, "Morph")
    assert reach(page, "#morph-film video")
    assert reach(page, "#morph-mp4")
    with page.expect_download():
        page.keyboard.press("Enter")
    assert reach(page, "#morph-position [type=range]")
    open_tab(page, "Yearbook")
    page.locator("#tabs [role=tab]").first.focus()
    assert reach(page, "#yearbook-names textarea")
    page.keyboard.type("Anna, Ben")
    page.locator("#yearbook-page img").wait_for()
    page.locator("#tabs [role=tab]").first.focus()
    assert reach(page, "#yearbook-page [data-sheet=pdf]")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_controls_have_names_of_their_own(visit):
    page = visit("?seed=7&smile=0.5")
    page.locator("#face-after img").wait_for()
    page.wait_for_function("() => document.querySelector('#lock-age input').getAttribute('aria-label')")
    names = page.evaluate(
        """() => [...document.querySelectorAll("#tabs [id^=lock-] input, #tabs .fg-slider :is(button, summary)")]
            .filter((e) => e.offsetParent).map((e) => e.getAttribute("aria-label"))"""
    )
    assert len(names) == len(set(names)) > 8
    assert all(names)


def test_a_new_face_is_announced_and_an_edited_one_says_how(visit):
    page = visit("?seed=20&count=1")
    large_face(page, 20)
    live = page.locator("#fg-announce[role=status]")
    page.locator("#seed input").fill("21")
    live.filter(has_text="seed 21").wait_for(state="attached")
    page.goto(f"{page.url.partition('?')[0]}?seed=7&smile=0.5&lock=age")
    page.locator("#face-after img").wait_for()
    for part in ("smile +0.5", "age locked", "seed 7"):
        assert part in page.locator("#face-after img").get_attribute("alt")


def test_films_stand_still_for_those_who_ask_for_less_motion(visit):
    page = visit(NO_PAGE)
    page.emulate_media(reduced_motion="reduce")
    for tab, film in (("Animate", "#animate-film"), ("Morph", "#morph-film"), ("How it learned", "#learning-film")):
        show(page, tab)
        page.wait_for_function("css => document.querySelector(`${css} video`)?.readyState >= 1", arg=film)
        page.wait_for_timeout(500)
        assert page.evaluate("css => document.querySelector(`${css} video`).paused", film)
        assert page.evaluate("css => document.querySelector(`${css} video`).controls", film)


@pytest.mark.parametrize(
    "viewport",
    [{"width": 320, "height": 256}, {"width": 320, "height": 640}, {"width": 844, "height": 390}, PHONE],
    ids=["400 %", "small", "landscape", "phone"],
)
def test_every_tab_and_slider_can_be_used_on_a_small_screen(visit, viewport, model):
    page = visit("?seed=7&smile=0.5", viewport)
    page.locator("#face-after img").wait_for()
    last = page.locator(f"#slider-{model.sliders[-1].name} [type=range]")
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    hit = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y)?.type", [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    )
    assert hit == "range"  # nothing lies over it
    page.evaluate("() => scrollTo(0, 0)")
    open_tab(page, "How it learned")
    page.locator("#learning-film video").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_sliders_fit_a_thumb_with_the_face_in_sight(visit, model):
    page = visit("?seed=7&smile=0.5", PHONE)
    page.locator("#face-after img").wait_for()
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            "#tabs :is([role=tab], .fg-actions :is(a, button), summary, [type=range], .primary, [id^=lock-] label)")]
            .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 43.5)
            .map((e) => e.outerHTML.slice(0, 100) + e.getBoundingClientRect().height)"""
    )
    assert small == []
    assert page.evaluate("document.querySelector('#tabs').getBoundingClientRect().height") < 1.6 * PHONE["height"]
    page.locator(f"#slider-{model.sliders[-1].name}").scroll_into_view_if_needed()
    face = page.locator("#face-after img").bounding_box()
    assert face["y"] >= 0
    assert face["y"] + face["height"] < PHONE["height"] / 2
    assert page.locator(".fg-sticky").bounding_box()["height"] < 0.4 * PHONE["height"]
    assert page.locator("[data-compare]").bounding_box()["width"] < face["width"] / 2  # the face before


def test_a_value_that_cannot_be_leaves_the_address(visit):
    page = visit("?seed=7&smile=nan&gender=x")
    page.get_by_text("The link's smile is not a number").wait_for()
    large_face(page) if page.locator("#face img").is_visible() else after(page, 7)
    page.wait_for_url("**/?seed=7**")
    page.wait_for_function("() => !location.search.includes('nan') && !location.search.includes('gender')")
    assert link(page)["seed"] == "7"
