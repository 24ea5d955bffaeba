import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from facegan.gan.networks import Generator
from facegan.hub.export import export_weights, shipped_form
from facegan.hub.folder import ModelConfig
from facegan.hub.model import FaceModel


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A generator of 16 px with random weights: every seed has a picture of its own."""
    torch.manual_seed(0)
    generator = Generator(16, 4)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.5)
    shipped = shipped_form(generator.eval())
    folder = tmp_path_factory.mktemp("model")
    export_weights(shipped, folder)
    data = {"about": "Drawn by <a> test.", "faces_used": 12_345}
    ModelConfig("tiny", 16, (8, 4), truncation=0.7, training={"preset": "small"}, data=data).save(folder)
    return FaceModel.load(folder)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Gradio's cache, empty and out of the way."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def pictures_in():
    """pictures_in(html): its pictures in order, each uint8 (H, W, 3)."""

    def read(html):
        found = re.findall(r'<img src="data:image/png;base64,([^"]+)"', html)
        return [np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data in found]

    return read


@pytest.fixture(scope="session")
def face(model):
    """face(seed, truncation): the picture the model itself draws, uint8 (16, 16, 3)."""
    return lambda seed, truncation: model.generate(model.latents([seed], truncation))[0]
