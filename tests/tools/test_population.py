"""What benchmarks/population.py counts, on labels that are made up."""

import numpy as np

from benchmarks.population import shares
from facegan.labels.attributes import ATTRIBUTES, NAMES
from facegan.labels.label import Labels


def test_a_negative_score_of_gender_counts_as_a_woman():
    values = np.zeros((4, len(NAMES)), np.float32)
    values[:, NAMES.index("gender")] = -3, 2, 1, 4
    values[:, NAMES.index("skin_lightness")] = 10, 50, 90, 90
    found = shares(Labels(ATTRIBUTES, values), np.array([30.0, 70.0]))
    assert found["read as women"] == 0.25
    assert [found[f"skin, tercile {i}"] for i in (1, 2, 3)] == [0.25, 0.25, 0.5]
