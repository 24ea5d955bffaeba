import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from facegan.gan.health import CHECK_EVERY, Health, Vitals, diversity

WELL = Vitals(loss_d=1.2, loss_g=0.3, accuracy=0.8, diversity=0.9, finite=True)
NAN = float("nan")


def images(n, seed=0):
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed))


def test_diversity_is_the_ratio_of_nearest_neighbour_distances():
    fake, real = images(6), 3 * images(7, 1)

    def nearest(batch):
        distances = cdist(flat := batch.flatten(1).numpy(), flat)
        np.fill_diagonal(distances, np.inf)
        return distances.min(1).mean()

    assert diversity(fake, real) == pytest.approx(nearest(fake) / nearest(real), rel=1e-4)


def test_diversity_is_low_when_all_samples_are_one_or_a_few():
    few = images(2).repeat(8, 1, 1, 1)
    assert few.std(0).mean() > 0.1  # which the spread over the batch does not tell
    assert diversity(few, images(16)) == pytest.approx(0, abs=1e-3)
    assert diversity(images(16), images(16)) == pytest.approx(1)


def test_a_run_that_is_well_is_left_alone():
    health = Health()
    for images_seen in range(0, 200_000, CHECK_EVERY):
        assert health.check(WELL, images_seen, chance_level_loss=2.0) is None
    assert health.greatest_diversity == 0.9


def noticed_after(sick, chance_level_loss=2.0):
    """Images from the onset to the finding, at the real constants."""
    health = Health()
    for images_seen in range(0, 50_000, CHECK_EVERY):
        health.check(WELL, images_seen, chance_level_loss)
    for images_seen in range(50_000, 60_000, CHECK_EVERY):
        reason = health.check(sick, images_seen, chance_level_loss)
        if reason:
            return images_seen - 50_000 + CHECK_EVERY, reason
    return None


@pytest.mark.parametrize(
    ("sick", "word"),
    [
        (Vitals(NAN, 0.3, 0.8, 0.9, True), "finite"),
        (Vitals(1.2, float("inf"), 0.8, 0.9, True), "finite"),
        (Vitals(1.2, 0.3, 0.8, 0.9, False), "finite"),
        (Vitals(500.0, 0.3, 0.8, 0.9, True), "exploded"),
        (Vitals(1.2, 0.3, 0.8, 0.2, True), "alike"),
        (Vitals(0.001, 9.0, 1.0, 0.9, True), "recognised every generated face"),
    ],
)
def test_every_trouble_is_noticed_within_2000_images(sick, word):
    after, reason = noticed_after(sick)
    assert after <= 2_000
    assert word in reason


def test_one_unlucky_batch_is_no_collapse():
    health = Health(greatest_diversity=0.9)
    for n in range(30):
        vitals = Vitals(1.2, 0.3, 0.8, 0.2 if n % 2 else 0.9, True)
        assert health.check(vitals, 30_000 + n * CHECK_EVERY, 2.0) is None


def test_the_fog_of_the_first_images_is_no_trouble():
    health = Health()
    fog = Vitals(loss_d=0.001, loss_g=5.0, accuracy=1.0, diversity=0.01, finite=True)
    assert all(health.check(fog, n, 2.0) is None for n in range(0, 19_000, CHECK_EVERY))
