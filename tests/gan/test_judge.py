import numpy as np
import pytest

from facegan.gan import judge as module
from facegan.gan.judge import Judge
from facegan.gan.memorisation import compare
from facegan.gan.metrics import features, kid, precision_recall


@pytest.fixture(scope="module")
def faces():
    """Ninety pictures of three kinds of stripes: uint8 (90, 16, 16, 3)."""
    rng = np.random.RandomState(0)
    waves = np.sin(np.arange(16) * rng.uniform(0.3, 2.5, (90, 1)) + rng.uniform(0, 6, (90, 1)))
    return (127 + 100 * waves[:, None, :, None] * rng.uniform(0.2, 1, (90, 1, 1, 3)) + np.zeros((16, 16, 3))).astype(
        np.uint8
    )


def test_a_judgement_is_the_metrics_of_the_held_out_and_as_many_training_faces(faces):
    training, held_out = np.arange(60), np.arange(60, 80)
    generated = faces[80:]
    found = Judge(faces, training, held_out).judge(generated)
    of = kid(features(faces[60:80]), features(generated))
    assert found.kid == pytest.approx(of.value)
    assert found.kid_spread == pytest.approx(of.spread)
    # the training side: 20 of the 60 rows, the same ones every time
    rows = np.sort(training[np.random.RandomState(0).permutation(60)[:20]])
    assert found.kid_train == pytest.approx(kid(features(faces[rows]), features(generated)).value)
    expected = precision_recall(features(faces[60:80])[:10], features(generated))
    assert (found.precision, found.recall) == expected


def test_a_generator_that_remembers_is_nearer_to_its_training_faces(faces):
    # Forty faces known by heart, of a kind that the held-out ones are not.
    bright = np.minimum(faces.astype(int) + 90, 255).astype(np.uint8)
    both = np.concatenate([faces, bright])
    found = Judge(both, np.arange(90, 130), np.arange(40)).judge(bright[:40])
    assert found.kid_train < 0 < found.kid  # an unbiased estimate of 0 on the very same faces lies below it


def test_near_copies_are_counted_where_they_matter(faces):
    """Of ten generated faces three are training faces, mirrored; stripes have lookalikes besides."""
    training, held_out = np.arange(60), np.arange(60, 80)
    generated = np.concatenate([faces[:3, :, ::-1], faces[80:87]])
    share = compare(generated, faces, training, held_out).near_copies
    assert 0.3 <= share < 1
    for allowed, repeats in ((share, False), (share - 0.05, True)):
        found = Judge(faces, training, held_out, allowed).judge(generated)
        assert (found.near_copies, found.repeats) == (share, repeats)
        assert found.to_dict()["repeats"] is repeats
    assert Judge(faces, training, held_out).judge(generated).near_copies is None


def test_large_data_sets_are_judged_by_a_part_of_them(faces, monkeypatch):
    monkeypatch.setattr(module, "MOST_REAL", 15)
    judge = Judge(faces, np.arange(60), np.arange(60, 90))
    assert len(judge.held_out) == len(judge.training) == 15


def test_a_single_held_out_face_is_refused(faces):
    with pytest.raises(ValueError, match="two held-out"):
        Judge(faces, np.arange(60), np.arange(60, 61))


def test_a_judgement_is_ready_for_json(faces):
    found = Judge(faces, np.arange(60), np.arange(60, 80)).judge(faces[80:]).to_dict()
    assert list(found) == ["kid", "kid_spread", "kid_train", "precision", "recall"]
    assert all(type(value) is float for value in found.values())
