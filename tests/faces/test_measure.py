from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from facegan.faces.align import Frame, Halves, apply_transform, face_transform
from facegan.faces.detectors.detector import DetectedFace, Detector
from facegan.faces.measure import (
    detect_faces,
    face_box,
    face_luma,
    face_tint,
    measure_photo,
    refine_keypoints,
    sharpness,
    worker_count,
)
from facegan.faces.sources.find import FoundFile


def saved(path: Path, rgb: np.ndarray) -> FoundFile:
    Image.fromarray(rgb).save(path)
    return FoundFile(path, path.name)


def test_a_photo_becomes_a_record_and_an_aligned_face(tmp_path, scrfd, portrait):
    frame = Frame(128)
    record, faces = measure_photo(saved(tmp_path / "a.png", portrait), scrfd, frame=frame)
    assert faces.shape == (1, 128, 128, 3)
    assert faces.dtype == np.uint8
    (face,) = record.faces
    assert (record.width, record.height, face.row, face.inside) == (512, 512, 0, 1.0)
    assert abs(face.yaw) < 8
    # the eyes of the drawn face, found anew, are where the template wants them
    (seen,) = scrfd.detect(faces[0])
    assert np.abs(seen.keypoints[:2] - frame.template()[:2]).max() < 2


def test_turning_the_photo_does_not_change_the_face(tmp_path, scrfd, portrait):
    straight = measure_photo(saved(tmp_path / "a.png", portrait), scrfd, frame=Frame(64))
    tilted = np.asarray(Image.fromarray(portrait).rotate(20, Image.Resampling.BICUBIC, fillcolor=(128, 128, 128)))
    turned = measure_photo(saved(tmp_path / "b.png", tilted), scrfd, frame=Frame(64))
    box = slice(16, 60)
    difference = straight[1][0, box, 10:54].astype(float) - turned[1][0, box, 10:54]
    assert np.abs(difference).mean() < 6
    assert turned[0].faces[0].roll - straight[0].faces[0].roll == pytest.approx(-20, abs=3)


def test_every_face_of_a_photo(tmp_path, scrfd, expressions):
    record, faces = measure_photo(saved(tmp_path / "a.png", expressions), scrfd, frame=Frame(64))
    assert len(record.faces) == len(faces) == 16
    assert [face.row for face in record.faces] == list(range(16))


def test_a_bad_file_is_a_record(tmp_path, scrfd):
    (tmp_path / "a.jpg").write_text("hello")
    record, faces = measure_photo(FoundFile(tmp_path / "a.jpg", "a.jpg"), scrfd, frame=Frame(64))
    assert (record.problem, record.faces, len(faces)) == ("not_a_picture", (), 0)
    assert record.size == 5


class Wobbly(Detector):
    """A detector that sees the truth, and errs to one side in every picture."""

    def detect(self, rgb: np.ndarray) -> list[DetectedFace]:
        points = self._expected(rgb) + (1.5, 0.0)
        return [DetectedFace(np.zeros(4, np.float32), points.astype(np.float32), 0.9)]

    def _expected(self, rgb: np.ndarray) -> np.ndarray:
        # bright squares mark the keypoints: the centre of each is the truth in this picture
        labels, count = ndimage.label(rgb[..., 0] > 127)
        centres = np.array(ndimage.center_of_mass(rgb[..., 0], labels, range(1, count + 1)))[:, ::-1]
        assert count == 5
        top_down = centres[np.argsort(centres[:, 1])]
        rows = (top_down[:2], top_down[2:3], top_down[3:])
        return np.concatenate([row[np.argsort(row[:, 0])] for row in rows])


def test_the_mirror_image_cancels_what_a_detector_does_to_one_side():
    truth = Frame(300, 0.4).template()
    photo = np.zeros((300, 300, 3), np.uint8)
    for x, y in truth.round().astype(int):
        photo[y - 4 : y + 5, x - 4 : x + 5] = 255
    refined, certainty = refine_keypoints(Wobbly(), photo, (truth + 2.0).astype(np.float32))
    assert np.abs(refined - truth.round()).max() < 0.4  # the error of 1.5 px of 128 alone would be 1.3 here
    assert certainty == pytest.approx(0.9)


@pytest.mark.parametrize("shape", [(1512, 2016), (1501, 1999), (600, 700), (200, 150), (3000, 60)])
def test_faces_are_found_in_the_smallest_half_that_shows_no_less_and_placed_in_the_photo(shape):
    seen = []

    class Square(Detector):
        def detect(self, rgb):
            seen.append(max(rgb.shape))
            where = np.array(ndimage.center_of_mass(rgb[..., 0]))[::-1].astype(np.float32)
            return [DetectedFace(np.tile(where, 2), np.tile(where, (5, 1)), 0.9)]

    photo = np.zeros((*shape, 3), np.uint8)
    top, left = shape[0] // 3, shape[1] // 3
    photo[top : top + 16, left : left + 16] = 255
    (face,) = detect_faces(Square(), Halves(photo))
    assert seen[0] == max(shape) or 640 <= seen[0] < 1280
    np.testing.assert_allclose(face.keypoints[0], (left + 7.5, top + 7.5), atol=0.51)


def test_another_face_near_by_is_not_mistaken_for_this_one():
    class Elsewhere(Detector):
        def detect(self, rgb):
            return [DetectedFace(np.zeros(4, np.float32), Frame(128).template() + 60, 0.9)]

    first = Frame(300, 0.4).template().astype(np.float32)
    refined, certainty = refine_keypoints(Elsewhere(), np.zeros((300, 300, 3), np.uint8), first)
    assert np.array_equal(refined, first)
    assert certainty == 0.0


@pytest.mark.parametrize("frame", [Frame(64), Frame(128), Frame(128, 1.1), Frame(64, 0.65)])
def test_measurements_do_not_depend_on_the_frame(frame, scrfd, portrait):
    from facegan.faces.align import warp

    keypoints = scrfd.detect(portrait)[0].keypoints
    reference = face_luma(warp(portrait, face_transform(keypoints, Frame(64)), 64), Frame(64))
    luma = face_luma(warp(portrait, face_transform(keypoints, frame), frame.size), frame)
    assert luma.shape == reference.shape == (32, 28)
    assert luma.mean() == pytest.approx(reference.mean(), rel=0.05)
    assert luma.std() == pytest.approx(reference.std(), rel=0.12)


def test_the_face_box_holds_all_keypoints():
    frame = Frame(64, 0.9)
    left, top, right, bottom = face_box(frame)
    points = apply_transform(face_transform(frame.template(), frame), frame.template())
    assert ((points > (left, top)) & (points < (right, bottom))).all()


def test_sharpness_falls_with_blur_and_ignores_light(scrfd, portrait):
    from facegan.faces.align import warp

    face = warp(portrait, face_transform(scrfd.detect(portrait)[0].keypoints, Frame(64)), 64)
    luma = face_luma(face, Frame(64))
    values = [sharpness(ndimage.gaussian_filter(luma, sigma)) for sigma in (0, 1, 2, 3)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.5
    assert values[3] < 0.2
    assert sharpness(0.4 * luma + 20) == pytest.approx(values[0], rel=1e-4)
    assert sharpness(np.full((32, 28), 80.0, np.float32)) == 0


def test_worker_count(monkeypatch):
    import os

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert worker_count(0, 1000) == 3
    assert worker_count(7, 1000) == 7
    assert worker_count(0, 2) == 2
    assert worker_count(0, 0) == 1


def test_the_tint_is_that_of_the_face_alone():
    frame = Frame(64)
    left, top, right, bottom = (round(value) for value in face_box(frame))
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[..., 1] = 255  # a meadow
    picture[top : bottom + 1, left : right + 1] = (200, 140, 110)
    # sRGB (200, 140, 110) under D65 by the formulas of CIE 15:2004, worked out apart: L* 63.48, a* 19.23, b* 25.15
    assert face_tint(picture, frame) == pytest.approx((19.23, 25.15), abs=0.3)
