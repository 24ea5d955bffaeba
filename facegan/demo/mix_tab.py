"""The tab Mix: a face between two, or the first with something of the second, such as its smile."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

import gradio as gr
import numpy as np

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.base.seeds import MAX_TRUNCATION
from facegan.demo.current_face import Takes
from facegan.demo.markup import face_figure
from facegan.demo.outbox import Outbox
from facegan.demo.page import MOVED, SETTLE, Page, Tab, attribute_boxes, on_load, slider_names
from facegan.demo.state import FacesState, random_seed
from facegan.demo.values import LinkReader, check_sliders, names_face, number, read_face, split_words
from facegan.model.face import Alike, Face, Mixed, file_name, latent_of
from facegan.model.face_text import as_text, compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

_AMOUNT = 0.5
# The first face is there already when the tab is opened, so the first one that is clicked is the second.
_TAKES = Takes("mix", ("mix-a", "mix-b"), ("First face", "Second face"), first=1, fills=True)


@dataclass(frozen=True)
class MixState:
    """A face between `a` (amount 0) and `b` (1); with `only`, between `a` and `a` with these attributes of `b`."""

    KEYS: ClassVar = ("face_a", "face_b", "amount", "only", "truncation")

    a: Face
    b: Face
    amount: float
    only: tuple[str, ...]
    truncation: float

    @classmethod
    def checked(
        cls,
        a: object,
        b: object,
        amount: object,
        only: Iterable[str],
        truncation: object,
        known: Sequence[str],
        weights: str = "",
    ) -> "MixState":
        """The state with these values. Raises FaceGANError, naming the argument, for an invalid one."""
        only = tuple(only)
        check_sliders(only, "only", known)
        return cls(
            read_face(a, "face_a", weights),
            read_face(b, "face_b", weights),
            number(amount, "amount", 0, 1),
            tuple(name for name in known if name in only),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
        )

    @classmethod
    def read(
        cls, query: Mapping[str, str], truncation: float, known: Sequence[str]
    ) -> tuple["MixState | None", list[str]]:
        """The state in a link's query, None if it has no mix, and messages about values that were corrected."""
        if "face_a" not in query and "face_b" not in query:
            return None, []
        reader = LinkReader(query)
        truncation = FacesState.read(query, truncation)[0].truncation  # the tab Faces has the messages about it
        only = reader.sliders("only", "takes", known)
        faces = reader.face("face_a", random_seed()), reader.face("face_b", random_seed())
        amount = reader.number("amount", 0, 1, _AMOUNT)
        return cls(*faces, amount, only, truncation), reader.complaints

    @property
    def face(self) -> Mixed:
        return Mixed(self.a, Alike(self.a, self.b, self.only) if self.only else self.b, self.amount)

    @classmethod
    def of(cls, face: Mixed, truncation: float) -> "MixState":
        """The state that shows this face."""
        a, b = face.a, face.b
        if isinstance(b, Alike) and b.of == a:
            return cls(a, b.other, face.amount, b.names, truncation)
        return cls(a, b, face.amount, (), truncation)

    def query(self) -> str:
        values = {"face_a": as_text(self.a), "face_b": as_text(self.b), "amount": f"{self.amount:g}"}
        values |= {"only": ",".join(self.only)} if self.only else {}
        return urlencode({**values, "truncation": f"{self.truncation:g}"}, safe=",")


def build(page: Page, tab: gr.Tab) -> None:
    mixes = Mixes(page.model, page.outbox)
    names = slider_names(page.model)
    only_ids = {f"only:{name}": f"#only-{name} input" for name in names}
    controls = {
        "face_a": "#mix-a :is(input, textarea)",
        "face_b": "#mix-b :is(input, textarea)",
        "amount": "#mix-amount [type=range]",
        "truncation": "#truncation [type=range]",
        **only_ids,
    }
    show = on_load(controls, page.live("mix", mixes.figure), ["amount", *only_ids]) + _TAKES.script
    with gr.Row():
        with gr.Column(min_width=300, elem_classes="fg-sticky"):
            figure = gr.HTML(
                elem_id="mix-face", elem_classes="fg-stage fg-mixed", js_on_load=show, apply_default_css=False
            )
        with gr.Column(min_width=300):
            with gr.Row(elem_classes="fg-tight"):
                random = gr.Button(
                    "Random second face",
                    variant="primary",
                    min_width=130,
                    elem_id="random-mix",
                    elem_classes="fg-key-r",
                )
                keep = gr.Button("Make it my face", min_width=130, elem_id="keep-mix")
            amount = gr.Slider(0, 1, _AMOUNT, step=0.02, label="First ↔ Second", elem_id="mix-amount")
            with gr.Row(elem_classes="fg-tight"):
                a = gr.Textbox(max_lines=1, label="First: name or seed", elem_id="mix-a", min_width=130)
                b = gr.Textbox(max_lines=1, label="Second: name or seed", elem_id="mix-b", min_width=130)
            _TAKES.choice()
            only = attribute_boxes(page.model, "Take only some of the second face", "only-")

    settings = [a, b, amount, page.truncation, *only]
    page.open(mixes.open_page, [page.tabs, a, b, amount, *only, figure])
    _TAKES.begin(page, tab, [a, b])
    page.random_number(random, b)
    page.make_current(keep, "mix-face")
    page.in_browser(amount.release, MOVED, [], [])
    page.in_browser([a.change, b.change], SETTLE, [], [])
    page.answer(figure.select, mixes.draw, settings, [figure])
    page.endpoint(mixes.mix, "mix")


class Mixes:
    """Handles the tab's controls and the endpoint /mix."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox
        self._names = slider_names(model)

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = MixState.read(query, self._model.config.truncation, self._names)
        nothing = (gr.skip(),) * (len(self._names) + 5)
        if state is None:
            return nothing, complaints
        try:
            drawn = self._draw(state)
        except FaceGANError as error:
            return nothing, [*complaints, str(error)]
        only = [name in state.only for name in self._names]
        return (gr.Tabs(selected=TAB.id), as_text(state.a), as_text(state.b), state.amount, *only, drawn), complaints

    def figure(self, query: Mapping[str, str], preview: bool = False) -> str:
        """The face of a link. Raises FaceGANError for a link to no mix."""
        state, _ = MixState.read(query, self._model.config.truncation, self._names)
        if state is None:
            raise FaceGANError("This is no link to a mix of two faces.")
        return self._draw(state, preview)

    def draw(self, a: object, b: object, amount: object, truncation: object, *only: object) -> str:
        if not (str(a or "").strip() and str(b or "").strip()):  # the visitor has cleared a field to type another face
            return gr.skip()
        names = [name for name, on in zip(self._names, only, strict=True) if on]
        return self._draw(MixState.checked(a, b, amount, names, truncation, self._names, self._model.weights))

    def mix(
        self,
        face_a: int | str | dict,
        face_b: int | str | dict,
        amount: float = _AMOUNT,
        only: str = "",
        truncation: float | None = None,
    ) -> dict:
        """Draw an AI-generated face between two, or the first face with some of the second's attributes.

        Args:
            face_a: the first face: a whole number as seed, a name such as "Anna", or the recipe of a face
            face_b: the second face, likewise
            amount: 0 is the first face, 1 the second
            only: names of sliders, with commas between them, such as "smile": take nothing else of the second face
            truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            a PNG file at the model's own size, which carries the recipe of the face
        """
        truncation = self._model.config.truncation if truncation is None else truncation
        only, weights = split_words(only, "only"), self._model.weights
        state = MixState.checked(face_a, face_b, amount, only, truncation, self._names, weights)
        image, recipe = self._mixed(state)
        name = f"mix-{file_name(state.a)}-{file_name(state.b)}.png"
        return self._outbox.put(encode_png(image, recipe.to_dict()), name)

    def _mixed(self, state: MixState) -> tuple[np.ndarray, Recipe]:
        latent = latent_of(self._model, state.face, state.truncation)
        return self._model.generate(latent[None])[0], recipe_of(self._model, [state.face], state.truncation)

    def _draw(self, state: MixState, preview: bool = False) -> str:
        state = _compacted(self._model, state)
        return face_figure(*self._mixed(state), state.query(), preview=preview)


def _compacted(model: FaceModel, state: MixState) -> MixState:
    """The same mix as a link of less than 2,000 letters."""
    a, b = (compacted(model, face, state.truncation) for face in (state.a, state.b))
    return replace(state, a=a, b=b)


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    if recipe.is_film or len(recipe.faces) != 1 or not isinstance(recipe.faces[0], Mixed):
        return None
    state = MixState.of(recipe.faces[0], number(recipe.truncation, "truncation", 0, MAX_TRUNCATION))
    return _compacted(model, state).query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    if not (names_face(query, "face_a") and names_face(query, "face_b")):
        return None
    state, _ = MixState.read(query, model.config.truncation, slider_names(model))
    return recipe_of(model, [_compacted(model, state).face], state.truncation)


TAB = Tab("Mix", build, keys=lambda model: MixState.KEYS, link_of=link_of, shows=shows)
