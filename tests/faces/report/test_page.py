import pytest

from facegan.faces.report.page import LISTED, PAGE, PICTURES, write_page

REPORT = {
    "usable_faces": 1,
    "files": 3000,
    "detector_reason": "YuNet finds the faces.",
    "size": 64,
    "framing": 0.8,
    "share_that_fits": 0.5,
    "photos": {"used": 1, "blurred": 2999},
    "faces": {"used": 1, "blurred": 2999},
    "eye_spread_px_of_128": {"before": None, "after": None},
    "person": False,
    "rows": [["<b>&.jpg", "blurred", "sharpness 0.10"], *([f"{i}.jpg", "blurred", ""] for i in range(2998))],
}


@pytest.fixture
def page_of(tmp_path):
    """page_of(report, picture...): the text of the page beside these pictures, each a key of PICTURES."""

    def write(report, *pictures):
        for name in pictures:
            (tmp_path / PICTURES[name]).write_bytes(b"")
        write_page(tmp_path, report, rejected_shown=48)
        return (tmp_path / PAGE).read_text(encoding="utf-8")

    return write


def test_names_of_files_are_text_and_no_html(page_of):
    page = page_of(REPORT)
    assert "&lt;b&gt;&amp;.jpg" in page
    assert "<b>" not in page


def test_only_the_first_of_many_rejected_files_are_listed(page_of):
    page = page_of(REPORT)
    assert page.count("<td>blurred</td>") == LISTED
    assert f"The first {LISTED} of 2,999" in page


def test_only_pictures_that_are_there_are_shown(page_of):
    assert "<img" not in page_of(REPORT)
    spread = {"left_x": 1.0, "left_y": 1.0, "right_x": 1.0, "right_y": 1.0, "faces": 9}
    person = {"person": True, "person_number": 2, "people": [{"photos": 9}, {"photos": 7}]}
    page = page_of({**REPORT, **person, "eye_spread_px_of_128": {"before": spread, "after": spread}}, *PICTURES)
    for name in PICTURES.values():
        assert f'src="{name}"' in page
    assert "Person 2, who is in 7 photos" in page


def test_a_framing_that_most_photos_do_not_fill_is_told(page_of):
    assert "only 50 % of the faces" in page_of(REPORT)
    assert "of the faces fill" not in page_of({**REPORT, "share_that_fits": 0.99})
    assert "of the faces fill" not in page_of({**REPORT, "share_that_fits": None})
