"""Photos of AI-made people (openpeople, MIT) and InsightFace's weights, both out of development packages."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.packs import make_dev_pack, missing_reason


@pytest.fixture(scope="session")
def insightface_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An --insightface-root whose pack buffalo_sc holds InsightFace's own SCRFD."""
    if reason := missing_reason():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("insightface")
    make_dev_pack(root)
    return root


@pytest.fixture(scope="session")
def people() -> Path:
    """openpeople's folder: ten people, each with a portrait, a selfie and a sheet of 16 expressions."""
    spec = find_spec("openpeople")
    if spec is None or spec.origin is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    return Path(spec.origin).parent / "data" / "curated"


@pytest.fixture(scope="session")
def portrait(people: Path) -> np.ndarray:
    """One frontal face, uint8 (512, 512, 3); 90 px between the eyes."""
    with Image.open(people / "P001" / "assets" / "studio_portrait.jpg") as image:
        return np.asarray(image.convert("RGB").resize((512, 512), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def expressions(people: Path) -> np.ndarray:
    """Sixteen faces of one person in one picture, uint8 (1200, 1607, 3)."""
    with Image.open(people / "P002" / "assets" / "emotions_sheet.jpg") as image:
        return np.asarray(image.convert("RGB").resize((1607, 1200), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def scrfd(insightface_root: Path):
    """InsightFace's detector, opened once."""
    from facegan.faces.detectors.scrfd import InsightFaceDetector

    return InsightFaceDetector(insightface_root / "models" / "buffalo_sc")


@pytest.fixture(scope="session")
def yunet():
    """YuNet, opened once."""
    from facegan.faces.detectors.yunet import YuNetDetector

    return YuNetDetector()
