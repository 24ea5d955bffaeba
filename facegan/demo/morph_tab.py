"""The tab Morph: a film through the faces of several seeds, and a slider to walk the same path by hand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.demo.files import file_data
from facegan.demo.films import FILM_SIZES, draw_position, draw_strip, write_film
from facegan.demo.markup import complaint
from facegan.demo.page import SHOW_LINK, Event, Page, listen, moved, told
from facegan.demo.state import FRAMES_PER_LEG, MAX_FRAMES_PER_LEG, MAX_STOPS, MorphState, random_seed, split_words
from facegan.model.load import FaceModel

_STOPS = 3  # of a random morph: long enough to be a journey, short enough to be drawn in a second


def build(page: Page, tab: gr.Tab) -> None:
    with gr.Row():
        with gr.Column(min_width=300):
            screen = _Screen.build()
        with gr.Column(min_width=300):
            controls = _Controls.build()
    # The query of the film that is on the screen, so that it is not made twice.
    filmed = gr.Textbox(visible=False)

    morphs = Morphs(page.model)
    settings = [controls.seeds, page.truncation, controls.frames_per_leg, controls.loop]
    seeds = [controls.seeds]
    stills = [controls.strip, controls.here]

    def show_after(events: Event | Sequence[Event]) -> gr.events.Dependency:
        return page.live(events, morphs.show, [*settings, controls.position], stills)

    def film_after(events: Event | Sequence[Event]) -> None:
        listen(events)(
            morphs.film,
            [*settings, filmed],
            [screen.film, screen.mp4, filmed],
            show_progress="minimal",
            trigger_mode="always_last",
            concurrency_limit=1,  # x264 keeps both cores busy by itself
            concurrency_id="films",
            api_visibility="private",
        )

    page.open(morphs.open_page, [page.tabs, *settings, controls.position])
    # Whatever changes the seeds draws the small pictures at once, and after them the film, which takes a second.
    film_after(show_after(page.live(tab.select, morphs.first_seeds, [controls.seeds, page.seed], seeds).then).then)
    for event, function, inputs in (
        (controls.random.click, morphs.random_seeds, []),
        (controls.add_current.click, morphs.with_seed, [controls.seeds, page.seed]),
        (controls.add_random.click, morphs.with_random, seeds),
    ):
        # What is on the screen is no longer the film of the seeds, also should they become what they were.
        forget = page.live(event, function, inputs, seeds).then
        film_after(forget(None, None, [filmed], js="() => ''", api_visibility="private").then)
    pace = [*moved(controls.frames_per_leg), controls.loop.input]
    # `change` and not `input`, which Gradio loses for the first typing after a button has set the text.
    show_after([controls.seeds.change, *pace])
    film_after([controls.seeds.submit, controls.seeds.blur, *pace])  # at every digit of a seed would be too much
    page.live(moved(controls.position), morphs.walk, [*settings, controls.position], [controls.here])
    saved = screen.gif.click(
        morphs.save_gif, settings, screen.gif_file, concurrency_id="films", api_visibility="private"
    )
    saved.then(None, js=f"() => window.facegan.press('{screen.gif_file.elem_id}')")
    gr.api(morphs.morph, api_name="morph", concurrency_limit=1, concurrency_id="films")


@dataclass(frozen=True)
class _Screen:
    film: gr.Video
    mp4: gr.DownloadButton
    gif: gr.Button
    gif_file: gr.DownloadButton

    @classmethod
    def build(cls) -> "_Screen":
        film = gr.Video(show_label=False, autoplay=True, loop=True, interactive=False, buttons=[], elem_id="morph-film")
        with gr.Row(elem_classes=["fg-tight", "fg-film-width"]):
            mp4 = gr.DownloadButton("Save MP4", size="sm", min_width=90, elem_id="morph-mp4")
            gif = gr.Button("Save GIF", size="sm", min_width=90, elem_id="morph-gif")
            gr.Button("Copy link", size="sm", min_width=90, elem_classes="fg-copy-link")
        # A GIF is made when it is asked for; the page then presses this button, which holds it.
        gif_file = gr.DownloadButton(visible="hidden", elem_id="morph-gif-file")
        return cls(film, mp4, gif, gif_file)


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
    def build(cls) -> "_Controls":
        random = gr.Button("Random morph", variant="primary", elem_id="random-morph", elem_classes="fg-key-r")
        seeds = gr.Textbox(
            label="Seeds",
            info=f"The morph passes these faces in order: 2 to {MAX_STOPS} numbers with commas between them.",
            elem_id="morph-seeds",
        )
        strip = gr.HTML(elem_id="morph-stops", apply_default_css=False)
        with gr.Row(elem_classes="fg-tight"):
            add_current = gr.Button("Add my face from Faces", size="sm", min_width=120, elem_id="add-current")
            add_random = gr.Button("Add a random face", size="sm", min_width=120, elem_id="add-random")
        with gr.Row():
            with gr.Column(min_width=200):
                here = gr.HTML(elem_id="morph-here", js_on_load=SHOW_LINK, apply_default_css=False)
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
    """What the tab's controls and the endpoint /morph do with a model."""

    def __init__(self, model: FaceModel):
        self._model = model

    def open_page(self, query: Mapping[str, str]) -> tuple:
        state, complaints = MorphState.read(query, self._model.config.truncation)
        for sentence in complaints:
            gr.Warning(sentence)
        if state is None:
            return (gr.skip(),) * 6
        settings = _text(state.seeds), state.truncation, state.frames_per_leg, state.loop
        return gr.Tabs(selected="morph"), *settings, state.position

    def first_seeds(self, seeds: str, seed: int | None) -> str:
        """A morph from the face that the visitor has just looked at, unless there is one already."""
        return seeds or _text([seed or 0, *(random_seed() for _ in range(_STOPS - 1))])

    def random_seeds(self) -> str:
        return _text(random_seed() for _ in range(_STOPS))

    def with_seed(self, seeds: str, seed: int | None) -> str:
        if len(split_words(seeds)) >= MAX_STOPS:
            gr.Warning(f"A morph passes {MAX_STOPS} faces at most: take one out first.")
            return seeds
        return _text([*split_words(seeds), seed or 0])

    def with_random(self, seeds: str) -> str:
        return self.with_seed(seeds, random_seed())

    def show(self, seeds: str, truncation: float, frames: int, loop: bool, position: float) -> tuple[str, str]:
        try:
            state = MorphState.checked(seeds, truncation, frames, loop, position)
        except FaceGANError as error:
            return complaint(str(error)), ""
        return draw_strip(self._model, state), draw_position(self._model, state)

    def walk(self, seeds: str, truncation: float, frames: int, loop: bool, position: float) -> str:
        try:
            return draw_position(self._model, MorphState.checked(seeds, truncation, frames, loop, position))
        except FaceGANError:  # `show` has said it
            return ""

    def film(self, seeds: str, truncation: float, frames: int, loop: bool, filmed: str) -> tuple:
        try:
            state = MorphState.checked(seeds, truncation, frames, loop)
        except FaceGANError:  # `show` has said it
            return (gr.skip(),) * 3
        if state.query() == filmed:
            return (gr.skip(),) * 3
        path = str(write_film(self._model, state, "mp4"))
        return path, path, state.query()

    def save_gif(self, seeds: str, truncation: float, frames: int, loop: bool) -> str:
        with told():
            return str(write_film(self._model, MorphState.checked(seeds, truncation, frames, loop), "gif"))

    def morph(
        self,
        seeds: str,
        frames_per_leg: int = FRAMES_PER_LEG,
        loop: bool = True,
        format: Literal["mp4", "gif"] = "mp4",
        truncation: float | None = None,
    ) -> dict:
        """Draw a film that turns AI-generated faces into one another.

        Args:
            seeds: 2 to 12 whole numbers with commas between them, such as "1, 7, 42"; one face each, met in this order
            frames_per_leg: frames from one face to the next, 1 to 60, at 24 frames a second; 600 in all at most
            loop: whether the film leads back to the first face
            format: "mp4" (512 pixels) or "gif" (256 pixels)
            truncation: 1 is the full variety it learned, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            the file
        """
        with told():
            if format not in FILM_SIZES:
                raise FaceGANError(f"format must be one of {', '.join(FILM_SIZES)}.")
            truncation = self._model.config.truncation if truncation is None else truncation
            state = MorphState.checked(seeds, truncation, frames_per_leg, loop)
        return file_data(write_film(self._model, state, format))


def _text(seeds: Iterable[object]) -> str:
    return ", ".join(map(str, seeds))
