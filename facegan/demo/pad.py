"""The pad of the tab Sliders, on which two sliders are dragged at once, and the picture of both: five by five faces."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import gradio as gr
from starlette.requests import Request
from starlette.responses import Response

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.base.seeds import MAX_TRUNCATION
from facegan.demo.answers import file_answer, refusal
from facegan.demo.grids import VALUES, draw_grid
from facegan.demo.outbox import Outbox
from facegan.demo.page import Page, slider_names
from facegan.demo.render import Renderer
from facegan.demo.state import SlidersState
from facegan.demo.values import number, one_of, read_face
from facegan.model.face import Edited, Face, file_name
from facegan.model.load import FaceModel
from facegan.sliders.slider import Slider

_FRAMES = 2 * len(VALUES) ** 2  # frames of a film that take as long as a grid: the renderer counts in frames


def build(page: Page) -> None:
    sliders = page.model.all_sliders
    if len(sliders) < 2:
        return
    grids = Grids(page.model, page.outbox, page.renderer)
    page.serve("grid", grids.answer)
    gr.HTML(markup(sliders), elem_id="pad", js_on_load="window.facegan.showPad(element);", apply_default_css=False)
    page.endpoint(grids.endpoint, "grid")


def markup(sliders: Sequence[Slider]) -> str:
    """The pad. It has no values of its own: theme/pad.js moves the sliders of the tab with it."""

    def axis(name: str, title: str, chosen: int) -> str:
        options = "".join(
            f'<option value="{escape(slider.name)}"{" selected" if i == chosen else ""}>{escape(slider.label)}</option>'
            for i, slider in enumerate(sliders)
        )
        return f'<label>{title} <select data-axis="{name}">{options}</select></label>'

    return (
        '<details class="fg-fold fg-pad"><summary>Drag two at once</summary>'
        f'<div class="fg-pad-axes">{axis("across", "Across", 0)}{axis("up", "Up", len(sliders) > 2 and 2 or 1)}</div>'
        '<div class="fg-pad-square" role="slider" tabindex="0" aria-roledescription="pad" aria-label="Two sliders" '
        'aria-valuemin="-1" aria-valuemax="1" aria-valuenow="0"><span></span></div>'
        '<div class="fg-actions"><button type="button" data-grid>Draw 5 × 5 faces</button></div>'
        '<p class="fg-film-state" role="status"></p>'
        '<figure class="fg-figure fg-page" hidden><img alt=""><figcaption><span class="fg-actions">'
        '<button type="button" data-save="grid.png">Save PNG</button></span></figcaption></figure></details>'
    )


class Grids:
    """Handles the pad and the endpoint /grid."""

    def __init__(self, model: FaceModel, outbox: Outbox, renderer: Renderer):
        self._model, self._outbox, self._renderer = model, outbox, renderer
        self._names = slider_names(model)

    async def endpoint(
        self, face: int | str | dict, across: str = "smile", up: str = "age", truncation: float | None = None
    ) -> dict:
        """Draw 5 x 5 AI-generated faces: one face with two of its attributes moved in every combination.

        Args:
            face: whole number from 0 to 4294967295 as seed, a name such as "Anna", or the recipe of a face
            across: the name of the slider that goes from -1 at the left to 1 at the right, such as "smile"
            up: the name of the slider that goes from -1 at the bottom to 1 at the top; those of the endpoint /edit
            truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            a PNG file with captions of both axes
        """
        truncation = self._model.config.truncation if truncation is None else truncation
        truncation = number(truncation, "truncation", 0, MAX_TRUNCATION)
        return self._outbox.put(
            *await self.grid(read_face(face, "face", self._model.weights), across, up, truncation, "", "")
        )

    async def grid(
        self, face: Face, across: object, up: object, truncation: float, visitor: str, address: str
    ) -> tuple[bytes, str]:
        """The PNG file and its name; `visitor` and `address` as the renderer takes them.

        Raises FaceGANError, also when too many others wait.
        """
        across, up = one_of(across, "across", self._names), one_of(up, "up", self._names)
        if across == up:
            raise FaceGANError("across and up must be two sliders.")
        draw = partial(_draw, self._model, face, across, up, truncation)
        content = await self._renderer.draw(draw, "", _FRAMES, visitor, address)
        return content, f"{across}-{up}-{file_name(face)}.png"

    async def answer(self, request: Request) -> Response:
        """The grid of a link to the tab Sliders, with "across" and "up", over HTTP."""
        query = dict(request.query_params)
        try:
            face, truncation = self._face(query)
            visitor = query.get("visitor", "")[:40]
            axes = query.get("across"), query.get("up")
            return file_answer(*await self.grid(face, *axes, truncation, visitor, request.client.host))
        except Exception as error:
            return refusal(error)

    def _face(self, query: Mapping[str, str]) -> tuple[Face, float]:
        state, _ = SlidersState.read(query, self._model.config.truncation, self._names)
        if state is None:
            raise FaceGANError("This is no link to a face with its sliders moved.")
        return Edited(state.face, state.values, state.lock), state.truncation


def _draw(model: FaceModel, face: Face, across: str, up: str, truncation: float) -> bytes:
    image, recipe = draw_grid(model, face, across, up, truncation)
    return encode_png(image, recipe, compact=True)
