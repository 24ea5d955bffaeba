"""upscaler.onnx: what was fitted is what runs, its images keep the generator's, and what is no upscaler is refused."""

import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from diffusers import DiffusionPipeline
from onnx import helper, numpy_helper
from safetensors.numpy import load_file, save_file

from facegan import FaceGANPipeline, FaceModel
from facegan.base.errors import FaceGANError
from facegan.gan import upscaler as fitted
from facegan.gan.upscaler import Upscaler
from facegan.model.export import export_weights, shipped_form
from facegan.model.export_upscaler import export_upscaler
from facegan.model.folder import MODEL_INDEX, UPSCALER, UPSCALER_CODE, UPSCALER_CONFIG, UPSCALER_WEIGHTS, ModelConfig
from facegan.model.tensors import check_components
from facegan.model.upscaler import join, reduced_by_two
from tests.model.conftest import trained_like

SIDE = 32


@pytest.fixture(scope="module")
def generator():
    return trained_like(SIDE, 2)


@pytest.fixture(scope="module")
def upscaler():
    torch.manual_seed(0)
    upscaler = Upscaler(8, 2)
    torch.nn.init.normal_(upscaler.layers[-1].weight, std=0.01)
    return upscaler.eval()


@pytest.fixture(scope="module")
def folder(generator, upscaler, tmp_path_factory):
    folder = tmp_path_factory.mktemp("upscaled") / "model"
    folder.mkdir()
    channels = tuple(norm.num_features for norm in generator.norms)
    ModelConfig("upscaled", SIDE, channels, data={"framing": 0.8}).save(folder)
    export_weights(shipped_form(generator), folder)
    export_upscaler(upscaler, folder)
    return folder


@torch.no_grad()
def test_the_model_draws_what_the_fitted_upscaler_draws_of_the_generators_images(generator, upscaler, folder):
    model = FaceModel.load(folder)
    assert model.size == 2 * SIDE == 2 * model.config.image_size
    latents = model.latents(range(6))
    wanted = upscaler(generator(torch.from_numpy(latents))).clip(-1, 1)
    wanted = (wanted.permute(0, 2, 3, 1).numpy() + 1) * 127.5
    drawn = model.generate(latents)
    assert drawn.shape == (6, 2 * SIDE, 2 * SIDE, 3)
    assert np.abs(drawn - wanted).max() < 2.6  # of 256 levels: weights are float16, colours are rounded


def test_reduced_by_two_the_images_are_the_generators_own(folder):
    model = FaceModel.load(folder)
    latents = 0.5 * model.latents(range(20))  # far from black and white, where colours are cut off
    large, small = model.generate(latents).astype(float), model.base.generate(latents).astype(float)
    means = large.reshape(20, SIDE, 2, SIDE, 2, 3).mean(axis=(2, 4))
    uncut = ((large > 0) & (large < 255)).reshape(20, SIDE, 2, SIDE, 2, 3).all(axis=(2, 4))
    assert uncut.mean() > 0.9
    assert np.abs(reduced_by_two(large[0].astype(np.uint8)).astype(int) - small[0])[uncut[0]].max() <= 1
    assert np.abs(means - small)[uncut].max() <= 1.01  # each of five numbers is rounded by half a level at most
    assert np.abs(large.reshape(20, SIDE, 2, SIDE, 2, 3) - means[:, :, None, :, None]).max() > 5  # there are details


def test_the_base_is_the_same_model_at_the_generators_size(folder):
    model = FaceModel.load(folder)
    assert model.base.size == SIDE and model.base.upscaler is None
    assert model.upscaler is not None and model.base.weights == model.weights


def test_numpy_joins_as_torch_does():
    rng = np.random.RandomState(0)
    images, details = rng.rand(2, 3, 6, 4).astype(np.float32), rng.rand(2, 9, 6, 4).astype(np.float32)
    wanted = fitted.join(torch.from_numpy(images), torch.from_numpy(details)).numpy()
    assert np.allclose(join(images, details), wanted, atol=1e-6)


def test_diffusers_draws_the_same_images_with_and_without_the_code_of_the_folder(folder):
    seeds, model = [3, 4], FaceModel.load(folder)
    wanted = model.generate(model.latents(seeds)).astype(int)
    for pipeline in (
        FaceGANPipeline.from_pretrained(folder),
        DiffusionPipeline.from_pretrained(folder, trust_remote_code=True),
    ):
        drawn = pipeline(seeds=seeds, output_type="np").images
        assert np.abs(np.rint(drawn * 255) - wanted).max() <= 1


def changed(change):
    def damage(path):
        network = onnx.load(path)
        change(network.graph)
        onnx.save(network, path)

    return damage


def without_numbers(graph):
    value = numpy_helper.to_array(graph.initializer[0]).copy()
    value.flat[0] = np.nan
    graph.initializer[0].CopyFrom(numpy_helper.from_array(value, graph.initializer[0].name))


def a_step_more(graph):
    graph.node.append(helper.make_node("Identity", [graph.output[0].name], ["more"]))
    graph.output[0].name = "more"


def another_slope(graph):
    next(node for node in graph.node if node.op_type == "LeakyRelu").attribute[0].f = 0.9


@pytest.mark.parametrize(
    "damage",
    [
        changed(without_numbers),
        changed(a_step_more),
        changed(another_slope),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b""),
        lambda path: shutil.copyfile(path.parent / "generator.onnx", path),
    ],
)
def test_what_is_no_upscaler_is_refused_with_the_name_of_the_file(folder, damage, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "model")
    damage(copy / UPSCALER)
    for load in (FaceModel.load, FaceGANPipeline.from_pretrained):
        with pytest.raises(FaceGANError, match="upscaler.onnx"):
            load(copy)


def other_weights(copy):
    weights = load_file(copy / UPSCALER_WEIGHTS)
    save_file(weights | {"last.bias": weights["last.bias"] + 1}, copy / UPSCALER_WEIGHTS)


def not_in_the_index(copy):
    index = json.loads((copy / MODEL_INDEX).read_text())
    del index["upscaler"]
    (copy / MODEL_INDEX).write_text(json.dumps(index))


def another_depth(copy):
    config = json.loads((copy / UPSCALER_CONFIG).read_text())
    (copy / UPSCALER_CONFIG).write_text(json.dumps(config | {"depth": 3}))


@pytest.mark.parametrize(
    "damage", [other_weights, not_in_the_index, another_depth, lambda copy: (copy / UPSCALER_CODE).unlink()]
)
def test_a_part_for_diffusers_that_is_not_the_same_upscaler_is_refused(folder, damage, tmp_path):
    check_components(folder)
    copy = shutil.copytree(folder, tmp_path / "model")
    damage(copy)
    with pytest.raises(FaceGANError, match="fit the upscaler again"):
        check_components(copy)
