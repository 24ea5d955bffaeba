import json
import shutil

import numpy as np
import onnx
import pytest
import torch
from diffusers import DiffusionPipeline
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from facegan import FaceGANPipeline, FaceModel
from facegan.base.errors import FaceGANError
from facegan.base.seeds import latents_of
from facegan.gan.networks import Discriminator, channels_at
from facegan.model.export import export_discriminator, export_weights, load_diffusers, shipped_form
from facegan.model.folder import ModelConfig
from facegan.model.load import to_uint8
from facegan.model.tensors import read_discriminator
from tests.model.conftest import CURVES, trained_like

SEEDS = range(20)


@pytest.mark.parametrize(
    ("size", "upsample", "curves"),
    [(16, "resize", ()), (16, "resize", CURVES), (16, "transposed", ()), (64, "resize", ()), (128, "transposed", ())],
)
def test_the_shipped_form_is_the_same_function(size, upsample, curves):
    generator = trained_like(size, 2, upsample, curves)
    latents = torch.randn(5, 100, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(shipped_form(generator)(latents), generator(latents), atol=1e-4, rtol=1e-4)


def test_every_way_to_load_draws_the_trained_generators_faces(generator, model_folder):
    with torch.no_grad():
        truth = to_uint8(generator(torch.from_numpy(latents_of(SEEDS, truncation=0.9))).numpy()).astype(int)
    assert truth.std() > 20  # not a flat picture, on which all would agree
    model = FaceModel.load(model_folder)
    drawn = {"onnx": model.generate(model.latents(SEEDS, truncation=0.9))}
    pipe = DiffusionPipeline.from_pretrained(str(model_folder), trust_remote_code=True)
    drawn["remote code"] = np.stack([np.asarray(image) for image in pipe(seeds=SEEDS, truncation=0.9).images])
    own = FaceGANPipeline(load_diffusers(model_folder))
    drawn["own pipeline"] = (own(seeds=SEEDS, truncation=0.9, output_type="np").images * 255).round().astype(np.uint8)
    for images in drawn.values():
        assert np.abs(images.astype(int) - truth).max() <= 1
        np.testing.assert_array_equal(images, drawn["onnx"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda weights: weights.pop("ups.0.bias"), "ups.0.bias is missing"),
        (lambda weights: weights.update(more=np.zeros(2, np.float32)), "more is surplus"),
        (
            lambda weights: weights["project.bias"].__setitem__(0, np.nan),
            "project.bias holds numbers",
        ),
    ],
)
def test_diffusers_alone_refuses_weights_that_are_not_whole(model_folder, tmp_path, damage, said):
    folder = with_weights(model_folder, tmp_path / "model", damage)
    with pytest.raises(ValueError, match=f"{said}.*: fetch or export the model again") as refused:
        DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True)
    assert str(folder / "gan") in str(refused.value)


def test_what_is_no_picture_is_not_drawn(model_folder, tmp_path):
    def huge(weights):
        weights.update({name: np.full(value.shape, 3e38, np.float32) for name, value in weights.items()})

    folder = with_weights(model_folder, tmp_path / "model", huge)
    pipe = DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True)
    with pytest.raises(ValueError, match="no picture"):
        pipe(seeds=[1])
    (folder / "generator.onnx").unlink()  # beside it the weights would be refused as those of another generator
    with pytest.raises(FaceGANError, match="does not draw finite images"):
        FaceGANPipeline.from_pretrained(folder)


def with_weights(model_folder, folder, damage):
    """A copy of the folder whose weights for diffusers went through `damage`."""
    shutil.copytree(model_folder, folder)
    file = folder / "gan" / "diffusion_pytorch_model.safetensors"
    weights = {name: value.copy() for name, value in load_file(file).items()}
    damage(weights)
    save_file(weights, file)
    return folder


def test_weights_are_stored_in_half_the_bytes_where_that_shows_nowhere(model_folder):
    with safe_open(model_folder / "gan" / "diffusion_pytorch_model.safetensors", "np") as file:
        stored = {file.get_tensor(name).dtype for name in file.keys()}  # noqa: SIM118
    assert stored == {np.dtype(np.float16)}
    initializers = onnx.load(model_folder / "generator.onnx").graph.initializer
    assert {t.data_type for t in initializers if np.prod(t.dims) > 100} == {onnx.TensorProto.FLOAT16}


def test_weights_that_float16_would_spoil_stay_float32(tmp_path):
    generator = trained_like()
    with torch.no_grad():
        generator.to_rgb.weight *= 300  # the last step amplifies every rounding
    export_weights(shipped_form(generator), tmp_path)
    with safe_open(tmp_path / "gan" / "diffusion_pytorch_model.safetensors", "np") as file:
        assert file.get_tensor("project.weight").dtype == np.float32


@pytest.mark.parametrize(("norm", "minibatch_std"), [("none", True), ("batch", False)])
def test_a_discriminator_comes_back_without_its_readings_and_judges_alike(tmp_path, norm, minibatch_std):
    torch.manual_seed(0)
    trained = Discriminator(32, 8, norm, minibatch_std, attributes=3).to(memory_format=torch.channels_last)
    images = torch.rand(32, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        for _ in range(5):
            trained(images)  # the statistics of batch normalisation move
        expected = trained.eval()(images)[0]
    export_discriminator(trained, tmp_path)
    stored = read_discriminator(tmp_path, ModelConfig("f", 32, tuple(channels_at(32, 8))))
    for other in (ModelConfig("f", 32, tuple(channels_at(32, 4))), ModelConfig("f", 64, tuple(channels_at(64, 4)))):
        assert read_discriminator(tmp_path)  # a training says that it does not fit, and begins with a new one
        with pytest.raises(FaceGANError, match="no discriminator of FaceGAN of the size and width in config.json"):
            read_discriminator(tmp_path, other)
    back = Discriminator(32, 8, norm, minibatch_std)
    counts = {name for name in stored if name.endswith("num_batches_tracked")}
    assert {stored[name].item() for name in counts} == ({5} if norm == "batch" else set())
    assert {value.dtype for name, value in stored.items() if name not in counts} == {np.dtype(np.float16)}
    back.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in stored.items()})
    with torch.no_grad():
        logits, readings = back.eval()(images)
    assert readings.shape == (32, 0)
    assert (logits - expected).abs().max() < 0.05 * expected.std()


def test_a_discriminator_that_float16_would_spoil_or_cannot_be_cut_is_left_out(tmp_path):
    huge = Discriminator(16, 2, "none")
    with torch.no_grad():
        huge.layers[0].weight[0, 0, 0, 0] = 1e5
    for discriminator in (huge, Discriminator(16, 2, "spectral", attributes=2)):
        export_discriminator(discriminator, tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert read_discriminator(tmp_path) is None


def test_no_path_of_this_machine_and_no_pickle_is_written(model_folder, tmp_path):
    files = [path for path in model_folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {
        "generator.onnx",
        "config.json",
        "README.md",
        "model_index.json",
        "samples.png",
    }
    for path in files:
        content = path.read_bytes()
        for private in (b"/home/", b"/root/", b"/work/", b"site-packages", str(tmp_path.parent).encode()):
            assert private not in content, f"{private} in {path.name}"
        assert path.suffix in {".onnx", ".json", ".md", ".safetensors", ".py", ".png", ".mp4"}
        assert not content.startswith((b"\x80\x02", b"\x80\x04", b"PK"))


def test_the_pipeline_draws_random_faces_from_a_torch_generator(model_folder):
    pipe = FaceGANPipeline(load_diffusers(model_folder))
    one, two = (
        pipe(generator=torch.Generator().manual_seed(5), batch_size=2, output_type="np").images for _ in range(2)
    )
    assert one.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(one, two)
    assert np.abs(one[0] - one[1]).max() > 0.1


def test_the_index_names_the_classes_beside_the_weights(model_folder):
    index = json.loads((model_folder / "model_index.json").read_text())
    assert index["_class_name"] == ["pipeline", "FaceGANPipeline"]
    assert index["gan"] == ["generator", "FaceGANGenerator"]


def test_a_bias_of_zeros_is_exported_too(tmp_path):
    """A generator that was just grown has one."""
    generator = trained_like(16, 2)
    torch.nn.init.zeros_(generator.to_rgb.bias)
    export_weights(shipped_form(generator), tmp_path)
    ModelConfig("faces", 16, tuple(channels_at(16, 2))).save(tmp_path)
    model = FaceModel.load(tmp_path)
    with torch.no_grad():
        truth = to_uint8(generator(torch.from_numpy(latents_of([1, 2]))).numpy()).astype(int)
    assert np.abs(model.generate(model.latents([1, 2])).astype(int) - truth).max() <= 1
