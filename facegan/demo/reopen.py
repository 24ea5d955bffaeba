"""A picture that was made here, dropped on the page or chosen, brings its state back."""

from html import escape

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo.markup import open_picture
from facegan.demo.page import Page
from facegan.demo.state import COUNT, MAX_COUNT, MAX_TRUNCATION, FacesState, MorphState, SlidersState, number
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, parse_recipe

# theme/page.js reads the file in the browser and sends what its recipe says, and nothing else of it.
_LISTEN = "window.facegan.openPictures(element, trigger); watch('value', () => window.facegan.follow(element));"
_SENTENCES = {
    "large": "This file is larger than any picture made here: choose another one.",
    "unreadable": "This file could not be read: choose another one.",
}
_NO_RECIPE = "This picture does not say how it was made: choose one that was saved here, as it was saved."


def build(page: Page) -> None:
    opener = gr.HTML(open_picture(), elem_id="open-picture", js_on_load=_LISTEN, apply_default_css=False)
    page.live(opener.select, Opener(page.model).open, [], [opener])


class Opener:
    """What the page does with the recipe of a picture."""

    def __init__(self, model: FaceModel):
        self._model = model

    def open(self, event: gr.EventData) -> object:
        """The opener with the link to the picture's state, which the page then follows; or a sentence, no change."""
        try:
            return open_picture(link_of(getattr(event, "text", None), getattr(event, "trouble", None), self._model))
        except FaceGANError as error:
            gr.Warning(escape(str(error)))  # Gradio shows it as HTML, and anybody can make a picture
            return gr.skip()


def link_of(text: object, trouble: object, model: FaceModel) -> str:
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
    if recipe.is_morph:
        return _morph(recipe)
    return _edited(recipe, [slider.name for slider in model.sliders]) if recipe.sliders else _faces(recipe)


def _faces(recipe: Recipe) -> str:
    first, shown = recipe.seeds[0], len(recipe.seeds)
    if recipe.seeds != tuple(range(first, first + shown)):
        raise FaceGANError("This picture shows faces that this page cannot show side by side: choose another one.")
    count = COUNT if shown == 1 else min(shown, MAX_COUNT)
    return FacesState.near(first, number(recipe.truncation, "truncation", 0, MAX_TRUNCATION), count).query()


def _edited(recipe: Recipe, known: list[str]) -> str:
    if set(recipe.sliders) - set(known):
        raise FaceGANError("This picture was made with a slider that this model no longer has: choose another one.")
    return SlidersState.checked(recipe.seeds[0], recipe.truncation, recipe.sliders, recipe.lock, known).query()


def _morph(recipe: Recipe) -> str:
    seeds = ", ".join(map(str, recipe.seeds))
    state = MorphState.checked(seeds, recipe.truncation, recipe.frames_per_leg, recipe.loop, recipe.position or 0)
    return state.query()
