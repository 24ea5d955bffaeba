"""Whether the Hub of the tests would notice a card that the real one refuses."""

import pytest

from facegan.model.folder import CARD, DEFAULT_FOLDER
from facegan.publish.space import space_files
from tests.model.card_rules import faults_in

MODEL = (DEFAULT_FOLDER / CARD).read_text(encoding="utf-8")
SPACE = space_files("user/faces")["README.md"].decode()


def test_this_programs_cards_are_good():
    assert faults_in(MODEL, "model") == []
    assert faults_in(SPACE, "space") == []


@pytest.mark.parametrize(
    ("card", "kind", "before", "after", "fault"),
    [
        (MODEL, "model", "---\n", "", "there is no metadata"),
        (MODEL, "model", "license: other", "license: [other", "not YAML"),
        (MODEL, "model", "license: other", "license: mine", "license is not"),
        (MODEL, "model", "license_name: see-the-chain-of-licences\n", "", "license_name is required"),
        (MODEL, "model", "license_link: LICENSE.md", "license_link: elsewhere", "license_link is not"),
        (MODEL, "model", "pipeline_tag: unconditional", "pipeline_tag: any", "pipeline_tag is not"),
        (MODEL, "model", "- faces\n", "- 7\n", "tags is not"),
        (MODEL, "model", "type: kid\n      value: ", "type: kid\n      value: low", "model-index is not"),
        (MODEL, "model", "      type: photos\n", "", "model-index is not"),
        (SPACE, "space", "sdk: gradio", "sdk: gradoi", "sdk is not"),
        (SPACE, "space", "sdk: gradio\n", "", "sdk is required"),
        (SPACE, "space", "colorTo: gray", "colorTo: grey", "colorTo is not"),
        (SPACE, "space", "'3.12'", "3.12", "python_version is not"),
        (SPACE, "space", "user/faces config.json", "user/faces config.json v1 more", "preload_from_hub is not"),
        (SPACE, "space", "AI-generated faces", "AI-generated faces" * 4, "short_description is not"),
        (SPACE, "space", "title: FaceGAN", "titel: FaceGAN", "titel is not"),
    ],
)
def test_a_card_with_one_fault_is_refused_for_it(card, kind, before, after, fault):
    assert before in card
    (found,) = faults_in(card.replace(before, after, 1), kind)
    assert fault in found
