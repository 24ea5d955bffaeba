"""The tab You: a photo in, the face that is most like it out, which then goes wherever faces go.

theme/you.js reads the photo in the browser, makes it smaller and sends it here by POST. It is held in memory for that
one answer: no file, log, link or history gets it, and what the page keeps is the look-alike's latent alone.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

import anyio.to_thread
import gradio as gr
import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_jpeg, encode_png
from facegan.demo.answers import sentence
from facegan.demo.markup import face_figure, notice
from facegan.demo.outbox import Outbox
from facegan.demo.page import Page, Tab, moved, on_load
from facegan.demo.values import LinkReader, number, read_face, whole_number
from facegan.model.face import Kept
from facegan.model.face_text import as_text
from facegan.model.load import FaceModel
from facegan.model.photo import MOST_BYTES, photo_of_text, read_photo
from facegan.model.provenance import Recipe, recipe_of

_POST = "lookalike-photo"
_MOST_FACES = 8  # of a group photo that are offered
_CHOOSER_SCRIPT = f"window.facegan.choosePhoto(element, () => trigger('select'), {_POST!r}, {MOST_BYTES});"
_FOUND = "() => window.facegan.lookAlike()"


@dataclass(frozen=True)
class YouState:
    """The look-alike `face` as the encoder found it, and how much of it is kept: 1 is all, less a more typical face."""

    KEYS: ClassVar = ("you", "strength")

    face: Kept
    strength: float

    @classmethod
    def checked(cls, face: object, strength: object, weights: str = "") -> "YouState":
        """The state with these values. Raises FaceGANError, naming the argument, for one that cannot be."""
        found = read_face(face, "you", weights)
        if not isinstance(found, Kept):
            raise FaceGANError("you must be the code of a look-alike.")
        return cls(found, number(strength, "strength", 0, 1))

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple["YouState | None", list[str]]:
        """The state in a link's query, None if it has no look-alike, and messages about values that were corrected."""
        if "you" not in query:
            return None, []
        reader = LinkReader(query)
        strength = reader.number("strength", 0, 1, 1)
        try:
            return cls.checked(query["you"], strength), reader.complaints
        except FaceGANError:
            return None, [*reader.complaints, "The link's look-alike cannot be drawn here, so it was left out."]

    @property
    def shown(self) -> Kept:
        """The look-alike as near to the middle of the latents as `strength` says."""
        return Kept.of(self.face.point() * np.float32(self.strength))

    def query(self) -> str:
        return urlencode({"you": as_text(self.face), "strength": f"{self.strength:g}"})


def build(page: Page, tab: gr.Tab) -> None:
    look_alikes = LookAlikes(page.model, page.outbox)
    controls = {"you": "#you-code :is(input, textarea)", "strength": "#you-strength [type=range]"}
    show = on_load(controls, page.live("you", look_alikes.figure), ["strength"])
    with gr.Row():
        with gr.Column(min_width=300):
            figure = gr.HTML(
                notice("Your look-alike appears here."),
                elem_id="you-face",
                elem_classes="fg-stage",
                js_on_load=show,
                apply_default_css=False,
            )
        with gr.Column(min_width=300):
            photo = gr.HTML(
                _photo_chooser(page.model.config.data.get("one_person") is True),
                elem_id="you-photo",
                js_on_load=_CHOOSER_SCRIPT,
                apply_default_css=False,
            )
            strength = gr.Slider(
                0, 1, 1, step=0.05, label="More like a face ↔ Closer to the photo", elem_id="you-strength"
            )
            # On the page and out of sight: theme/page.js compares it with what is shown, like any other control.
            code = gr.Textbox("", label="Look-alike", elem_id="you-code", elem_classes="fg-away")
            keep = gr.Button("Make it my face", variant="primary", elem_id="keep-you")

    page.open(look_alikes.open_page, [page.tabs, code, strength, figure])
    found = page.in_browser(photo.select, _FOUND, [], [code])
    page.answer(found, look_alikes.draw, [code, strength], [figure])
    page.in_browser(strength.release, "() => (window.facegan.moved(), window.facegan.settle())", [], [])
    page.answer([*moved(strength), figure.select], look_alikes.draw, [code, strength], [figure])
    page.make_current(keep, "you-face")

    async def take(request: Request) -> Response:
        try:
            content, which = await request.body(), request.query_params.get("face", "0")
            async with page.photo_turn:
                answer = await anyio.to_thread.run_sync(look_alikes.take, content, which)
            return JSONResponse(answer, headers={"Cache-Control": "no-store"})
        except Exception as error:
            return JSONResponse({"error": sentence(error)}, 422 if isinstance(error, FaceGANError) else 500)

    # A call carries the photo in base64, four letters for three bytes, and some more around it.
    page.take(_POST, take, "lookalike", MOST_BYTES * 4 // 3 + 10_000)

    page.endpoint(look_alikes.lookalike, "lookalike", page.photo_turn)


class LookAlikes:
    """Handles the tab's controls, its photos and the endpoint /lookalike."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = YouState.read(query)
        if state is None:
            return (gr.skip(),) * 4, complaints
        try:
            drawn = self._draw(state)
        except FaceGANError as error:
            return (gr.skip(),) * 4, [*complaints, str(error)]
        return (gr.Tabs(selected=TAB.id), as_text(state.face), state.strength, drawn), complaints

    def figure(self, query: Mapping[str, str], preview: bool = False) -> str:
        """The face of a link. Raises FaceGANError for a link to no look-alike."""
        state, _ = YouState.read(query)
        if state is None:
            raise FaceGANError("This is no link to a look-alike.")
        return self._draw(state, preview)

    def draw(self, code: object, strength: object) -> str:
        if not str(code or "").strip():
            return gr.skip()
        return self._draw(YouState.checked(code, strength, self._model.weights))

    def take(self, content: bytes, which: str) -> dict:
        """The answer to a photo (a file): the look-alike's code, the aligned face, and the other faces to choose from.

        `which`: the number of the face; 0 is the largest. Raises FaceGANError in a sentence for people.
        """
        photo = read_photo(content)
        faces = self._model.faces_in(photo)[:_MOST_FACES]
        chosen = whole_number(which, "face", 0, max(len(faces) - 1, 0))
        face = self._model.aligned(photo, faces[chosen]) if faces else self._model.largest_face(photo)
        others = [self._model.aligned(photo, one) for one in faces] if len(faces) > 1 else []
        return {
            "code": as_text(Kept.of(self._model.encode_face(face)[0])),
            "photo": _photo_uri(face.image),
            "faces": [_photo_uri(one.image) for one in others],
            "shown": chosen,
        }

    def lookalike(self, photo: str, strength: float = 1.0) -> dict:
        """Draw the AI-generated face that is most like the person in a photo: a look-alike, not a copy.

        The photo is held in memory for this answer and is stored nowhere.

        Args:
            photo: a data URL such as "data:image/jpeg;base64,...", of at most 6 MB; the largest face in it is taken
            strength: 1 is as close to the photo as the model comes, less is more like a typical face; 0 to 1

        Returns:
            a PNG file at the model's own size, which carries the recipe of the face
        """
        strength = number(strength, "strength", 0, 1)
        face = Kept.of(self._model.encode(read_photo(photo_of_text(photo)), strength)[0])
        image, recipe = self._drawn(face)
        return self._outbox.put(encode_png(image, recipe.to_dict()), "look-alike.png")

    def _draw(self, state: YouState, preview: bool = False) -> str:
        point = state.face.point()
        if len(point) != self._model.config.latent_size:
            raise FaceGANError("This look-alike was found by another model: bring the photo again.")
        image, recipe = self._drawn(state.shown)
        return face_figure(image, recipe, state.query(), preview=preview)

    def _drawn(self, face: Kept) -> tuple[np.ndarray, Recipe]:
        return self._model.generate(face.point()[None])[0], recipe_of(self._model, [face], 1.0)


def _photo_uri(face: np.ndarray) -> str:
    """An aligned face of a photo, for the page that sent it. It has no recipe, because it was not generated."""
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(face)).decode("ascii")


def _photo_chooser(one_person: bool) -> str:
    """The controls that choose or take a photo, below the sentence on where it goes. See theme/you.js."""
    somebody = (
        "<p>This model learned from photos of one person, so the look-alike will be a picture of that person.</p>"
        if one_person
        else ""
    )
    return (
        '<div class="fg-you"><p class="fg-notice"><span data-here hidden>The photo stays on this computer, which also '
        "runs the page: in memory, for this answer.</span><span data-away>The photo is made small by your browser and "
        "sent to the computer that runs this page: in memory, for this answer.</span> It is never put into a file, a "
        "log, a link or the history. What you get is a look-alike, not a copy: the AI-generated face that this model "
        f"can draw and that is most like it. Ask people before you bring their photo.</p>{somebody}"
        '<div class="fg-actions"><label class="fg-choose"><input type="file" accept="image/*">Choose a photo</label>'
        '<button type="button" data-camera>Use the camera</button>'
        '<button type="button" data-shoot hidden>Take the picture</button></div>'
        '<video playsinline muted hidden aria-label="What the camera sees"></video>'
        '<p class="fg-film-state" role="status"></p>'
        '<figure data-photo hidden><img width="128" height="128" alt="The face of your photo, framed as '
        'generated faces are"><figcaption>Your photo</figcaption></figure>'
        '<div data-others role="group" aria-label="Other faces in the photo" hidden></div></div>'
    )


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    state, _ = YouState.read(query)
    if state is None or len(state.face.point()) != model.config.latent_size:
        return None
    return recipe_of(model, [state.shown], 1.0)


TAB = Tab(
    "You",
    build,
    keys=lambda model: YouState.KEYS,
    shows=shows,
    shown=lambda model: model.encoder is not None,
)
