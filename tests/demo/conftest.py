import base64
import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from facegan.demo.outbox import Outbox
from facegan.gan.networks import Generator
from facegan.model.export import export_weights, shipped_form
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel
from facegan.sliders.slider import Slider, SliderSet, even_pace
from facegan.sliders.surrogate import Surrogate


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


@pytest.fixture(scope="session")
def edited_model(model):
    """The same generator with two sliders, each of which moves one number of the latent and nothing else."""
    linear = np.eye(model.config.latent_size, 2, dtype=np.float32)
    nothing = [np.zeros(shape, np.float32) for shape in ((100, 1), (1,), (1, 1), (1,), (1, 2), (2,))]
    surrogate = Surrogate(linear, tuple(nothing[:2]), tuple(nothing[2:4]), tuple(nothing[4:]))
    sliders = SliderSet(
        (Slider("smile", "Smile", note="Holds the rest."), Slider("age", "Age")),
        ("smile", "age"),
        np.ones((2, 2), np.float32),
        np.float32([[-1, 1], [-1, 1]]),
        even_pace(2),
        linear.T,
        np.zeros_like(linear.T),
        surrogate,
    )
    return FaceModel(model.config, model._session, sliders=sliders, weights=model.weights)


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def returned(outbox):
    """returned(file): the bytes that a caller fetches for a file that an endpoint returns."""
    return lambda file: outbox.get(file["path"])


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
