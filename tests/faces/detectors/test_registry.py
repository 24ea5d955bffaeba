import builtins
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.detectors import scrfd as scrfd_module
from facegan.faces.detectors.detector import keep_best, onnx_providers
from facegan.faces.detectors.registry import REGISTRY, choose_detector, make_detector
from facegan.faces.options import FaceOptions
from facegan.faces.person.recognise import MODEL_FILE, Recogniser, installed_network

NOWHERE = "http://127.0.0.1:9"  # the discard port: refuses at once


def quiet(line: str) -> None:
    pass


@pytest.fixture(params=["scrfd", "yunet"])
def detector(request):
    return request.getfixturevalue(request.param)


def test_the_five_points_are_where_they_should_be(detector, portrait):
    (face,) = detector.detect(portrait)
    left_eye, right_eye, nose, left_mouth, right_mouth = face.keypoints
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])
    left, top, right, bottom = face.box
    assert ((face.keypoints > (left, top)) & (face.keypoints < (right, bottom))).all()
    assert 0.5 <= face.score <= 1
    assert face.keypoints.dtype == np.float32


def test_both_detectors_agree(scrfd, yunet, portrait):
    ours, theirs = scrfd.detect(portrait)[0].keypoints, yunet.detect(portrait)[0].keypoints
    distance = np.linalg.norm(ours[1] - ours[0])
    assert np.abs(ours - theirs).max() < 0.12 * distance


def test_all_faces_of_a_photo(detector, expressions):
    assert len(detector.detect(expressions)) == 16


def test_several_pictures_at_once_are_as_each_alone(detector, portrait):
    pictures = [portrait, np.ascontiguousarray(portrait[:, ::-1]), np.full_like(portrait, 127)]
    together = detector.detect_each(pictures)
    assert [len(faces) for faces in together] == [1, 1, 0]
    for faces, picture in zip(together, pictures, strict=True):
        for one, alone in zip(faces, detector.detect(picture), strict=True):
            assert one.score == pytest.approx(alone.score, abs=1e-4)
            np.testing.assert_allclose(one.keypoints, alone.keypoints, atol=0.01)


def test_the_pupils_are_dark(detector, portrait):
    """The eye keypoints lie on the darkest thing between brow and cheek, whatever scale the photo had to go through."""
    (face,) = detector.detect(portrait)
    luma = portrait @ np.array([0.299, 0.587, 0.114])
    for x, y in face.keypoints[:2].round().astype(int):
        eye = luma[y - 4 : y + 5, x - 4 : x + 5].mean()
        cheek = luma[y + 35 : y + 45, x - 5 : x + 5].mean()
        assert eye < 0.75 * cheek


@pytest.mark.parametrize("side", [1600, 224, 96])
def test_keypoints_scale_with_the_photo(scrfd, portrait, side):
    from PIL import Image

    resized = np.asarray(Image.fromarray(portrait).resize((side, side), Image.Resampling.LANCZOS))
    expected = (scrfd.detect(portrait)[0].keypoints + 0.5) * (side / 512) - 0.5
    distance = np.linalg.norm(expected[1] - expected[0])
    assert np.abs(scrfd.detect(resized)[0].keypoints - expected).max() < 0.08 * distance


def test_a_face_that_fills_a_large_photo_is_found(scrfd, portrait):
    from PIL import Image

    close = np.asarray(Image.fromarray(portrait[110:420, 100:410]).resize((1800, 1800), Image.Resampling.BICUBIC))
    assert len(scrfd.detect(close)) == 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (64, 64)])
def test_no_face_in_pictures_without_one(detector, shape):
    assert detector.detect(np.full((*shape, 3), 127, np.uint8)) == []


def test_keep_best_of_overlapping_boxes():
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [8, 0, 18, 10]], float)
    assert keep_best(boxes, np.array([0.6, 0.9, 0.7, 0.5]), 0.3) == [1, 2, 3]


def test_auto_takes_insightface_when_its_pack_is_there(insightface_root):
    choice = choose_detector(FaceOptions(insightface_root=insightface_root), release=NOWHERE, say=quiet)
    assert choice.kind == "insightface"
    assert "non-commercial" in choice.reason


def test_auto_falls_back_to_yunet_and_says_why(tmp_path):
    choice = choose_detector(FaceOptions(insightface_root=tmp_path), release=NOWHERE, say=quiet)
    assert choice.kind == "yunet"
    assert "YuNet" in choice.reason
    assert "cannot be reached" in choice.reason
    assert str(tmp_path) not in choice.reason  # the sentence goes into reports


def test_auto_falls_back_without_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(scrfd_module, "find_spec", lambda name: None)
    assert "not installed" in choose_detector(FaceOptions(insightface_root=tmp_path), say=quiet).reason


def test_what_is_said_to_do_fits_the_cause(tmp_path, monkeypatch):
    options = FaceOptions(detector="insightface", insightface_root=tmp_path)
    with pytest.raises(FaceGANError, match="put its pack into models/buffalo_sc"):
        choose_detector(options, release=NOWHERE, say=quiet)
    monkeypatch.setattr(scrfd_module, "find_spec", lambda name: None)
    with pytest.raises(FaceGANError, match="pip install insightface") as error:
        choose_detector(options, release=NOWHERE, say=quiet)
    assert "buffalo_sc" not in str(error.value)


def test_insightface_by_name_is_an_error_that_says_what_to_do(tmp_path):
    options = FaceOptions(detector="insightface", insightface_root=tmp_path)
    with pytest.raises(FaceGANError, match="put its pack into .*, or use --detector yunet"):
        choose_detector(options, release=NOWHERE, say=quiet)


@pytest.mark.parametrize("detector", ["yunet"])
def test_yunet_needs_no_insightface(detector, monkeypatch, portrait):
    real = builtins.__import__

    def guarded(name, *args, **kwargs):
        assert not name.startswith("insightface")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", guarded)
    opened, reason = make_detector(FaceOptions(detector=detector), say=quiet)
    assert len(opened.detect(portrait)) == 1
    assert "YuNet" in reason


def test_a_pack_without_a_detector_is_explained(tmp_path, insightface_root):
    from facegan.faces.detectors.scrfd import InsightFaceDetector

    recogniser = insightface_root / "models" / "buffalo_sc" / "w600k_mbf.onnx"
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "w600k_mbf.onnx").symlink_to(recogniser)
    (tmp_path / "empty").mkdir()
    for name in ("foreign", "empty"):
        with pytest.raises(FaceGANError, match="no detector"):
            InsightFaceDetector(tmp_path / name)


def test_providers_end_with_the_cpu(monkeypatch):
    import onnxruntime

    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    assert onnx_providers("cpu") == ["CPUExecutionProvider"]
    assert onnx_providers("cuda") == ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    assert onnx_providers("cuda") == ["CPUExecutionProvider"]


def test_a_damaged_yunet_is_noticed(monkeypatch):
    from facegan.faces.detectors import yunet

    monkeypatch.setattr(yunet, "MODEL_SHA256", "0" * 64)
    with pytest.raises(FaceGANError, match="install FaceGAN again"):
        yunet.YuNetDetector()


@pytest.mark.parametrize(
    "wrong", [{"size": 4}, {"framing": 0.1}, {"detector": "haar"}, {"device": "tpu"}, {"workers": -1}]
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(FaceGANError, match=str(next(iter(wrong.values())))):
        FaceOptions(**wrong)


def test_options_can_be_saved(tmp_path):
    import json

    options = FaceOptions(insightface_root=Path("~/models"))
    values = json.loads(json.dumps(options.to_dict()))
    assert FaceOptions(**{**values, "insightface_root": Path(values["insightface_root"])}) == options


def test_a_user_without_a_home_folder_has_yunet_and_the_reason(monkeypatch):
    """HOME unset, and a user id that has no name, as in many containers."""

    def unknown(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", unknown)
    choice = choose_detector(FaceOptions(), release=NOWHERE, say=quiet)
    assert choice.kind == "yunet"
    assert "HOME" in choice.reason
    assert installed_network() is None


def test_a_pack_in_a_folder_whose_name_is_no_text_is_opened(insightface_root, tmp_path, portrait):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        shutil.copytree(insightface_root / "models" / "buffalo_sc", folder)
    except OSError:
        pytest.skip("this file system takes no such name")
    detector = scrfd_module.InsightFaceDetector(folder)
    (face,) = detector.detect(portrait)
    assert Recogniser(folder / MODEL_FILE).embed(portrait, face.keypoints).shape == (512,)


@pytest.mark.parametrize("kind", REGISTRY)
def test_a_detector_is_one_entry(kind, insightface_root, portrait):
    options = FaceOptions(detector=kind, insightface_root=insightface_root)
    choice = choose_detector(options, release=NOWHERE, say=quiet)
    assert choice.kind == kind
    assert 0 < choice.min_certainty < 1
    assert len(choice.open().detect(portrait)) == 1
