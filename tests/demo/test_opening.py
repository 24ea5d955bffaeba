import pytest

from facegan.demo import build, share
from facegan.demo.opening import Opening


@pytest.fixture
def sharing(edited_model):
    return share.Sharing(edited_model, build.TABS)


@pytest.fixture
def opening(edited_model, sharing):
    return Opening(edited_model, build.TABS, sharing, picker=False)


@pytest.mark.parametrize(
    ("query", "tab"),
    [
        ("", "Faces"),
        ("seed=7", "Faces"),
        ("seed=7&smile=0.5", "Sliders"),
        ("face_a=Anna&face_b=7", "Mix"),
        ("parent=Anna", "Evolve"),
        ("animate=Anna&slider=smile", "Animate"),
        ("seeds=3,9", "Morph"),
        ("seed=~nonsense", "Faces"),
    ],
)
def test_the_tab_of_the_link_is_the_chosen_one(opening, query, tab):
    html = opening.html(query)
    assert f"<b>{tab}</b>" in html
    assert f'data-tab="{tab.lower()}"' in html
    assert html.count("<span>") == len(build.TABS) - 1


def test_a_link_says_its_theme_and_nothing_else_into_the_page(opening):
    assert 'data-theme="dark"' in opening.html("seed=7&__theme=dark")
    html = opening.html("seed=%3Csvg/onload=x%3E&__theme=%22%3E%3Csvg")
    assert 'data-theme=""' in html
    assert "<svg" not in html


def test_the_picture_of_the_links_preview_is_shown_once_it_has_been_drawn_for_somebody(opening, sharing):
    assert "<img" not in opening.html("seed=7&truncation=0.8")
    sharing.preview({"seed": "7", "truncation": "0.8"})
    assert "<img" in opening.html("seed=7&truncation=0.8")
    assert "<img" not in opening.html("seed=8&truncation=0.8")
    sharing.preview({"seeds": "3,9"})
    assert "<img" not in opening.html("seeds=3,9")  # its card has two faces side by side
