"""A picture that was made here, dropped on the page or chosen, brings its state back."""

from collections.abc import Sequence

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo.markup import open_picture
from facegan.demo.page import Page, Tab
from facegan.model.load import FaceModel
from facegan.model.provenance import parse_recipe

# theme/page.js reads the file in the browser and sends what its recipe says, and nothing else of it.
_LISTEN = "window.facegan.openPictures(element, trigger); watch('value', () => window.facegan.followPicture(element));"
_SENTENCES = {
    "large": "This file is larger than any picture made here: choose another one.",
    "unreadable": "This file could not be read: choose another one.",
}
_NO_RECIPE = "This picture does not say how it was made: choose one that was saved here, as it was saved."
_OTHER = "This picture shows something that this model's page does not have: choose another one."


def build(page: Page, tabs: Sequence[Tab]) -> None:
    opener = gr.HTML(open_picture(), elem_id="open-picture", js_on_load=_LISTEN, apply_default_css=False)
    page.answer(opener.select, Opener(page.model, tabs).open, [], [opener])


class Opener:
    """What the page does with the recipe of a picture."""

    def __init__(self, model: FaceModel, tabs: Sequence[Tab]):
        self._model, self._tabs = model, tabs

    def open(self, event: gr.EventData) -> str:
        """The opener with the link to the picture's state, which the page then follows.

        Raises FaceGANError in a sentence for people when there is none.
        """
        text, trouble = getattr(event, "text", None), getattr(event, "trouble", None)
        return open_picture(link_of(text, trouble, self._model, self._tabs))


def link_of(text: object, trouble: object, model: FaceModel, tabs: Sequence[Tab]) -> str:
    """The query of the page's link that shows what a picture shows.

    `text` is its recipe as JSON, `trouble` why the browser could not read it; None where there is none. Raises
    FaceGANError in a sentence for people when the page cannot show it.
    """
    if trouble is not None:
        raise FaceGANError(_SENTENCES.get(str(trouble), _SENTENCES["unreadable"]))
    if not isinstance(text, str):
        raise FaceGANError(_NO_RECIPE)
    recipe = parse_recipe(text)
    if recipe.weights != model.weights:
        revision = f" at revision {recipe.revision[:7]}" if recipe.revision else ""
        raise FaceGANError(
            f"This picture was made by {recipe.model}{revision}, which is another model than this page shows: open it "
            "on a page of that model."
        )
    links = (tab.link_of(recipe, model) for tab in tabs)
    link = next((link for link in links if link is not None), None)
    if link is None:
        raise FaceGANError(_OTHER)
    return link
