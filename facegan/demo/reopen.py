"""Restores the state of the page from the recipe in a saved picture, which is dropped on the page or chosen."""

from collections.abc import Sequence

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo.markup import open_picture
from facegan.demo.page import Page, Tab
from facegan.model.load import FaceModel
from facegan.model.provenance import parse_recipe

# theme/page.js reads the file in the browser, and sends only the recipe in it.
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
    """Handles the recipe of a picture that was dropped or chosen."""

    def __init__(self, model: FaceModel, tabs: Sequence[Tab]):
        self._model, self._tabs = model, tabs

    def open(self, event: gr.EventData) -> str:
        """The HTML of the opener, with the link to the picture's state, which theme/page.js then opens.

        Raises FaceGANError with a message for the visitor if the picture has no such link.
        """
        text, trouble = getattr(event, "text", None), getattr(event, "trouble", None)
        return open_picture(link_of(text, trouble, self._model, self._tabs))


def link_of(text: object, trouble: object, model: FaceModel, tabs: Sequence[Tab]) -> str:
    """The query of the link that shows the same as a picture.

    `text` is the picture's recipe as JSON, None if it has none; `trouble` is why the browser could not read the file,
    None if it could. Raises FaceGANError with a message for the visitor if the page cannot show it.
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
