"""What evaluate.py does around the figures, which tests/end_to_end/test_train.py reads."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.cache import SELECTED, FaceStore
from facegan.faces.held_out import FILE as HELD_OUT
from facegan.faces.held_out import save_rows
from facegan.faces.records import PhotoRecord
from facegan.model.folder import DEFAULT_FOLDER
from facegan.model.load import FaceModel
from facegan.runs import evaluate as evaluation
from facegan.runs import run_file


def test_photos_are_not_prepared_where_a_run_on_them_has_its_own(tmp_path, monkeypatch):
    photos = tmp_path / "me"
    photos.mkdir()
    prepared = []

    def prepare(folders, out, options, **_):
        prepared.append((folders, out, options.framing))
        raise FaceGANError("no face")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evaluation, "prepare_faces", prepare)
    with pytest.raises(FaceGANError, match="no face"):
        evaluation.evaluate(evaluation.EvaluateOptions(str(DEFAULT_FOLDER), photos, unseen=True))
    assert prepared == [([photos], Path("runs/me/evaluation/faces"), FaceModel.load().config.data["framing"])]


def test_a_working_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "me").mkdir()
    (tmp_path / "runs").touch()  # as on a read-only disk, for root as well
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FaceGANError, match="run the command in a folder where you may write"):
        evaluation.evaluate(evaluation.EvaluateOptions(str(DEFAULT_FOLDER), tmp_path / "me", unseen=True))


def faces_of_a_run(run: Path, photos: Path) -> np.ndarray:
    """A run on the photos with the default model; returns the rows that it held out, which are not the usual ones."""
    shutil.copytree(DEFAULT_FOLDER, run / "model", ignore=shutil.ignore_patterns("*.gif", "*.mp4", "*.png"))
    run_file.write(run, {"options": {"data": [str(photos)]}})
    size, count = FaceModel.load().size, 30
    store = FaceStore(run / "faces", {"size": size}, say=lambda line: None)
    images = np.random.RandomState(0).randint(0, 256, (count, size, size, 3)).astype(np.uint8)
    store.append(PhotoRecord("a.jpg", 1, 1), images)
    store.close()
    (run / "faces" / "report.json").write_text(json.dumps({"size": size, "framing": 0.8}))
    save_rows(run / "faces" / SELECTED, np.arange(count))
    held_out = np.array([2, 3, 5, 7, 11])
    save_rows(run / "faces" / HELD_OUT, held_out)
    return held_out


@pytest.mark.parametrize("named", ["the run", "its model"])
def test_the_photos_of_a_run_are_measured_by_those_that_it_held_out(tmp_path, monkeypatch, named):
    photos, run, judged = tmp_path / "me", tmp_path / "run", []
    photos.mkdir()
    held_out = faces_of_a_run(run, photos)

    class Noted(evaluation.Judge):
        def __init__(self, images, training, rows):
            judged.append(rows)
            super().__init__(images, training, rows)

    monkeypatch.setattr(evaluation, "Judge", Noted)
    model = str(run if named == "the run" else run / "model")
    evaluation.evaluate(evaluation.EvaluateOptions(model, photos, generated=8), say=lambda line: None)
    np.testing.assert_array_equal(judged[0], held_out)
    with pytest.raises(FaceGANError, match="leave out --unseen"):
        evaluation.evaluate(evaluation.EvaluateOptions(model, photos, unseen=True))


def test_photos_of_which_nobody_knows_whether_training_saw_them_are_not_split(tmp_path):
    with pytest.raises(FaceGANError, match="--unseen"):
        evaluation.evaluate(evaluation.EvaluateOptions(str(DEFAULT_FOLDER), tmp_path))
