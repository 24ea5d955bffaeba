from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.align import Frame, apply_transform, face_transform
from facegan.faces.detectors.detector import DetectedFace
from facegan.faces.sources.find import FoundFile
from facegan.faces.unaligned import unaligned_faces

SIZE, FRAMING = 64, 0.8
# Eyes, nose and mouth of upright faces, in eye distances from the middle of the eyes.
FACE = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.57], [-0.42, 1.15], [0.42, 1.15]])


def turned(degrees):
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


class Boxes:
    """Knows the faces of the photos, which it tells apart by their first pixel; the box is a fixed number of eyes."""

    def __init__(self, faces):
        self.faces = faces

    def detect(self, rgb):
        found = []
        for keypoints in self.faces[int(rgb[0, 0, 0])]:
            middle, unit = keypoints.mean(axis=0), np.linalg.norm(keypoints[1] - keypoints[0])
            found.append(DetectedFace(np.array([*(middle - unit), *(middle + unit)]), keypoints, 0.9))
        return found


@pytest.fixture
def setting(tmp_path):
    """Three photos with a face each, rolled by -20, 0 and 20 degrees, a red dot on its left eye; rows 0, 2 and 5."""
    files, records, photos = [], [], {}
    for number, (row, roll) in enumerate(((0, -20), (2, 0), (5, 20))):
        keypoints = (FACE @ turned(roll).T * 40 + (150, 140)).astype(np.float32)
        rgb = np.zeros((320, 320, 3), np.uint8)
        rgb[0, 0] = number
        x, y = keypoints[0].round().astype(int)
        rgb[y - 4 : y + 5, x - 4 : x + 5, 0] = 255
        Image.fromarray(rgb).save(tmp_path / f"{number}.png")
        files.append(FoundFile(tmp_path / f"{number}.png", f"{number}.png"))
        records.append(
            SimpleNamespace(
                name=f"{number}.png", faces=[SimpleNamespace(row=row, keypoints=keypoints, eye_distance=40.0)]
            )
        )
        photos[number] = [keypoints + 500, keypoints]  # and another face, far away
    aligned = np.full((6, 5, 2), np.nan)
    for record in records:
        (face,) = record.faces
        aligned[face.row] = apply_transform(face_transform(face.keypoints, Frame(SIZE, FRAMING)), face.keypoints)
    cache = SimpleNamespace(selected=np.array([0, 2, 5]), records=records, keypoints=aligned, size=SIZE)
    return cache, files, photos


def dot(picture):
    """Where the red dot is: x, y."""
    weight = picture[..., 0].astype(float)
    y, x = np.mgrid[: len(picture), : len(picture)]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def test_faces_are_as_large_as_the_aligned_ones_but_neither_turned_nor_placed(setting):
    cache, files, photos = setting
    rows, pictures = unaligned_faces(cache, files, Boxes(photos))
    assert rows.tolist() == [0, 2, 5]
    assert (pictures.shape, pictures.dtype) == ((3, SIZE, SIZE, 3), np.uint8)
    unit = np.linalg.norm(cache.keypoints[2, 1] - cache.keypoints[2, 0])  # px between the eyes of an aligned face
    for picture, roll in zip(pictures, (-20, 0, 20), strict=True):
        # The box is centred on the mean of the five points, which is what stands in the picture's middle.
        expected = (FACE[0] - FACE.mean(axis=0)) @ turned(roll).T * unit + (SIZE - 1) / 2
        np.testing.assert_allclose(dot(picture), expected, atol=0.6)


def test_a_face_that_is_not_found_again_is_left_out(setting):
    cache, files, photos = setting
    photos[1] = photos[1][:1]
    rows, pictures = unaligned_faces(cache, files, Boxes(photos))
    assert rows.tolist() == [0, 5]
    assert len(pictures) == 2
    with pytest.raises(FaceGANError, match="None of the faces can be found"):
        unaligned_faces(cache, files, Boxes({0: [], 1: [], 2: []}))
