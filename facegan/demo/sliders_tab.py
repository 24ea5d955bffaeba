"""The tab Sliders: the current face beside itself with its attributes moved."""

import inspect
from collections.abc import Callable, Mapping, Sequence

import gradio as gr

from facegan.demo.files import cached_png
from facegan.demo.markup import face_figure, path_figure
from facegan.demo.page import SHOW_LINK, Page, moved, told
from facegan.demo.state import SlidersState, split_words
from facegan.model.load import FaceModel
from facegan.model.provenance import recipe_of

_STEP = 0.05
_SHOWN = SHOW_LINK + "watch('value', () => window.facegan.settle(() => trigger('select')));"


def build(page: Page, tab: gr.Tab) -> None:
    """For a model that has sliders."""
    with gr.Row():
        with gr.Column(min_width=300, elem_classes="fg-sticky"), gr.Row(elem_classes="fg-tight fg-pair"):
            with gr.Column(min_width=130):
                before = gr.HTML(elem_id="face-before", apply_default_css=False)
            with gr.Column(min_width=130):
                after = gr.HTML(elem_id="face-after", js_on_load=_SHOWN, apply_default_css=False)
        with gr.Column(min_width=300):
            with gr.Row(elem_classes="fg-tight"):
                random = gr.Button(
                    "Random face", variant="primary", min_width=130, elem_id="random-edit", elem_classes="fg-key-r"
                )
                reset = gr.Button("Reset all", min_width=90, elem_id="reset-sliders")
            sliders, locks = [], []
            for slider in page.model.sliders:
                with gr.Row(elem_classes="fg-tight fg-slider"):
                    sliders.append(
                        gr.Slider(slider.low, slider.high, 0, step=_STEP, label=slider.label, info=slider.note or None,
                                  elem_id=f"slider-{slider.name}", min_width=200, scale=5)
                    )  # fmt: skip
                    locks.append(gr.Checkbox(False, label="Lock", elem_id=f"lock-{slider.name}", min_width=70, scale=1))

    edits = Edits(page.model)
    face, controls = [page.seed, page.truncation], [*sliders, *locks]
    page.open(edits.open_page, [page.tabs, *controls, before, after])
    page.live(tab.select, edits.draw_both, [*face, *controls], [before, after])
    page.live(page.random_face(random), edits.draw_both, [*face, *controls], [before, after])
    page.live(reset.click, edits.reset, face, [*controls, after])
    page.live(
        [event for slider in sliders for event in moved(slider)], edits.draw, [*face, *controls], [after], queue=False
    )
    page.live(after.select, edits.draw_both, [*face, *controls], [before, after])
    page.live([lock.input for lock in locks], edits.draw, [*face, *controls], [after])
    gr.api(edits.endpoint(), api_name="edit", concurrency_id="faces")


class Edits:
    """What the tab's controls and the endpoint /edit do with a model."""

    def __init__(self, model: FaceModel):
        self._model = model
        self._names = [slider.name for slider in model.sliders]

    def open_page(self, query: Mapping[str, str]) -> tuple:
        state, complaints = SlidersState.read(query, self._model.config.truncation, self._names)
        for sentence in complaints:
            gr.Warning(sentence)
        if state is None:
            return (gr.skip(),) * (2 * len(self._names) + 3)
        values = [state.values.get(name, 0) for name in self._names]
        return gr.Tabs(selected="sliders"), *values, *(n in state.lock for n in self._names), *self._draw_both(state)

    def draw(self, seed: int | None, truncation: float, *controls: float | bool) -> str:
        return self._draw_after(self._state(seed, truncation, controls))

    def draw_both(self, seed: int | None, truncation: float, *controls: float | bool) -> tuple[str, str]:
        return self._draw_both(self._state(seed, truncation, controls))

    def reset(self, seed: int | None, truncation: float) -> tuple:
        nothing = [0] * len(self._names) + [False] * len(self._names)
        return *nothing, self.draw(seed, truncation, *nothing)

    def edit(self, seed: int, truncation: float | None, values: Mapping[str, float], lock: str) -> dict:
        with told():
            truncation = self._model.config.truncation if truncation is None else truncation
            state = SlidersState.checked(seed, truncation, values, split_words(str(lock)), self._names)
        image, recipe = self._edited(state)
        return cached_png(image, f"face-{state.seed}-edited.png", recipe.to_dict())

    def endpoint(self) -> Callable[..., dict]:
        """`edit` with a parameter of its own for each of the model's sliders, as Gradio shows it to callers."""

        def edit(*args: object, **kwargs: object) -> dict:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            values = given.arguments
            moved = {name: values[name] for name in self._names}
            return self.edit(values["seed"], values["truncation"], moved, values["lock"])

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        hints = {"seed": int, "truncation": float | None, **dict.fromkeys(self._names, float), "lock": str}
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

    def _state(self, seed: int | None, truncation: float, controls: Sequence[float | bool]) -> SlidersState:
        half = len(self._names)
        values = dict(zip(self._names, controls[:half], strict=True))
        locked = [name for name, on in zip(self._names, controls[half:], strict=True) if on]
        with told():
            return SlidersState.checked(seed or 0, truncation, values, locked, self._names)

    def _edited(self, state: SlidersState) -> tuple:
        """The image uint8 (H, W, 3), and its recipe."""
        latents = self._model.latents([state.seed], state.truncation)
        image = self._model.generate(self._model.edit(latents, state.values, state.lock))[0]
        lock = state.lock if state.values else ()
        return image, recipe_of(self._model, [state.seed], state.truncation, state.values, lock=lock)

    def _draw_after(self, state: SlidersState) -> str:
        return face_figure(*self._edited(state), state.query())

    def _draw_both(self, state: SlidersState) -> tuple[str, str]:
        image = self._model.generate(self._model.latents([state.seed], state.truncation))[0]
        recipe = recipe_of(self._model, [state.seed], state.truncation)
        return path_figure(image, "before", recipe), self._draw_after(state)


def _describe(model: FaceModel) -> str:
    """What callers read of /edit."""
    told = "\n".join(
        f"    {slider.name}: {slider.label}, {slider.low:g} to {slider.high:g}" for slider in model.sliders
    )
    return (
        "Draw an AI-generated face with some of its attributes moved and the others "
        "held.\n\nArgs:\n"
        "    seed: whole number from 0 to 4294967295\n"
        "    truncation: 1 is the full variety, far below it faces fade; 0 to 1.5; null is the model's choice\n"
        f"{told}\n"
        "    lock: names of sliders, with commas between them, whose attributes are held more firmly\n\n"
        "Returns:\n    a PNG file at the generator's own size\n"
    )
