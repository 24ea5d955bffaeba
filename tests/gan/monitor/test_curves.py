import math

import numpy as np
import pytest

from facegan.gan.monitor.curves import curves_of, limits, short, thinned, ticks


def test_a_curve_holds_the_values_of_its_name_alone():
    lines = [{"images_seen": 10, "kid": 5, "loss": 1.0}, {"images_seen": 20, "loss": 2.0}, {"images_seen": 20}]
    curves = curves_of(lines, ["kid", "loss", "absent"])
    assert curves["kid"].points == [(10, 5)]
    assert curves["loss"].points == [(10, 1.0), (20, 2.0)]
    assert not curves["absent"]
    assert curves["kid"]


def test_what_is_no_finite_number_is_passed_over_and_still_known_as_the_latest():
    values = [1.0, math.nan, math.inf, None, "2", True, -math.inf]
    curve = curves_of([{"images_seen": i, "loss": value} for i, value in enumerate(values)], ["loss"])["loss"]
    assert curve.points == [(0, 1.0)]
    assert curve.latest == -math.inf


def test_a_rollback_turns_what_it_abandons_into_a_branch():
    lines = [{"images_seen": i, "loss": float(i)} for i in (10, 20, 30, 40)]
    lines += [{"images_seen": 40, "event": "rollback", "back_to": 20}]
    abandoned = curves_of(lines, ["loss"])["loss"]
    assert abandoned.points == [(10, 10.0), (20, 20.0)]
    assert abandoned.abandoned == [[(20, 20.0), (30, 30.0), (40, 40.0)]]
    assert abandoned.latest == 20.0
    again = curves_of([*lines, {"images_seen": 30, "loss": 7.0}], ["loss"])["loss"]
    assert again.points == [(10, 10.0), (20, 20.0), (30, 7.0)]
    assert again.abandoned == abandoned.abandoned


def test_a_rollback_to_the_beginning_leaves_nothing():
    lines = [{"images_seen": 10, "loss": 1.0}, {"images_seen": 10, "event": "rollback", "back_to": 0}]
    curve = curves_of(lines, ["loss"])["loss"]
    assert (curve.points, curve.abandoned, curve.latest) == ([], [[(10, 1.0)]], None)
    assert curve


def test_a_step_back_that_no_event_tells_of_makes_no_zigzag():
    curve = curves_of([{"images_seen": i, "loss": float(n)} for n, i in enumerate((10, 20, 30, 20))], ["loss"])["loss"]
    assert curve.points == [(10, 0.0), (20, 3.0)]
    assert curve.abandoned == [[(10, 0.0), (20, 1.0), (30, 2.0)]]


def test_thinning_keeps_ends_order_and_extremes():
    values = np.random.RandomState(0).rand(10_000)
    values[[1234, 8765]] = 50.0, -50.0
    points = list(enumerate(values.tolist()))
    kept = thinned(points)
    assert 200 <= len(kept) <= 400
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert {points[1234], points[8765]} <= set(kept) <= set(points)
    assert kept == sorted(kept)
    # 199 stretches of 50 or 51 points, something of each: nowhere a gap of more than two stretches.
    assert max(b[0] - a[0] for a, b in zip(kept, kept[1:], strict=False)) <= 101


@pytest.mark.parametrize("count", [0, 1, 2, 400])
def test_few_points_are_all_drawn(count):
    points = [(i, float(i)) for i in range(count)]
    assert thinned(points) == points


def test_constant_values_are_thinned_too():
    assert len(thinned([(i, 1.0) for i in range(10_000)])) <= 400


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], (3.0, 3.0)),
        ([1.0, 2.0, 3.0], (1.0, 3.0)),
        # Median 5, the outermost tenths begin at 1 and 9: 1000 is more than 4 * 4 above 5, so up to 5 + 2 * 4.
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1000.0], (0.0, 13.0)),
        ([-1000.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0], (-3.0, 10.0)),
        # 21 is exactly 4 * 4 above.
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 21.0], (0.0, 21.0)),
        ([0.0] * 20 + [1.0], (0.0, 1.0)),
    ],
)
def test_outliers_do_not_flatten_the_others(values, expected):
    assert limits(values) == expected
    assert limits(values[::-1]) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (1, 3, [1, 1.5, 2, 2.5, 3]),
        (0, 289_440, [0, 100_000, 200_000, 300_000]),
        (-0.3, 0.31, [-0.4, -0.2, 0, 0.2, 0.4]),
        (0, 7e-4, [0, 2e-4, 4e-4, 6e-4, 8e-4]),
        (2, 2, [1, 1.5, 2, 2.5, 3]),
        (0, 0, [-1, -0.5, 0, 0.5, 1]),
    ],
)
def test_ticks_are_round_and_enclose(low, high, expected):
    assert ticks(low, high, 5) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("low,high", [(0, 1e-12), (0, 1e300), (1e6, 1e6 + 1e-9), (-1e20, 1e20), (0.1, 0.3)])
def test_ticks_of_any_range_are_few_and_rise(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 12
    assert all(a < b for a, b in zip(found, found[1:], strict=False))


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0"), (950, "950"), (1_000, "1k"), (25_000, "25k"), (289_440, "289k"), (999_400, "999k"), (999_600, "1M"),
     (1_500_000, "1.5M"), (25_300_000, "25.3M")],
)  # fmt: skip
def test_counts_are_short(count, words):
    assert short(count) == words
