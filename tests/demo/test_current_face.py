import json
import re

import pytest

from facegan.demo import build
from facegan.demo.current_face import Takes, choice


def test_the_first_face_that_is_clicked_goes_where_the_choice_says():
    boxes = re.findall(r"<label>(.*?)</label>", choice("mix", ("First", "<b>"), 1))
    assert ["checked" in box for box in boxes] == [False, True]
    assert boxes[1].endswith("&lt;b&gt;")


def test_the_script_says_what_the_tab_takes():
    told = json.loads(re.search(r"\{.*\}", Takes("morph", ("morph-seeds",), most=12).script)[0])
    assert (told["tab"], told["fields"], told["most"], told["moves"], told["takes"]) == (
        "morph",
        ["morph-seeds"],
        12,
        False,
        True,
    )


@pytest.mark.parametrize("tab", ["faces", "sliders", "mix", "evolve", "animate", "morph"])
def test_every_tab_of_a_face_begins_with_the_current_one(edited_model, tab):
    """Its script tells the browser of fields that are on the page, and of a tab that is."""
    demo = build.build_demo(edited_model)
    blocks = [*demo.blocks.values()]
    scripts = " ".join(str(getattr(block, "js_on_load", "")) for block in blocks)
    told = [json.loads(found) for found in re.findall(r"takesFaces\(element, (\{.*?\})\);", scripts)]
    (takes,) = [one for one in told if one["tab"] == tab]
    assert set(takes["fields"]) <= {getattr(block, "elem_id", None) for block in blocks}
    assert tab in {getattr(block, "id", None) for block in blocks}
    assert any(f'"tab": "{tab}"' in str(fn.js) for fn in demo.fns.values() if "faceToTake" in str(fn.js))
