import pytest

from facegan.base.curves import entry_curves


def test_curves_are_pairs_of_floats():
    assert entry_curves([]) == ()
    assert entry_curves([[0, 1], [0.5, 4.0]]) == ((0.0, 1.0), (0.5, 4.0))


@pytest.mark.parametrize(
    "values", [None, 5, "flat", [2.0], [[0.0]], [[True, 1.0]], [[0.0, 0.0]], [[9.0, 1.0]], [[0.0, float("inf")]],
               [[float("nan"), 1.0]], [[0.0, 1.0]] * 101]
)  # fmt: skip
def test_what_no_model_has_is_refused(values):
    with pytest.raises(ValueError):
        entry_curves(values)
