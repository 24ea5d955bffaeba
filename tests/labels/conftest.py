"""Faces for the label tests, those of the embedded generator."""

import numpy as np
import pytest

from facegan import FaceModel

from ..conftest import FRAMING  # noqa: F401 - the tests take it from here


@pytest.fixture(scope="session")
def drawn() -> tuple[np.ndarray, float]:
    """Faces of the embedded generator, uint8 (24, 64, 64, 3), and their framing."""
    model = FaceModel.load()
    return model.generate(model.latents(range(24), truncation=0.8)), float(model.config.data["framing"])
