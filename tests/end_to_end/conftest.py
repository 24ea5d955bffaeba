import shutil
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

# The faces that a training is judged by, in it and afterwards, and the frames of its morph: a tenth of the real number,
# where no test is about them.
FEW_GENERATED = {
    "facegan.runs.run.GENERATED_IN_TRAINING": 100,
    "facegan.runs.metadata.GENERATED_IN_TRAINING": 100,
    "facegan.gan.ema.RECALIBRATION_BATCHES": 2,
    "facegan.gan.memorisation.MOST_GENERATED": 100,
    "facegan.runs.findings.MOST_FACES": 20,
    "facegan.model.showcase.FRAMES_PER_LEG": 2,
    "facegan.model.trainable.SAMPLES": 128,
}
# A sheet has four faces in a row, each of which must still be larger than 128 px.
_PHOTO_SIDE = 1600
# In trainings whose photos are no test's subject: processes that read them would take longer to start than to read.
ALONE = ("--workers", 1)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium chromium-headless-shell)")
    sync_api = pytest.importorskip("playwright.sync_api", reason="pip install -r requirements-dev.txt")
    with sync_api.sync_playwright() as playwright:
        flags = [*CHROMIUM_FLAGS, "--renderer-process-limit=1"]  # see shared_context
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
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
    """Sheets and selfies of AI-made people (openpeople, MIT): over a hundred faces in nested folders.

    Smaller than they are, since every training reads them up to three times.
    """
    spec = find_spec("openpeople")
    if spec is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    folder = tmp_path_factory.mktemp("photos")
    curated = Path(spec.submodule_search_locations[0]) / "data" / "curated"
    for path in [*curated.rglob("emotions_sheet.jpg"), *curated.rglob("amateur_selfie.jpg")]:
        person = folder / path.parent.parent.name
        person.mkdir(exist_ok=True)
        with Image.open(path) as image:
            image.draft("RGB", (_PHOTO_SIDE, _PHOTO_SIDE))
            image.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
            image.save(person / path.name, quality=92)
    (folder / "notes.txt").write_text("not a photo")
    return folder


@pytest.fixture(scope="session")
def few_photos(photos, tmp_path_factory):
    """Those of half the people, too few to train on without --force: where photos and faces are no test's subject."""
    folder = tmp_path_factory.mktemp("few_photos")
    people = sorted(path for path in photos.iterdir() if path.is_dir())
    for person in people[: len(people) // 2]:
        shutil.copytree(person, folder / person.name)
    return folder


@pytest.fixture(scope="session")
def programs(programs):
    """train/*.py with few faces to judge by."""
    return programs.where(FEW_GENERATED)


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


@pytest.fixture(scope="module")
def shared_context(app, browser):
    """Its pages find Gradio's program loaded and compiled, which halves the time that one takes to open."""
    context = browser.new_context()
    # Keeps the process of the pages alive while there is none. The browser has one process a context.
    context.new_page().goto(f"{app}/favicon.ico")
    yield context
    context.close()


def empty_page(context, origin):
    """A page of a context that earlier tests have used, as if it had never been at `origin`; its cache stays."""
    context.clear_permissions()
    page = context.new_page()
    page.context.new_cdp_session(page).send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    return page


@pytest.fixture
def visit(app, browser, shared_context):
    """visit(query, viewport, fresh=..., **options): a page with its face drawn, in a browser that keeps nothing yet.

    `fresh`: with an empty cache, too, and a clock of its own. So is the second page of a test, that of somebody else.
    The options are those of a browser context.

    At the end: no error, and nothing left this machine.
    """
    outside, errors, pages, contexts = [], [], [], []

    def open_page(query="", viewport=None, fresh=False, **options):
        viewport = viewport or {"width": 1280, "height": 900}
        if fresh or options or pages:
            contexts.append(browser.new_context(viewport=viewport, **options))
            page = contexts[-1].new_page()
        else:
            page = empty_page(shared_context, app)
            page.set_viewport_size(viewport)
        pages.append(page)
        page.set_default_timeout(60_000)  # which only a fault takes
        page.on("request", lambda request: outside.append(request.url) if leaves(request.url) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{app}/{query}")
        return page

    yield open_page
    for one in (*pages, *contexts):
        one.close()
    assert outside == []
    assert errors == []


def leaves(url):
    return urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1"
