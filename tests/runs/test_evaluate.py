"""What evaluate.py does around the figures, which tests/end_to_end/test_train.py reads."""

from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.model.folder import DEFAULT_FOLDER
from facegan.model.load import FaceModel
from facegan.runs import evaluate as evaluation


def test_photos_are_not_prepared_where_a_run_on_them_has_its_own(tmp_path, monkeypatch):
    photos = tmp_path / "me"
    photos.mkdir()
    prepared = []

    def prepare(folders, out, options, **_):
        prepared.append((folders, out, options.framing))
        raise FaceGANError("no face")

    monkeypatch.setattr(evaluation, "prepare_faces", prepare)
    with pytest.raises(FaceGANError, match="no face"):
        evaluation.evaluate(evaluation.EvaluateOptions(str(DEFAULT_FOLDER), photos))
    assert prepared == [([photos], Path("runs/me/evaluation/faces"), FaceModel.load().config.data["framing"])]
