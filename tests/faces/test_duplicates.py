import numpy as np
import pytest
from PIL import Image

from facegan.faces import duplicates
from facegan.faces.duplicates import descriptors, near_duplicates
from facegan.faces.options import FaceOptions

THRESHOLD = FaceOptions().near_duplicate


def pictures(count: int, size: int = 64, seed: int = 0) -> np.ndarray:
    """Random but smooth, as faces are: 6 x 6 colours, enlarged."""
    small = np.random.RandomState(seed).randint(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    return np.stack([np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in small])


def found(images: np.ndarray, quality=None) -> list[tuple[int, int]]:
    vectors = descriptors(images, np.arange(len(images)))
    twins = near_duplicates(vectors, np.zeros(len(images)) if quality is None else np.array(quality), THRESHOLD)
    return [(worse, better) for worse, better, _ in twins]


@pytest.mark.parametrize("size", [16, 64, 100, 128, 8])
def test_descriptors_are_centred_and_of_length_one(size):
    vectors = descriptors(pictures(5, size), np.array([4, 0, 2]))
    assert len(vectors) == 3
    assert vectors.mean(axis=1) == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_products_are_correlations():
    images = pictures(2)
    vectors = descriptors(images, np.arange(2))
    luma = images @ np.array([0.299, 0.587, 0.114])
    cells = luma.reshape(2, 16, 4, 16, 4).mean(axis=(2, 4)).reshape(2, -1)
    assert vectors[0] @ vectors[1] == pytest.approx(np.corrcoef(cells)[0, 1], abs=1e-5)


def test_mapped_files_give_the_same(tmp_path):
    images = pictures(5)
    images.tofile(tmp_path / "faces.u8")
    mapped = np.memmap(tmp_path / "faces.u8", np.uint8, mode="r", shape=images.shape)
    assert np.array_equal(descriptors(mapped, np.array([3, 1])), descriptors(images, np.array([3, 1])))


def test_a_black_picture_is_nobodys_twin():
    assert found(np.zeros((3, 64, 64, 3), np.uint8)) == []


def test_the_same_photo_after_jpeg_and_in_other_light():
    import io

    images = pictures(6)
    stream = io.BytesIO()
    Image.fromarray(images[1]).save(stream, "JPEG", quality=30)
    images[4] = np.asarray(Image.open(stream))
    images[5] = (images[2] * 0.7 + 20).astype(np.uint8)
    assert found(images) == [(4, 1), (5, 2)]


def test_different_pictures_are_kept():
    assert found(pictures(300)) == []


def test_the_best_of_a_group_stays():
    images = pictures(4)
    images[0] = images[2] = images[3]
    assert found(images, [1.0, 9.0, 3.0, 2.0]) == [(0, 2), (3, 2)]


def test_a_face_goes_only_for_one_that_stays():
    """Of a chain a ~ b ~ c without a ~ c, b best: both others go; b worst: only b goes."""
    angles = np.arccos(THRESHOLD) * 0.9 * np.arange(3)
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert [pair[:2] for pair in near_duplicates(vectors, np.array([1, 2, 1]), THRESHOLD)] == [(0, 1), (2, 1)]
    assert [pair[:2] for pair in near_duplicates(vectors, np.array([3, 1, 2]), THRESHOLD)] == [(1, 0)]


def test_blocks_find_what_one_comparison_finds(monkeypatch):
    images = pictures(60)
    images[50:] = images[5:15]
    whole = found(images)
    assert len(whole) == 10
    monkeypatch.setattr(duplicates, "_ROWS", 7)
    monkeypatch.setattr(duplicates, "_COLUMNS", 13)
    assert found(images) == whole
