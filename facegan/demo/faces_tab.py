"""The tab Faces: one large face from a seed, and as many more as the visitor wants."""

from collections.abc import Iterable, Mapping

import gradio as gr
import numpy as np

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.base.seeds import MAX_SEED
from facegan.demo.current_face import Takes
from facegan.demo.markup import face_figure, face_grid
from facegan.demo.outbox import Outbox
from facegan.demo.page import SETTLE, Page, Tab, moved, on_load
from facegan.demo.state import COUNT, MAX_COUNT, MAX_TRUNCATION, FacesState, random_seed
from facegan.demo.thumbnails import draw_thumbnails
from facegan.demo.values import as_number, names_face, number, read_face, whole_number
from facegan.model.face import Edited, Mixed, Neighbour, Seed, file_name, latent_of
from facegan.model.face_text import as_text, compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

CONTROLS = {
    "seed": "#seed :is(input, textarea)",
    "truncation": "#truncation [type=range]",
    "count": "#count [type=range]",
}
_TAKES = Takes("faces", ("seed",), takes=False)
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
_CHOSEN = """() => document.querySelector('#faces [aria-pressed="true"]').dataset.seed"""


def build(page: Page, tab: gr.Tab) -> None:
    with gr.Row():
        with gr.Column(min_width=300):
            figure = gr.HTML(
                elem_id="face",
                elem_classes="fg-stage",
                js_on_load=on_load(CONTROLS) + _TAKES.script,
                apply_default_css=False,
            )
        with gr.Column(min_width=300):
            random = gr.Button("Random face", variant="primary", elem_id="random-face", elem_classes="fg-key-r")
            page.seed.render()
            page.truncation.render()
            count = gr.Slider(
                1, MAX_COUNT, COUNT, step=1, label="How many faces", info="Choose one to see it large.", elem_id="count"
            )
            grid = gr.HTML(elem_id="faces", js_on_load=_CHOOSE, apply_default_css=False)
    # In a component and not in gr.State, so that an open page still works after a restart of the server.
    first = gr.Number(0, precision=0, visible=False)

    faces = Faces(page.model, page.outbox)
    settings = [page.truncation, count]
    shown = [page.seed, first, figure, grid]
    page.open(faces.open_page, [*settings, *shown])
    # `change` and not `input`, because Gradio drops the first `input` after a button has set the text.
    page.in_browser(page.seed.change, SETTLE, [], [])
    _TAKES.begin(page, tab, [page.seed])
    changed = [*moved(page.truncation), *moved(count), figure.select]
    page.answer(page.random_face(random), faces.draw_seed, [page.seed, *settings, first], shown)
    page.answer(changed, faces.draw_seed, [page.seed, *settings, first], shown)
    page.in_browser(page.seed.blur, "window.facegan.seedOr", [page.seed], [page.seed])
    chosen = page.in_browser(grid.select, _CHOSEN, [], [page.seed])
    page.answer(chosen, faces.draw_large, [page.seed, *settings, first], [figure])
    page.endpoint(faces.generate, "generate")


class Faces:
    """Handles the tab's controls and the endpoint /generate."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = FacesState.read(query, self._model.config.truncation)
        try:
            drawn = self._draw(state)
        except FaceGANError as error:  # a face of another model, with sliders that this one does not have
            complaints, state = [*complaints, str(error)], FacesState.near(random_seed(), state.truncation, state.count)
            drawn = self._draw(state)
        return (state.truncation, state.count, *drawn), complaints

    def draw_seed(self, seed: object, truncation: object, count: object, first: object) -> tuple:
        if seed is None or str(seed).strip() == "":  # the visitor has cleared the field to type another seed
            return (gr.skip(),) * 4
        face, notes = seed, []
        if (asked := as_number(seed)) is not None:
            face = int(min(max(asked, 0), MAX_SEED))
            if face != asked:
                notes.append(f"A seed is a whole number from 0 to {MAX_SEED}, so the nearest was taken.")
        state = self._checked(face, truncation, count, first)
        written, *drawn = self._draw(state, notes)
        # An unchanged seed is not written back: it would overwrite what the visitor has typed meanwhile.
        pasted = isinstance(seed, str) and not isinstance(state.face, Seed)
        return written if notes or (pasted and written != seed) else gr.skip(), *drawn

    def draw_large(self, seed: object, truncation: object, count: object, first: object) -> str:
        seed = whole_number(seed, "The chosen seed", 0, MAX_SEED)
        return draw_figure(self._model, self._checked(seed, truncation, count, first))

    def _checked(self, face: object, truncation: object, count: object, first: object) -> FacesState:
        """The state with these values from the page's controls."""
        truncation = number(truncation, "truncation", 0, MAX_TRUNCATION)
        count = whole_number(count, "count", 1, MAX_COUNT)
        face = compacted(self._model, read_face(face, "The seed", self._model.weights), truncation)
        return FacesState.near(face, truncation, count, whole_number(first, "first", 0, MAX_SEED))

    def generate(self, seed: int | str | dict, count: int = 1, truncation: float | None = None) -> list[dict]:
        """Draw AI-generated faces; the same seed or name always gives the same face.

        Args:
            seed: whole number from 0 to 4294967295, a name such as "Anna", or the recipe of a face; face i has seed + i
            count: how many faces, 1 to 25
            truncation: 1 is the full variety it learned, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            a list of PNG files at the model's own size
        """
        count = whole_number(count, "count", 1, MAX_COUNT)
        face = read_face(seed, "seed", self._model.weights)
        if count > 1:
            whole_number(face.number if isinstance(face, Seed) else None, "seed", 0, MAX_SEED + 1 - count)
        truncation = self._model.config.truncation if truncation is None else truncation
        truncation = number(truncation, "truncation", 0, MAX_TRUNCATION)
        faces = [face, *map(Seed, range(face.number + 1, face.number + count))] if count > 1 else [face]
        latents = np.stack([latent_of(self._model, face, truncation) for face in faces])
        recipes = [recipe_of(self._model, [face], truncation).to_dict() for face in faces]
        return [
            self._outbox.put(encode_png(image, recipe), f"face-{file_name(face)}.png")
            for face, image, recipe in zip(faces, self._model.generate(latents), recipes, strict=True)
        ]

    def _draw(self, state: FacesState, notes: Iterable[str] = ()) -> tuple[str, int, str, str]:
        """Draws the grid and the large face."""
        grid = ""
        if state.count > 1:
            images = draw_thumbnails(self._model, self._model.latents(state.seeds, state.truncation))
            grid = face_grid(images, _recipes(self._model, state.seeds, state.truncation), state.seed)
        return as_text(state.face), state.first, draw_figure(self._model, state, notes), grid


def draw_figure(model: FaceModel, state: FacesState, notes: Iterable[str] = ()) -> str:
    """The large face of `state` as HTML, with sentences that the page shows once."""
    image = model.generate(latent_of(model, state.face, state.truncation)[None])[0]
    return face_figure(image, recipe_of(model, [state.face], state.truncation), state.query(), notes)


def _recipes(model: FaceModel, seeds: Iterable[int], truncation: float) -> list[Recipe]:
    """The recipe of each seed's face."""
    return [recipe_of(model, [seed], truncation) for seed in seeds]


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    if recipe.is_film or recipe.sliders:
        return None
    truncation = number(recipe.truncation, "truncation", 0, MAX_TRUNCATION)
    if len(recipe.faces) == 1 and not isinstance(recipe.faces[0], Edited | Mixed | Neighbour):
        return FacesState.near(compacted(model, recipe.faces[0], truncation), truncation, COUNT).query()
    if recipe.faces:
        return None
    first, shown = recipe.seeds[0], len(recipe.seeds)
    if recipe.seeds != tuple(range(first, first + shown)):
        raise FaceGANError("This picture shows faces that this page cannot show side by side: choose another one.")
    count = COUNT if shown == 1 else min(shown, MAX_COUNT)
    return FacesState.near(first, truncation, count).query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    if not names_face(query, "seed"):
        return None
    state, _ = FacesState.read(query, model.config.truncation)
    return recipe_of(model, [state.face], state.truncation)


TAB = Tab("Faces", build, keys=lambda model: FacesState.KEYS, link_of=link_of, shows=shows)
