"""The tab Sliders: the current face with its attributes moved, large, and small as it was before."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence

import gradio as gr

from facegan.base.errors import FaceGANError
from facegan.base.pictures import encode_png
from facegan.demo import pad, surprises
from facegan.demo.current_face import Takes
from facegan.demo.markup import before_figure, face_figure, slider_note
from facegan.demo.outbox import Outbox
from facegan.demo.page import MOVED, Page, Tab, attribute_lock, attribute_slider, on_load, slider_names
from facegan.demo.state import SlidersState
from facegan.demo.values import names_face, split_words
from facegan.model.face import Edited, file_name, latent_of
from facegan.model.face_text import as_text, compacted
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe, recipe_of

_TAKES = Takes("sliders", ("seed",), moves=True)


def build(page: Page, tab: gr.Tab) -> None:
    names = slider_names(page.model)
    edits = Edits(page.model, page.outbox)
    show = on_load(_controls(names), page.live("sliders", edits.figure), _dragged(names)) + _TAKES.script
    with gr.Row():
        with gr.Column(min_width=300, elem_classes="fg-sticky fg-pair"):
            after = gr.HTML(
                elem_id="face-after", elem_classes="fg-stage fg-edited", js_on_load=show, apply_default_css=False
            )
            before = gr.HTML(elem_id="face-before", apply_default_css=False)
        with gr.Column(min_width=300):
            with gr.Row(elem_classes="fg-tight"):
                random = gr.Button(
                    "Random face", variant="primary", min_width=130, elem_id="random-edit", elem_classes="fg-key-r"
                )
                reset = gr.Button("Reset all", min_width=130, elem_id="reset-sliders")
            pad.build(page)
            sliders, locks = _rows(page.model)
            for controls, more in zip((sliders, locks), surprises.build(page), strict=True):
                controls += more

    face, values = [page.seed, page.truncation], [*sliders, *locks]
    page.open(edits.open_page, [page.tabs, *values, before, after])
    page.answer(page.random_face(random), edits.draw_both, [*face, *values], [before, after])
    unmoved = json.dumps([0] * len(sliders) + [False] * len(locks))
    page.in_browser(reset.click, f"() => {unmoved}", [], values)(None, js=MOVED, api_visibility="private")
    _TAKES.begin(page, tab, [page.seed])
    # A slider that is dragged and a lock that is clicked are seen by theme/page.js itself.
    page.in_browser([slider.release for slider in sliders], MOVED, [], [])
    page.answer(after.select, edits.draw_both, [*face, *values], [before, after])
    page.endpoint(edits.endpoint(), "edit")


def _rows(model: FaceModel) -> tuple[list[gr.Slider], list[gr.Checkbox]]:
    """Each slider in a row with its note and its lock."""
    sliders, locks = [], []
    for slider in model.sliders:
        with gr.Row(elem_classes="fg-tight fg-slider"):
            sliders.append(attribute_slider(slider, scale=6))
            locks.append(attribute_lock(slider))
            if slider.note:
                gr.HTML(slider_note(slider), min_width=44, elem_classes="fg-note-cell", apply_default_css=False)
    return sliders, locks


def _dragged(names: Sequence[str]) -> list[str]:
    """The tab's own controls, as `on_load` names them."""
    return [*names, *(f"lock:{name}" for name in names)]


def _controls(names: Sequence[str]) -> dict[str, str]:
    return {
        "seed": "#seed :is(input, textarea)",
        "truncation": "#truncation [type=range]",
        **{name: f"#slider-{name} [type=range]" for name in names},
        **{f"lock:{name}": f"#lock-{name} input" for name in names},
    }


class Edits:
    """Handles the tab's controls and the endpoint /edit."""

    def __init__(self, model: FaceModel, outbox: Outbox):
        self._model, self._outbox = model, outbox
        self._named = [slider.name for slider in model.sliders]
        self._names = slider_names(model)

    def open_page(self, query: Mapping[str, str]) -> tuple[tuple, list[str]]:
        state, complaints = SlidersState.read(query, self._model.config.truncation, self._names)
        nothing = (gr.skip(),) * (2 * len(self._names) + 3)
        if state is None:
            return nothing, complaints
        values = [state.values.get(name, 0) for name in self._names]
        locked = [name in state.lock for name in self._names]
        try:
            drawn = self._draw_both(state)
        except FaceGANError as error:
            return nothing, [*complaints, str(error)]
        return (gr.Tabs(selected=TAB.id), *values, *locked, *drawn), complaints

    def figure(self, query: Mapping[str, str], preview: bool = False) -> str:
        """The edited face of a link. Raises FaceGANError for a link that moves no slider."""
        state, _ = SlidersState.read(query, self._model.config.truncation, self._names)
        if state is None:
            raise FaceGANError("This is no link to a face with its sliders moved.")
        return self._draw_after(state, preview)

    def draw_both(self, seed: object, truncation: object, *controls: object) -> tuple[str, str]:
        return self._draw_both(self._state(seed, truncation, controls))

    def edit(self, seed: object, truncation: float | None, values: Mapping[str, float], lock: str) -> dict:
        truncation = self._model.config.truncation if truncation is None else truncation
        lock, weights = split_words(lock, "lock"), self._model.weights
        state = SlidersState.checked(seed, truncation, values, lock, self._names, weights)
        image, recipe = self._edited(state)
        return self._outbox.put(encode_png(image, recipe.to_dict()), f"face-{file_name(state.face)}-edited.png")

    def endpoint(self) -> Callable[..., dict]:
        """`edit` with a parameter of its own for each of the model's sliders, as Gradio shows it to callers."""

        def edit(*args: object, **kwargs: object) -> dict:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            values = given.arguments
            moved = {name: values[name] for name in self._names}
            return self.edit(values["seed"], values["truncation"], moved, values["lock"])

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        hints = {"seed": int | str | dict, "truncation": float | None, **dict.fromkeys(self._named, float), "lock": str}
        hints |= dict.fromkeys(self._names[len(self._named) :], float)  # last, where earlier callers expect none
        defaults = {"truncation": None, **dict.fromkeys(self._names, 0.0), "lock": ""}
        signature = inspect.Signature(
            [
                inspect.Parameter(name, kind, annotation=hint, default=defaults.get(name, inspect.Parameter.empty))
                for name, hint in hints.items()
            ],
            return_annotation=dict,
        )
        edit.__signature__, edit.__annotations__ = signature, {**hints, "return": dict}
        edit.__doc__ = _describe(self._model)
        return edit

    def _state(self, seed: object, truncation: object, controls: Sequence[object]) -> SlidersState:
        count = len(self._names)
        values = dict(zip(self._names, controls[:count], strict=True))
        locked = [name for name, on in zip(self._names, controls[count:], strict=True) if on]
        seed = 0 if seed is None or str(seed).strip() == "" else seed
        return SlidersState.checked(seed, truncation, values, locked, self._names, self._model.weights)

    def _edited(self, state: SlidersState) -> tuple:
        """The image uint8 (H, W, 3), and its recipe."""
        before = latent_of(self._model, state.face, state.truncation)
        image = self._model.generate(self._model.edit(before[None], state.values, state.lock))[0]
        return image, _recipe(self._model, state)

    def _draw_after(self, state: SlidersState, preview: bool = False) -> str:
        return face_figure(*self._edited(state), state.query(), preview=preview)

    def _draw_both(self, state: SlidersState) -> tuple[str, str]:
        image = self._model.generate(latent_of(self._model, state.face, state.truncation)[None])[0]
        recipe = recipe_of(self._model, [state.face], state.truncation)
        return before_figure(image, recipe), self._draw_after(state)


def _recipe(model: FaceModel, state: SlidersState) -> Recipe:
    lock = state.lock if state.values else ()
    return recipe_of(model, [state.face], state.truncation, state.values, lock=lock)


def _describe(model: FaceModel) -> str:
    """What callers read of /edit."""
    sliders = "\n".join(
        f"    {slider.name}: {slider.label}, {slider.low:g} to {slider.high:g}" for slider in model.sliders
    )
    surprises = "".join(
        f"    {slider.name}: {slider.label}, found without labels, {slider.low:g} to {slider.high:g}\n"
        for slider in model.surprises
    )
    return (
        "Draw an AI-generated face with some of its attributes moved and the others held.\n\nArgs:\n"
        '    seed: whole number from 0 to 4294967295, a name such as "Anna", or the recipe of a face\n'
        "    truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice\n"
        f"{sliders}\n"
        "    lock: names of sliders, with commas between them, whose attributes are held more firmly\n"
        f"{surprises}\n"
        "Returns:\n    a PNG file at the model's own size\n"
    )


def link_of(recipe: Recipe, model: FaceModel) -> str | None:
    face = recipe.shown[0]
    if recipe.is_film or not isinstance(face, Edited):
        return None
    known = slider_names(model)
    if set(face.sliders) - set(known):
        raise FaceGANError("This picture was made with a slider that this model no longer has: choose another one.")
    of = as_text(compacted(model, face.of, recipe.truncation))
    return SlidersState.checked(of, recipe.truncation, face.sliders, face.lock, known).query()


def shows(query: Mapping[str, str], model: FaceModel) -> Recipe | None:
    known = slider_names(model)
    state, _ = SlidersState.read(query, model.config.truncation, known)
    return None if state is None or not names_face(query, "seed") else _recipe(model, state)


TAB = Tab(
    "Sliders",
    build,
    keys=lambda model: (
        *SlidersState.KEYS,
        "tab",
        *slider_names(model),
    ),
    link_of=link_of,
    shows=shows,
    shown=lambda model: bool(model.sliders),
)
