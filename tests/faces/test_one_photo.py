"""One photo without OpenCV: the same faces in the same place as training finds and draws."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.faces.align import Frame, apply_transform, face_transform, warp
from facegan.faces.one_photo import align, drawn, find_faces

ROOT = Path(__file__).parent.parent.parent
FRAME = Frame(128, 0.8)


@pytest.fixture(scope="module")
def scene():
    """A smooth picture, uint8 (1600, 2000, 3), in which every place has its own colour."""
    y, x = np.mgrid[:1600, :2000]
    waves = [np.sin(x / 23) + np.cos(y / 31), np.sin((x + y) / 40), np.cos((x - 2 * y) / 57)]
    return np.stack([127 + 60 * wave for wave in waves], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    ("scale", "middle"),
    [(2.5, (300, 200)), (1.0, (10, 900)), (0.45, (1000, 5)), (0.2, (1000, 800)), (0.06, (1000, 800))],
)
def test_pillow_draws_what_opencv_draws(scene, scale, middle):
    """In some cases with the mirrored border."""
    angle = 0.3
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    transform = np.column_stack([linear, np.array([32, 32]) - linear @ np.array(middle)])
    ours, theirs = (draw(scene, transform, 64).astype(int) for draw in (drawn, warp))
    apart, a_pixel_off = np.abs(ours - theirs).mean(), np.abs(ours[:, 1:] - ours[:, :-1]).mean()
    assert apart < max(0.2 * a_pixel_off, 0.6)


def test_the_eyes_lie_in_the_template(portrait):
    (face,) = find_faces(portrait)
    aligned = align(portrait, face, FRAME).image
    (again,) = find_faces(aligned)
    assert np.abs(again.keypoints[:2] - FRAME.template()[:2]).max() < 3


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_photo_on_its_side_gives_the_upright_face(portrait, turns):
    upright = align(portrait, find_faces(portrait)[0], FRAME).image
    turned = np.rot90(portrait, turns)
    (face,) = find_faces(turned)
    height, width = turned.shape[:2]
    assert (face.keypoints > 0).all() and (face.keypoints < (width, height)).all()
    assert np.abs(align(turned, face, FRAME).image.astype(int) - upright).mean() < 8


def test_the_largest_face_comes_first(portrait):
    large, small = (np.asarray(Image.fromarray(portrait).resize((side, side))) for side in (400, 160))
    both = np.full((400, 600, 3), 128, np.uint8)
    both[:160, :160], both[:, 200:] = small, large
    faces = find_faces(both)
    assert len(faces) == 2
    assert faces[0].size > 1.5 * faces[1].size
    assert faces[0].keypoints[:, 0].min() > 200
    transform = face_transform(faces[0].keypoints, FRAME)
    assert np.allclose(apply_transform(transform, faces[0].keypoints)[:2], FRAME.template()[:2], atol=3)


def test_no_face_is_found_where_there_is_none(scene):
    assert find_faces(scene[:400, :600]) == []
    assert find_faces(np.zeros((40, 30, 3), np.uint8)) == []
    assert find_faces(np.full((1, 1, 3), 255, np.uint8)) == []


def test_it_needs_no_opencv():
    code = """
import sys
sys.modules["cv2"] = None  # as where it is not installed
import numpy as np
from facegan.faces.align import Frame
from facegan.faces.one_photo import FoundFace, align, find_faces
photo = np.random.RandomState(0).randint(0, 255, (300, 200, 3)).astype(np.uint8)
find_faces(photo)
points = Frame(128).template().astype(np.float32)
print(align(photo, FoundFace(points, np.zeros(4, np.float32), 1.0), Frame(64)).image.shape)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "(64, 64, 3)", done.stderr
