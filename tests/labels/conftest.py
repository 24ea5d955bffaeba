"""Faces for the tests of labels and sliders: openpeople's AI-made people, aligned, and the embedded generator's."""

import numpy as np
import pytest

from facegan import FaceModel
from tests import sheets
from tests.sheets import FRAMING  # noqa: F401 - the tests take it from here


@pytest.fixture(scope="session")
def sheet_faces() -> dict[str, np.ndarray]:
    """Aligned faces uint8 (16, 64, 64, 3) by person, see tests/sheets.py."""
    found = sheets.sheet_faces()
    if found is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    assert len(found) >= 3
    return found


@pytest.fixture(scope="session")
def drawn() -> tuple[np.ndarray, float]:
    """Faces of the embedded generator, uint8 (24, 64, 64, 3), and their framing."""
    model = FaceModel.load()
    return model.generate(model.latents(range(24), truncation=0.8)), float(model.config.data["framing"])
