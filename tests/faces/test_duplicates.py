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


def by_definition(vectors: np.ndarray, quality: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    """From the best to the worst: a face goes for the most similar one that is better and stays, if it is a twin."""
    likeness = vectors.astype(float) @ vectors.T.astype(float)
    staying: list[int] = []
    gone = []
    for face in np.lexsort((np.arange(len(quality)), -quality)):
        twins = [other for other in staying if likeness[face, other] >= threshold]
        if twins:
            gone.append((int(face), int(max(twins, key=lambda other: likeness[face, other]))))
        else:
            staying.append(int(face))
    return sorted(gone)


def chained(count: int, size: int, step: float, seed: int = 0) -> np.ndarray:
    """Unit vectors along random walks, so that twins of twins need not be twins."""
    rng = np.random.RandomState(seed)
    vectors = rng.randn(count, size)
    for row in range(count):
        if row % 12:
            vectors[row] = vectors[row - 1] + step * rng.randn(size) / np.sqrt(size)
        vectors[row] /= np.linalg.norm(vectors[row])
    return vectors[rng.permutation(count)].astype(np.float32)


@pytest.mark.parametrize("small_blocks", [False, True])
@pytest.mark.parametrize(
    ("size", "threshold", "step"), [(256, 0.98, 0.15), (40, 0.9, 0.3), (24, 0.5, 1.0), (3, 0.98, 0.2)]
)
def test_exactly_what_the_definition_says(size, threshold, step, small_blocks, monkeypatch):
    if small_blocks:
        for name, value in (("_ROWS", 17), ("_STRIP", 5), ("_COLUMNS", 13), ("_EXACT_ROWS", 3)):
            monkeypatch.setattr(duplicates, name, value)
    vectors = chained(400, size, step)
    quality = np.random.RandomState(1).rand(400).round(2)  # with equal ones
    expected = by_definition(vectors, quality, threshold)
    twins = near_duplicates(vectors, quality, threshold)
    assert [pair[:2] for pair in twins] == expected
    assert 40 < len(expected) < 390
    for worse, better, correlation in twins:
        assert correlation == pytest.approx(float(vectors[worse] @ vectors[better]), abs=1e-5)


def test_the_leading_coordinates_never_hide_a_twin():
    vectors = chained(300, 256, 0.4)
    leading = duplicates.leading_coordinates(vectors)
    assert leading.shape == (300, duplicates.LEADING + 1)
    assert (leading @ leading.T >= vectors @ vectors.T - 1e-5).all()


def test_nothing_to_compare():
    assert near_duplicates(np.empty((0, 256), np.float32), np.empty(0), THRESHOLD) == []


def test_a_thousand_times_the_same_picture_is_one():
    vectors = np.repeat(chained(1, 256, 0), 5000, axis=0)
    twins = near_duplicates(vectors, np.arange(5000), THRESHOLD)
    assert [pair[:2] for pair in twins] == [(face, 4999) for face in range(4999)]
