"""The tab Morph: a film through the faces of several seeds, and a slider to walk the same path by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response

from facegan.base.errors import FaceGANError
from facegan.demo.answers import file_answer, refusal
from facegan.demo.current_face import Takes
from facegan.demo.films import FORMATS, draw_film, draw_position, draw_strip, film_name, recipe_of_morph, short_enough
from facegan.demo.markup import complaint, film
from facegan.demo.outbox import Outbox
from facegan.demo.page import RANDOM, SETTLE, Page, Tab, moved, on_load
from facegan.demo.render import Renderer
from facegan.demo.state import FRAMES_PER_LEG, MAX_FRAMES_PER_LEG, MorphState
from facegan.demo.values import MAX_STOPS, one_of
from facegan.model.face_text import as_text
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe

CONTROLS = {
    "seeds": "#morph-seeds :is(textarea, input)",
    "truncation": "#truncation [type=range]",
    "frames": "#frames-per-leg [type=range]",
    "loop": "#loop input",
    "position": "#morph-position [type=range]",
}
# The film shows the same path as the face at the position of the slider.
_FILM = "window.facegan.filmFollows(element, '#morph-film', (changed) => watch('value', changed));"
_TAKES = Takes("morph", ("morph-seeds",), most=MAX_STOPS)


def build(page: Page, tab: gr.Tab) -> None:
    morphs = Morphs(page.model, page.outbox, page.renderer)
    page.serve("film", morphs.answer)  # where theme/page.js fetches the film of a link
    show = on_load(CONTROLS, page.live("morph", morphs.figure), ["position"]) + _FILM + _TAKES.script
    with gr.Row():
        with gr.Column(min_width=300):
            gr.HTML(
                film("morph", "", {"MP4": "", "GIF": ""}, link=True),
                elem_id="morph-film",
                js_on_load="window.facegan.showFilm(element);",
                apply_default_css=False,
            )
        with gr.Column(min_width=300):
            controls = _Controls.build(show)
    settings = [controls.seeds, page.truncation, controls.frames_per_leg, controls.loop, controls.position]
    seeds = [controls.seeds]

    page.open(morphs.open_page, [page.tabs, *settings, controls.strip, controls.here])
    _TAKES.begin(page, tab, seeds)
    page.in_browser(controls.random.click, f"() => [{RANDOM}, {RANDOM}, {RANDOM}].join(', ')", [], seeds)
    page.in_browser(
        controls.add_current.click,
        f"(seeds) => window.facegan.withSeed(seeds, window.facegan.shownFace(), {MAX_STOPS})",
        seeds,
        seeds,
    )
    page.in_browser(
        controls.add_random.click, f"(seeds) => window.facegan.withSeed(seeds, {RANDOM}, {MAX_STOPS})", seeds, seeds
    )
    # `change` and not `input`, because Gradio drops the first `input` after a button has set the text. `change` also
    # fires when the page opens; `settle` requests a picture only if the page does not show it yet.
    page.in_browser(controls.seeds.change, SETTLE, [], [])
    changed = [*moved(controls.frames_per_leg), controls.loop.input, controls.here.select]
    page.answer(changed, morphs.show, settings, [controls.strip, controls.here])
    page.endpoint(morphs.endpoint, "morph")


@dataclass(frozen=True)
class _Controls:
    random: gr.Button
    seeds: gr.Textbox
    strip: gr.HTML
    add_current: gr.Button
    add_random: gr.Button
    here: gr.HTML
    position: gr.Slider
    frames_per_leg: gr.Slider
    loop: gr.Checkbox

    @classmethod
    def build(cls, show: str) -> "_Controls":
        """`show` is the script of `here`."""
        random = gr.Button("Random morph", variant="primary", elem_id="random-morph", elem_classes="fg-key-r")
        seeds = gr.Textbox(
            label="Names or seeds",
            info=f"The morph passes these faces in order: 2 to {MAX_STOPS}, with commas between them.",
            elem_id="morph-seeds",
        )
        strip = gr.HTML(elem_id="morph-stops", apply_default_css=False)
        with gr.Row(elem_classes="fg-tight"):
            add_current = gr.Button("Add my face from Faces", size="sm", min_width=120, elem_id="add-current")
            add_random = gr.Button("Add a random face", size="sm", min_width=120, elem_id="add-random")
        with gr.Row():
            with gr.Column(min_width=200):
                here = gr.HTML(elem_id="morph-here", js_on_load=show, apply_default_css=False)
            with gr.Column(min_width=200):
                position = gr.Slider(
                    minimum=0,
                    maximum=1,
                    value=0,
                    step=0.005,
                    label="Walk along the path",
                    info="Drag to see every face on the way.",
                    buttons=[],
                    elem_id="morph-position",
                )
        with gr.Row():
            frames_per_leg = gr.Slider(
                minimum=1,
                maximum=MAX_FRAMES_PER_LEG,
                value=FRAMES_PER_LEG,
                step=1,
                label="Quick ↔ Slow",
                info="Frames per leg; 24 are a second.",
                min_width=260,
                elem_id="frames-per-leg",
            )
            loop = gr.Checkbox(True, label="Loop", info="Back to the first face.", min_width=120, elem_id="loop")
        return cls(random, seeds, strip, add_current, add_random, here, position, frames_per_leg, loop)


class Morphs:
    """Handles the tab's controls and the endpoint /morph."""

    def __init__(self, model: FaceModel, outbox: Outbox, renderer: Renderer):
        self._model, self._outbox, self._renderer = model, outbox, renderer

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = MorphState.read(query, self._model.config.truncation)
        if state is None:
            return (gr.skip(),) * 8, complaints
        try:
            drawn = draw_strip(self._model, state), draw_position(self._model, state)
        except FaceGANError as error:
            return (gr.skip(),) * 8, [*complaints, str(error)]
        settings = _written(state), state.truncation, state.frames_per_leg, state.loop, state.position
        return (gr.Tabs(selected=TAB.id), *settings, *drawn), complaints

    def show(self, *settings: object) -> tuple[str, str]:
        try:
            state = short_enough(self._model, MorphState.checked(*settings, weights=self._model.weights))
            return draw_strip(self._model, state), draw_position(self._model, state)
        except FaceGANError as error:
            return complaint(str(error)), ""

    def figure(self, query: Mapping[str, str], preview: bool = False) -> str:
        """The face at the position of a link's morph. Raises FaceGANError if the link has no morph."""
        return draw_position(self._model, self._state(query), preview)

    async def morph(
        self,
        faces: str,
        frames_per_leg: int = FRAMES_PER_LEG,
        loop: bool = True,
        format: Literal["mp4", "gif"] = "mp4",
        truncation: float | None = None,
        visitor: str = "",
        address: str = "",
    ) -> tuple[bytes, str]:
        """The film and its file name; `visitor` and `address` as in `Renderer.draw`.

        Raises FaceGANError, also if too many films are waiting (render.Busy).
        """
        file_format = one_of(format, "format", FORMATS)
        truncation = self._model.config.truncation if truncation is None else truncation
        state = MorphState.checked(
            faces, truncation, frames_per_leg, loop, file_format=file_format, weights=self._model.weights
        )
        state = short_enough(self._model, state)
        draw = partial(draw_film, self._model, state, file_format)
        content = await self._renderer.draw(draw, f"{file_format} {state.query()}", state.frames, visitor, address)
        return content, film_name(state, file_format)

    async def film_of(self, query: Mapping[str, str], visitor: str, address: str = "") -> tuple[bytes, str]:
        """The film of a link, in its "format", and the file name. Raises FaceGANError if the link has no morph."""
        state = self._state(query)
        return await self.morph(
            _written(state),
            state.frames_per_leg,
            state.loop,
            query.get("format", "mp4"),
            state.truncation,
            visitor,
            address,
        )

    async def answer(self, request: Request) -> Response:
        """The HTTP response with the film of a link."""
        query = dict(request.query_params)
        try:
            content, name = await self.film_of(query, query.get("visitor", "")[:40], request.client.host)
        except Exception as error:
            return refusal(error)
        return file_answer(content, name)

    def _state(self, query: Mapping[str, str]) -> MorphState:
        state, complaints = MorphState.read(query, self._model.config.truncation)
        if state is None:
            raise FaceGANError("".join(complaints[:1]) or "This is no link to a morph.")
        return state

    async def endpoint(
        self,
        faces: str,
        frames_per_leg: int = FRAMES_PER_LEG,
        loop: bool = True,
        format: Literal["mp4", "gif"] = "mp4",
        truncation: float | None = None,
    ) -> dict:
        """Draw a film that turns AI-generated faces into one another.

        Args:
            faces: 2 to 12 faces with commas between them, met in this order, such as "1, 7, Anna": whole numbers,
                names, or recipes of faces as JSON
            frames_per_leg: frames from one face to the next, 1 to 60, at 24 frames a second; 600 in all as mp4, 300 gif
            loop: whether the film leads back to the first face
            format: "mp4", or "gif", which is smaller and in fewer colours
            truncation: 1 is the full variety it learned, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            the file
        """
        content, name = await self.morph(faces, frames_per_leg, loop, format, truncation)
        return self._outbox.put(content, name)


def _written(state: MorphState) -> str:
    return ", ".join(map(as_text, state.faces))


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    if not recipe.is_morph:
        return None
    faces = ", ".join(map(as_text, recipe.shown))
    state = MorphState.checked(faces, recipe.truncation, recipe.frames_per_leg, recipe.loop, recipe.position or 0)
    return state.query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    state, _ = MorphState.read(query, model.config.truncation)
    return None if state is None else recipe_of_morph(model, state)


TAB = Tab("Morph", build, keys=lambda model: MorphState.KEYS, link_of=link_of, shows=shows)
