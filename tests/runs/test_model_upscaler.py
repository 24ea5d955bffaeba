"""An upscaler into a model folder: with the real command, and from a model to the one that starts from it."""

import shutil
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.faces.options import FaceOptions
from facegan.gan.config import Start
from facegan.model.export_upscaler import put_upscaler
from facegan.model.folder import DEFAULT_FOLDER, UPSCALER, ModelConfig
from facegan.publish.push import check_folder
from facegan.runs import model_upscaler, run_file
from facegan.runs.initial import Initial
from facegan.runs.model_upscaler import add_upscaler, keep_upscaler, origin_of_upscaler, upscaler_of

SIZE = ModelConfig.read(DEFAULT_FOLDER).image_size


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DEFAULT_FOLDER, tmp_path / "run" / "model")


def test_the_command_fits_an_upscaler_to_photos(folder, programs, tmp_path):
    model = FaceModel.load(DEFAULT_FOLDER)
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed, image in enumerate(model.generate(model.latents(range(30), 0.7))):
        Image.fromarray(image).resize((512, 512)).save(photos / f"{seed}.jpg")
    # As the run found its faces: few of them, and in the command's own process, because others take long to start.
    faces = asdict(FaceOptions(workers=1, min_faces=20))
    run_file.write(folder.parent, {"options": {"faces": {**faces, "insightface_root": str(faces["insightface_root"])}}})
    programs = programs.where({"facegan.model.showcase.FRAMES_PER_LEG": 2})
    done = programs.run("train/fit_upscaler.py", str(folder.parent), "--data", str(photos), "--images-seen", "100")
    assert done.returncode == 0, done.stderr
    model = FaceModel.load(folder)
    assert model.size == 2 * SIZE
    assert (folder / UPSCALER).stat().st_size < 4e6
    assert f"of {2 * SIZE}x{2 * SIZE} pixels" in (folder / "README.md").read_text()
    check_folder(folder, model.config, [])  # it can be pushed
    assert upscaler_of(folder.parent) == (folder / UPSCALER).read_bytes()


def test_what_is_missing_is_said_before_any_photo_is_read(folder, programs, tmp_path):
    nothing = programs.run("train/fit_upscaler.py", str(folder.parent))
    nowhere = programs.run("train/fit_upscaler.py", str(folder), "--data", str(tmp_path))
    assert nothing.returncode == nowhere.returncode == 1
    assert "--data" in nothing.stderr and "--out" in nowhere.stderr


def test_held_out_faces_stay_out_and_faces_of_another_size_are_refused(folder, monkeypatch):
    asked = {}

    def fit(generator, images, rows, **options):
        from facegan.gan.upscaler import Upscaler

        asked.update(rows=rows.tolist(), options=options)
        return Upscaler(8, 1).eval()

    monkeypatch.setattr(model_upscaler, "fit_upscaler", fit)
    monkeypatch.setattr(model_upscaler, "write_showcase", lambda *_: None)
    images = np.zeros((6, 2 * SIZE, 2 * SIZE, 3), np.uint8)
    cache = SimpleNamespace(folder="faces", size=2 * SIZE, images=images, split=lambda: (np.arange(4), np.arange(4, 6)))
    model = add_upscaler(folder, cache, crops_seen=160, say=lambda _: None)
    assert asked["rows"] == [0, 1, 2, 3] and asked["options"]["crops_seen"] == 160
    assert model.config.name == f"FaceGAN {2 * SIZE} px" and model.config.image_size == SIZE
    assert "4 faces" in model.config.training["upscaler"]
    cache.size = SIZE
    with pytest.raises(FaceGANError, match=f"faces of {2 * SIZE} px"):
        add_upscaler(folder, cache, say=lambda _: None)


def test_a_training_keeps_the_upscaler_of_the_model_that_it_starts_from(folder, tmp_path):
    put_small_upscaler(folder)
    start = Start("another model", "Drawn.", False)
    initial = Initial(start, ModelConfig.read(folder), folder, asked=True)
    assert initial.upscaler(2 * SIZE) is None  # grown, it draws all of that size itself
    run = tmp_path / "new"
    keep_upscaler(initial.upscaler(SIZE), run)
    assert upscaler_of(run) == (folder / UPSCALER).read_bytes()
    assert origin_of_upscaler(run, start) == "that of another model"
    keep_upscaler(None, run)
    assert upscaler_of(run) is None


def put_small_upscaler(folder):
    from facegan.gan.upscaler import Upscaler
    from facegan.model.export_upscaler import export_upscaler

    export_upscaler(Upscaler(8, 1).eval(), folder)
    put_upscaler((folder / UPSCALER).read_bytes(), folder)  # a second time changes nothing
    assert FaceModel.load(folder).size == 2 * SIZE
