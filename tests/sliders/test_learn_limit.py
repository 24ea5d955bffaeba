"""Learning where sliders end, from a certainty that is known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders.learn_limit import UNSURE, certainties_by, learn_limit, least_of
from facegan.sliders.surrogate import squash
from tests.labels.conftest import drawn  # noqa: F401 - a fixture
from tests.sliders.toy import D, toy_set


def certainties(latents):
    """Falls with a laugh, and with an age on top of it, which no single slider shows."""
    z = squash(latents)[0]
    return -2 * np.maximum(z[:, 0] - 0.5, 0) - np.maximum(z[:, 0] + z[:, 2] - 1, 0)


def test_fewer_faces_are_unsure_at_the_ends_with_what_was_learned():
    free = toy_set()
    held = replace(free, limit=learn_limit(free, certainties, samples=3000, epochs=20))
    g = np.random.RandomState(3).randn(500, D).astype(np.float32)
    floor = np.percentile(certainties(g), UNSURE)
    for values in ({"smile": 1.0}, {"smile": 1.0, "age": 1.0}):
        without, within = ((certainties(one.edit(g, values)) < floor).mean() for one in (free, held))
        assert without > 0.2
        assert within < 0.5 * without
    back = {"smile": -1.0}  # a path on which no certainty is lost is as long as before
    assert np.linalg.norm(held.edit(g, back) - free.edit(g, back), axis=1).mean() < 0.2


def test_the_least_is_where_few_are_unsure():
    predicted = np.random.RandomState(0).uniform(-3, 3, 20_000)
    chance = np.clip(-predicted / 3, 0, 1)  # 5 % at -0.15
    unsure = np.random.RandomState(1).rand(len(predicted)) < chance
    assert least_of(predicted, unsure) == pytest.approx(-0.15, abs=0.1)


def test_a_mirror_image_is_as_certain(drawn):  # noqa: F811
    faces, _ = drawn
    some = certainties_by(lambda latents: faces[: len(latents)])(np.zeros((5, 3), np.float32))
    mirrored = certainties_by(lambda latents: faces[: len(latents), :, ::-1])(np.zeros((5, 3), np.float32))
    assert np.isfinite(some).all()
    assert some == pytest.approx(mirrored, abs=1e-4)
