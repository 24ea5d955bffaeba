import shutil
from dataclasses import replace

import pytest
import torch

from facegan.gan.networks import Discriminator, Generator
from facegan.model.folder import ModelConfig
from facegan.model.save import save_model
from tests.programs import ROOT, Programs  # noqa: F401 - the tests take ROOT from here
from tests.publish.hub_server import running_hub

CURVES = ((0.1, 4.0), (-0.4, 1.7))  # of the last two entries of a latent


def trained_like(size=16, width=4, upsample="resize", curves=()):
    """A generator in eval mode whose statistics and weights have moved away from their first values."""
    torch.manual_seed(0)
    generator = Generator(size, width, upsample, curves=curves)
    with torch.no_grad():
        for p in generator.parameters():
            p.add_(torch.randn_like(p) * 0.1)
        for _ in range(20):
            generator(torch.randn(max(4, 1024 // size), 100))
    return generator.eval()


@pytest.fixture(scope="session")
def generator():
    return trained_like(curves=CURVES)


@pytest.fixture(scope="session")
def discriminator():
    torch.manual_seed(1)
    return Discriminator(16, 4, "none", attributes=2)


@pytest.fixture(scope="session")
def config():
    return ModelConfig(
        name="test faces",
        image_size=16,
        channels=(8, 4),
        curves=CURVES,
        training={
            "preset": "small",
            "images_seen": 123_456,
            "minutes": 0,
            "device": "cpu",
            "hardware": "2 cores of x86_64",
            "precision": "float32",
            "seed": 0,
            "metrics": {
                "kid": 9.4,
                "kid_spread": 0.3,
                "kid_train": 8.9,
                "precision": 0.6,
                "recall": 0.2,
                "generated": 10,
            },
            "memorisation": {"near_copies": 0.0, "distance_ratio": 1.0, "protocol": "500 faces.", "allowed": False},
            "shares": {"faces": 10, "gender": {"women": 0.6, "men": 0.4}},
        },
        data={
            "about": "Drawn by a test.",
            "faces_used": 40,
            "faces_held_out": 4,
            "photos": 50,
            "left_out": "6 blurred",
            "detector": "insightface",
            "framing": 0.8,
            "eye_spread_before": 2.5,
            "eye_spread_after": 0.7,
            "shares": {"faces": 40, "gender": {"women": 0.5, "men": 0.5}},
        },
    )


@pytest.fixture(scope="session")
def model_folder(generator, discriminator, config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    save_model(generator, config, folder, discriminator=discriminator)
    return folder


@pytest.fixture
def run(model_folder, tmp_path):
    """A run folder with a model that can be pushed."""
    folder = tmp_path / "runs" / "faces"
    shutil.copytree(model_folder, folder / "model")
    return folder


@pytest.fixture
def rewrite():
    """rewrite(folder, training={...}, name=...): the model folder's config.json with these values set anew."""

    def change(folder, **values):
        config = ModelConfig.read(folder)
        for section in ("training", "data"):
            if section in values:
                values[section] = {**getattr(config, section), **values[section]}
        replace(config, **values).save(folder)

    return change


@pytest.fixture
def hub():
    with running_hub() as hub:
        yield hub


@pytest.fixture(scope="session")
def push_commands():
    """They import huggingface_hub themselves, which reads its settings when it is imported."""
    with Programs(preload=("facegan.publish.push", "facegan.publish.space", "facegan.runs.run_file")) as programs:
        yield programs


@pytest.fixture
def push(hub, tmp_path, push_commands):
    """push(run, *arguments, token=..., **environment): the real command with the real client, finished.

    `patience`: the seconds of silence after which it gives the Hub up; on a busy machine ours may be slow.
    """

    def command(*arguments, token="hf_test", script="push.py", patience=300.0, **environment):
        environment = {**hub.environment(tmp_path / "home", token), **environment}
        values = {f"facegan.publish.{module}.PATIENCE": patience for module in ("target", "space", "commit")}
        return push_commands.run(f"train/{script}", *arguments, environment=environment, values=values)

    return command


def content_of(folder):
    """Every file below a folder by its path, as bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
