from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.end_to_end.running_app import CHROMIUM, CHROMIUM_FLAGS
from tests.packs import make_dev_pack, missing_reason


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
    """Sheets and portraits of AI-made people (openpeople, MIT): over a hundred faces in nested folders."""
    spec = find_spec("openpeople")
    if spec is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    folder = tmp_path_factory.mktemp("photos")
    for path in Path(spec.submodule_search_locations[0]).rglob("*.jp*g"):
        person = folder / path.parent.parent.name
        person.mkdir(exist_ok=True)
        (person / path.name).symlink_to(path)
    (folder / "notes.txt").write_text("not a photo")
    return folder
