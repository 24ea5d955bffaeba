"""An encoder into a model folder: with the real command, on the default, from few faces."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.gan.known_latents import FILE, KnownLatents
from facegan.model.folder import DEFAULT_FOLDER, ENCODER, LOOK_ALIKES, ModelConfig
from facegan.publish.push import check_folder
from facegan.runs import model_encoder
from facegan.runs.model_encoder import add_encoder

SIZE = ModelConfig.read(DEFAULT_FOLDER).image_size


@pytest.fixture
def folder(tmp_path):
    copy = shutil.copytree(DEFAULT_FOLDER, tmp_path / "model")
    (copy / ENCODER).unlink(missing_ok=True)
    return copy


def cache_of(folder, size=SIZE, framing=0.8):
    images = np.zeros((6, size, size, 3), np.uint8)
    rows = np.arange(4), np.arange(4, 6)  # to train on, and held out
    return SimpleNamespace(
        folder=folder / "faces", size=size, report={"framing": framing}, images=images, split=lambda: rows
    )


def test_the_command_fits_an_encoder_to_a_model_folder(folder, programs):
    programs = programs.where({"facegan.runs.look_alikes.MEASURED": 2, "facegan.runs.look_alikes.RANDOM": 16})
    done = programs.run("train/fit_encoder.py", str(folder), "--images-seen", "100")
    assert done.returncode == 0, done.stderr
    again = programs.run("train/fit_encoder.py", str(folder), "--keep")
    assert again.returncode == 0 and "Fitting" not in again.stdout
    refused = programs.run("train/fit_encoder.py", str(folder), "--keep", "--drawn")
    assert refused.returncode == 1 and "--data" in refused.stderr
    model = FaceModel.load(folder)
    assert model.encode_face(model.generate(model.latents([1]))[0]).shape == (1, 100)
    assert (folder / ENCODER).stat().st_size < 8e6
    assert "## Look-alikes" in (folder / "README.md").read_text()
    assert (folder / LOOK_ALIKES).stat().st_size > 1000
    check_folder(folder, model.config, [])  # it can be pushed
    assert ENCODER in done.stdout or "encoder is in" in done.stdout


def test_it_learns_from_the_run_but_never_from_what_is_held_out(folder, monkeypatch, tmp_path):
    asked = {}

    def fit(generator, size, framing, faces, **options):
        from facegan.gan.encoder import Encoder

        asked.update(faces=faces, size=size, framing=framing)
        return Encoder((8, 8, 8, 8), 16).eval()

    monkeypatch.setattr(model_encoder, "fit_encoder", fit)
    monkeypatch.setattr(model_encoder, "add_look_alikes", lambda model, *_: model)
    latents = np.random.RandomState(0).randn(5, 100).astype(np.float32)
    KnownLatents(np.array([0, 2, 3, 4, 5]), latents).save(tmp_path / FILE)  # 4 and 5 are held out
    add_encoder(folder, cache_of(tmp_path), say=lambda _: None)
    assert asked["faces"].rows.tolist() == [0, 1, 2, 3]
    assert asked["faces"].known.rows.tolist() == [0, 2, 3]
    assert np.array_equal(asked["faces"].known.of([2, 3]), latents[1:3])
    assert (asked["size"], asked["framing"]) == (SIZE, 0.8)


@pytest.mark.parametrize("wrong", [{"size": 2 * SIZE}, {"framing": 1.2}])
def test_faces_of_another_size_or_framing_are_refused(folder, tmp_path, wrong):
    with pytest.raises(FaceGANError, match="give the run that the model came from"):
        add_encoder(folder, cache_of(tmp_path, **wrong), say=lambda _: None)
