import pytest

from facegan.faces.align import Frame
from facegan.faces.cache import framing_of
from facegan.faces.framing import choose_framing, share_that_fits, widest_framing
from facegan.faces.options import FaceOptions
from facegan.faces.records import PhotoRecord


def photos_that_end_at(framing: float, count: int = 4) -> list:
    """Photos whose border is where the picture of that framing would end."""
    frame = Frame(200, framing)
    return [(PhotoRecord("a", 1, 1, width=200, height=200), frame.template())] * count


def test_a_photo_fills_every_framing_that_is_closer_than_its_own():
    faces = photos_that_end_at(1.0)
    assert share_that_fits(faces, 1.0) == 1
    assert share_that_fits(faces, 1.2) == 1
    assert share_that_fits(faces, 0.8) == 0


@pytest.mark.parametrize(("photo", "expected"), [(0.5, 0.8), (0.8, 0.8), (1.0, 1.0), (1.2, 1.2), (2.0, 1.3)])
def test_the_widest_framing_is_the_photos_own_between_its_bounds(photo, expected):
    assert widest_framing(photos_that_end_at(photo)) == pytest.approx(expected, abs=0.051)


def test_a_quarter_of_tight_photos_does_not_decide():
    assert widest_framing(photos_that_end_at(0.7, 3) + photos_that_end_at(1.2, 1)) == 0.8
    assert widest_framing(photos_that_end_at(0.7, 2) + photos_that_end_at(1.2, 2)) > 1.1
    assert widest_framing([]) == 0.8


def test_a_framing_that_was_asked_for_is_taken_without_a_look():
    assert choose_framing([], None, FaceOptions(framing=0.9)).framing == 0.9


def test_the_framing_of_an_earlier_run_is_found_again(tmp_path):
    assert framing_of(tmp_path) is None
    (tmp_path / "photos.jsonl").write_text('{"format": 1, "framing": 1.15}\n')
    assert framing_of(tmp_path) == 1.15
    (tmp_path / "photos.jsonl").write_text("rubbish")
    assert framing_of(tmp_path) is None
