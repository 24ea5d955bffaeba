"""What is measured after the export and where it lands; how, is tested in the rooms."""

from types import SimpleNamespace

import numpy as np
import pytest

from facegan import FaceModel
from facegan.model.folder import PART, ModelConfig
from facegan.model.measurements import memorisation_of
from facegan.runs import findings
from tests.model.conftest import config, discriminator, generator, model_folder, run  # noqa: F401


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(findings, "generated_for", lambda _: 12)


def cache_of(images):
    return SimpleNamespace(images=images, report={"framing": 0.8})


def measured(folder, images, training, held_out, **more):
    said = []
    model = FaceModel.load(folder)
    found = findings.add_findings(model, folder, cache_of(images), training, held_out, say=said.append, **more)
    assert ModelConfig.read(folder) == found
    return found, said


def test_a_generator_that_repeats_its_faces_is_found_out(run, few):  # noqa: F811
    model = FaceModel.load(run / "model")
    faces = np.concatenate([model.generate(model.latents(range(12))), model.generate(model.latents(range(50, 90)))])
    found, said = measured(run / "model", faces, np.arange(40), np.arange(40, 52))
    assert memorisation_of(found).near_copies == 1
    assert "100.0% of the generated faces are near copies" in said[0]
    assert "--allow-memorised" in said[0]
    assert "100.00% of the generated faces are near copies" in (run / "model" / "README.md").read_text()
    assert set(found.training["shares"]) == set(found.data["shares"]) == {"faces", "gender", "age", "skin tone"}
    assert (run / "closest.png").read_bytes().find(b"compositeWithTrainedAlgorithmicMedia") > 0
    assert "closest.png" not in PART


def test_what_is_allowed_is_in_the_card(run, few):  # noqa: F811
    model = FaceModel.load(run / "model")
    faces = model.generate(model.latents(range(12)))
    found, _ = measured(run / "model", faces, np.arange(12), np.arange(0), allow_memorised=True)
    assert memorisation_of(found).allowed
    assert "chose to publish it in spite of" in (run / "model" / "README.md").read_text()


def test_a_single_face_cannot_be_compared_and_does_no_harm(run, few):  # noqa: F811
    images = np.zeros((1, 16, 16, 3), np.uint8)
    found, said = measured(run / "model", images, np.arange(1), np.arange(0))
    assert said == []
    assert not (run / "closest.png").exists()
    assert found.data["shares"]["faces"] == 1
