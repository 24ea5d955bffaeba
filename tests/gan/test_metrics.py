import numpy as np
import pytest
from scipy.stats import norm

from facegan.gan.metrics import features, kid, precision_recall


def moments(mean, deviation):
    return [norm(mean, deviation).moment(j) if j else 1.0 for j in range(4)]


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (1.0, 1.0), (0.0, 0.5)])
def test_kid_of_gaussians_is_the_closed_form(mean, deviation):
    # In one dimension (xy + 1)^3 is a sum over powers, so the distance is sum C(3, j) (E x^j - E y^j)^2.
    expected = sum(
        binomial * (a - b) ** 2
        for binomial, a, b in zip((1, 3, 3, 1), moments(0, 1), moments(mean, deviation), strict=True)
    )
    rng = np.random.RandomState(0)
    n = 2000
    found = kid(rng.randn(n, 1), mean + deviation * rng.randn(n, 1))
    assert found.value == pytest.approx(100 * expected, abs=max(5 * found.spread, 5))
    assert 0 < found.spread < 20 + 0.1 * found.value


def test_kid_is_the_unbiased_estimate_pair_by_pair():
    rng = np.random.RandomState(1)
    x, y = rng.randn(5, 7), rng.randn(4, 7) + 0.5

    def k(a, b):
        return (np.dot(a, b) / 7 + 1) ** 3

    own_x = np.mean([k(x[i], x[j]) for i in range(5) for j in range(5) if i != j])
    own_y = np.mean([k(y[i], y[j]) for i in range(4) for j in range(4) if i != j])
    across = np.mean([k(a, b) for a in x for b in y])
    assert kid(x, y).value == pytest.approx(100 * (own_x + own_y - 2 * across))


def test_the_spread_is_the_error_of_the_value():
    # Repeating the experiment with fresh draws must scatter about as much as one experiment says it would.
    rng = np.random.RandomState(2)
    results = [kid(rng.randn(400, 5), rng.randn(400, 5) + 0.3) for _ in range(40)]
    scatter = np.std([r.value for r in results])
    assert np.mean([r.spread for r in results]) == pytest.approx(scatter, rel=0.5)


def test_kid_of_a_single_image_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        kid(np.ones((1, 3)), np.ones((5, 3)))


def test_precision_sees_strangers_and_recall_sees_what_is_missing():
    rng = np.random.RandomState(3)
    left, right = rng.randn(300, 2), rng.randn(300, 2) + [20, 0]
    both = np.concatenate([left, right]).astype(np.float32)
    one = np.concatenate([rng.randn(300, 2), rng.randn(300, 2)]).astype(np.float32)  # a mode is missing
    precision, recall = precision_recall(both, one)
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.05)
    precision, recall = precision_recall(one, both)  # half of what is drawn is nowhere in the data
    assert precision == pytest.approx(0.5, abs=0.05)
    assert recall > 0.9


@pytest.fixture(scope="module")
def pictures():
    """Smooth pictures with some structure, uint8 (60, 64, 64, 3)."""
    rng = np.random.RandomState(4)
    y, x = np.mgrid[:64, :64] / 64
    waves = [
        np.stack([np.sin(2 * np.pi * (a * x + b * y + c)) for a, b, c in rng.uniform(0.5, 3, (3, 3))], -1)
        for _ in range(60)
    ]
    return np.rint((np.array(waves) + 1) * 127.5).astype(np.uint8)


def test_features_order_noise_by_its_strength(pictures):
    rng = np.random.RandomState(5)
    clean = features(pictures[:30])
    assert clean.shape == (30, 1280)
    assert clean.dtype == np.float32
    distances = []
    for strength in (0, 15, 40):
        noisy = np.clip(pictures[30:] + strength * rng.randn(*pictures[30:].shape), 0, 255).astype(np.uint8)
        distances.append(kid(features(noisy), clean).value)
    assert distances[0] < distances[1] < distances[2]


def test_features_do_not_depend_on_the_batch(pictures):
    many = np.concatenate([pictures, pictures])[:70]  # more than one batch
    np.testing.assert_allclose(features(many)[66], features(many[66:67])[0], atol=1e-4)
    assert features(many[:0]).shape == (0, 1280)


def test_precision_and_recall_of_very_few_images():
    real, generated = np.float32([[0.0], [2.0]]), np.float32([[1.0], [2.5], [9.0]])
    # Balls of radius 2 about 0 and 2 hold two of three; balls of radius 8, 6.5 and 8 about the generated hold both.
    precision, recall = precision_recall(real, generated)
    assert precision == pytest.approx(2 / 3)
    assert recall == 1
