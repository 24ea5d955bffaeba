"""The registry of attributes."""

import subprocess
import sys
from pathlib import Path

from facegan.labels.attributes import ATTRIBUTES, NAMES, ODD, OVERALL, SLIDERS, boundary_of, phrase_of
from facegan.labels.names import RESERVED, check_name

ROOT = Path(__file__).parents[2]


def test_every_name_is_one_word_of_its_own():
    names = [*NAMES, *OVERALL]
    assert len(set(names)) == len(names)
    for name in names:
        check_name(name, "the registry")
    assert not {*names} & RESERVED


def test_sliders_have_a_title_and_a_place_of_their_own():
    assert [attribute.place for attribute in SLIDERS] == list(range(len(SLIDERS)))
    assert all(attribute.label for attribute in SLIDERS)


def test_every_score_has_a_range_and_a_boundary_within_it():
    for attribute in ATTRIBUTES:
        assert attribute.low < attribute.high, attribute.name
        assert attribute.boundary is None or attribute.low < attribute.boundary < attribute.high, attribute.name
    assert set(ODD) == {"turn", "tilt"}


def test_a_users_own_attribute_has_a_phrase_and_no_boundary():
    assert (phrase_of("big_nose"), boundary_of("big_nose")) == ("big nose", None)
    assert (phrase_of("turn"), boundary_of("smile")) == ("head turn", 0.0)


def test_the_registry_needs_neither_networks_nor_numpy():
    code = "import sys; import facegan.labels.attributes; print(sorted({'numpy', 'onnxruntime'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "[]", done.stderr
