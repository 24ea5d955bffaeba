"""What the card tells of the sliders."""

from dataclasses import replace

import numpy as np
import pytest

from facegan.model.card import render_card, write_card
from facegan.model.slider_card import sliders_section
from facegan.model.slider_files import write_sliders
from facegan.sliders.slider import Slider, Surprises
from tests.model.sliders import small_sliders


def test_the_card_tells_how_pure_each_slider_is_and_which_are_left_out(config, model_folder, tmp_path):
    write_sliders(small_sliders(), tmp_path)
    write_card(config, tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| Smile | Pure. | 95% | 90% |" in text
    assert "![How much each slider changes" in text
    assert "(sliders.png)" in text
    assert "on 50 generated faces" in text
    assert "of 10% on average, 5% is what both see" in text
    assert "judged without a recognition network, which errs more" in text
    assert "There is no slider glasses, because the generator does not say it clearly enough." in text
    assert 'model.edit(latents, {"smile": 1.0})' in text


def test_the_card_tells_what_was_found_without_labels():
    directions = np.eye(100, dtype=np.float32)[[5, 6]]
    found = [Slider(f"surprise_{i}", f"Surprise {i}", quality={"named_moved": 0.1 * i}) for i in (1, 2)]
    surprises = Surprises(tuple(found), directions, np.float32([[-2, 2], [-2, 2]]))
    text = sliders_section(replace(small_sliders(), surprises=surprises))
    assert "2 more were found without labels" in text
    assert "`surprise_1`, `surprise_2`" in text
    assert "by 0.15 standard deviations" in text.replace("\n", " ")
    assert "without labels" not in sliders_section(small_sliders())


def test_the_card_says_that_a_recognition_network_judged():
    sliders = small_sliders()
    facts = {**sliders.facts, "judged": {**sliders.facts["judged"], "recognition": True}}
    assert "judged with InsightFace's recognition network" in sliders_section(replace(sliders, facts=facts))


def test_without_sliders_the_card_says_nothing_of_them(config):
    assert "lider" not in render_card(config)
    assert sliders_section(None) == ""


@pytest.mark.parametrize(
    "facts", [{}, {"judged": None, "left_out": 5}, {"judged": {"sliders": ["x"], "seeds": "many"}}]
)
def test_facts_that_are_not_whole_leave_the_picture_out(facts):
    text = sliders_section(replace(small_sliders(), facts=facts))
    assert "| Smile |" in text
    assert "sliders.png" not in text


def test_a_text_of_sliders_json_cannot_begin_a_section():
    hostile = replace(small_sliders().sliders[0], note="a | b\n# Other")
    text = sliders_section(replace(small_sliders(), sliders=(hostile,)))
    assert "\n# Other" not in text
    assert r"a \| b" in text


def test_the_floor_stands_beside_the_slider_that_has_one():
    smile, age = small_sliders().sliders
    floor = {"pairs": 68, "leakage_mean": 0.106, "gender_flips": 0.02}
    measured = replace(smile, quality={**smile.quality, "floor": floor})
    text = sliders_section(replace(small_sliders(), sliders=(measured, age)))
    assert "| Smile | Pure. | 95% | 90% | 11%, gender 2% (68 pairs) |" in text
    assert "| Age | Pure. | 95% | 90% | - |" in text
    assert "one person" in text
    assert "one person" not in sliders_section(small_sliders())
    # What a file holds in its place must not break the card.
    odd = replace(smile, quality={**smile.quality, "floor": {"pairs": "|\n# Other", "leakage_mean": []}})
    assert "Other" not in sliders_section(replace(small_sliders(), sliders=(odd, age)))
