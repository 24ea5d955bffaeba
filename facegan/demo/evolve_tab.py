"""The tab Evolve: faces near one, or children of two; the one that is chosen becomes the next parent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import urlencode

import gradio as gr
import numpy as np

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.base.seeds import MAX_SEED, MAX_TRUNCATION
from facegan.demo.current_face import Takes
from facegan.demo.markup import face_choices, face_figure
from facegan.demo.outbox import Outbox
from facegan.demo.page import RANDOM, SETTLE, Page, Tab, attribute_boxes, moved, on_load, slider_names
from facegan.demo.state import FacesState, random_seed
from facegan.demo.thumbnails import draw_thumbnails
from facegan.demo.values import LinkReader, check_sliders, names_face, number, read_face, split_words, whole_number
from facegan.model.face import Face, Mixed, Neighbour, file_name, latent_of
from facegan.model.face_text import as_text, compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

COUNT, MOST = 9, 25  # children that the tab shows, and that the endpoint draws at most
_DISTANCE = 0.3  # of the distance between two random faces: clearly another person, and clearly related
_TAKES = Takes("evolve", ("evolve-parent", "evolve-other"), ("Parent", "Second parent"))
_CHOOSE = """
element.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-face]");
  if (!cell) return;
  element.querySelectorAll("[data-face]").forEach((other) => other.setAttribute("aria-pressed", other === cell));
  trigger("select");
});
"""
_CHOSEN = f"""() => [window.facegan.chosen("#neighbours"), {RANDOM}]"""


@dataclass(frozen=True)
class EvolveState:
    """The faces near `parent`, or near mixes of it and `other`.

    `brood` is the seed of the random step to the first child; the next ones have the next seeds.
    """

    KEYS: ClassVar = ("parent", "other", "distance", "hold", "brood", "truncation")

    parent: Face
    other: Face | None
    distance: float
    hold: tuple[str, ...]
    brood: int
    truncation: float

    @classmethod
    def checked(
        cls,
        parent: object,
        other: object,
        distance: object,
        hold: Iterable[str],
        brood: object,
        truncation: object,
        known: Sequence[str],
        weights: str = "",
    ) -> "EvolveState":
        """The state with these values. Raises FaceGANError, naming the argument, for an invalid one."""
        hold = tuple(hold)
        check_sliders(hold, "hold", known)
        alone = other is None or str(other).strip() == ""
        return cls(
            read_face(parent, "face", weights),
            None if alone else read_face(other, "other", weights),
            number(distance, "distance", 0, 1),
            tuple(name for name in known if name in hold),
            whole_number(brood, "brood", 0, MAX_SEED - MOST),
            number(truncation, "truncation", 0, MAX_TRUNCATION),
        )

    @classmethod
    def read(
        cls, query: Mapping[str, str], truncation: float, known: Sequence[str]
    ) -> tuple["EvolveState | None", list[str]]:
        """The state in a link's query, None if it is of another tab, and messages about values that were corrected."""
        if "parent" not in query:
            return None, []
        reader = LinkReader(query)
        truncation = FacesState.read(query, truncation)[0].truncation  # the tab Faces has the messages about it
        hold = reader.sliders("hold", "holds", known)
        parent = reader.face("parent", random_seed())
        other = reader.face("other", random_seed()) if query.get("other", "").strip() else None
        distance = reader.number("distance", 0, 1, _DISTANCE)
        brood = reader.whole_number("brood", 0, MAX_SEED - MOST, 0)
        return cls(parent, other, distance, hold, brood, truncation), reader.complaints

    def children(self, count: int) -> list[Face]:
        """The children. With two parents each child starts from a mix with another share of them."""
        shares = np.random.RandomState(self.brood).uniform(0.25, 0.75, count).round(3)
        return [
            Neighbour(
                Mixed(self.parent, self.other, float(shares[i])) if self.other else self.parent,
                self.brood + i,
                self.distance,
                self.hold,
            )
            for i in range(count)
        ]

    def query(self) -> str:
        values = {"parent": as_text(self.parent), "distance": f"{self.distance:g}", "brood": self.brood}
        values |= {"other": as_text(self.other)} if self.other else {}
        values |= {"hold": ",".join(self.hold)} if self.hold else {}
        return urlencode({**values, "truncation": f"{self.truncation:g}"}, safe=",")


def build(page: Page, tab: gr.Tab) -> None:
    evolving = Evolving(page.model, page.outbox)
    names = slider_names(page.model)
    controls = {
        "parent": "#evolve-parent :is(input, textarea)",
        "other": "#evolve-other :is(input, textarea)",
        "distance": "#evolve-distance [type=range]",
        "brood": "#evolve-brood :is(input, textarea)",
        "truncation": "#truncation [type=range]",
        **{f"hold:{name}": f"#hold-{name} input" for name in names},
    }
    with gr.Row():
        with gr.Column(min_width=300, elem_classes="fg-tight"):
            figure = gr.HTML(
                elem_id="evolve-face",
                elem_classes="fg-beside",
                js_on_load=on_load(controls) + _TAKES.script,
                apply_default_css=False,
            )
            neighbours = gr.HTML(elem_id="neighbours", js_on_load=_CHOOSE, apply_default_css=False)
        with gr.Column(min_width=300):
            with gr.Row(elem_classes="fg-tight"):
                again = gr.Button(
                    "Other neighbours",
                    variant="primary",
                    min_width=130,
                    elem_id="random-brood",
                    elem_classes="fg-key-r",
                )
                keep = gr.Button("Make it my face", min_width=130, elem_id="keep-evolved")
            distance = gr.Slider(0, 1, _DISTANCE, step=0.05, label="Near ↔ Far", elem_id="evolve-distance")
            with gr.Row(elem_classes="fg-tight"):
                parent = gr.Textbox(max_lines=1, label="Parent", elem_id="evolve-parent", min_width=130)
                other = gr.Textbox(max_lines=1, label="Second parent, if any", elem_id="evolve-other", min_width=130)
            _TAKES.choice()
            # On the page and out of sight: theme/page.js compares it with what is shown, like any other control.
            brood = gr.Textbox("0", label="Brood", elem_id="evolve-brood", elem_classes="fg-away")
            hold = attribute_boxes(page.model, "Hold some of the parent still", "hold-")

    settings = [parent, other, distance, brood, page.truncation, *hold]
    page.open(evolving.open_page, [page.tabs, parent, other, distance, brood, *hold, figure, neighbours])
    _TAKES.begin(page, tab, [parent, other])
    page.random_number(again, brood)
    page.in_browser(neighbours.select, _CHOSEN, [], [parent, brood])(None, js=SETTLE, api_visibility="private")
    page.make_current(keep, "evolve-face")
    page.in_browser([parent.change, other.change], SETTLE, [], [])
    changed = [*moved(distance), *(one.input for one in hold), figure.select]
    page.answer(changed, evolving.draw, settings, [figure, neighbours])
    page.endpoint(evolving.neighbours, "neighbours")


class Evolving:
    """Handles the tab's controls and the endpoint /neighbours."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox
        self._names = slider_names(model)

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = EvolveState.read(query, self._model.config.truncation, self._names)
        nothing = (gr.skip(),) * (len(self._names) + 7)
        if state is None:
            return nothing, complaints
        try:
            drawn = self._draw(state)
        except FaceGANError as error:
            return nothing, [*complaints, str(error)]
        other = as_text(state.other) if state.other else ""
        hold = [name in state.hold for name in self._names]
        settings = as_text(state.parent), other, state.distance, str(state.brood), *hold
        return (gr.Tabs(selected=TAB.id), *settings, *drawn), complaints

    def draw(self, parent: object, other: object, distance: object, brood: object, truncation: object, *hold) -> tuple:
        if not str(parent or "").strip():  # the visitor has cleared the field to type another face
            return gr.skip(), gr.skip()
        names = [name for name, on in zip(self._names, hold, strict=True) if on]
        weights = self._model.weights
        state = EvolveState.checked(parent, other, distance, names, brood, truncation, self._names, weights)
        return self._draw(state)

    def neighbours(
        self,
        face: int | str | dict,
        count: int = COUNT,
        distance: float = _DISTANCE,
        hold: str = "",
        other: int | str | dict | None = None,
        brood: int = 0,
        truncation: float | None = None,
    ) -> list[dict]:
        """Draw AI-generated faces near one, or children of two.

        Args:
            face: the parent: a whole number as seed, a name such as "Anna", or the recipe of a face
            count: how many, 1 to 25
            distance: 0 is the parent itself, 1 is as far from it as any other face
            hold: names of sliders, with commas between them, whose attributes stay as the parent has them
            other: a second parent; each child is then a random mix of both
            brood: another whole number gives other neighbours, the same one always the same
            truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice

        Returns:
            a list of PNG files at the model's own size, each with the recipe of its face
        """
        count = whole_number(count, "count", 1, MOST)
        truncation = self._model.config.truncation if truncation is None else truncation
        hold, weights = split_words(hold, "hold"), self._model.weights
        state = EvolveState.checked(face, other, distance, hold, brood, truncation, self._names, weights)
        faces, latents = self._children(state, count)
        return [
            self._outbox.put(
                encode_png(image, recipe_of(self._model, [child], state.truncation).to_dict()),
                f"near-{file_name(child)}-{i + 1}.png",
            )
            for i, (child, image) in enumerate(zip(faces, self._model.generate(latents), strict=True))
        ]

    def _children(self, state: EvolveState, count: int) -> tuple[list[Face], np.ndarray]:
        """The children and their latents (count, 100)."""
        # Compacted before drawing, as in its link, so that link and picture show exactly the same face.
        faces = [compacted(self._model, child, state.truncation) for child in state.children(count)]
        return faces, np.stack([latent_of(self._model, face, state.truncation) for face in faces])

    def _draw(self, state: EvolveState) -> tuple[str, str]:
        other = state.other and compacted(self._model, state.other, state.truncation)
        state = replace(state, parent=compacted(self._model, state.parent, state.truncation), other=other)
        image = self._model.generate(latent_of(self._model, state.parent, state.truncation)[None])[0]
        recipe = recipe_of(self._model, [state.parent], state.truncation)
        figure = face_figure(image, recipe, state.query(), beside=[state.other] if state.other else [])
        faces, latents = self._children(state, COUNT)
        recipes = [recipe_of(self._model, [face], state.truncation) for face in faces]
        return figure, face_choices(draw_thumbnails(self._model, latents), recipes, [as_text(face) for face in faces])


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    face = recipe.shown[0]
    if recipe.is_film or len(recipe.shown) != 1 or not isinstance(face, Neighbour):
        return None
    truncation = number(recipe.truncation, "truncation", 0, MAX_TRUNCATION)
    hold = tuple(name for name in slider_names(model) if name in face.hold)
    return EvolveState(compacted(model, face, truncation), None, face.distance, hold, 0, truncation).query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    if not names_face(query, "parent"):
        return None
    state, _ = EvolveState.read(query, model.config.truncation, slider_names(model))
    return recipe_of(model, [compacted(model, state.parent, state.truncation)], state.truncation)


TAB = Tab("Evolve", build, keys=lambda model: EvolveState.KEYS, link_of=link_of, shows=shows)
