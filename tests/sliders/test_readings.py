"""What the judge reads, on AI-made people whose sex openpeople states, in sixteen expressions each."""

import numpy as np
import pytest

from facegan.faces.person import recognise
from facegan.sliders import judge_networks, readings
from tests.packs import make_dev_pack, missing_reason
from tests.sliders.conftest import FRAMING

MEN = {"P005", "P007", "P008"}  # of openpeople's metadata.json files
GENDER, AGE = (readings.heads().names.index(name) for name in ("gender", "age"))


@pytest.fixture
def network(tmp_path_factory, monkeypatch):
    """InsightFace's recognition network, as on a machine that has trained with it."""
    if reason := missing_reason():
        pytest.skip(reason)
    found = recognise.installed_network(make_dev_pack(tmp_path_factory.mktemp("insightface")).parent.parent)
    monkeypatch.setattr(judge_networks, "installed_network", lambda: found)
    judge_networks.recogniser.cache_clear()
    yield found
    judge_networks.recogniser.cache_clear()


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(judge_networks, "installed_network", lambda: None)
    judge_networks.recogniser.cache_clear()
    yield
    judge_networks.recogniser.cache_clear()


def test_a_person_keeps_age_and_gender_whatever_the_face_does(network, sheet_faces):
    spread = {}
    for people in (True, False):
        read = np.stack([readings.read_faces(faces, FRAMING, people=people) for faces in sheet_faces.values()])
        read = read[:, :, [GENDER, AGE]]  # people, expressions, readings
        spread[people] = read.std(axis=1).mean(axis=0) / read.mean(axis=1).std(axis=0)  # within people by between them
        if people:
            are_men = np.array([person in MEN for person in sheet_faces])
            np.testing.assert_array_equal(np.median(read[:, :, 0], axis=1) > 0, are_men)
    assert (spread[True] < spread[False]).all()


def test_only_gender_and_age_are_read_with_the_network(network, sheet_faces):
    faces = sheet_faces["P001"][:3]
    both, alone = (readings.read_faces(faces, FRAMING, people=people) for people in (True, False))
    others = [j for j in range(both.shape[1]) if j not in (GENDER, AGE)]
    np.testing.assert_array_equal(both[:, others], alone[:, others])
    assert (both[:, [GENDER, AGE]] != alone[:, [GENDER, AGE]]).all()


def test_without_the_network_the_judge_reads_all_the_same(no_network, sheet_faces):
    assert not judge_networks.can_recognise()
    faces = sheet_faces["P001"][:2]
    np.testing.assert_array_equal(
        readings.read_faces(faces, FRAMING), readings.read_faces(faces, FRAMING, people=False)
    )
    with pytest.raises(RuntimeError, match="not on this machine"):
        judge_networks.identity_embeddings(faces, FRAMING)


def test_a_network_that_is_not_the_one_published_is_not_used(tmp_path):
    folder = tmp_path / "models" / "buffalo_sc"
    folder.mkdir(parents=True)
    assert recognise.installed_network(tmp_path) is None
    (folder / recognise.MODEL_FILE).write_bytes(b"another network")
    assert recognise.installed_network(tmp_path) is None


def test_mirror_images_read_the_same_but_for_the_turn(no_network, sheet_faces):
    faces = sheet_faces["P002"][:4]
    one, other = readings.read_faces(faces, FRAMING), readings.read_faces(faces[:, :, ::-1].copy(), FRAMING)
    back = np.where(np.array(readings.names()) == "turn", -1, 1)
    np.testing.assert_allclose(one, other * back, rtol=1e-3, atol=2e-2)


def test_the_background_is_read_in_the_upper_corners_and_where_there_are_any():
    pictures = np.full((2, 128, 128, 3), 119, np.uint8)  # L* 50
    pictures[1, :20, :24], pictures[1, :20, -24:] = 255, 255
    column = readings.names().index("background_lightness")
    seen = readings.read_faces(pictures, 0.8, mirror=False, people=False)[:, column]
    assert seen == pytest.approx([50.03, 100], abs=0.05)
    assert np.isnan(readings.read_faces(pictures, 1.3, mirror=False, people=False)[:, column]).all()
