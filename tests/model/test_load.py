import json
import shutil

import numpy as np
import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.model.slider_files import write_sliders
from tests.model.sliders import small_sliders


@pytest.fixture
def copy(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "copy")


def test_images_and_latents_have_the_promised_shapes(model_folder):
    model = FaceModel.load(model_folder)
    assert (model.name, model.size) == ("test faces", 16)
    latents = model.latents([1, 2, 3], truncation=0.8)
    assert latents.shape == (3, 100)
    assert latents.dtype == np.float32
    images = model.generate(latents)
    assert images.shape == (3, 16, 16, 3)
    assert images.dtype == np.uint8
    assert model.generate(latents[:0]).shape == (0, 16, 16, 3)


def test_a_face_does_not_depend_on_its_company(model_folder):
    model = FaceModel.load(model_folder)
    together = model.generate(model.latents(range(150)))  # more than one batch
    for seed in (0, 63, 64, 149):
        alone = model.generate(model.latents([seed]))[0]
        assert np.abs(together[seed].astype(int) - alone).max() <= 1


@pytest.mark.parametrize("latents", [np.zeros(100), np.zeros((1, 99)), np.zeros((1, 2, 100))])
def test_latents_of_another_shape_are_refused(model_folder, latents):
    with pytest.raises(ValueError, match=r"\(n, 100\)"):
        FaceModel.load(model_folder).generate(latents)


def test_latents_that_are_not_finite_are_refused(model_folder):
    with pytest.raises(ValueError, match="finite"):
        FaceModel.load(model_folder).generate(np.full((1, 100), np.nan))


def test_a_folder_that_is_no_model_is_one_sentence(tmp_path):
    with pytest.raises(FaceGANError, match="There is no model in"):
        FaceModel.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text", ["", "[1]", '{"format_version": 1}', '{"format_version": 1, "name": "x", "surprise": 1}']
)
def test_a_broken_config_is_refused_by_name(copy, text):
    (copy / "config.json").write_text(text)
    with pytest.raises(FaceGANError, match="config.json"):
        FaceModel.load(copy)


def test_a_newer_format_asks_for_an_update(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "format_version": 99}))
    with pytest.raises(FaceGANError, match="format version 99.*update FaceGAN"):
        FaceModel.load(copy)


@pytest.mark.parametrize("content", [b"", b"not a network", None])
def test_a_broken_network_is_refused_by_name(copy, content):
    if content is None:
        (copy / "generator.onnx").unlink()
    else:
        (copy / "generator.onnx").write_bytes(content)
    with pytest.raises(FaceGANError, match="generator.onnx"):
        FaceModel.load(copy)


def test_a_network_of_another_size_is_refused(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "image_size": 32, "channels": [8, 4, 4]}))
    with pytest.raises(FaceGANError, match="generator.onnx is not the network"):
        FaceModel.load(copy)


def test_a_model_without_sliders_has_none(model_folder):
    model = FaceModel.load(model_folder)
    assert model.sliders == ()
    g = model.latents([1])
    assert np.array_equal(model.edit(g, {}), g)
    with pytest.raises(ValueError, match="no sliders: fit them"):
        model.edit(g, {"smile": 1.0})


def test_sliders_of_the_folder_move_its_faces(copy):
    write_sliders(small_sliders(), copy)
    model = FaceModel.load(copy)
    assert [(one.name, one.label, one.low, one.high, one.note) for one in model.sliders] == [
        ("smile", "Smile", -1, 1, "Pure."),
        ("age", "Age", -1, 1, "Pure."),
    ]
    assert model.sliders[0].quality["crossing"] == 0.95
    g = model.latents([1, 2, 3])
    edited = model.edit(g, {"smile": 1.0}, lock=("age",))
    assert edited.shape == (3, 100)
    assert edited.dtype == np.float32
    assert (edited[:, 0] > g[:, 0] + 0.2).all()  # the only number that the smile is made of
    assert np.allclose(edited[:, 1:], g[:, 1:], atol=1e-5)
    assert np.array_equal(model.latents([1, 2, 3]), g)  # the latents that came in are as before
    with pytest.raises(ValueError, match=r"\(n, 100\)"):
        model.edit(g[0], {"smile": 1.0})
