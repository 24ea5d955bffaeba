"""Sliders of an earlier fit, on the toy, whose held scores have become attributes with sliders."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.sliders import complete, fit
from facegan.sliders.complete import with_missing
from facegan.sliders.fit import Samples
from tests.sliders.test_fit import drawn, latents_in
from tests.sliders.toy import NAMES, D, scores, toy_set

MEAN, SPREAD = 3.0, 2.0


@pytest.fixture
def earlier(monkeypatch):
    """Sliders of smile and gender that hold the age, of a generator whose pictures show all three in other units."""

    def score(generate, latents, framing, probe):
        return Samples(latents, NAMES, scores(latents_in(generate(latents))) * SPREAD + MEAN)

    monkeypatch.setattr(fit, "score_faces", score)
    monkeypatch.setattr(complete, "score_faces", score)
    whole = toy_set()
    facts = {"mean": dict.fromkeys(NAMES, MEAN), "spread": dict.fromkeys(NAMES, SPREAD)}
    two = {name: getattr(whole, name)[:2] for name in ("sliders", "weights", "ends", "pace", "differences", "along")}
    return replace(whole, **two, facts=facts)


def test_a_held_score_becomes_a_slider_and_the_others_stay(earlier):
    said = []
    found = with_missing(earlier, drawn, 0.8, say=said.append)
    assert [slider.name for slider in found.sliders] == list(NAMES)
    assert found.sliders[2].label == "Age"
    assert found.sliders[2].quality["read_back_auc"] > 0.95
    assert said == []
    g = np.random.RandomState(5).randn(60, D).astype(np.float32)
    for name in ("smile", "gender"):
        assert np.allclose(found.edit(g, {name: 1.0}), earlier.edit(g, {name: 1.0}), atol=1e-5)
    change = scores(found.edit(g, {"age": 1.0})) - scores(found.edit(g, {"age": -1.0}))
    assert change[:, 2].mean() > 1.5
    assert np.abs(change[:, :2]).mean() < 0.12 * change[:, 2].mean()


def test_what_the_surrogate_does_not_read_gets_none(earlier):
    surrogate = earlier.surrogate
    blind = replace(earlier, surrogate=replace(surrogate, linear=surrogate.linear * np.float32([1, 1, 0])))
    said = []
    assert [slider.name for slider in with_missing(blind, drawn, 0.8, say=said.append).sliders] == ["smile", "gender"]
    assert said[0].startswith("There is no slider age, because")


def test_complete_sliders_stay(earlier):
    whole = toy_set()
    assert with_missing(whole, drawn, 0.8) is whole
