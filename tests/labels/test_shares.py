import numpy as np
import pytest

from facegan.labels import shares as module
from facegan.labels.attributes import ATTRIBUTES, NAMES
from facegan.labels.label import Labels
from facegan.labels.shares import shares_of


@pytest.fixture
def told(monkeypatch):
    """The labels of a face are what its first pixel says: [gender + 100, age, lightness]."""

    def labels_of(images, framing):
        assert framing == 1.2
        values = np.zeros((len(images), len(NAMES)), np.float32)
        for name, channel, shift in (("gender", 0, 100), ("age", 1, 0), ("skin_lightness", 2, 0)):
            values[:, NAMES.index(name)] = images[:, 0, 0, channel].astype(float) - shift
        return Labels(ATTRIBUTES, values)

    monkeypatch.setattr(module, "label_faces", labels_of)


def faces(*firsts):
    images = np.zeros((len(firsts), 4, 4, 3), np.uint8)
    images[:, 0, 0] = firsts
    return images


def test_shares_are_those_of_the_chosen_rows(told):
    images = faces((101, 29, 44), (99, 30, 45), (98, 44, 59), (103, 45, 60), (255, 0, 0))
    assert shares_of(images, np.arange(4), 1.2) == {
        "faces": 4,
        "gender": {"women": 0.5, "men": 0.5},
        "age": {"under 30": 0.25, "30 to 44": 0.5, "45 and over": 0.25},
        "skin tone": {"dark": 0.25, "medium": 0.5, "light": 0.25},
    }


def test_of_many_faces_some_are_looked_at_and_of_none_nothing(told, monkeypatch):
    images = faces(*[(99, 20, 20)] * 500)
    assert shares_of(images, np.arange(500), 1.2, most=70)["faces"] == 70
    monkeypatch.setattr(module, "_PATIENCE", 0)  # a machine that is slow beyond measure
    assert shares_of(images, np.arange(500), 1.2)["faces"] == 50
    assert shares_of(images, np.arange(0), 1.2) == {}
