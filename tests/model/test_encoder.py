"""encoder.onnx: what was fitted is what runs, and what is no encoder of ours is refused."""

import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from diffusers import DiffusionPipeline
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.numpy import load_file, save_file

from facegan import FaceGANPipeline, FaceModel
from facegan.base.encoding import SIDE
from facegan.base.errors import FaceGANError
from facegan.gan.encoder import Encoder, encode, reduced
from facegan.model.export import export_weights, shipped_form
from facegan.model.export_encoder import export_encoder, export_for_diffusers
from facegan.model.folder import ENCODER, ENCODER_CODE, ENCODER_CONFIG, ENCODER_WEIGHTS, MODEL_INDEX, ModelConfig
from facegan.model.tensors import check_components
from tests.model.conftest import trained_like


@pytest.fixture(scope="module")
def generator():
    return trained_like(SIDE, 2)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    encoder = Encoder((8, 8, 8, 8), 16)
    for _ in range(5):  # so that its normalisation is no identity
        encoder(torch.randn(16, 6, SIDE, SIDE) * 0.4 + 0.1)
    torch.nn.init.normal_(encoder.layers[-1].weight, std=0.1)
    return encoder.eval()


@pytest.fixture(scope="module")
def encoding_folder(generator, encoder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoding") / "model"
    folder.mkdir()
    channels = tuple(norm.num_features for norm in generator.norms)
    ModelConfig("encoding", SIDE, channels, data={"framing": 0.8}).save(folder)
    export_weights(shipped_form(generator), folder)
    export_encoder(encoder, folder)
    return folder


def test_the_exported_encoder_answers_what_the_fitted_one_answers(generator, encoder, encoding_folder):
    model = FaceModel.load(encoding_folder)
    faces = model.generate(model.latents([1, 2, 3]))
    with torch.no_grad():
        as_floats = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
        wanted = encode(encoder, generator, reduced(as_floats), passes=3)[-1].numpy()
    assert np.abs(model.encoder.latents(faces, model.generate, passes=3) - wanted).max() < 0.05
    assert np.abs(wanted).max() > 0.2


def test_the_strength_scales_the_look_alike(encoding_folder):
    model = FaceModel.load(encoding_folder)
    (face,) = model.generate(model.latents([5]))
    whole, half = model.encode_face(face), model.encode_face(face, 0.5)
    assert whole.shape == (1, 100) and whole.dtype == np.float32
    assert np.allclose(half, whole / 2)
    with pytest.raises(ValueError, match="strength"):
        model.encode_face(face, 1.5)
    with pytest.raises(ValueError, match="uint8"):
        model.encode_face(face[:32])


def test_a_photo_without_a_face_and_a_model_without_an_encoder_are_answered_in_a_sentence(encoding_folder, tmp_path):
    model = FaceModel.load(encoding_folder)
    with pytest.raises(FaceGANError, match="No face was found"):
        model.encode(np.zeros((80, 60, 3), np.uint8))
    for wrong in (np.zeros((8, 8)), np.zeros((8, 8, 3)), np.zeros((8, 8, 4), np.uint8), np.zeros((0, 8, 3), np.uint8)):
        with pytest.raises(ValueError, match="photo must be uint8"):
            model.encode(wrong)
    folder = shutil.copytree(encoding_folder, tmp_path / "model")
    (folder / ENCODER).unlink()
    model = FaceModel.load(folder)
    assert model.encoder is None
    with pytest.raises(FaceGANError, match="fit_encoder"):
        model.encode_face(np.zeros((SIDE, SIDE, 3), np.uint8))


def changed(change):
    def damage(path):
        network = onnx.load(path)
        change(network.graph)
        onnx.save(network, path)

    return damage


def without_numbers(graph):
    name = graph.initializer[0].name
    value = numpy_helper.to_array(graph.initializer[0]).copy()
    value.flat[0] = np.nan
    graph.initializer[0].CopyFrom(numpy_helper.from_array(value, name))


def another_operation(graph):
    node = next(node for node in graph.node if node.op_type == "LeakyRelu")
    node.op_type = "Relu"
    del node.attribute[:]


def a_step_more(graph):
    graph.node.append(helper.make_node("Identity", [graph.output[0].name], ["more"]))
    graph.output[0].name = "more"


def another_slope(graph):
    node = next(node for node in graph.node if node.op_type == "LeakyRelu")
    node.attribute[0].f = 0.9


def whole_numbers(graph):
    stored = graph.initializer[1]
    value = numpy_helper.to_array(stored).astype(np.int64)
    name = stored.name
    stored.CopyFrom(numpy_helper.from_array(value, name))
    cast = next(node for node in graph.node if name in node.input)
    assert cast.attribute[0].i == TensorProto.FLOAT


def of_another_generator(graph):
    graph.name = "encoder of 0123456789abcdef"


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04K\x01."),  # a pickle
        lambda path: path.write_bytes(bytes(9_000_000)),
        lambda path: shutil.copyfile(path.parent / "generator.onnx", path),
        changed(without_numbers),
        changed(another_operation),
        changed(a_step_more),
        changed(another_slope),
        changed(whole_numbers),
        changed(of_another_generator),
    ],
)
def test_a_file_that_is_no_encoder_is_refused_by_name(encoding_folder, tmp_path, damage):
    folder = shutil.copytree(encoding_folder, tmp_path / "model")
    damage(folder / ENCODER)
    with pytest.raises(FaceGANError, match=ENCODER):
        FaceModel.load(folder)


@pytest.mark.parametrize(
    "load", [FaceGANPipeline.from_pretrained, lambda at: DiffusionPipeline.from_pretrained(at, trust_remote_code=True)]
)
def test_diffusers_has_the_same_encoder_as_a_component(encoding_folder, load):
    model, pipe = FaceModel.load(encoding_folder), load(str(encoding_folder))
    faces = model.generate(model.latents([1, 2, 3]))
    wanted = model.encoder.latents(faces, model.generate)
    found = pipe.encode(faces)
    assert np.abs(found.numpy() - wanted).max() < 0.02 < np.abs(wanted).max()
    of_pictures = pipe.encode([Image.fromarray(face).resize((4 * SIDE, 4 * SIDE), 0) for face in faces])
    torch.testing.assert_close(of_pictures, found)
    assert len(pipe(latents=found).images) == 3
    for wrong in (faces[:, :10], faces / 255, faces[..., :1], []):
        with pytest.raises(ValueError, match="face"):
            pipe.encode(wrong)


def test_a_pipeline_is_saved_and_loaded_with_its_encoder_and_without(encoding_folder, tmp_path):
    pipe = DiffusionPipeline.from_pretrained(str(encoding_folder), trust_remote_code=True)
    pipe.save_pretrained(tmp_path / "saved")
    kept, saved = (load_file(folder / ENCODER_WEIGHTS) for folder in (encoding_folder, tmp_path / "saved"))
    assert all(np.array_equal(kept[name].astype(np.float32), saved[name]) for name in kept | saved)
    without = type(pipe)(pipe.gan)
    assert without.encoder is None and len(without(seeds=[1]).images) == 1
    with pytest.raises(ValueError, match="no encoder"):
        without.encode(np.zeros((1, SIDE, SIDE, 3), np.uint8))


def test_of_the_default_the_part_for_diffusers_is_left_out(encoding_folder, tmp_path, monkeypatch):
    folder = shutil.copytree(encoding_folder, tmp_path / "model")
    monkeypatch.setattr("facegan.model.folder.DEFAULT_FOLDER", folder)
    export_for_diffusers(folder)
    assert not (folder / ENCODER_WEIGHTS).exists()
    check_components(folder)
    model, own = FaceModel.load(folder), FaceGANPipeline.from_pretrained(folder)
    faces = model.generate(model.latents([1]))
    assert np.abs(own.encode(faces).numpy() - model.encoder.latents(faces, model.generate)).max() < 0.02
    assert DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True).encoder is None


def other_weights(folder):
    weights = load_file(folder / ENCODER_WEIGHTS)
    weights["step.bias"] = weights["step.bias"] + 1
    save_file(weights, folder / ENCODER_WEIGHTS)


def fewer_weights(folder):
    weights = load_file(folder / ENCODER_WEIGHTS)
    save_file({name: one for name, one in weights.items() if name != "step.bias"}, folder / ENCODER_WEIGHTS)


def another_width(folder):
    told = (folder / ENCODER_CONFIG).read_text()
    (folder / ENCODER_CONFIG).write_text(told.replace('"hidden": 16', '"hidden": 17'))


def unnamed(folder):
    index = json.loads((folder / MODEL_INDEX).read_text())
    (folder / MODEL_INDEX).write_text(json.dumps({name: one for name, one in index.items() if name != "encoder"}))


@pytest.mark.parametrize(
    "damage",
    [
        other_weights,
        fewer_weights,
        another_width,
        unnamed,
        lambda folder: (folder / ENCODER_CODE).unlink(),
        lambda folder: (folder / ENCODER_WEIGHTS).unlink(),
        lambda folder: (folder / ENCODER_WEIGHTS).write_bytes(b"\x80\x04K\x01."),
        lambda folder: shutil.rmtree(folder / "encoder"),
        lambda folder: (folder / ENCODER).unlink(),
    ],
)
def test_a_part_for_diffusers_that_is_another_encoder_is_not_pushed(encoding_folder, tmp_path, damage):
    check_components(encoding_folder)
    folder = shutil.copytree(encoding_folder, tmp_path / "model")
    damage(folder)
    with pytest.raises(FaceGANError, match="encoder"):
        check_components(folder)
