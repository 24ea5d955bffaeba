"""Several models at one address, in Chromium and for callers."""

import httpx
import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from facegan import FaceModel
from facegan.model.export import export_weights, shipped_form
from facegan.model.folder import ModelConfig
from tests.end_to_end.looking import APP, PHONE, drawn, large_face, link, open_tab, recipe_in
from tests.end_to_end.running_app import running_app


@pytest.fixture(scope="module")
def other_folder(tmp_path_factory):
    """A model of 32 px without sliders."""
    torch = pytest.importorskip("torch")
    from facegan.gan.networks import Generator

    torch.manual_seed(0)
    generator = Generator(32, 4)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.5)
    folder = tmp_path_factory.mktemp("runs") / "small" / "model"
    folder.mkdir(parents=True)
    export_weights(shipped_form(generator.eval()), folder)
    ModelConfig("small", 32, (16, 8, 4), truncation=0.7).save(folder)
    return folder


@pytest.fixture(scope="module")
def other(other_folder):
    return FaceModel.load(other_folder)


@pytest.fixture(scope="module")
def app(tmp_path_factory, other_folder):
    models = [*(APP[1:] or ("--model", "default")), "--model", str(other_folder), "--model", str(other_folder / "gone")]
    with running_app(tmp_path_factory.mktemp("cache"), APP[0], *models, "--port", "0") as address:
        yield address


def test_a_visitor_picks_a_model_and_the_link_has_it(visit, model, other):
    """On a phone; on a wide screen in test_behind_a_prefix_every_model_that_one_variable_names_is_there."""
    page = visit("?seed=Anna&truncation=0.6&count=1", PHONE)
    assert np.array_equal(large_face(page), drawn(model, 1431804757, 0.6))
    page.get_by_label("Model").select_option("small")
    page.wait_for_url("**model=small**")
    assert np.array_equal(large_face(page), drawn(other, 1431804757, 0.6))
    assert link(page)["seed"] == "Anna"
    assert page.get_by_label("Model").input_value() == "small"
    page.locator("#random-face").click()
    page.wait_for_function("() => !location.search.includes('Anna')")
    seed = link(page)["seed"]
    assert np.array_equal(large_face(page, seed), drawn(other, seed, 0.6))
    assert link(page)["model"] == "small"
    page.reload()
    assert np.array_equal(large_face(page, seed), drawn(other, seed, 0.6))
    with page.expect_download() as download:
        page.locator("#face .fg-more summary").click()
        page.locator("#face [data-size='512'][data-format='webp']").click()
    assert recipe_in(download.value.path()).weights == other.weights
    open_tab(page, "Morph")
    page.locator("#morph-stops img").nth(2).wait_for()
    page.wait_for_function("() => document.querySelector('#morph-film video')?.readyState >= 1")
    page.get_by_label("Model").select_option(page.get_by_label("Model").locator("option").first.get_attribute("value"))
    page.wait_for_function("() => !location.search.includes('model=')")
    page.locator("#morph-stops img").nth(2).wait_for()


def test_a_model_that_cannot_be_had_says_so_and_stops_no_other(visit, model):
    page = visit("?model=gone&seed=7&truncation=0.6")
    page.get_by_text("The model gone cannot be had").wait_for()
    assert np.array_equal(large_face(page, 7), drawn(model, 7, 0.6))
    page.goto(f"{page.url.partition('?')[0]}?model=small&seed=7")
    large_face(page, 7)
    page.goto(f"{page.url.partition('?')[0]}?model=nobody&seed=7")
    page.get_by_text("not one of this page").wait_for()


def test_callers_choose_a_model_by_its_address(app, model, other, tmp_path):
    own = APP[2].rstrip("/").split("/")[-1] if len(APP) > 1 else "default"
    for place, drawing in (("", model), (f"/model/{own}", model), ("/model/small", other)):
        client = Client(f"{app}{place}", verbose=False, download_files=str(tmp_path))
        (path,) = client.predict(5, 1, 0.7, api_name="/generate")
        assert np.array_equal(np.asarray(Image.open(path)), drawing.generate(drawing.latents([5], 0.7))[0])
        endpoints = set(client.view_api(return_format="dict")["named_endpoints"])
        assert ("/edit" in endpoints) == bool(drawing.sliders)
    with httpx.Client(base_url=app, trust_env=False, timeout=60) as web:
        for call in (web.get("/model/gone/config"), web.post("/model/gone/gradio_api/run/generate", json={"data": []})):
            assert call.status_code == 503
            assert "The model gone cannot be had" in call.json()["error"]
            assert "runs" not in call.text.replace("gradio", "")  # no path of this machine
        assert web.get("/model/nobody/config").status_code == 404
        assert web.get("/model/small/gradio_api/file=/etc/passwd").status_code == 404  # its own gate
        told = web.get("/?model=small&seed=7").text
        assert "/model/small/preview.jpg?" in told


def test_behind_a_prefix_every_model_that_one_variable_names_is_there(browser, tmp_path, other_folder, other):
    names = f"{other_folder / 'gone'}, {other_folder},default"
    environment = {"GRADIO_ROOT_PATH": "/faces", "FACEGAN_MODEL": names}
    with running_app(tmp_path, "app.py", "--port", "0", environment=environment) as address:
        page = browser.new_page()
        page.goto(f"{address}/faces/?seed=7&truncation=0.5")
        assert np.array_equal(large_face(page, 7), drawn(other, 7, 0.5))  # of the first that can be had
        page.get_by_text("The model gone cannot be had").wait_for()
        page.get_by_label("Model").select_option("default")
        page.wait_for_url("**/faces/?**model=default**")
        assert np.array_equal(large_face(page, 7), drawn(FaceModel.load(), 7, 0.5))
        page.close()
