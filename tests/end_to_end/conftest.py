from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from facegan import FaceModel
from tests.end_to_end.looking import APP
from tests.end_to_end.running_app import CHROMIUM, CHROMIUM_FLAGS, MODEL, running_app
from tests.packs import make_dev_pack, missing_reason
from tests.programs import Programs

# The faces that a training is judged by, in it and afterwards, and the frames of its morph: a tenth of the real number,
# where no test is about them.
FEW_GENERATED = {
    "facegan.runs.run.GENERATED_IN_TRAINING": 100,
    "facegan.runs.metadata.GENERATED_IN_TRAINING": 100,
    "facegan.gan.ema.RECALIBRATION_BATCHES": 2,
    "facegan.gan.memorisation.MOST_GENERATED": 100,
    "facegan.runs.findings.MOST_FACES": 20,
    "facegan.model.showcase.FRAMES_PER_LEG": 2,
}


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def insightface_root(tmp_path_factory):
    """A folder with InsightFace's own weights, as its first run would leave it."""
    if missing_reason():
        pytest.skip(missing_reason())
    root = tmp_path_factory.mktemp("insightface")
    make_dev_pack(root)
    return root


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Sheets and selfies of AI-made people (openpeople, MIT): over a hundred faces in nested folders."""
    spec = find_spec("openpeople")
    if spec is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    folder = tmp_path_factory.mktemp("photos")
    curated = Path(spec.submodule_search_locations[0]) / "data" / "curated"
    for path in [*curated.rglob("emotions_sheet.jpg"), *curated.rglob("amateur_selfie.jpg")]:
        person = folder / path.parent.parent.name
        person.mkdir(exist_ok=True)
        (person / path.name).symlink_to(path)
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture(scope="session")
def programs():
    """train/*.py without the seconds that their imports take, and with few faces to judge by."""
    with Programs(values=FEW_GENERATED) as programs:
        yield programs


@pytest.fixture(scope="session")
def portrait():
    """One frontal face, uint8 (512, 512, 3)."""
    spec = find_spec("openpeople")
    if spec is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "curated" / "P001" / "assets"
    with Image.open(folder / "studio_portrait.jpg") as image:
        return np.asarray(image.convert("RGB").resize((512, 512), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    with running_app(tmp_path_factory.mktemp("cache"), *APP, "--port", "0") as address:
        yield address


@pytest.fixture(scope="session")
def model():
    return FaceModel.load(MODEL)


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    return Client(app, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture
def visit(app, browser):
    """visit(query, viewport, **options): a fresh page with its face drawn; the options are those of a browser context.

    At the end: no error, and nothing left this machine.
    """
    outside, errors, contexts = [], [], []

    def open_page(query="", viewport=None, **options):
        context = browser.new_context(viewport=viewport or {"width": 1280, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # which only a fault takes
        page.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{app}/{query}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []
    assert errors == []


def leaves(url):
    return urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1"
