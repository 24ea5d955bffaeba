"""Names, mixing and evolving in Chromium: whatever made a face, it goes wherever a face can go."""

import io
import zipfile
from itertools import cycle
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image, ImageSequence

from facegan.base.pictures import enlarge
from facegan.model.face import Alike, Edited, Mixed, Neighbour, Seed, latent_of
from facegan.model.face_text import as_text, from_text
from tests.end_to_end.looking import APP, PHONE, decoded, drawn, drop, large_face, link, open_tab, recipe_in
from tests.end_to_end.running_app import running_app

# Where the browser keeps what was seen, in JavaScript.
KEY = "'facegan-seen-' + document.querySelector('[data-weights]').dataset.weights"


def shown(model, face, truncation):
    """The face as the page shows it large, uint8 (384, 384, 3)."""
    return enlarge(model.generate(latent_of(model, face, truncation)[None])[0], 384)


def field(page, element):
    return page.locator(f"{element} :is(input, textarea)")


def seen_in(page, element):
    """What a visitor reads in a field."""
    box = page.locator(f"{element} .input-container")
    return box.get_attribute("data-shown") or field(page, element).input_value()


def settled(page, element, old=None):
    """Waits until `element` shows a face that can be saved, whose state is not `old`; its state."""
    page.wait_for_function(
        """([element, old]) => {
            const figure = document.querySelector(`${element} [data-query]`);
            return figure && !figure.matches("[data-preview]") && figure.dataset.query !== old;
        }""",
        arg=[element, old],
    )
    return page.locator(f"{element} [data-query]").get_attribute("data-query")


def test_mix_and_neighbours_return_what_the_model_draws(client, model):
    mixed = Mixed(Seed.of("Anna"), Seed(7), 0.25)
    path = client.predict("Anna", 7, 0.25, "", 0.7, api_name="/mix")
    assert np.array_equal(np.asarray(Image.open(path)), model.generate(latent_of(model, mixed, 0.7)[None])[0])
    assert recipe_in(path).shown == (mixed,)
    paths = client.predict(recipe_in(path).to_dict(), 2, 0.4, "smile", None, 3, 0.7, api_name="/neighbours")
    for i, near in enumerate(paths):
        face = recipe_in(near).shown[0]
        assert (face.seed, face.distance, face.hold) == (3 + i, 0.4, ("smile",))
        assert np.array_equal(np.asarray(Image.open(near)), model.generate(latent_of(model, face, 0.7)[None])[0])


def test_a_name_is_a_face_and_shows_its_number(visit, model):
    page = visit("?seed=7&truncation=0.6&count=1")
    large_face(page, 7)
    for typed, name in (("  anna ", "Anna"), (" ZOE\N{COMBINING DIAERESIS}", "Zoë"), ("ANNA", "Anna")):
        field(page, "#seed").fill(typed)
        number, kept = Seed.of(name).number, typed.strip()
        assert np.array_equal(large_face(page, number), drawn(model, number, 0.6))
        page.locator("#face").get_by_text(f"{kept}, seed {number}").wait_for()
        page.wait_for_url(lambda url, kept=kept: parse_qs(urlsplit(url).query)["seed"] == [kept])


def test_two_faces_mix_and_the_mix_is_a_face_everywhere(visit, model):
    """On a phone; on a wide screen in test_two_clicks_make_a_child_of_two_favourites, and so is Evolve."""
    page = visit("?seed=Anna&truncation=0.6&count=1", PHONE)
    large_face(page, Seed.of("Anna").number)
    page.get_by_role("tab", name="Mix").click()
    state = settled(page, "#mix-face")
    assert field(page, "#mix-a").input_value() == "Anna"
    field(page, "#mix-b").fill("Maria")
    state = settled(page, "#mix-face", state)
    page.locator("#mix-amount [type=range]").fill("0.25")
    state = settled(page, "#mix-face", state)
    amount = float(page.locator("#mix-amount [type=range]").input_value())  # as the steps allow
    mixed = Mixed(Seed.of("Anna"), Seed.of("Maria"), amount)
    assert np.array_equal(decoded(page, "#mix-face"), shown(model, mixed, 0.6))
    page.locator("summary").get_by_text("Take only some").click()
    page.locator("#only-smile input").check()
    settled(page, "#mix-face", state)
    smiling = Mixed(mixed.a, Alike(mixed.a, mixed.b, ("smile",)), mixed.amount)
    expected = shown(model, smiling, 0.6)
    assert np.array_equal(decoded(page, "#mix-face"), expected)
    page.wait_for_url("**only=smile**")
    page.reload()  # the link
    assert np.array_equal(decoded(page, "#mix-face"), expected)
    with page.expect_download() as download:
        page.locator("#mix-face").get_by_text("Save PNG").click()
    page.goto(f"{page.url.partition('?')[0]}?seed=1")
    large_face(page, 1)
    drop(page, Path(download.value.path()))  # the picture
    page.wait_for_url("**only=smile**")
    assert np.array_equal(decoded(page, "#mix-face"), expected)
    page.locator("#keep-mix").click()
    page.wait_for_url("**?seed=~**")
    assert np.array_equal(decoded(page, "#face"), expected)
    assert seen_in(page, "#seed") == "Anna, like Maria"


def test_a_face_evolves_and_its_picture_brings_it_back(visit, model):
    page = visit("?seed=Anna&truncation=0.6&count=1", PHONE)
    large_face(page, Seed.of("Anna").number)
    open_tab(page, "Evolve")  # the menu has it
    state = settled(page, "#evolve-face")
    page.locator("#neighbours button").nth(8).wait_for()
    parent = page.locator("#evolve-face img").bounding_box()
    assert parent["y"] + parent["height"] < PHONE["height"]
    page.locator("summary").get_by_text("Hold some").click()
    page.locator("#hold-smile input").check()
    state = settled(page, "#evolve-face", state)
    chosen = page.locator("#neighbours button").nth(4)
    code = chosen.get_attribute("data-face")
    chosen.press("Enter")
    state = settled(page, "#evolve-face", state)
    face = from_text(code)
    assert isinstance(face, Neighbour)
    assert face.hold == ("smile",)
    assert np.array_equal(decoded(page, "#evolve-face"), shown(model, face, 0.6))
    assert seen_in(page, "#evolve-parent") == "Anna, evolved"
    first = page.locator("#neighbours img").first.get_attribute("src")
    page.locator("#random-brood").click()
    state = settled(page, "#evolve-face", state)
    assert page.locator("#neighbours img").first.get_attribute("src") != first
    field(page, "#evolve-other").fill("Maria")
    settled(page, "#evolve-face", state)
    child = from_text(page.locator("#neighbours button").first.get_attribute("data-face"))
    assert isinstance(child.of, Mixed)
    page.wait_for_url("**other=Maria**")
    pictures = page.locator("#neighbours img").evaluate_all("images => images.map((image) => image.src)")
    page.reload()
    settled(page, "#evolve-face")
    assert page.locator("#neighbours img").evaluate_all("images => images.map((image) => image.src)") == pictures
    with page.expect_download() as download:
        page.locator("#evolve-face").get_by_text("Save PNG").click()
    page.goto(f"{page.url.partition('?')[0]}?seed=1")
    large_face(page, 1)
    drop(page, Path(download.value.path()))
    page.wait_for_url("**parent=~**")
    assert link(page)["parent"] == as_text(face)
    assert np.array_equal(decoded(page, "#evolve-face"), shown(model, face, 0.6))
    page.locator("#keep-evolved").click()
    page.wait_for_url("**?seed=~**")
    assert np.array_equal(decoded(page, "#face"), shown(model, face, 0.6))


def test_a_made_face_can_be_edited_and_morphed(visit, model):
    face = Mixed(Seed.of("Anna"), Seed(7), 0.5)
    page = visit(f"?seed={as_text(face)}&truncation=0.6&smile=0.5")
    settled(page, "#face-after")
    moved = model.generate(model.edit(latent_of(model, face, 0.6)[None], {"smile": 0.5}))[0]
    assert np.array_equal(decoded(page, "#face-after"), enlarge(moved, 384))
    open_tab(page, "Morph")
    page.locator("#morph-stops img").nth(2).wait_for()
    looked_at = as_text(Edited(face, {"smile": 0.5}))
    assert field(page, "#morph-seeds").input_value().startswith(looked_at + ",")
    page.wait_for_function("() => document.querySelector('#morph-seeds .input-container').dataset.shown")
    assert seen_in(page, "#morph-seeds").startswith("Anna and seed 7, edited,")


@pytest.fixture
def elsewhere(browser, tmp_path):
    """The address of another instance of the app, and a page that shares nothing with others, on a phone."""
    with running_app(tmp_path, *APP, "--port", "0") as address:
        page = browser.new_page(viewport=PHONE)  # in a context of its own
        page.set_default_timeout(60_000)
        yield address, page
        page.close()


def frames(path):
    with Image.open(path) as film:
        return [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(film)]


def test_a_face_that_was_mixed_evolved_and_edited_has_the_same_pixels_on_another_instance(
    visit, app, elsewhere, model, tmp_path
):
    page = visit("?face_a=Anna&face_b=Maria&truncation=0.6&amount=0.4")
    settled(page, "#mix-face")
    open_tab(page, "Evolve")
    page.locator("#neighbours button").nth(4).click()
    page.locator("#evolve-face").get_by_text("Anna and Maria, evolved").wait_for()
    open_tab(page, "Sliders")
    page.wait_for_url("**?seed=~**")
    page.locator("#slider-smile [type=range]").fill("0.5")
    page.wait_for_url("**smile=0.5**")
    child = from_text(link(page)["seed"])
    assert isinstance(child, Neighbour)
    assert child.of == Mixed(Seed.of("Anna"), Seed.of("Maria"), 0.4)
    edited = Edited(child, {"smile": 0.5})
    expected = shown(model, edited, 0.6)
    assert np.array_equal(decoded(page, "#face-after"), expected)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#face-after [data-copy-link]").first.click()
    page.locator("#face-after").get_by_text("Copied").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert len(copied) < 2000
    picture, film, again = (tmp_path / name for name in ("face.png", "film.gif", "again.gif"))
    save(page, "#face-after", "PNG", picture)
    open_tab(page, "Animate")
    page.wait_for_url("**animate=~**")
    page.locator("#animate-frames [type=range]").fill("2")
    page.locator("#animate-gif[data-film*='frames=2&']").wait_for()
    save(page, "#animate-film", "GIF", film)

    address, other = elsewhere
    other.goto(copied.replace(app, address))
    assert np.array_equal(decoded(other, "#face-after"), expected)
    other.goto(f"{address}/?seed=1&count=1")
    large_face(other, 1)
    drop(other, picture)
    other.wait_for_url("**seed=~**smile=0.5**")
    assert np.array_equal(decoded(other, "#face-after"), expected)
    drop(other, film)
    other.wait_for_url("**animate=~**frames=2**")
    assert from_text(link(other)["animate"]) == edited
    other.locator("#animate-gif[data-film*='frames=2&']").wait_for()
    save(other, "#animate-film", "GIF", again)
    assert np.array_equal(frames(again), frames(film))
    open_tab(other, "Faces")
    other.wait_for_url("**?seed=~**")
    assert np.array_equal(decoded(other, "#face"), expected)


def save(page, element, kind, path):
    button = page.locator(element).get_by_text(f"Save {kind}", exact=True)
    with page.expect_download() as download:
        button.click()
    download.value.save_as(path)


def test_a_code_is_seen_only_by_whoever_edits_it(visit):
    page = visit(f"?seed={as_text(Mixed(Seed.of('Anna'), Seed(7), 0.5))}&count=1")
    settled(page, "#face")
    page.wait_for_function("() => document.querySelector('#seed .input-container').dataset.shown === 'Anna and seed 7'")
    covers = "getComputedStyle(document.querySelector('#seed .input-container'), '::after').content"
    assert "Anna and seed 7" in page.evaluate(covers)
    field(page, "#seed").click()
    assert page.evaluate(covers) in ("none", "normal")
    page.keyboard.type("7")  # the code was selected, so this takes its place
    large_face(page, 7)
    assert field(page, "#seed").input_value() == "7"


def favour(page, query):
    """Keeps the face of a link among the favourites."""
    page.goto(f"{page.url.partition('?')[0]}?{query}")
    heart = page.locator("figure:not([data-preview]) [data-keep]:not([disabled]) >> visible=true")
    heart.click()
    page.wait_for_function("() => [...document.querySelectorAll('[data-keep]')].some((e) => e.ariaPressed === 'true')")


@pytest.mark.parametrize("way", ["mouse and keyboard in turn", "touch"])
def test_two_clicks_make_a_child_of_two_favourites(visit, model, way):
    page = visit("?seed=5&count=1", PHONE, has_touch=True) if way == "touch" else visit("?seed=5&count=1")
    ways = {"touch": [lambda one: one.tap()]}.get(way, [lambda one: one.press("Enter"), lambda one: one.click()])
    ways = cycle(ways)

    def take(number, css):
        card = page.locator("#favourites li > button:first-child").nth(number)
        assert card.get_attribute("aria-label").startswith("Take: ")
        old = field(page, css).input_value()
        next(ways)(card)
        changed = "([css, old]) => document.querySelector(`${css} :is(input, textarea)`).value !== old"
        page.wait_for_function(changed, arg=[css, old])

    favour(page, "seed=Anna&truncation=0.6&count=1")
    favour(page, "seed=Maria&truncation=0.6&smile=0.5&lock=age")  # with a slider moved
    anna, maria = Seed.of("Anna"), Edited(Seed.of("Maria"), {"smile": 0.5}, ("age",))
    page.goto(f"{page.url.partition('?')[0]}?seed=5&truncation=0.6&count=1")
    large_face(page, 5)
    page.locator("#favourites summary").click()
    assert page.locator("#favourites li > button").first.get_attribute("aria-label") == "Open: Anna"
    open_tab(page, "Mix")
    settled(page, "#mix-face")
    assert field(page, "#mix-a").input_value() == "5"  # what was looked at
    take(0, "#mix-b")
    page.wait_for_url("**face_b=Anna**")
    page.get_by_text("The next face that you click becomes the first face").wait_for()
    take(1, "#mix-a")
    page.wait_for_url("**face_a=~**face_b=Anna**")
    assert from_text(link(page)["face_a"]) == maria
    assert seen_in(page, "#mix-a") == "Maria, edited"
    page.locator("#mix-face").get_by_text("Maria and Anna").wait_for()
    assert np.array_equal(decoded(page, "#mix-face"), shown(model, Mixed(maria, anna, 0.5), 0.6))
    with page.expect_download() as download:
        page.locator("#mix-face").get_by_text("Save PNG").click()
    assert download.value.suggested_filename == "face-Maria-Anna.png"

    open_tab(page, "Evolve")
    page.wait_for_url("**parent=~**")  # the mix
    assert from_text(link(page)["parent"]) == Mixed(maria, anna, 0.5)
    settled(page, "#evolve-face")
    page.get_by_label("Second parent", exact=True).check()  # in place of the parent
    take(0, "#evolve-other")
    page.wait_for_url("**other=Anna**")
    take(1, "#evolve-parent")
    page.locator(f"#evolve-face [data-query*='parent={as_text(maria)}&'][data-query*='other=Anna']").wait_for()
    next(ways)(page.locator("#neighbours button").nth(2))
    page.locator("#evolve-face").get_by_text("Maria and Anna, evolved").wait_for()
    page.locator("#keep-evolved").click()
    page.wait_for_url("**?seed=~**")
    child = from_text(link(page)["seed"])
    assert (child.of.a, child.of.b) == (maria, anna)
    open_tab(page, "Animate")
    page.wait_for_url("**animate=~**")
    assert from_text(link(page)["animate"]) == child
    page.locator("#animate-here").get_by_text("Maria and Anna, smile +1").wait_for()
    page.locator("#animate-frames [type=range]").fill("2")
    page.wait_for_url("**frames=2&**")
    page.wait_for_function("() => document.querySelector('#animate-mp4').dataset.film.includes('frames=2&')")
    with page.expect_download() as download:
        page.locator("#animate-mp4").click()
    assert download.value.suggested_filename == "smile-Maria-and-Anna-evolved.mp4"
    next(ways)(page.locator("#favourites li > button:first-child").nth(0))
    page.wait_for_url("**animate=Anna&**")
    page.keyboard.press("Control+z")
    page.wait_for_url("**animate=~**")


def test_a_face_of_the_strip_goes_into_the_open_tab(visit, model):
    page = visit("?seed=20&truncation=0.6&smile=0.5", PHONE)
    rests(page, 1)
    page.goto(f"{page.url.partition('?')[0]}?seed=Anna&truncation=0.6&count=1")
    rests(page, 2)
    open_tab(page, "Mix")
    settled(page, "#mix-face")
    rests(page, 3)
    first = seen(page).first
    assert first.get_attribute("aria-label").startswith("Take the ")
    field(page, "#mix-a").focus()  # whoever is in a field wants a face for it
    assert page.get_by_label("First face", exact=True).is_checked()
    first.focus()
    page.keyboard.press("Enter")
    edited = Edited(Seed(20), {"smile": 0.5})
    page.wait_for_url("**face_a=~**")
    assert from_text(link(page)["face_a"]) == edited
    rests(page, 4)
    page.wait_for_function("() => document.activeElement === document.querySelector('#seen li button')")
    open_tab(page, "Morph")
    page.wait_for_url("**seeds=**")
    # Two faces that nobody has chosen give way, then the list grows.
    seen(page).first.click()
    seen(page).nth(1).click()
    seen(page).nth(1).click()
    page.wait_for_url("**,Anna,Anna&**")
    written = field(page, "#morph-seeds").input_value()
    open_tab(page, "Faces")
    field(page, "#seed").fill("21")
    large_face(page, 21)
    open_tab(page, "Morph")  # has the visitor's own
    page.wait_for_url("**,Anna,Anna&**")
    assert field(page, "#morph-seeds").input_value() == written
    assert [from_text(one) for one in link(page)["seeds"].split(",")][1:] == [edited, Seed.of("Anna"), Seed.of("Anna")]
    open_tab(page, "Sliders")
    page.wait_for_url("**tab=sliders**")
    seen(page).first.click()  # an edited face, with its sliders where they were
    page.wait_for_url("**seed=20&**smile=0.5**")
    page.wait_for_function("() => document.querySelector('#slider-smile [type=range]').value === '0.5'")
    assert np.array_equal(decoded(page, "#face-after", 20), shown(model, edited, 0.6))
    seen(page).nth(1).click()
    page.wait_for_url("**seed=Anna&**tab=sliders**")
    page.wait_for_function("() => document.querySelector('#slider-smile [type=range]').value === '0'")


def test_one_face_on_all_tabs_until_a_tab_has_one_of_the_visitors_choice(visit):
    page = visit("?truncation=0.6&count=1")  # a random face of the page's own
    large_face(page)
    field(page, "#seed").fill("Anna")
    large_face(page, Seed.of("Anna").number)
    open_tab(page, "Sliders")
    settled(page, "#face-after")
    page.locator("#slider-smile [type=range]").fill("0.5")
    page.wait_for_url("**smile=0.5**")
    edited = as_text(Edited(Seed.of("Anna"), {"smile": 0.5}))
    for tab, css in (("Mix", "#mix-a"), ("Animate", "#animate-face"), ("Evolve", "#evolve-parent")):
        if tab != "Mix":
            open_tab(page, "Sliders")  # where it is still edited
            page.wait_for_url("**smile=0.5**")
        open_tab(page, tab)
        page.wait_for_function(
            "([css, code]) => document.querySelector(`${css} :is(input, textarea)`)?.value === code", arg=[css, edited]
        )
    page.wait_for_url("**parent=~**")
    settled(page, "#evolve-face")
    page.locator("#keep-evolved").click()  # with its sliders
    page.wait_for_url("**?seed=~**")
    assert link(page)["seed"] == edited
    open_tab(page, "Mix")
    page.wait_for_url("**face_a=~**")
    state = settled(page, "#mix-face")
    field(page, "#mix-a").fill("Maria")
    settled(page, "#mix-face", state)
    open_tab(page, "Faces")
    field(page, "#seed").fill("20")
    large_face(page, 20)
    open_tab(page, "Mix")  # has the visitor's own
    page.wait_for_url("**face_a=Maria**")
    open_tab(page, "Faces")
    page.wait_for_url("**seed=20&**")
    open_tab(page, "Animate")  # had what the page has put there
    page.wait_for_url("**animate=20&**")
    open_tab(page, "Sliders")
    page.wait_for_url("**seed=20&**smile=0.5**")


def test_a_page_without_a_link_begins_with_what_another_tab_has_made(visit):
    page = visit("?animate=Anna&slider=smile&frames=2&truncation=0.6")
    page.locator("#animate-here img").wait_for()
    open_tab(page, "Faces")
    page.wait_for_url("**seed=Anna&truncation=0.6&count=**")
    page.goto(f"{page.url.partition('?')[0]}?face_a=Anna&face_b=7&truncation=0.6")
    settled(page, "#mix-face")
    mixed = as_text(Mixed(Seed.of("Anna"), Seed(7), 0.5))
    open_tab(page, "Sliders")
    page.wait_for_url(f"**seed={mixed}&**")
    open_tab(page, "Faces")
    page.wait_for_url(f"**seed={mixed}&truncation=0.6&count=**")
    open_tab(page, "Mix")  # not a mix of its own mix
    page.wait_for_url("**face_a=Anna&face_b=7&**")


def seen(page):
    return page.locator("#seen li button")


def rests(page, number):
    """Waits until `number` faces are in the strip."""
    page.wait_for_function("number => document.querySelectorAll('#seen li').length === number", arg=number)


def test_back_forward_and_ctrl_z_walk_through_the_faces_that_were_seen(visit, model):
    page = visit("?seed=20&truncation=0.6&count=1")
    large_face(page, 20)
    rests(page, 1)
    page.locator("#random-face").click()
    page.wait_for_function("() => !location.search.includes('seed=20&')")
    seed = link(page)["seed"]
    rests(page, 2)
    open_tab(page, "Sliders")
    page.wait_for_url("**tab=sliders")  # the picture may stand there before its link
    settled(page, "#face-after")
    slider = page.locator("#slider-smile [type=range]")
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    for part in (0.6, 0.7, 0.8, 0.9):  # each has its link
        before = page.url
        page.mouse.move(box["x"] + box["width"] * part, y)
        page.wait_for_url(lambda url, before=before: url != before)
    page.mouse.up()
    rests(page, 3)
    smile = link(page)["smile"]
    edit = shown_edit(model, int(seed), float(smile))
    assert np.array_equal(decoded(page, "#face-after", seed), edit)

    page.locator("#tabs [role=tab]").first.focus()
    page.keyboard.press("Control+z")  # the whole drag
    page.wait_for_url("**tab=sliders")
    page.wait_for_function("() => document.querySelector('#slider-smile [type=range]').value === '0'")
    page.go_back()
    page.go_back()
    assert np.array_equal(large_face(page, 20), drawn(model, 20, 0.6))
    assert field(page, "#seed").input_value() == "20"
    page.locator("#tabs [role=tab]").first.focus()
    page.keyboard.press("Control+z")  # there is nothing before it, so the page stays
    page.get_by_text("There is nothing to undo").wait_for()
    page.go_forward()
    large_face(page, seed)
    assert seen(page).count() == 3
    page.reload()
    large_face(page, seed)
    seen(page).last.click()
    page.wait_for_url(f"**smile={smile}")
    assert np.array_equal(decoded(page, "#face-after", seed), edit)
    page.get_by_text("Forget them").click()
    page.wait_for_function("() => document.querySelector('#seen section').hidden")
    assert page.evaluate(f"localStorage.getItem({KEY})") == "[]"


def test_a_face_is_in_the_strip_once_whichever_tab_shows_it(visit):
    page = visit("?seed=20&truncation=0.6&count=1")
    large_face(page, 20)
    rests(page, 1)
    field(page, "#seed").fill("21")
    large_face(page, 21)
    rests(page, 2)
    for tab, query in (
        ("#face-after", "seed=21&tab=sliders"),
        ("#mix-face", "face_a=21&face_b=22&amount=0"),
        ("#evolve-face", "parent=21"),
        ("#morph-here", "seeds=21,23&frames=2"),
    ):
        page.goto(f"{page.url.partition('?')[0]}?{query}&truncation=0.6")
        settled(page, tab)
        page.locator("#seen [aria-current]").wait_for()  # it has rested
        assert seen(page).count() == 2, query
        assert seen(page).nth(1).get_attribute("aria-current") == "true", query
    page.goto(f"{page.url.partition('?')[0]}?parent=22&truncation=0.6")
    rests(page, 3)


def test_the_strip_and_the_way_to_the_favourites_are_in_reach_on_a_phone(visit):
    page = visit("?seed=20&truncation=0.6&count=25", PHONE)
    large_face(page, 20)
    rests(page, 1)
    page.locator("#face [data-keep]").click()
    field(page, "#seed").fill("21")
    large_face(page, 21)
    rests(page, 2)
    for button in (*seen(page).all(), page.locator("[data-to-favourites]")):
        box = button.bounding_box()
        assert box["y"] + box["height"] < 80
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= PHONE["width"]
    assert page.locator("#tabs").bounding_box()["y"] < 140  # the strip takes no room of its own
    page.locator("[data-to-favourites]").click()
    page.locator("#favourites li").first.wait_for()
    page.wait_for_function(
        "() => { const {top, bottom} = document.querySelector('#favourites li').getBoundingClientRect();"
        " return top >= 0 && bottom <= innerHeight; }"
    )


def shown_edit(model, seed, smile):
    moved = model.edit(model.latents([seed], 0.6), {"smile": smile})
    return enlarge(model.generate(moved)[0], 384)


def test_only_the_last_50_faces_are_kept_and_what_was_kept_by_another_version_harms_nothing(visit):
    page = visit("?seed=20&count=1")
    large_face(page, 20)
    rests(page, 1)
    page.evaluate(
        f"""() => {{
            const one = JSON.parse(localStorage.getItem({KEY}))[0];
            const many = Array.from({{length: 49}}, (_, i) => ({{...one, query: `seed=${{i + 100}}&count=1`}}));
            localStorage.setItem({KEY}, JSON.stringify([...many, {{picture: "javascript:1"}}]));
        }}"""
    )
    page.locator("#seed input").fill("21")
    large_face(page, 21)
    page.wait_for_function(f"() => localStorage.getItem({KEY}).includes('seed=21')")
    assert page.evaluate(f"JSON.parse(localStorage.getItem({KEY})).length") == 50
    assert page.evaluate(f"JSON.parse(localStorage.getItem({KEY}))[0].query") == "seed=101&count=1"
    page.evaluate(f"localStorage.setItem({KEY}, '{{broken')")
    page.reload()
    large_face(page, 21)
    rests(page, 1)


def test_a_yearbook_is_a_page_for_the_printer_and_names_are_in_no_link(visit):
    page, asked = visit("?seed=20&count=1", PHONE), []
    large_face(page, 20)
    page.on("request", lambda request: asked.append(request.url))
    open_tab(page, "Yearbook")
    page.locator("#yearbook-names textarea").fill("Anna, Ben\nGrandma = 7")
    page.locator("#yearbook-page img[alt^='A page of 3']").wait_for()
    for format, kind in (("PNG", b"\x89PNG"), ("PDF", b"%PDF"), ("ZIP", b"PK")):
        with page.expect_download() as download:
            page.get_by_text(f"Save {format}", exact=True).locator("visible=true").click()
        assert Path(download.value.path()).read_bytes().startswith(kind)
        if format == "PNG":
            assert Image.open(download.value.path()).size == (2480, 3508)
    page.locator("#yearbook-names textarea").fill("a, " * 40)
    page.get_by_role("alert").filter(has_text="1 to 36 names").wait_for()
    assert not [url for url in [*asked, page.url] if "Grandma" in url]


def test_favourites_have_names_and_an_order_and_can_be_given_to_somebody_else(visit, model, tmp_path):
    page = visit("?seed=20&truncation=0.6&count=1")
    large_face(page, 20)
    page.locator("#face [data-keep]").click()
    field(page, "#seed").fill("Anna")
    large_face(page, Seed.of("Anna").number)
    page.locator("#face [data-keep]").press("Enter")
    mixed = Mixed(Seed.of("Anna"), Seed(7), 0.5)
    page.goto(f"{page.url.partition('?')[0]}?face_a=Anna&face_b=7&truncation=0.6")
    settled(page, "#mix-face")
    page.locator("#mix-face [data-keep]").click()
    page.locator("#favourites summary").click()
    cards = page.locator("#favourites li")
    names = "cards => cards.map((card) => card.querySelector('input').value)"
    assert cards.locator("input").evaluate_all("e => e.map((i) => i.value)") == ["seed 20", "Anna", "Anna and seed 7"]
    cards.nth(0).locator("input").fill("Grandma, the <b>first")
    cards.nth(0).locator("input").press("Tab")
    cards.nth(2).drag_to(cards.nth(0))
    cards.nth(2).get_by_text("←").click()
    expected = ["Anna and seed 7", "Anna", "Grandma, the <b>first"]
    assert cards.evaluate_all(names) == expected
    page.reload()
    settled(page, "#mix-face")
    assert page.locator("#mix-face [data-keep]").get_attribute("aria-pressed") == "true"
    page.locator("#favourites summary").click()
    assert cards.evaluate_all(names) == expected
    with page.expect_download() as download:
        page.locator("#favourites").get_by_text("Save JSON").click()
    download.value.save_as(tmp_path / "favourites.json")
    with page.expect_download() as download:
        page.locator("#favourites").get_by_text("Save a page").click()
    assert Image.open(download.value.path()).size == (2480, 3508)
    with page.expect_download() as download:
        page.locator("#favourites").get_by_text("Save ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["Anna and seed 7.png", "Anna.png", "Grandma the -b-first.png"]
        kept = np.asarray(Image.open(io.BytesIO(archive.read("Anna and seed 7.png"))))
    assert np.array_equal(kept, shown(model, mixed, 0.6))
    cards.nth(1).get_by_text("✕").click()
    assert cards.count() == 2

    friend = visit("?seed=1&count=1", PHONE)  # another browser
    large_face(friend, 1)
    friend.locator("#favourites summary").click()
    friend.locator("#favourites input[type=file]").set_input_files(tmp_path / "favourites.json")
    cards = friend.locator("#favourites li")
    cards.nth(2).wait_for()
    assert cards.evaluate_all(names) == expected
    cards.nth(0).get_by_role("button").first.click()
    settled(friend, "#mix-face")
    assert np.array_equal(decoded(friend, "#mix-face"), shown(model, mixed, 0.6))
    for content, sentence in (
        ("{broken", "holds no favourites"),
        ('{"facegan": "favourites", "weights": "0", "faces": []}', "of another model"),
    ):
        (tmp_path / "wrong.json").write_text(content)
        friend.locator("#favourites input[type=file]").set_input_files(tmp_path / "wrong.json")
        friend.get_by_text(sentence).wait_for()
    assert cards.count() == 3


def test_a_link_that_opens_stays_in_the_address_bar(browser, app):
    """Also while the first tab has a face already and the link's own tab none: a reload meanwhile loses nothing."""
    context = browser.new_context(viewport=PHONE)
    context.add_init_script(
        """for (const name of ["pushState", "replaceState"]) {
            const change = history[name].bind(history);
            window.links = [];
            history[name] = (state, title, url) => { window.links.push(String(url)); change(state, title, url); };
        }"""
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})  # the tab comes later than the face
    for _ in range(2):
        page.goto(f"{app}/?face_a=Anna&face_b=7&truncation=0.6&amount=1")
        page.locator("#mix-face img").wait_for()
        page.wait_for_url("**?face_a=Anna&face_b=7&amount=1**")
        links = page.evaluate("() => window.links")
        assert links and all("face_a=Anna" in one for one in links)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.goto(f"{app}/?face_a=Anna&face_b=7&truncation=0.6&amount=much")  # a link that is put right
    page.wait_for_url("**&amount=0.5&**")
    context.close()
