import numpy as np
import pytest

from facegan.gan import memorisation as module
from facegan.gan.memorisation import NearCopies, compare, generated_for, pixels
from facegan.gan.metrics import features

_FEATURES = {}
TRAINING, HELD_OUT = np.arange(120), np.arange(120, 160)


@pytest.fixture(scope="module")
def faces():
    """160 smooth pictures, each of its own, and 40 strangers of the same kind: uint8 (200, 32, 32, 3)."""
    rng = np.random.RandomState(0)
    y, x = np.mgrid[:32, :32] / 32
    waves = rng.uniform(-2, 2, (200, 6, 3, 3))
    pictures = np.sin(
        2 * np.pi * (waves[..., 0, None, None] * x + waves[..., 1, None, None] * y + waves[..., 2:3, None])
    )
    return np.rint(127 + 40 * pictures.mean(1).transpose(0, 2, 3, 1) * 2).astype(np.uint8)


@pytest.fixture(autouse=True)
def each_face_once(monkeypatch):
    """The features of a face are computed once for all tests of this file."""

    def remembered(images):
        new = {image.tobytes(): image for image in images if image.tobytes() not in _FEATURES}
        _FEATURES.update(zip(new, features(np.stack(list(new.values()))) if new else [], strict=True))
        return np.stack([_FEATURES[image.tobytes()] for image in images])

    monkeypatch.setattr(module, "features", remembered)


def with_noise(images):
    return np.clip(images + 8 * np.random.RandomState(1).randn(*images.shape), 0, 255).astype(np.uint8)


COPIES = {
    "exact": lambda images: images,
    "mirrored": lambda images: images[:, :, ::-1],
    "with noise": with_noise,
    "brighter": lambda images: np.clip(images.astype(int) + 20, 0, 255).astype(np.uint8),
    "mirrored, darker, with noise": lambda images: with_noise(np.clip(images[:, :, ::-1].astype(int) - 20, 0, 255)),
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_of_training_faces_are_near_copies(faces, kind):
    found = compare(COPIES[kind](faces[:40]), faces, TRAINING, HELD_OUT)
    assert found.near_copies == 1


@pytest.mark.parametrize("kind", COPIES)
def test_counted_again_and_again_they_are_the_same(faces, kind):
    known = NearCopies(faces, TRAINING, HELD_OUT)
    for count in (0, 10, 40):
        generated = np.concatenate([COPIES[kind](faces[:count]), faces[160 : 200 - count]])
        assert known.share(generated, features(generated)) == compare(generated, faces, TRAINING, HELD_OUT).near_copies


def test_the_ratio_of_distances_compares_with_equally_many_faces(faces):
    copies_of_all = compare(faces[:40], faces, np.arange(40), HELD_OUT)
    assert copies_of_all.distance_ratio < 0.01
    # Of 120 training faces 40 are taken, the same number as held-out ones.
    chosen = np.sort(np.random.RandomState(0).permutation(120)[:40])
    generated, training, held_out = (features(faces[rows]) for rows in (np.arange(160, 200), chosen, HELD_OUT))
    mirrored = features(np.ascontiguousarray(faces[160:, :, ::-1]))
    by_hand = [
        np.median([min(np.linalg.norm([face, turned] - other[None], axis=1).min() for other in others)
                   for face, turned in zip(generated, mirrored, strict=True)])
        for others in (training, held_out)
    ]  # fmt: skip
    found = compare(faces[160:], faces, TRAINING, HELD_OUT)
    assert found.distance_ratio == pytest.approx(by_hand[0] / by_hand[1], rel=0.02)


def test_who_draws_other_real_faces_copies_nothing(faces):
    found = compare(faces[160:], faces, TRAINING, HELD_OUT)
    assert found.near_copies == 0
    assert found.distance_ratio == pytest.approx(1, abs=0.1)


def test_a_mixture_gives_the_share_of_its_copies(faces):
    found = compare(np.concatenate([faces[:10], faces[160:190]]), faces, TRAINING, HELD_OUT)
    assert found.near_copies == 0.25


def test_the_ordinary_face_is_near_to_all_and_no_copy(faces):
    """The mean of them all has shorter distances than any real face, and repeats none."""
    mean = np.rint(faces[:120].mean(0)).astype(np.uint8)[None]
    nearest = np.linalg.norm(pixels(mean) - pixels(faces[:120]), axis=1).min()
    among_real = np.linalg.norm(pixels(faces[130:131]) - pixels(faces[:120]), axis=1).min()
    assert nearest < among_real
    assert compare(mean, faces, TRAINING, HELD_OUT).near_copies == 0


def test_the_pixel_distance_is_that_of_the_block_means_without_brightness(faces):
    one, other = faces[3], faces[4]
    blocks = [
        [face[y : y + 2, x : x + 2].reshape(4, 3).mean(0) for y in range(0, 32, 2) for x in range(0, 32, 2)]
        for face in (one, other)
    ]
    by_hand = np.linalg.norm((blocks[0] - np.mean(blocks[0])) - (blocks[1] - np.mean(blocks[1])))
    assert np.linalg.norm(np.subtract(*pixels(np.stack([one, other])))) == pytest.approx(by_hand, rel=1e-4)


def test_blocks_do_not_change_what_is_found(faces, monkeypatch):
    whole = compare(faces[170:], faces, TRAINING, HELD_OUT)
    monkeypatch.setattr(module, "_BLOCK", 17)
    found = compare(faces[170:], faces, TRAINING, HELD_OUT)
    assert np.array_equal(found.closest, whole.closest)
    assert found.distance_ratio == pytest.approx(whole.distance_ratio)


def test_beyond_the_cap_of_features_a_copy_is_still_found(faces, monkeypatch):
    monkeypatch.setattr(module, "MOST_TRAINING", 20)
    found = compare(faces[:40], faces, TRAINING, HELD_OUT)
    assert found.near_copies == 1
    assert "by features with 20 of them" in found.protocol


def test_the_picture_shows_each_face_beside_the_one_it_repeats_the_closest_first(faces):
    found = compare(np.concatenate([faces[160:180], faces[7:8, :, ::-1]]), faces, TRAINING, HELD_OUT)
    assert found.closest.shape == (4 * 40 - 8, 4 * 72 - 8, 3)
    assert np.array_equal(found.closest[:32, :32], faces[7, :, ::-1])
    assert np.array_equal(found.closest[:32, 32:64], faces[7, :, ::-1])  # mirrored as the copy is


def test_without_held_out_faces_the_copies_are_found_and_no_ratio(faces):
    found = compare(faces[:10], faces, TRAINING, HELD_OUT[:0])
    assert (found.near_copies, found.distance_ratio) == (1, None)
    assert compare(faces[160:], faces, TRAINING, HELD_OUT[:0]).near_copies == 0


@pytest.mark.parametrize("held_out", [0, 1, 2])
def test_a_handful_of_faces_does_no_harm(faces, held_out):
    found = compare(faces[:3], faces, TRAINING[:3], HELD_OUT[:held_out])
    assert found.near_copies == 1
    assert compare(faces[:3], faces, TRAINING[:1], HELD_OUT[:held_out]) is None
    assert compare(faces[:0], faces, TRAINING, HELD_OUT) is None


def test_more_training_faces_are_compared_with_more_generated_ones_up_to_two_thousand():
    assert [generated_for(n) for n in (3, 100, 300, 400, 10**6)] == [500, 500, 1500, 2000, 2000]
