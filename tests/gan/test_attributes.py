import numpy as np
import pytest
from scipy import stats

from facegan.base.errors import FaceGANError
from facegan.gan.attributes import FaceAttributes

ROWS = np.arange(2, 4002, 2)


@pytest.fixture(scope="module")
def scores():
    """Of 2,000 faces: two that go together, one with a long tail that mirroring turns round, a class with gaps."""
    rng = np.random.RandomState(0)
    smile = rng.randn(2000)
    mouth = 0.8 * smile + 0.6 * rng.randn(2000)
    turn = np.sign(rng.randn(2000)) * np.exp(rng.randn(2000))
    glasses = (rng.rand(2000) < 0.2).astype(float)
    glasses[:300] = np.nan
    return np.stack([10 * smile - 3, mouth, turn, glasses], axis=1)


@pytest.fixture(scope="module")
def attributes(scores):
    return FaceAttributes.of_scores(("smile", "mouth", "turn", "glasses"), ROWS, scores, odd=("turn",))


def test_they_are_normal_and_independent_with_the_mirror_images(attributes):
    both = np.concatenate([attributes.latents, attributes.latents * attributes.signs])
    both = both[np.isfinite(both).all(axis=1)]
    assert np.cov(both.T) == pytest.approx(np.eye(4), abs=0.05)
    for column in both.T:
        assert stats.kstest(column, "norm").pvalue > 0.01


def test_each_still_says_what_it_is_named_for(attributes, scores):
    known = np.isfinite(scores).all(axis=1)
    ranks = [
        [stats.spearmanr(score, latent).statistic for latent in attributes.latents[known].T]
        for score in scores[known].T
    ]
    assert np.argmax(ranks, axis=1).tolist() == [0, 1, 2, 3]
    assert np.diag(ranks)[:3] == pytest.approx([0.9, 0.9, 1.0], abs=0.05)


def test_the_faces_of_a_class_lie_beyond_its_threshold(attributes, scores):
    known = np.isfinite(scores[:, 3])
    threshold = stats.norm.ppf(0.8)
    assert np.mean((attributes.latents[known, 3] > threshold) == (scores[known, 3] == 1)) > 0.97


def test_what_is_not_known_stays_unknown(attributes, scores):
    assert np.array_equal(np.isnan(attributes.latents), np.isnan(scores))


def test_one_score_alone_gets_the_normal_scores_of_its_ranks():
    values = np.array([5.0, 1.0, 3.0, 100.0])
    found = FaceAttributes.of_scores(("age",), np.arange(4), values[:, None]).latents[:, 0]
    expected = stats.norm.ppf((stats.rankdata(values) - 0.5) / 4)
    assert found == pytest.approx(expected / expected.std(), abs=1e-5)


def test_a_row_has_its_own_and_the_mirror_image_the_opposite_of_what_turns_round(attributes):
    plain, mirrored = attributes.of(10, False), attributes.of(10, True)
    np.testing.assert_array_equal(plain, attributes.latents[4])
    np.testing.assert_array_equal(mirrored, plain * [1, 1, -1, 1])


def test_what_is_nearly_the_same_twice_is_not_blown_up():
    smile = np.random.RandomState(0).randn(500)
    twice = np.stack([smile, smile + 1e-3 * np.random.RandomState(1).randn(500)], axis=1)
    found = FaceAttributes.of_scores(("smile", "smiling"), np.arange(500), twice).latents
    assert np.corrcoef(found.T)[0, 1] > 0.9  # and not two directions of noise


def test_saved_and_loaded_it_is_the_same(attributes, tmp_path):
    attributes.save(tmp_path / "a.safetensors")
    loaded = FaceAttributes.load(tmp_path / "a.safetensors")
    assert loaded.names == attributes.names
    for name in ("rows", "latents", "signs"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(attributes, name))


@pytest.mark.parametrize("content", [None, b"", b"no safetensors", b"\x02\0\0\0\0\0\0\0{}"])
def test_a_broken_or_missing_file_is_told_in_a_sentence(tmp_path, content):
    path = tmp_path / "a.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FaceGANError, match="start a new run"):
        FaceAttributes.load(path)
