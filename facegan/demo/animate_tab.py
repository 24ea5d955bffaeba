"""The tab Animate: a film in which one slider of a face goes there and back, such as a smile that comes and goes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal
from urllib.parse import urlencode

import gradio as gr
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_TRUNCATION
from facegan.demo.answers import file_answer, refusal
from facegan.demo.current_face import Takes
from facegan.demo.films import FORMATS, encode_film
from facegan.demo.markup import film, path_figure
from facegan.demo.outbox import Outbox
from facegan.demo.page import MOVED, SETTLE, Page, Tab, moved, on_load, slider_names
from facegan.demo.render import Renderer
from facegan.demo.state import FRAMES_PER_LEG, MAX_FRAMES_PER_LEG, FacesState, random_seed
from facegan.demo.values import LinkReader, names_face, number, one_of, read_face, whole_number
from facegan.model.face import Edited, Face, file_name, latent_of, short_title
from facegan.model.face_text import as_text, compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, Swing, recipe_of

_REACH_STEP = 0.05
_TAKES = Takes("animate", ("animate-face",))
CONTROLS = {
    "animate": "#animate-face :is(input, textarea)",
    "slider": "#animate-slider input:checked",
    "reach": "#animate-reach [type=range]",
    "frames": "#animate-frames [type=range]",
    "truncation": "#truncation [type=range]",
}
_FILM = "window.facegan.filmFollows(element, '#animate-film', (changed) => watch('value', changed), 'animation');"


@dataclass(frozen=True)
class AnimateState:
    """A film of `face` in which `slider` goes from 0, the face as it is, to `reach` and back."""

    KEYS: ClassVar = ("animate", "slider", "reach", "frames", "truncation")

    face: Face
    slider: str
    reach: float
    frames_per_leg: int
    truncation: float

    @classmethod
    def checked(
        cls,
        face: object,
        slider: object,
        reach: object,
        frames_per_leg: object,
        truncation: object,
        known: Sequence[str],
        weights: str = "",
    ) -> "AnimateState":
        """The state with these values. Raises FaceGANError, naming the argument, for an invalid one."""
        return cls(
            read_face(face, "face", weights),
            one_of(slider, "slider", known),
            number(reach, "reach", -1, 1),
            whole_number(frames_per_leg, "frames_per_leg", 1, MAX_FRAMES_PER_LEG),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
        )

    @classmethod
    def read(
        cls, query: Mapping[str, str], truncation: float, known: Sequence[str]
    ) -> tuple["AnimateState | None", list[str]]:
        """The state in a link's query, None if it has no animation, and messages about values that were corrected."""
        if "animate" not in query or not known:
            return None, []
        reader = LinkReader(query)
        truncation = FacesState.read(query, truncation)[0].truncation  # the tab Faces has the messages about it
        slider = query.get("slider", known[0])
        if slider not in known:
            reader.complaints.append(f"The link moves a slider that this model does not have, so {known[0]} was taken.")
            slider = known[0]
        face = reader.face("animate", random_seed())
        reach = reader.number("reach", -1, 1, 1)
        frames = reader.whole_number("frames", 1, MAX_FRAMES_PER_LEG, FRAMES_PER_LEG)
        return cls(face, slider, reach, frames, truncation), reader.complaints

    @property
    def lock(self) -> tuple[str, ...]:
        """The attributes that the film locks: those that the edit of the face locks."""
        return self.face.lock if isinstance(self.face, Edited) else ()

    @property
    def frames(self) -> int:
        return 2 * self.frames_per_leg

    def query(self) -> str:
        values = {"animate": as_text(self.face), "slider": self.slider, "reach": f"{self.reach:g}"}
        return urlencode({**values, "frames": self.frames_per_leg, "truncation": f"{self.truncation:g}"})


def build(page: Page, tab: gr.Tab) -> None:
    animations = Animations(page.model, page.outbox, page.renderer)
    page.serve("animation", animations.answer)  # where theme/page.js fetches the film of a link
    show = on_load(CONTROLS, page.live("animate", animations.figure), ["reach"]) + _FILM + _TAKES.script
    sliders = [(slider.label, slider.name) for slider in page.model.all_sliders]
    with gr.Row():
        with gr.Column(min_width=300):
            gr.HTML(
                film("animate", "", {"MP4": "", "GIF": ""}, link=True),
                elem_id="animate-film",
                js_on_load="window.facegan.showFilm(element);",
                apply_default_css=False,
            )
        with gr.Column(min_width=300):
            random = gr.Button("Random face", variant="primary", elem_id="random-animate", elem_classes="fg-key-r")
            slider = gr.Radio(sliders, value=sliders[0][1], label="What moves", elem_id="animate-slider")
            face = gr.Textbox(max_lines=1, label="Face: name or seed", elem_id="animate-face")
            with gr.Row(elem_classes="fg-tight fg-animate"):
                with gr.Column(min_width=180, scale=3, elem_classes="fg-tight"):
                    reach = gr.Slider(
                        -1,
                        1,
                        1,
                        step=_REACH_STEP,
                        label="How far",
                        info="And back to the face as it is.",
                        buttons=[],
                        elem_id="animate-reach",
                    )
                    frames = gr.Slider(
                        1,
                        MAX_FRAMES_PER_LEG,
                        FRAMES_PER_LEG,
                        step=1,
                        label="Quick ↔ Slow",
                        info="Frames there; 24 are a second.",
                        buttons=[],
                        elem_id="animate-frames",
                    )
                with gr.Column(min_width=100, scale=1):
                    here = gr.HTML(elem_id="animate-here", js_on_load=show, apply_default_css=False)

    settings = [face, slider, reach, frames, page.truncation]
    page.open(animations.open_page, [page.tabs, face, slider, reach, frames, here])
    _TAKES.begin(page, tab, [face])
    page.random_number(random, face)
    page.in_browser(reach.release, MOVED, [], [])
    page.in_browser([face.change, slider.input, *moved(frames)], SETTLE, [], [])
    page.answer(here.select, animations.show, settings, [here])
    page.endpoint(animations.endpoint, "animate")


class Animations:
    """Handles the tab's controls and the endpoint /animate."""

    def __init__(self, model: FaceModel, outbox: Outbox, renderer: Renderer):
        self._model, self._outbox, self._renderer = model, outbox, renderer
        self._labels = {slider.name: slider.label for slider in model.all_sliders}

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = AnimateState.read(query, self._model.config.truncation, list(self._labels))
        nothing = (gr.skip(),) * 6
        if state is None:
            return nothing, complaints
        try:
            drawn = self._draw(state)
        except FaceGANError as error:
            return nothing, [*complaints, str(error)]
        settings = as_text(state.face), state.slider, state.reach, state.frames_per_leg
        return (gr.Tabs(selected=TAB.id), *settings, drawn), complaints

    def show(self, face: object, *settings: object) -> str:
        if not str(face or "").strip():  # the visitor has cleared the field to type another
            return gr.skip()
        return self._draw(AnimateState.checked(face, *settings, list(self._labels), self._model.weights))

    def figure(self, query: Mapping[str, str], preview: bool = False) -> str:
        """The face of a link where its slider has gone farthest. Raises FaceGANError for a link to no animation."""
        return self._draw(self._state(query), preview)

    async def film_of(self, state: AnimateState, file_format: object, visitor: str = "", address: str = "") -> tuple:
        """The film's bytes and its name; `visitor` and `address` as the renderer takes them.

        Raises FaceGANError, also when too many others wait for theirs.
        """
        file_format, state = one_of(file_format, "format", FORMATS), self._compacted(state)
        draw = partial(draw_film, self._model, state, file_format)
        name = f"{file_format} {state.query()}"
        content = await self._renderer.draw(draw, name, state.frames, visitor, address)
        return content, f"{state.slider}-{file_name(state.face)}.{file_format}"

    async def answer(self, request: Request) -> Response:
        """The film of a link, in its "format", over HTTP."""
        query = dict(request.query_params)
        visitor = query.get("visitor", "")[:40]
        try:
            state = self._state(query)
            content, name = await self.film_of(state, query.get("format", "mp4"), visitor, request.client.host)
        except Exception as error:
            return refusal(error)
        return file_answer(content, name)

    async def endpoint(
        self,
        face: int | str | dict,
        slider: str = "smile",
        format: Literal["mp4", "gif"] = "mp4",
        reach: float = 1.0,
        frames_per_leg: int = FRAMES_PER_LEG,
        truncation: float | None = None,
    ) -> dict:
        """Draw a film of an AI-generated face in which one of its attributes changes and changes back: make it smile.

        Args:
            face: whole number from 0 to 4294967295 as seed, a name such as "Anna", or the recipe of a face
            slider: the name of the slider that moves, such as "smile"; those of the endpoint /edit
            format: "mp4", or "gif", which is smaller and in fewer colours
            reach: how far the slider goes from 0, the face without it: -1 and 1 are its ends
            frames_per_leg: frames there, and as many back, 1 to 60, at 24 frames a second
            truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            the file
        """
        truncation = self._model.config.truncation if truncation is None else truncation
        state = AnimateState.checked(
            face, slider, reach, frames_per_leg, truncation, list(self._labels), self._model.weights
        )
        return self._outbox.put(*await self.film_of(state, format))

    def _state(self, query: Mapping[str, str]) -> AnimateState:
        state, _ = AnimateState.read(query, self._model.config.truncation, list(self._labels))
        if state is None:
            raise FaceGANError("This is no link to an animation.")
        return state

    def _compacted(self, state: AnimateState) -> AnimateState:
        return replace(state, face=compacted(self._model, state.face, state.truncation))

    def _draw(self, state: AnimateState, preview: bool = False) -> str:
        state = self._compacted(state)
        end = _end(state)
        image = self._model.generate(latent_of(self._model, end, state.truncation)[None])[0]
        recipe = recipe_of(self._model, [end], state.truncation)
        caption = f"{short_title(state.face)}, {self._labels[state.slider].lower()} {state.reach:+g}"
        return path_figure(image, caption, recipe, state.query(), preview, [state.face], state.face)


def _start(state: AnimateState) -> Face:
    """The face that the film begins with: with the slider at 0, even if the face has it moved already."""
    face = state.face
    if not isinstance(face, Edited) or state.slider not in face.sliders:
        return face
    others = {name: value for name, value in face.sliders.items() if name != state.slider}
    return replace(face, sliders=others) if others else face.of


def _end(state: AnimateState) -> Edited:
    """The face with the slider where the film turns back."""
    return Edited(_start(state), {state.slider: state.reach}, state.lock)


def film_frames(model: FaceModel, state: AnimateState) -> Iterator[np.ndarray]:
    """The frames as the generator draws them, uint8 (H, W, 3): with the slider at 0 first, at `reach` in the middle.

    It starts and ends slowly, by a cosine, so that the loop has no jerk.
    """
    latent = latent_of(model, _start(state), state.truncation)[None]
    turn = np.linspace(0, np.pi, state.frames_per_leg + 1)
    values = state.reach * (1 - np.cos(turn)) / 2
    forward = model.generate(
        np.concatenate([model.edit(latent, {state.slider: value}, state.lock) for value in values])
    )
    yield from forward
    yield from forward[-2:0:-1]


def draw_film(model: FaceModel, state: AnimateState, file_format: str) -> bytes:
    """The animation as the bytes of an "mp4" or a "gif"."""
    swing = Swing(state.slider, state.reach, state.frames_per_leg)
    recipe = replace(recipe_of(model, [state.face], state.truncation), swing=swing)
    return encode_film(model, film_frames(model, state), recipe, file_format)


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    if recipe.swing is None or len(recipe.shown) != 1:
        return None
    known, swing = slider_names(model), recipe.swing
    if swing.slider not in known:
        raise FaceGANError("This film moves a slider that this model no longer has: choose another one.")
    face = as_text(compacted(model, recipe.shown[0], recipe.truncation))
    values = (swing.slider, swing.reach, swing.frames_per_leg, recipe.truncation)
    return AnimateState.checked(face, *values, known).query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    """The face where its slider has gone farthest."""
    known = slider_names(model)
    state, _ = AnimateState.read(query, model.config.truncation, known)
    if state is None or not names_face(query, "animate"):
        return None
    state = replace(state, face=compacted(model, state.face, state.truncation))
    return recipe_of(model, [_end(state)], state.truncation)


TAB = Tab(
    "Animate",
    build,
    keys=lambda model: AnimateState.KEYS,
    link_of=link_of,
    shows=shows,
    shown=lambda model: bool(model.sliders),
)
