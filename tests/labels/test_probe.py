from pathlib import Path

import numpy as np
import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.labels.colour import lab
from facegan.labels.probe import AttributeProbe, probe_features
from facegan.labels.table import AttributeTable


@pytest.fixture(scope="module")
def faces() -> tuple[np.ndarray, float]:
    model = FaceModel.load()
    return model.base.generate(model.latents(range(1000, 1240))), float(model.config.data["framing"])


@pytest.fixture(scope="module")
def truth(faces) -> AttributeTable:
    """What the pixels say: whether the face is bright, and how red it is; and three columns without anything."""
    quarter = faces[0].shape[1] // 4
    inner = faces[0][:, quarter:-quarter, quarter:-quarter]  # without the background, which no network looks at
    lightness = lab(inner)[..., 0].mean(axis=(1, 2))
    redness = inner[..., 0].mean(axis=(1, 2)) - inner[..., 1].mean(axis=(1, 2))
    rng = np.random.RandomState(0)
    bright = np.where(lightness > np.median(lightness), 1.0, -1.0)
    bright[:10] = np.nan
    columns = [bright, redness, rng.choice([0.0, 1.0], 240), np.ones(240), np.arange(240.0) < 5]
    return AttributeTable(("bright", "red", "noise", "always", "rare"), np.stack(columns, axis=1).astype(float))


@pytest.fixture(scope="module")
def fitted(faces, truth) -> tuple[AttributeProbe, list[str]]:
    said: list[str] = []
    probe = AttributeProbe.fit(
        faces[0][:200], AttributeTable(truth.names, truth.values[:200]), faces[1], say=said.append
    )
    return probe, said


def test_what_can_be_read_is_read_on_faces_that_were_not_seen(fitted, faces, truth):
    probe, _ = fitted
    scores = probe.scores(faces[0][200:], faces[1])
    bright, red = truth.values[200:, 0], truth.values[200:, 1]
    pairs = np.subtract.outer(scores[bright > 0, 0], scores[bright <= 0, 0])
    assert (pairs > 0).mean() > 0.9  # the area under the ROC curve, by counting pairs
    assert ((scores[:, 0] > 0) == (bright > 0)).mean() > 0.75  # log-odds: 0 is the boundary, and 40 faces are few
    assert np.corrcoef(scores[:, 1], red)[0, 1] > 0.9
    assert np.abs(scores[:, 1] - red).mean() < 0.35 * red.std()  # in the unit of the column


def test_the_probe_knows_how_well_it_reads_each_column(fitted):
    bright, red, noise = fitted[0].columns
    assert bright.binary and bright.auc > 0.95 and bright.faces == 190
    assert not red.binary and red.auc is None and red.correlation > 0.9 and red.positives is None
    assert noise.auc == pytest.approx(0.5, abs=0.13) and 80 <= noise.positives <= 120


def test_columns_that_cannot_be_learned_are_left_out_and_said_so(fitted):
    probe, said = fitted
    assert probe.names == ("bright", "red", "noise")
    assert said == [
        "The attribute always is left out: all 200 faces have the same value, 1.",
        "The attribute rare is left out: only 5 of 200 faces have the value 1, 20 are needed.",
    ]


def test_a_table_without_anything_to_learn_is_refused(faces):
    table = AttributeTable(("x", "y"), np.array([[1.0, np.nan]] * 8))
    said: list[str] = []
    with pytest.raises(FaceGANError, match="No attribute of the table can be learned"):
        AttributeProbe.fit(faces[0][:8], table, faces[1], say=said.append)
    assert said[1] == "The attribute y is left out: no face has a value for it."


def test_few_numbers_are_not_enough(faces):
    table = AttributeTable(("x",), np.arange(30.0)[:, None])
    with pytest.raises(FaceGANError):
        AttributeProbe.fit(faces[0][:30], table, faces[1], say=lambda line: None)


def test_a_probe_is_the_same_after_saving(fitted, faces, tmp_path: Path):
    fitted[0].save(tmp_path / "probe", about="a test")
    loaded = AttributeProbe.load(tmp_path / "probe")
    assert loaded.columns == fitted[0].columns
    assert loaded.scores(faces[0][:5], faces[1]) == pytest.approx(fitted[0].scores(faces[0][:5], faces[1]))
    assert {path.suffix for path in (tmp_path / "probe").iterdir()} == {".json", ".safetensors"}


def test_a_missing_or_foreign_probe_is_told(fitted, tmp_path: Path):
    with pytest.raises(FaceGANError, match="no attribute probe"):
        AttributeProbe.load(tmp_path)
    fitted[0].save(tmp_path)
    facts = tmp_path / "probe.json"
    facts.write_text(facts.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(FaceGANError, match="another version"):
        AttributeProbe.load(tmp_path)


def test_images_and_tables_of_different_lengths_are_a_bug(faces, truth):
    with pytest.raises(ValueError, match="8 rows of features do not fit 240"):
        AttributeProbe.fit(faces[0][:8], truth, faces[1])


def test_no_faces_have_no_scores(fitted, faces):
    assert probe_features(faces[0][:0], faces[1]).shape == (0, 1920 + 432)
    assert fitted[0].scores(faces[0][:0], faces[1]).shape == (0, 3)
