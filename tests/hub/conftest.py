import pytest
import torch

from facegan.gan.networks import Generator
from facegan.hub.folder import ModelConfig
from facegan.hub.save import save_model


def trained_like(size=16, width=4, upsample="resize"):
    """A generator in eval mode whose statistics and weights have moved away from their first values."""
    torch.manual_seed(0)
    generator = Generator(size, width, upsample)
    with torch.no_grad():
        for p in generator.parameters():
            p.add_(torch.randn_like(p) * 0.1)
        for _ in range(20):
            generator(torch.randn(64, 100))
    return generator.eval()


@pytest.fixture(scope="session")
def generator():
    return trained_like()


@pytest.fixture(scope="session")
def config():
    return ModelConfig(
        name="test faces",
        image_size=16,
        channels=(8, 4),
        training={"preset": "small", "images_seen": 123_456},
        data={"about": "Drawn by a test.", "faces_used": 40, "detector": "insightface"},
    )


@pytest.fixture(scope="session")
def model_folder(generator, config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    save_model(generator, config, folder)
    return folder
