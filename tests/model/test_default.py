"""The embedded default: what everybody sees first."""

from pathlib import Path

import numpy as np
from PIL import Image

from facegan import FaceGANPipeline, FaceModel
from facegan import model as hub
from facegan.base import pictures
from facegan.model.facts import check_facts
from facegan.model.folder import DEFAULT_FOLDER, ModelConfig


def test_the_default_is_a_whole_model_folder_of_modest_size():
    names = {path.name for path in DEFAULT_FOLDER.iterdir()}
    expected = {"config.json", "generator.onnx", "README.md", "samples.png", "morph.mp4", "progress.mp4"}
    assert names >= expected | {"gan", "model_index.json", "pipeline.py"}
    assert sum(path.stat().st_size for path in DEFAULT_FOLDER.rglob("*") if path.is_file()) < 25e6


def test_it_could_be_pushed_as_it_is():
    check_facts(ModelConfig.read(DEFAULT_FOLDER))


def test_the_code_in_it_is_this_programs():
    """Strangers run it with trust_remote_code."""
    networks = dict.fromkeys(("gan/generator.py", "upscaler/upscaler.py"), "diffusers_networks.py")
    for path, source in ({"pipeline.py": "pipeline.py"} | networks).items():
        assert (DEFAULT_FOLDER / path).read_bytes() == (Path(hub.__file__).parent / source).read_bytes()


def test_its_pictures_are_its_own():
    model = FaceModel.load()
    sheet = np.asarray(Image.open(DEFAULT_FOLDER / "samples.png"))
    faces = model.generate(model.latents(range(32), model.config.truncation))
    drawn = pictures.grid(np.stack([pictures.enlarge(face, 128) for face in faces]), 8, gap=2)
    assert np.abs(sheet.astype(int) - drawn).max() <= 3  # one level of a pixel, enlarged


def test_torch_and_onnxruntime_draw_the_same_faces_up_to_the_last_rounding():
    """What the card says. They add in different orders, so a value at the edge of two levels can be either."""
    model, pipe = FaceModel.load(), FaceGANPipeline.from_pretrained()
    seeds = list(range(60))  # twelve million values
    with_onnx = model.generate(model.latents(seeds)).astype(int)
    with_torch = np.rint(pipe(seeds=seeds, output_type="np").images * 255).astype(int)
    assert np.abs(with_onnx - with_torch).max() <= 1
    assert (with_onnx != with_torch).mean() <= 1e-4


def test_its_faces_differ_from_each_other_and_fill_the_range():
    model = FaceModel.load()
    faces = model.generate(model.latents(range(100))).astype(float)
    assert faces.std() > 40
    distances = [np.abs(faces[i] - faces[j]).mean() for i in range(0, 100, 7) for j in range(i)]
    assert min(distances) > 8
    # a face is brighter in its middle than at its upper corners, on the whole
    eighth = model.size // 8
    middle = faces[:, 3 * eighth : 5 * eighth, 3 * eighth : 5 * eighth].mean()
    assert middle > faces[:, :eighth, :eighth].mean()


def test_its_card_says_what_it_was_trained_on_and_what_it_cannot_do():
    card = (DEFAULT_FOLDER / "README.md").read_text(encoding="utf-8")
    chain = ("Drawn pictures", "MobileStyleGAN", "FFHQ", "non-commercial")
    for text in (*chain, "images seen", "minutes", "cannot do", "AI-generated"):
        assert text in card
