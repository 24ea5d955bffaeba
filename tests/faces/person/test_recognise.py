from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.options import FaceOptions
from facegan.faces.person.recognise import MODEL_FILE, Recogniser, choose_recogniser

OPTIONS = FaceOptions(framing=0.8, person="auto", insightface_root=Path("root"))


@pytest.fixture(scope="module")
def recogniser(insightface_root) -> Recogniser:
    return Recogniser(insightface_root / "models" / "buffalo_sc" / MODEL_FILE)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_it_is_what_insightface_computes(insightface_root, recogniser, scrfd, portrait):
    from insightface.app.common import Face
    from insightface.model_zoo import get_model

    keypoints = scrfd.detect(portrait)[0].keypoints
    theirs = get_model(str(insightface_root / "models" / "buffalo_sc" / MODEL_FILE))
    expected = theirs.get(np.ascontiguousarray(portrait[:, :, ::-1]), Face(kps=keypoints))
    # their template is half a pixel off symmetry, and their crop is not averaged where it shrinks
    assert cosine(recogniser.embed(portrait, keypoints), expected) > 0.95


def test_one_person_is_alike_and_two_are_not(people, recogniser, scrfd):
    found = []
    for person in ("P001", "P002"):
        for name in ("studio_portrait.jpg", "amateur_selfie.jpg"):
            with Image.open(people / person / "assets" / name) as image:
                rgb = np.asarray(image.convert("RGB").resize((image.width // 2, image.height // 2)))
            face = max(scrfd.detect(rgb), key=lambda face: face.box[2] - face.box[0])
            found.append(recogniser.embed(rgb, face.keypoints))
    assert cosine(found[0], found[1]) > 0.5
    assert cosine(found[2], found[3]) > 0.5
    assert abs(cosine(found[0], found[2])) < 0.3


def test_a_covered_face_is_seen_less_clearly(recogniser, scrfd, portrait):
    keypoints = scrfd.detect(portrait)[0].keypoints
    masked = portrait.copy()
    top, left, right = int(keypoints[2, 1]), int(keypoints[0, 0] - 30), int(keypoints[1, 0] + 30)
    masked[top : top + 120, left:right] = (110, 160, 200)
    lengths = [float(np.linalg.norm(recogniser.embed(rgb, keypoints))) for rgb in (portrait, masked)]
    assert lengths[1] < 0.95 * lengths[0]


def test_everybody_needs_no_network():
    choice = DetectorChoice("yunet", "yunet-1", "")
    assert choose_recogniser(replace(OPTIONS, person="any"), choice) is None


def test_yunet_knows_nobody():
    with pytest.raises(FaceGANError, match="--person auto needs InsightFace.*yunet has none.*buffalo_sc") as failed:
        choose_recogniser(OPTIONS, DetectorChoice("yunet", "yunet-1", ""))
    assert "\n" not in str(failed.value)


def test_a_pack_without_the_network(tmp_path):
    with pytest.raises(FaceGANError, match=f"{MODEL_FILE}.*--insightface-pack buffalo_sc"):
        choose_recogniser(OPTIONS, DetectorChoice("insightface", "1", "", tmp_path))


def test_the_version_names_the_network(insightface_root):
    folder = insightface_root / "models" / "buffalo_sc"
    found = choose_recogniser(OPTIONS, DetectorChoice("insightface", "1", "", folder))
    assert found is not None
    assert found.version == "w600k_mbf-9cc6e4a75f0e2bf0"


def test_a_damaged_network(tmp_path):
    (tmp_path / MODEL_FILE).write_bytes(b"half a download")
    with pytest.raises(FaceGANError, match="cannot be loaded"):
        Recogniser(tmp_path / MODEL_FILE)
