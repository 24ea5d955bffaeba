"""The picture of the leakage matrices."""

import numpy as np

from facegan.sliders.picture import matrix_picture

FACTS = {"names": ["smile", "nod"], "sliders": ["smile"], "leakage": [[1.0, 0.2]], "before": [[1.0, None]],
         "leakage_mean": 0.2, "leakage_mean_before": 0.4}  # fmt: skip


def test_the_end_of_a_long_name_is_there():
    one, other = (matrix_picture(FACTS, {"smile": f"A name of some length {end}"}) for end in "bd")
    assert one.shape == other.shape
    columns = slice(190, None)  # right of the rows' names, which are whole anyway
    assert (one[:, columns] != other[:, columns]).any()


def test_the_more_leaks_the_darker_is_the_cell():
    def darkness(value):
        return float((255 - matrix_picture({**FACTS, "leakage": [[1.0, value]]}, {"smile": "Smile"})).mean())

    assert np.all(np.diff([darkness(value) for value in (0.0, 0.3, 0.9)]) > 0)
