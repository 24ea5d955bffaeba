import numpy as np
import pytest

from facegan.labels.ridge import PENALTIES, Sums, auc, correlation, fit_ridge, folds, log_odds, solve


def data(rows: int, size: int, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.RandomState(0)
    x = rng.randn(rows, size) * np.linspace(1, 3, size) + 5
    w = rng.randn(size)
    return x, x @ w + noise * rng.randn(rows) + 7, w


def brute_force(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Ridge on standardised features as plain least squares with penalty rows below; the bias is not penalised."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z, size = (x - mean) / scale, x.shape[1]
    above = np.column_stack([z, np.ones(len(z))])
    below = np.column_stack([np.sqrt(penalty) * np.eye(size), np.zeros(size)])
    found = np.linalg.lstsq(np.concatenate([above, below]), np.append(y, np.zeros(size)), rcond=None)[0]
    weights = found[:-1] / scale
    return weights, found[-1] - mean @ weights


@pytest.mark.parametrize(("rows", "size"), [(60, 8), (25, 40)])  # more rows than features, and fewer
def test_a_fit_is_the_ridge_of_the_penalty_that_it_names(rows, size):
    x, y, _ = data(rows, size)
    both = np.stack([y, np.random.RandomState(3).randn(rows)], axis=1)  # one can be read, the other is noise
    fit = fit_ridge(x, both)
    for j in range(2):
        weights, bias = brute_force(x, both[:, j], fit.penalties[j])
        assert fit.weights[:, j] == pytest.approx(weights, abs=1e-7)
        assert fit.bias[j] == pytest.approx(bias, abs=1e-6)


def test_a_held_out_score_is_that_of_a_fit_without_the_fold():
    x, y, _ = data(80, 6)
    x = (x - x.mean(axis=0)) / x.std(axis=0)  # already standard, so that the fold's own scale is the same
    fit, out = fit_ridge(x, y[:, None]), folds(80) == 2
    z, penalty = np.column_stack([x[~out], np.ones((~out).sum())]), np.diag([fit.penalties[0]] * 6 + [0])
    solution = np.linalg.solve(z.T @ z + penalty, z.T @ y[~out])
    assert fit.held_out[out, 0] == pytest.approx(x[out] @ solution[:-1] + solution[-1], abs=1e-3)


@pytest.mark.parametrize(("rows", "size"), [(60, 8), (12, 40)])
def test_ridge_minimises_the_penalised_squares(rows, size):
    x, y, _ = data(rows, size)
    weights, bias = solve(Sums.of(x, y[:, None]), (25.0,))[0]
    # The same problem as plain least squares: penalty rows below, the bias not penalised.
    above = np.column_stack([x, np.ones(rows)])
    below = np.column_stack([5.0 * np.eye(size), np.zeros(size)])
    expected = np.linalg.lstsq(np.concatenate([above, below]), np.append(y, np.zeros(size)), rcond=None)[0]
    assert weights[:, 0] == pytest.approx(expected[:-1], abs=1e-6)
    assert bias == pytest.approx(expected[-1:], abs=1e-5)


def test_a_fit_reads_rows_that_it_did_not_see():
    x, y, _ = data(4000, 10, noise=0.5)
    fit = fit_ridge(x, y[:, None])
    assert fit.penalties[0] == PENALTIES[0]  # almost no noise: the weakest
    assert correlation(fit.held_out[:, 0], y) > 0.99
    assert correlation((x @ fit.weights + fit.bias)[:, 0], y) > 0.99


def test_noise_is_not_read():
    rng = np.random.RandomState(1)
    x, y = rng.randn(300, 100), rng.randn(300)
    fit = fit_ridge(x, y[:, None])
    # Least squares without a penalty errs by more than half as much again as saying nothing.
    assert ((fit.held_out[:, 0] - y) ** 2).mean() < 1.1 * y.var()
    weights, bias = solve(Sums.of(x[60:], y[60:, None]), (1e-6,))[0]
    assert (((x[:60] @ weights + bias)[:, 0] - y[:60]) ** 2).mean() > 1.4 * y.var()


def test_copies_of_one_photo_are_held_out_together():
    groups = np.repeat(np.arange(50), 3)
    fold = folds(150, groups)
    assert all(len(set(fold[groups == g])) == 1 for g in range(50))
    assert sorted(np.bincount(fold[::3])) == [10] * 5
    # Three copies of pure noise: whoever lets a copy into the fit reads it well.
    rng = np.random.RandomState(2)
    x, y = np.repeat(rng.randn(50, 60), 3, axis=0), np.repeat(rng.randn(50), 3)
    assert abs(correlation(fit_ridge(x, y[:, None], groups).held_out[:, 0], y)) < 0.4
    assert correlation(fit_ridge(x, y[:, None]).held_out[:, 0], y) > 0.6


def test_auc_counts_pairs():
    rng = np.random.RandomState(0)
    score, truth = rng.randint(0, 8, 60).astype(float), rng.rand(60) < 0.4
    yes, no = score[truth], score[~truth]
    pairs = (yes[:, None] > no).mean() + 0.5 * (yes[:, None] == no).mean()
    assert auc(score, truth) == pytest.approx(pairs)
    assert auc(np.array([1.0, 2, 3]), np.array([False, False, True])) == 1
    assert np.isnan(auc(score, np.ones(60, bool)))


def test_log_odds_are_found_again():
    rng = np.random.RandomState(0)
    score = rng.randn(20000) * 3 + 1
    truth = rng.rand(20000) < 1 / (1 + np.exp(-(1.5 * score - 2)))
    assert log_odds(score, truth) == pytest.approx((1.5, -2), abs=0.1)


def test_separated_classes_have_a_finite_slope():
    slope, offset = log_odds(np.array([-2.0, -1, 1, 2] * 10), np.array([False, False, True, True] * 10))
    assert 0 < slope < 100 and abs(offset) < 1


def test_a_constant_correlates_with_nothing():
    assert np.isnan(correlation(np.ones(5), np.arange(5.0)))
    assert correlation(np.arange(5.0), -np.arange(5.0)) == pytest.approx(-1)


@pytest.mark.parametrize(("rows", "size"), [(60, 8), (25, 40)])
def test_changes_that_a_score_must_not_answer_to_are_penalised(rows, size):
    x, y, _ = data(rows, size)
    both = np.stack([y, -y], axis=1)
    rng = np.random.RandomState(5)
    # Within the span of the rows where those are fewer than the features: nothing is known of the rest.
    changes = [rng.randn(7, rows) @ (x - x.mean(axis=0)) / rows, np.empty((0, size))]
    fit = fit_ridge(x, both, changes=changes, change_weight=3.0)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    z = np.column_stack([(x - mean) / scale, np.ones(rows)])
    below = np.column_stack([np.sqrt(3.0 * rows / 7) * changes[0] / scale, np.zeros(7)])
    penalty = np.column_stack([np.sqrt(fit.penalties[0]) * np.eye(size), np.zeros(size)])
    found = np.linalg.lstsq(np.concatenate([z, below, penalty]), np.append(y, np.zeros(7 + size)), rcond=None)[0]
    assert fit.weights[:, 0] == pytest.approx(found[:-1] / scale, abs=1e-7)
    assert fit.weights[:, 1] == pytest.approx(brute_force(x, -y, fit.penalties[1])[0], abs=1e-7)
    assert np.abs(changes[0] @ fit.weights[:, 0]).sum() < np.abs(changes[0] @ fit.weights[:, 1]).sum()
