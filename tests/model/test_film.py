"""The films of a training: known with the model, read only when they are wanted."""

import json
import shutil
import subprocess
import sys

import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.model.film import Film
from tests.model.conftest import ROOT

LAZY = """
import json, os
from pathlib import Path
from facegan import FaceModel
model = FaceModel.load("user/faces")
def fetched():
    return sorted(path.name for path in Path(os.environ["HF_HOME"]).rglob("progress.*"))
before = fetched()
content = model.films[0].read()
again = FaceModel.load("user/faces").films
print(json.dumps([[film.path for film in model.films], before, fetched(), len(content)]))
"""


def test_a_folders_films_are_those_that_it_holds(model_folder, tmp_path):
    assert FaceModel.load(model_folder).films == ()
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    shutil.copy(folder / "morph.mp4", folder / "progress.mp4")
    (film,) = FaceModel.load(folder).films
    assert film.read() == (folder / "morph.mp4").read_bytes()


@pytest.mark.parametrize("name", ["progress.mp4", "progress.gif"])
def test_what_is_no_film_is_refused_without_its_place(tmp_path, name):
    (tmp_path / name).write_bytes(b"<script>")
    with pytest.raises(FaceGANError, match="is not what its name says"):
        Film(tmp_path, name).read()


def test_from_the_hub_a_film_comes_when_it_is_asked_for(hub, run, push, tmp_path):
    shutil.copy(run / "model" / "morph.mp4", run / "model" / "progress.mp4")
    assert push(run, "user/faces").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", LAZY],
        cwd=ROOT,
        env=hub.environment(tmp_path / "puller", "hf_test"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    films, before, after, size = json.loads(done.stdout)
    assert (films, before, after) == (["progress.mp4"], [], ["progress.mp4"])
    assert size == (run / "model" / "morph.mp4").stat().st_size
