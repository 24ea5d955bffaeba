"""Figures and examples of look-alikes: true of what is known, and never with a photo in what is published."""

import io
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from facegan import FaceModel
from facegan.base.encoding import SIDE
from facegan.base.errors import FaceGANError
from facegan.base.stamp import GENERATED
from facegan.gan.encoder import Encoder
from facegan.model.export import export_weights, shipped_form
from facegan.model.export_encoder import export_encoder
from facegan.model.folder import LOOK_ALIKES, ModelConfig
from facegan.runs import look_alikes
from facegan.runs.look_alikes import Crowd, add_look_alikes, figures_of, generated_faces
from tests.model.conftest import trained_like

FRAMING, CELL = 0.8, 128


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    generator, folder = trained_like(SIDE, 2), tmp_path_factory.mktemp("encoding") / "model"
    folder.mkdir()
    ModelConfig("x", SIDE, tuple(norm.num_features for norm in generator.norms), data={"framing": FRAMING}).save(folder)
    export_weights(shipped_form(generator), folder)
    torch.manual_seed(0)
    export_encoder(Encoder((8, 8, 8, 8), 16).eval(), folder)
    return folder


@pytest.fixture(autouse=True)
def few(monkeypatch):
    for name, count in {"MEASURED": 4, "RANDOM": 16, "EXAMPLES": 3}.items():
        monkeypatch.setattr(look_alikes, name, count)


def photos(count=6):
    """A cache of faces of one colour each, of which the last ones are held out."""
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    images[:] = (np.arange(count, dtype=np.uint8) * 40)[:, None, None, None]
    return SimpleNamespace(images=images, split=lambda: (np.arange(2), np.arange(2, count)))


def sheet(folder):
    content = (folder / LOOK_ALIKES).read_bytes()
    assert GENERATED.encode() in content
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def test_the_figures_of_perfect_and_of_random_answers(exported):
    model = FaceModel.load(exported)
    crowd, faces = Crowd.of(model, FRAMING, 16), generated_faces(model, 5)
    latents = model.latents(range(look_alikes.FIRST_SEED, look_alikes.FIRST_SEED + 5))
    found = figures_of(model, faces, latents, crowd, FRAMING)
    assert {name: ours for name, (ours, _) in found.items() if ours} == {"gender": 1, "smile": 1, "glasses": 1}
    assert found["distance"][1] == 1 and found["colours"][1] > 0
    # The nearest of the crowd itself is, by the figures, as far away as the nearest of the crowd.
    place, _ = crowd.nearest(
        look_alikes.image_features(np.stack([face.image for face in faces]), FRAMING) / crowd.scale
    )
    found = figures_of(model, faces, crowd.latents[place], crowd, FRAMING)
    assert all(ours == pytest.approx(theirs, rel=1e-3, nan_ok=True) for ours, theirs in found.values())


def test_photos_are_measured_and_not_shown(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "model")
    model = add_look_alikes(FaceModel.load(folder), folder, photos(), say=lambda _: None)
    told = model.config.training["look_alikes"]
    assert (told["shown"], told["held_out"]["faces"], told["generated"]["faces"]) == ("generated", 4, 4)
    shown = sheet(folder)
    assert shown.shape == (CELL, 3 * 2 * CELL + 2 * look_alikes._GAP, 3)
    face = np.asarray(
        Image.fromarray(generated_faces(model, 1)[0].image).resize((CELL, CELL), Image.Resampling.LANCZOS)
    )
    assert np.abs(shown[:, :CELL] - face).mean() < 6  # and not a face of one colour
    assert "look_alikes.webp" in (folder / "README.md").read_text()


def test_drawn_adults_are_shown_beside_their_look_alikes(exported, tmp_path, monkeypatch):
    folder = shutil.copytree(exported, tmp_path / "model")
    cache, label = photos(7), look_alikes.label_faces

    def read(images, framing, **options):
        """The first of the held-out faces looks like a child."""
        labels = label(images, framing, **options)
        labels.values[:, labels.names.index("age")] = np.where(images.mean((1, 2, 3)) == 80, 12, 50)
        return labels

    monkeypatch.setattr(look_alikes, "label_faces", read)
    monkeypatch.setattr(look_alikes, "fixed_subset", lambda rows, count: rows[:count])
    model = add_look_alikes(FaceModel.load(folder), folder, cache, drawn=True, say=lambda _: None)
    assert model.config.training["look_alikes"]["shown"] == "held_out"
    shown = sheet(folder)
    for place in range(3):
        left = place * (2 * CELL + look_alikes._GAP)
        face = shown[:, left : left + CELL]
        assert np.abs(face - cache.images[3 + place].mean()).max() < 40 and face.std() < 10
        assert shown[:, left + CELL + 10 : left + 2 * CELL - 10].std() > 10


def test_where_nobody_is_clearly_adult_nobody_is_shown(exported, tmp_path, monkeypatch):
    folder = shutil.copytree(exported, tmp_path / "model")
    monkeypatch.setattr(look_alikes, "CLEARLY_ADULT", 1000)
    with pytest.raises(FaceGANError, match="--drawn"):
        add_look_alikes(FaceModel.load(folder), folder, photos(), drawn=True, say=lambda _: None)


@pytest.mark.parametrize("data", [{"framing": FRAMING}, {"framing": FRAMING, "one_person": True}])
def test_what_cannot_have_been_drawn_is_not_shown(exported, data):
    config = ModelConfig("x", SIDE, (1, 1), data=data)
    with pytest.raises(FaceGANError, match="--data|--drawn"):
        look_alikes.check_drawn(config, photos() if "one_person" in data else None)
