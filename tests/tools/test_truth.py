"""What drawn faces teach the readings: their labels, and what a reading must not answer to."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

from facegan.gan.known_latents import LatentsOfPictures
from tools.drawn_faces import truth
from tools.drawn_faces.aligned_pairs import Pairs, changes
from tools.drawn_faces.targets import NAMES, TARGETS


@pytest.fixture
def drawn(tmp_path):
    rng = np.random.RandomState(0)
    names = tuple(f"{number:06}.jpg" for number in range(10, 30))
    latents = rng.randn(20, 100).astype(np.float32)
    LatentsOfPictures(names, latents, NAMES).save(tmp_path / "latents.safetensors")
    order = rng.permutation(20)  # a cache has the pictures in another order
    cache = SimpleNamespace(names=[f"sub/{names[i]}" for i in order], selected=np.arange(3, 20))
    return cache, latents[order], tmp_path / "latents.safetensors"


def test_two_readers_learn_from_different_people(drawn):
    cache, _, _ = drawn
    odd, even = truth.people(cache, odd=True), truth.people(cache, odd=False)
    assert sorted([*odd, *even]) == list(cache.selected)
    assert all(int(cache.names[row][-5]) % 2 for row in odd)
    assert not any(int(cache.names[row][-5]) % 2 for row in even)


def test_the_labels_of_a_drawn_face_are_what_it_was_drawn_with(drawn):
    cache, latents, path = drawn
    rows = truth.people(cache, odd=True)
    found = truth.targets(cache, rows, path, ("age", "nod", "glasses"))
    entry = {name: latents[rows, 100 - len(NAMES) + place] for place, name in enumerate(NAMES)}
    knots = np.transpose(TARGETS[NAMES.index("age")].knots)
    np.testing.assert_allclose(found[:, 0], np.interp(norm.cdf(entry["age"]), *knots), atol=1e-4)
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, 2], entry["glasses"] > norm.ppf(0.70))  # where its curve passes 0


def test_a_reading_must_not_answer_to_pairs_of_other_attributes():
    rng = np.random.RandomState(0)
    smile, age = (
        Pairs(name, *rng.randint(0, 255, (2, 3, 8, 8, 3)).astype(np.uint8), np.array([True, False, True]))
        for name in ("smile", "age")
    )

    def features(images):
        return images[:, 0, :, 0].astype(float)  # a row of pixels, which a mirror image has in reverse

    found = changes([smile, age], ("smile", "nod", "gender"), features)
    of_age = (age.high.astype(float) - age.low)[[0, 2], 0, :, 0]
    np.testing.assert_array_equal(found["smile"], [*of_age, *of_age[:, ::-1]])
    np.testing.assert_array_equal(found["nod"], found["smile"])
    assert found["gender"].shape == (8, 8)
