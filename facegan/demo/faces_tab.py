"""The tab Faces: one large face from a seed, and as many more as the visitor wants."""

from collections.abc import Iterable, Mapping

import gradio as gr
import numpy as np

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.base.seeds import MAX_SEED
from facegan.demo.markup import face_figure, face_grid
from facegan.demo.outbox import Outbox
from facegan.demo.page import Page, Tab, moved, on_load
from facegan.demo.state import COUNT, MAX_COUNT, MAX_TRUNCATION, FacesState
from facegan.demo.values import number, whole_number
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

CONTROLS = {
    "seed": "#seed input",
    "truncation": "#truncation [type=range]",
    "count": "#count [type=range]",
}
# A click on a face of the grid presses it at once; the server then shows the pressed one large.
_CHOOSE = """
watch("value", window.facegan.markShown);
element.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-seed]");
  if (!cell) return;
  element.querySelectorAll("[data-seed]").forEach((other) => other.setAttribute("aria-pressed", other === cell));
  trigger("select");
});
"""
_CHOSEN = """() => Number(document.querySelector('#faces [aria-pressed="true"]').dataset.seed)"""


def build(page: Page, tab: gr.Tab) -> None:
    with gr.Row():
        with gr.Column(min_width=300):
            figure = gr.HTML(
                elem_id="face", elem_classes="fg-stage", js_on_load=on_load(CONTROLS), apply_default_css=False
            )
        with gr.Column(min_width=300):
            random = gr.Button("Random face", variant="primary", elem_id="random-face", elem_classes="fg-key-r")
            page.seed.render()
            page.truncation.render()
            count = gr.Slider(
                1, MAX_COUNT, COUNT, step=1, label="How many faces", info="Choose one to see it large.", elem_id="count"
            )
            grid = gr.HTML(elem_id="faces", js_on_load=_CHOOSE, apply_default_css=False)
    # Kept by the browser, not by gr.State: a page left open survives a restart of the server.
    first = gr.Number(0, precision=0, visible=False)

    faces = Faces(page.model, page.outbox)
    settings = [page.truncation, count]
    shown = [page.seed, first, figure, grid]
    page.open(faces.open_page, [*settings, *shown])
    changed = [page.seed.input, *moved(page.truncation), *moved(count), figure.select]
    page.answer(page.random_face(random), faces.draw_seed, [page.seed, *settings, first], shown)
    page.answer(changed, faces.draw_seed, [page.seed, *settings, first], shown)
    page.in_browser(page.seed.blur, "window.facegan.seedOr", [page.seed], [page.seed])
    chosen = page.in_browser(grid.select, _CHOSEN, [], [page.seed])
    page.answer(chosen, faces.draw_large, [page.seed, *settings, first], [figure])
    page.endpoint(faces.generate, "generate")


class Faces:
    """What the tab's controls and the endpoint /generate do with a model."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = FacesState.read(query, self._model.config.truncation)
        return (state.truncation, state.count, *self._draw(state)), complaints

    def draw_seed(self, seed: object, truncation: object, count: object, first: object) -> tuple:
        if seed is None:  # the visitor has cleared the field to type another
            return (gr.skip(),) * 4
        asked = number(seed, "The seed", -1e300, 1e300)
        kept = int(min(max(asked, 0), MAX_SEED))
        notes = []
        if kept != asked:
            notes.append(f"A seed is a whole number from 0 to {MAX_SEED}, so the nearest was taken.")
        _, *drawn = self._draw(_checked(kept, truncation, count, first), notes)
        # Writing an unchanged seed back would overwrite the next digit of somebody who types on.
        return gr.skip() if kept == asked else kept, *drawn

    def draw_large(self, seed: object, truncation: object, count: object, first: object) -> str:
        seed = whole_number(seed, "The chosen seed", 0, MAX_SEED)
        return draw_figure(self._model, _checked(seed, truncation, count, first))

    def generate(self, seed: int, count: int = 1, truncation: float | None = None) -> list[dict]:
        """Draw AI-generated faces; the same seed always gives the same face.

        Args:
            seed: whole number from 0 to 4294967295; face i has seed + i
            count: how many faces, 1 to 25
            truncation: 1 is the full variety it learned, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            a list of PNG files at the generator's own size
        """
        count = whole_number(count, "count", 1, MAX_COUNT)
        seed = whole_number(seed, "seed", 0, MAX_SEED + 1 - count)
        truncation = self._model.config.truncation if truncation is None else truncation
        truncation = number(truncation, "truncation", 0, MAX_TRUNCATION)
        seeds = range(seed, seed + count)
        images = self._model.generate(self._model.latents(seeds, truncation))
        recipes = [recipe.to_dict() for recipe in _recipes(self._model, seeds, truncation)]
        return [
            self._outbox.put(encode_png(image, recipe), f"face-{seed}.png")
            for seed, image, recipe in zip(seeds, images, recipes, strict=True)
        ]

    def _draw(self, state: FacesState, notes: Iterable[str] = ()) -> tuple[int, int, str, str]:
        """The large face is one of the grid's, so each face is drawn once."""
        images = self._model.generate(self._model.latents(state.seeds, state.truncation))
        figure = _figure(self._model, state, images[state.seed - state.first], notes)
        return state.seed, state.first, figure, _grid(self._model, state, images)


def _checked(seed: int, truncation: object, count: object, first: object) -> FacesState:
    """The state with these values from the page's controls."""
    truncation = number(truncation, "truncation", 0, MAX_TRUNCATION)
    count = whole_number(count, "count", 1, MAX_COUNT)
    return FacesState.near(seed, truncation, count, whole_number(first, "first", 0, MAX_SEED))


def draw_figure(model: FaceModel, state: FacesState, notes: Iterable[str] = ()) -> str:
    """The large face of `state` as HTML, with sentences that the page shows once."""
    return _figure(model, state, model.generate(model.latents([state.seed], state.truncation))[0], notes)


def _figure(model: FaceModel, state: FacesState, image: np.ndarray, notes: Iterable[str]) -> str:
    return face_figure(image, recipe_of(model, [state.seed], state.truncation), state.query(), notes)


def _grid(model: FaceModel, state: FacesState, images: np.ndarray) -> str:
    """As HTML; nothing for a single face, which is already there large."""
    return face_grid(images, _recipes(model, state.seeds, state.truncation), state.seed) if state.count > 1 else ""


def _recipes(model: FaceModel, seeds: Iterable[int], truncation: float) -> list[Recipe]:
    """One for each face."""
    return [recipe_of(model, [seed], truncation) for seed in seeds]


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    if recipe.is_morph or recipe.sliders:
        return None
    first, shown = recipe.seeds[0], len(recipe.seeds)
    if recipe.seeds != tuple(range(first, first + shown)):
        raise FaceGANError("This picture shows faces that this page cannot show side by side: choose another one.")
    count = COUNT if shown == 1 else min(shown, MAX_COUNT)
    return FacesState.near(first, number(recipe.truncation, "truncation", 0, MAX_TRUNCATION), count).query()


TAB = Tab("Faces", build, keys=lambda model: FacesState.KEYS, link_of=link_of)
