"""The arithmetic of tools/draw_faces.py; drawing itself needs networks that are not installed for tests."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from tools.drawn_faces.basis import (
    CURVE_LATENTS,
    LATENT_SIZE,
    MAX_DISTANCE,
    Basis,
    moves_and_rest,
    principal_components,
    score_directions,
)
from tools.drawn_faces.fitting import Observations, fit_basis, increasing
from tools.drawn_faces.targets import NAMES, TARGETS

SHIPPED = Path(__file__).resolve().parents[2] / "tools" / "drawn_faces" / "basis.safetensors"


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture(scope="module")
def shipped():
    return Basis.load(SHIPPED)


def test_a_move_changes_its_own_score_only_and_the_rest_changes_none(rng):
    directions = rng.randn(LATENT_SIZE, 4)
    moves, rest = moves_and_rest(directions)
    np.testing.assert_allclose(moves @ directions, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(rest @ directions, 0, atol=1e-9)
    np.testing.assert_allclose(rest @ rest.T, np.eye(LATENT_SIZE - 4), atol=1e-9)
    # Of all changes that raise the first score by 1 and no other's it is the shortest.
    other = moves[0] + rng.randn(LATENT_SIZE - 4) @ rest
    assert np.linalg.norm(moves[0]) < np.linalg.norm(other)


def test_ridge_finds_the_directions_of_noisy_labels_with_gaps(rng):
    u, truth = rng.randn(4000, LATENT_SIZE), rng.randn(LATENT_SIZE, 2)
    labels = 5 + u @ truth + rng.randn(4000, 2)
    labels[::7, 0] = np.nan
    found = score_directions(u, labels)
    for k in range(2):
        cosine = found[:, k] @ truth[:, k] / np.linalg.norm(found[:, k]) / np.linalg.norm(truth[:, k])
        assert cosine > 0.99


def test_principal_components_give_back_the_covariance(rng):
    mixing = rng.randn(20, 120) * 0.1
    w = rng.randn(30_000, 20) @ mixing + 3
    mean, components = principal_components(w)
    np.testing.assert_allclose(mean, 3, atol=0.02)
    np.testing.assert_allclose(components.T @ components, np.cov(w, rowvar=False), atol=1e-9)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_attribute_is_wanted_at_both_ends(target):
    """Each end third of its range holds a quarter of the faces; glasses, which most people have not, a fifth."""
    values = target.value(norm.ppf((np.arange(1000) + 0.5) / 1000))
    assert (np.diff(values) >= 0).all()
    low, high = target.thirds
    least = 0.2 if target.name == "glasses" else 0.25
    assert np.mean(values < low) >= least
    assert np.mean(values > high) >= least


def test_nobody_is_asked_to_be_a_child():
    age = TARGETS[NAMES.index("age")]
    assert age.value(np.array([-9.0]))[0] > 25


def test_means_of_bins_are_increasing_and_near_the_truth(rng):
    x = rng.randn(5000)
    level, fitted = increasing(x, np.tanh(x) + 0.3 * rng.randn(5000))
    assert (np.diff(fitted) > 0).all()
    assert np.abs(fitted - np.tanh(level)).max() < 0.15


def test_a_fitted_basis_gives_people_the_wanted_labels_independently(rng):
    """With labels that are linear in u and go together as readings of real faces do."""
    truth = rng.randn(LATENT_SIZE, len(NAMES)) + 3 * rng.randn(LATENT_SIZE, 1)
    truth /= np.linalg.norm(truth, axis=0)
    middle = np.array([np.mean(target.thirds) for target in TARGETS])
    scale = np.array([np.ptp(target.thirds) for target in TARGETS]) * 1.5
    u = 1.3 * rng.randn(4000, LATENT_SIZE)
    labels = middle + u @ truth * scale + 0.1 * scale * rng.randn(4000, len(NAMES))
    basis = fit_basis(np.zeros(512), np.eye(LATENT_SIZE, 512), Observations(u, labels))
    g = rng.randn(4000, LATENT_SIZE)
    moved = basis.scores(g) @ basis.moves
    near = np.square(moved).sum(axis=1) <= MAX_DISTANCE
    drawn = middle + basis.to_u(g) @ truth * scale
    correlations = np.corrcoef(drawn[near], rowvar=False) - np.eye(len(NAMES))
    assert np.abs(correlations).max() < 0.2
    for k, target in enumerate(TARGETS):
        asked = target.value(basis.attributes(g)[:, k])
        assert np.corrcoef(asked[near], drawn[near, k])[0, 1] > 0.9


def test_the_shipped_basis_moves_nobody_too_far_and_its_attributes_are_apart(shipped, rng):
    assert shipped.names == NAMES
    g = rng.randn(2000, LATENT_SIZE)
    rest = g.copy()
    rest[:, -len(NAMES) :] = 0
    moved = shipped.to_u(g) - g[:, : -len(NAMES)] @ shipped.rest
    assert np.square(moved).sum(axis=1).max() <= MAX_DISTANCE * 1.001
    np.testing.assert_allclose(shipped.rest @ shipped.rest.T, np.eye(len(shipped.rest)), atol=1e-5)
    np.testing.assert_allclose(shipped.rest @ shipped.moves.T, 0, atol=1e-4)
    assert (np.diff(shipped.curves) >= 0).all()
    assert shipped.to_w(g).shape == (2000, 512)
    assert shipped.curves.shape == (len(NAMES), len(CURVE_LATENTS))


def test_a_basis_survives_its_file(shipped, tmp_path):
    shipped.save(tmp_path / "basis.safetensors")
    again = Basis.load(tmp_path / "basis.safetensors")
    g = np.random.RandomState(1).randn(3, LATENT_SIZE)
    np.testing.assert_array_equal(again.to_w(g), shipped.to_w(g))
