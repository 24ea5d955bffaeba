import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.base import pictures
from facegan.model import folder as layout
from facegan.model import save as save_module
from facegan.model.card import write_card
from facegan.model.export import load_diffusers
from facegan.model.folder import ModelConfig
from facegan.model.save import add_films, save_model
from facegan.model.slider_files import write_sliders
from tests.model.sliders import small_sliders


def test_the_card_tells_what_the_config_says(model_folder):
    card = (model_folder / "README.md").read_text()
    for text in (
        "test faces",
        "16x16",
        "123,456",
        "Drawn by a test.",
        "| faces used | 40 |",
        "non-commercial",
    ):
        assert text in card
    assert "![AI-generated faces" in card


def test_samples_are_the_models_own_consecutive_seeds(model_folder):
    model = FaceModel.load(model_folder)
    sheet = np.asarray(Image.open(model_folder / "samples.png"))
    faces = model.generate(model.latents(range(32), model.config.truncation))
    cell = 128 + 2
    assert sheet.shape == (4 * cell - 2, 8 * cell - 2, 3)
    np.testing.assert_array_equal(sheet[3 * cell :, 7 * cell :], pictures.enlarge(faces[31], 128))


def test_the_morph_is_a_film(model_folder):
    with av.open(str(model_folder / "morph.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == 6 * 24
        assert film.streams.video[0].codec_context.name == "h264"


def test_a_model_holds_its_discriminator_and_draws_without_it(generator, config, model_folder, tmp_path):
    without = shutil.copytree(model_folder, tmp_path / "without")
    (without / layout.DISCRIMINATOR).unlink()
    models = [FaceModel.load(folder) for folder in (model_folder, without)]
    with_it, alone = (model.generate(model.latents(range(4))) for model in models)
    np.testing.assert_array_equal(with_it, alone)
    save_model(generator, config, without)
    assert not (without / layout.DISCRIMINATOR).exists()
    cards = [(folder / "README.md").read_text() for folder in (model_folder, without)]
    assert [layout.DISCRIMINATOR in card for card in cards] == [True, False]


def test_a_failed_save_leaves_the_old_model_whole(generator, config, model_folder, monkeypatch):
    before = {path: path.read_bytes() for path in model_folder.rglob("*") if path.is_file()}
    monkeypatch.setattr(save_module, "write_card", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_model(generator, config, model_folder)
    assert {path: path.read_bytes() for path in model_folder.rglob("*") if path.is_file()} == before


def test_a_model_is_saved_where_the_name_is_no_text(generator, config, tmp_path):
    """A colon, which FFmpeg takes for a protocol, and a byte that is not UTF-8."""
    folder = tmp_path / os.fsdecode(b"a: caf\xe9") / "model"
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes no such name")
    model = save_model(generator, config, folder)
    assert (folder / layout.MORPH).stat().st_size > 1000
    assert model.generate(model.latents([1])).shape[0] == 1
    assert len(load_diffusers(folder).state_dict())


@pytest.mark.skipif(os.name == "nt", reason="a limit of POSIX")
@pytest.mark.parametrize("what", ["config", "card", "sliders", "films"])
def test_a_disk_that_is_full_costs_nothing_of_a_model_that_is_there(model_folder, config, tmp_path, what):
    """What a push, the films and the sliders write into it later."""
    import resource

    folder, film = tmp_path / "model", tmp_path / layout.PROGRESS
    shutil.copytree(model_folder, folder)
    write_sliders(small_sliders(), folder)
    film.write_bytes(bytes(100))
    add_films([film], folder)
    film.write_bytes(bytes(5000))
    work = {
        "config": lambda: config.save(folder),
        "card": lambda: write_card(ModelConfig.read(folder), folder),
        "sliders": lambda: write_sliders(small_sliders(), folder),
        "films": lambda: add_films([film], folder),
    }[what]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError) as failed:
            work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert Path(failed.value.filename).parent == folder
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
