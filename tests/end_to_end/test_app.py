"""The app as people use it: started by its command, called by gradio_client, clicked in Chromium."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import av
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from facegan.base.pictures import encode_png
from facegan.model.provenance import Recipe, recipe_of
from tests.end_to_end.looking import (
    APP,
    NO_PAGE,
    PHONE,
    drawn,
    drop,
    large_face,
    link,
    open_tab,
    recipe_in,
    waits_until,
)
from tests.end_to_end.running_app import running_app
from tests.programs import Programs


def test_the_endpoints_are_the_stable_ones(client, model):
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/generate",
        "/morph",
        "/edit",
        "/mix",
        "/neighbours",
        "/sheet",
        "/animate",
        "/grid",
        *(["/lookalike"] if model.encoder else []),
    }


def test_generate_returns_what_the_model_draws(client, model):
    paths = client.predict(5, 3, 0.7, api_name="/generate")
    images = np.stack([np.asarray(Image.open(path)) for path in paths])
    assert np.array_equal(images, model.generate(model.latents([5, 6, 7], 0.7)))
    assert [recipe_in(path) for path in paths] == [recipe_of(model, [seed], 0.7) for seed in (5, 6, 7)]


def test_morph_returns_a_gif_and_an_mp4_of_the_path(client, model):
    gif = client.predict("1, 7, 42", 4, False, "gif", api_name="/morph")
    with Image.open(gif) as film:
        assert (film.format, film.n_frames, film.size) == ("GIF", 9, (256, 256))
    assert recipe_in(gif) == recipe_of(model, [1, 7, 42], model.config.truncation, frames_per_leg=4, loop=False)
    mp4 = client.predict(faces="1, 7", frames_per_leg=5, api_name="/morph")
    with av.open(mp4) as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 10
    assert recipe_in(mp4) == recipe_of(model, [1, 7], model.config.truncation, frames_per_leg=5, loop=True)
    for frame, seed in ((0, 1), (5, 7)):
        assert np.abs(frames[frame] - drawn(model, seed, model.config.truncation, 512)).mean() < 8


@pytest.mark.parametrize(
    ("arguments", "endpoint", "message"),
    [
        ((-1, 1, 0.7), "/generate", "seed must be a whole number from 0"),
        ((1, 1000, 0.7), "/generate", "count must be a whole number from 1 to 25"),
        (("1, -2", 4, True, "gif"), "/morph", "A seed must be a whole number"),
        (("1, 2", 4, True, "avi"), "/morph", "format must be one of mp4, gif"),
    ],
)
def test_callers_are_told_what_is_wrong(client, arguments, endpoint, message):
    with pytest.raises(AppError, match=message):
        client.predict(*arguments, api_name=endpoint)


def test_a_face_is_there_when_the_page_opens(visit, model):
    page = visit()
    face = large_face(page)
    page.wait_for_url("**/?seed=*")
    state = link(page)
    assert float(state["truncation"]) == model.config.truncation
    assert face.std() > 5
    assert np.array_equal(face, drawn(model, state["seed"], state["truncation"]))
    assert page.locator("#face").get_by_text("AI-generated").is_visible()


def test_a_random_face_is_a_click_or_a_key_away_and_its_link_brings_it_back(visit):
    page = visit("?seed=4294967295")
    faces = [large_face(page, 4294967295)]
    page.wait_for_url("**truncation=**")  # the page completes its address after the face
    for act in (page.locator("#random-face").click, lambda: page.keyboard.press("r")):
        before = page.url
        act()
        page.wait_for_function("before => location.href !== before", arg=before)
        faces.append(large_face(page, link(page)["seed"]))
        assert page.locator("#seed input").input_value() == link(page)["seed"]
    assert not np.array_equal(faces[0], faces[1])
    assert not np.array_equal(faces[1], faces[2])
    page.reload()
    assert np.array_equal(large_face(page), faces[2])


def test_a_link_opens_exactly_its_state(visit, model):
    page = visit("?seed=7&truncation=0.5&count=4&first=5&__theme=dark")
    assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.5))
    cells = page.locator("#faces [data-seed]")
    assert cells.evaluate_all("cells => cells.map(c => c.dataset.seed)") == ["5", "6", "7", "8"]
    assert page.locator('#faces [aria-pressed="true"]').get_attribute("data-seed") == "7"
    assert page.locator("#seed input").input_value() == "7"
    assert page.locator("#truncation input[type=number]").input_value() == "0.5"
    assert page.locator("#count input[type=number]").input_value() == "4"
    assert link(page) == {"seed": "7", "truncation": "0.5", "count": "4", "first": "5", "__theme": "dark"}


def test_a_page_that_opens_asks_the_server_once(visit, app):
    page, asked = visit(NO_PAGE), []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    for query, shown in (
        ("?seed=7&truncation=0.5", "#face"),
        ("?seed=7&smile=1", "#face-after"),
        ("?seeds=3,9", "#morph-here"),
    ):
        asked.clear()
        page.goto(f"{app}/{query}")
        page.locator(f"{shown} img").wait_for()
        page.wait_for_timeout(1500)  # Gradio has selected its tab, and ours has compared what is shown with what is set
        assert len(asked) == 1, (query, asked)


def test_a_page_that_is_turned_away_says_so_and_tries_again(visit, app, model):
    page, refused = visit(NO_PAGE), []

    def refuse(route):
        refused.append(route)
        if len(refused) == 1:
            route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}")
        elif len(refused) == 2:
            route.abort()

    page.route("**/gradio_api/run/**", refuse)
    page.goto(f"{app}/?seed=7&truncation=0.5")
    waits_until(page, lambda: len(refused) > 1)
    page.get_by_text("tries again by itself").wait_for()
    waits_until(page, lambda: len(refused) == 3)
    refused[2].continue_()
    assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.5))
    page.wait_for_function("() => !document.querySelector('#fg-note').textContent")
    assert link(page)["seed"] == "7"


@pytest.mark.parametrize("loss", ["odd", "without values", "hung"])
def test_a_page_whose_opening_is_lost_asks_again_by_itself(visit, app, model, loss):
    page, lost = visit(NO_PAGE, fresh=True), []

    def lose(route):
        lost.append(route)
        if len(lost) > 2:
            route.continue_()
        elif len(lost) == 1 and loss != "hung":
            body = {"odd": "<html>Sign in</html>", "without values": '{"data": []}'}[loss]
            route.fulfill(status=200, content_type="application/json", body=body)

    page.clock.install()
    page.route("**/gradio_api/run/**", lose)
    with page.expect_request("**/gradio_api/run/**"):
        page.goto(f"{app}/?seed=7&truncation=0.5")
    if loss == "hung":
        page.clock.fast_forward(15_000)
        page.get_by_text("The server is slow to answer").wait_for()
        page.clock.fast_forward(60_000)
    page.locator("#fg-note").filter(has_text="again").wait_for()
    waits_until(page, lambda: len(lost) > 1)
    lost[1].continue_()
    assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.5))
    if loss == "hung":
        lost[0].continue_()  # too late
    field = page.locator("#seed input")
    field.fill("8")
    assert np.array_equal(large_face(page, 8), drawn(model, 8, 0.5))
    page.wait_for_url("**seed=8&**")
    assert field.input_value() == "8"


def test_faces_that_are_lost_from_the_answers_of_the_opening_are_drawn(visit, app):
    page, answers = visit(NO_PAGE), []
    losses = ['data-query="', 'data-query="animate=']  # of the first answer and of the second

    def lose(route):
        answer = route.fetch()
        told = answer.json()
        loss = losses[len(answers)] if len(answers) < len(losses) else None
        lost = [i for i, value in enumerate(told["data"]) if loss and loss in str(value)]
        for i in lost:
            told["data"][i] = {"__type__": "update"}
        answers.append(lost)
        route.fulfill(response=answer, json=told)

    page.route("**/gradio_api/run/**", lose)
    page.goto(f"{app}/?animate=Anna&slider=smile&reach=-1&frames=4&truncation=0.6")
    page.locator("#animate-here figure:not([data-preview]) img").wait_for()
    assert len(answers) == 3
    assert len(answers[0]) > len(answers[1]) == 1
    shown = page.locator("#animate-here [data-query]").get_attribute("data-query")
    assert shown == "animate=Anna&slider=smile&reach=-1&frames=4&truncation=0.6"


_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((one) => window.shifts.push(one.value)))
    .observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["wide", "phone"])
def test_a_link_shows_its_place_before_gradio_has_loaded_and_nothing_moves_when_the_face_comes(visit, app, viewport):
    page, held = visit(NO_PAGE, viewport), []
    page.add_init_script(_SHIFTS)
    page.route("**/gradio_api/run/**", lambda route: held.append(route))
    for query, tab, face in (("?seed=7&smile=0.5", "Sliders", "#face-after img"), ("?seed=7", "Faces", "#face img")):
        held.clear()
        page.goto(f"{app}/{query}", wait_until="commit")
        opening = page.locator("#fg-opening")
        opening.get_by_role("heading", name="FaceGAN").wait_for()
        assert opening.locator("b").text_content() == tab
        assert page.evaluate("document.getAnimations().length") == 0
        places = [opening.locator(part).bounding_box() for part in ("h1", "figure")]
        waits_until(page, lambda: held)  # Gradio is there
        assert opening.is_visible()
        held[0].continue_()
        page.locator(face).wait_for()
        opening.wait_for(state="detached")
        for part, place in zip((".fg-header h1", face), places, strict=True):
            box = page.locator(part).bounding_box()
            assert all(abs(box[name] - place[name]) < 2 for name in box), (part, box, place)
        assert sum(page.evaluate("window.shifts")) < 0.02


def test_a_broken_link_still_shows_a_face_and_says_what_was_put_right(visit, model):
    page = visit("?seed=~%3Cimg%20src=x%3E&truncation=99&count=-3")
    face = large_face(page)
    page.get_by_text("The link's truncation must be from 0 to 1.5").wait_for()
    page.get_by_text("The link's seed is no face").wait_for()
    page.wait_for_url("**truncation=1.5&**")
    assert (link(page)["truncation"], link(page)["count"]) == ("1.5", "1")
    assert np.array_equal(face, drawn(model, link(page)["seed"], 1.5))


def test_the_face_is_saved_as_it_is_shown_and_another_of_the_grid_takes_its_place(visit, model):
    page = visit("?seed=20&truncation=0.6&count=6")
    large_face(page, 20)
    with page.expect_download() as download:
        page.locator("#face").get_by_text("Save PNG").click()
    assert np.array_equal(np.asarray(Image.open(download.value.path())), drawn(model, 20, 0.6))
    assert recipe_in(download.value.path()) == recipe_of(model, [20], 0.6)
    assert download.value.suggested_filename.startswith("face-20")
    page.locator('#faces [data-seed="23"]').press("Enter")
    assert np.array_equal(large_face(page, 23), drawn(model, 23, 0.6))
    page.wait_for_url("**first=20")
    assert link(page)["seed"] == "23"
    assert page.locator('#faces [aria-pressed="true"]').get_attribute("data-seed") == "23"


def test_controls_draw_at_once(visit, model):
    page = visit("?seed=20&truncation=0.6&count=1")
    large_face(page, 20)
    page.locator("#seed input").fill("123")
    assert np.array_equal(large_face(page, 123), drawn(model, 123, 0.6))
    page.locator("#truncation input[type=range]").fill("1")
    page.wait_for_url("**truncation=1&**")
    assert np.array_equal(large_face(page, 123), drawn(model, 123, 1))
    page.locator("#count input[type=range]").fill("8")
    page.locator("#faces [data-seed='130']").wait_for()
    page.locator("#truncation").get_by_label(re.compile("reset", re.IGNORECASE)).click()
    page.wait_for_url(f"**truncation={model.config.truncation:g}&**")


def test_the_link_can_be_copied(visit):
    page = visit("?seed=20&truncation=0.6", fresh=True)
    large_face(page, 20)
    page.wait_for_url("**count=10")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row = "() => [...document.querySelectorAll('#face .fg-actions > *')].map((e) => e.getBoundingClientRect().x)"
    places = page.evaluate(row)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))  # else the word may be gone before it is seen
    page.locator("#face").get_by_text("Copy link").first.click()
    page.locator("#face").get_by_text("Copied").wait_for()
    assert page.evaluate(row) == places
    page.clock.resume()
    page.locator("#face > * .fg-actions > [data-copy-link]").get_by_text("Copy link").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def plays(page):
    """Waits until the morph's film has moved on by itself."""
    page.locator("#morph-film video").wait_for()
    page.wait_for_function(
        """() => {
            const film = document.querySelector("#morph-film video");
            return film.readyState >= 3 && !film.paused && film.currentTime > 0.2;
        }"""
    )


def test_a_morph_plays_when_its_tab_opens(visit, model):
    page = visit("?seed=20&truncation=0.6")
    large_face(page, 20)
    page.get_by_role("tab", name="Morph").click()
    plays(page)
    state = link(page)
    assert state["seeds"].startswith("20,")
    assert page.locator("#morph-stops img").count() == 3

    film = page.locator("#morph-film video").get_attribute("src")
    page.locator("#morph-seeds textarea, #morph-seeds input").fill("1, 7")
    page.keyboard.press("Enter")
    page.wait_for_url("**seeds=1,7&**")
    page.wait_for_function("old => document.querySelector('#morph-film video')?.src !== old", arg=film)
    plays(page)
    page.locator("#morph-position input[type=range]").fill("0.5")
    page.locator("#morph-here").get_by_text("seed 7").wait_for()
    page.wait_for_url("**&position=0.5")

    page.get_by_role("tab", name="Faces").click()
    page.wait_for_url("**/?seed=20&**")


def test_a_morphs_link_brings_it_back_and_wrong_seeds_are_explained_where_they_are_typed(visit, model):
    page = visit("?seeds=3,9&truncation=0.6&frames=10&loop=0")
    plays(page)
    assert page.locator("#morph-stops img").count() == 2
    assert link(page) == {"seeds": "3,9", "truncation": "0.6", "frames": "10", "loop": "0"}
    for button, frames in (("#morph-mp4", 11), ("#morph-gif", 11)):
        with page.expect_download() as download:
            page.locator(button).click()
        with av.open(str(download.value.path())) as film:
            assert sum(1 for _ in film.decode(video=0)) == frames
        expected = recipe_of(model, [3, 9], 0.6, frames_per_leg=10, loop=False)
        assert recipe_in(download.value.path()) == expected
    page.locator("#morph-seeds textarea, #morph-seeds input").fill("3, -9")
    page.get_by_role("alert").filter(has_text="must be a whole number").wait_for()


def test_a_picture_dropped_on_the_page_brings_its_state_back(visit, client, model, tmp_path):
    (face,) = client.predict(99, 1, 0.4, api_name="/generate")
    film = client.predict("3, 9", 10, False, "gif", api_name="/morph")
    page = visit("?seed=7&truncation=0.5")
    large_face(page, 7)
    drop(page, Path(face))
    page.wait_for_url("**seed=99&**")
    assert np.array_equal(large_face(page, 99), drawn(model, 99, 0.4))
    page.locator("#open-picture input").set_input_files(film)  # as a telephone does
    page.wait_for_url("**seeds=3,9&**")
    plays(page)
    assert link(page) == {"seeds": "3,9", "truncation": f"{model.config.truncation:g}", "frames": "10", "loop": "0"}


_HOSTILE = "<img src=x onerror=boom()>"


def test_a_picture_that_cannot_be_opened_is_explained_and_nothing_changes(visit, tmp_path, model):
    image = np.zeros((8, 8, 3), np.uint8)
    other = Recipe("user/cats", "f" * 16, (1,), 0.5)
    sentences = {
        "does not say how it was made": encode_png(image),
        "made by user/cats, which is another model": encode_png(image, other.to_dict()),
        "damaged or not from FaceGAN": encode_png(image, {**other.to_dict(), "seeds": ["<img src=x>"]}),
        "made by <img src=x onerror=boom()>, which": encode_png(image, {**other.to_dict(), "model": _HOSTILE}),
    }
    page = visit("?seed=7&truncation=0.5")
    large_face(page, 7)
    page.wait_for_url("**count=10")
    before = page.url
    for sentence, content in sentences.items():
        (tmp_path / "picture").write_bytes(content)
        drop(page, tmp_path / "picture")
        page.get_by_text(sentence).wait_for()
    assert page.url == before
    assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.5))


def morphed(page):
    open_tab(page, "Morph")
    plays(page)


def learned(page):
    """Opens the tab How it learned, and waits until its film has moved on by itself."""
    open_tab(page, "How it learned")
    page.wait_for_function(
        """() => {
            const film = document.querySelector("#learning-film video");
            return film && film.readyState >= 3 && !film.paused && film.currentTime > 0.2;
        }"""
    )


def test_how_it_learned_is_a_film_with_words(visit, model, tmp_path):
    page = visit("?seed=20")
    large_face(page, 20)
    learned(page)
    page.get_by_text(f"{model.config.training['images_seen']:,} images had been shown").wait_for()
    with page.expect_download() as download:
        page.locator("#learning-mp4").click()
    download.value.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == model.films[0].read()


def test_a_phone_shows_the_face_and_the_button_first_and_cuts_nothing_off(visit):
    page = visit("?seed=20&count=25", viewport=PHONE)
    large_face(page, 20)
    page.locator('#faces [data-seed="44"]').wait_for()
    assert page.locator("#random-face").bounding_box()["y"] < PHONE["height"] - 40
    for show in (None, morphed, learned):
        if show:
            show(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        cut = page.evaluate(
            """() => [...document.querySelectorAll("button, input, img, video, a")]
                .filter((e) => !e.closest(".visually-hidden"))  // by copies of its tabs Gradio measures how many fit
                .filter((e) => e.offsetParent && e.getBoundingClientRect().width)
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
                .map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert cut == []


@pytest.fixture(scope="module")
def another(app, tmp_path_factory):
    """The address of the app, started again at the same port, with settings of proxies that are none."""
    settings = {"ALL_PROXY": "socks5://127.0.0.1:1", "HTTP_PROXY": "nonsense://x", "NO_PROXY": "[::1],localhost"}
    place = ("--port", str(urlsplit(app).port))
    with running_app(tmp_path_factory.mktemp("cache"), *APP, *place, environment=settings) as address:
        yield address


def test_a_port_in_use_gives_way_to_the_next(app, another):
    assert urlsplit(another).port > urlsplit(app).port
    with socket.create_connection(("127.0.0.1", urlsplit(another).port), timeout=5):
        pass


def test_nothing_becomes_a_file_and_nothing_is_left(tmp_path):
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = {"TMPDIR": str(folder), "GRADIO_TEMP_DIR": ""}
    with running_app(tmp_path / "cache", *APP, "--port", "0", environment=environment) as address:
        client = Client(address, verbose=False, download_files=str(tmp_path / "downloads"))
        client.predict(1, 3, api_name="/generate")
        client.predict(1, api_name="/edit")
        client.predict("1, 2", 2, format="gif", api_name="/morph")
        assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert list(folder.iterdir()) == []
    assert len([path for path in (tmp_path / "downloads").rglob("*") if path.is_file()]) == 5


def test_no_setting_of_a_proxy_stops_the_demo(another, tmp_path):
    client = Client(another, verbose=False, download_files=str(tmp_path / "downloads"))
    assert len(client.predict(1, api_name="/generate")) == 1


@pytest.fixture(scope="module")
def refused():
    """refused(*arguments): `python app.py` that ends with an error, without the seconds that its imports take."""
    with Programs({**os.environ, "PYTHONWARNINGS": "ignore"}, preload=("facegan.demo.build",)) as programs:

        def run(*arguments):
            done = programs.run(APP[0], *arguments)
            assert done.returncode == 1
            return done.stderr

        yield run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["--port", "99999"], "from 0 to 65535"), (["--host", "192.0.2.1"], "not an address of this machine")],
)
def test_a_place_where_nothing_can_be_served_is_one_line(refused, arguments, sentence):
    said = refused(*APP[1:], *arguments)
    assert sentence in said
    assert "Traceback" not in said


def test_a_missing_model_is_one_clear_line(refused, tmp_path):
    said = refused("--model", tmp_path)
    assert said == f"There is no model in {tmp_path}: give a folder that holds config.json and generator.onnx.\n"
