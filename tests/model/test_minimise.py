import numpy as np
import pytest

from facegan.model.minimise import minimise


def rosenbrock(x):
    """Its least value is 0 where all numbers are 1, at the end of a bent valley."""
    a, b = x[:-1], x[1:]
    gradient = np.zeros_like(x)
    gradient[:-1] = -400 * a * (b - a**2) - 2 * (1 - a)
    gradient[1:] += 200 * (b - a**2)
    return float((100 * (b - a**2) ** 2 + (1 - a) ** 2).sum()), gradient


def test_the_end_of_a_bent_valley_is_found():
    assert minimise(rosenbrock, np.zeros(8), 300, 1e-12) == pytest.approx(np.ones(8), abs=1e-4)


def test_a_square_of_very_different_axes_needs_few_evaluations():
    axes, middle = np.logspace(0, 2, 30), np.random.RandomState(0).randn(30)

    def function(x):
        return float(axes @ np.square(x - middle)), 2 * axes * (x - middle)

    found = minimise(function, np.zeros(30), 200, 1e-12)
    assert found == pytest.approx(middle, abs=1e-3)


@pytest.mark.parametrize("evaluations", [1, 2, 3, 5, 20])
def test_it_is_never_worse_and_asks_no_more_often_than_allowed(evaluations):
    asked = []

    def function(x):
        asked.append(x)
        return rosenbrock(x)

    start = np.full(5, -1.2)
    found = minimise(function, start, evaluations, 1e-12)
    assert len(asked) <= evaluations
    assert rosenbrock(found)[0] <= rosenbrock(start)[0]


def test_values_that_are_no_numbers_end_it_where_it_was():
    def function(x):
        return (1.0, np.ones(3)) if not x.any() else (float("nan"), np.full(3, np.nan))

    assert np.array_equal(minimise(function, np.zeros(3), 50, 1e-6), np.zeros(3))
