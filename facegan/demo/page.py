"""What the tabs share: the model, the current face, and how the server answers."""

import json
from asyncio import Semaphore
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from inspect import iscoroutinefunction, signature
from urllib.parse import parse_qsl

import anyio.to_thread
import gradio as gr
from gradio.components import Component
from gradio.utils import get_function_description
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from facegan.demo.answers import html_answer, refusal, sentence
from facegan.demo.markup import fold, message, notices
from facegan.demo.outbox import Outbox
from facegan.demo.render import Renderer
from facegan.demo.state import MAX_TRUNCATION, RANDOM_SEEDS, random_seed
from facegan.model.load import FaceModel
from facegan.model.provenance import Recipe
from facegan.sliders.slider import Slider

Event = Callable[..., gr.events.Dependency]  # such as button.click
Draw = Callable[[Mapping[str, str], bool], str]
Opened = Callable[[Mapping[str, str]], tuple[tuple, list[str]]]

_STEP = 0.05  # of an attribute's slider
AT_A_TIME = 2  # answers that are drawn side by side: what the two cores of a free Space can do
_MAX_QUERY = 4000  # letters of a link; the longest of ours has a tenth
_MAX_NAMES = 100  # in a link
# In the browser: the number of a random face; draws what is set once it has come to rest, or while something moves.
RANDOM = f"String(Math.floor(Math.random() * {RANDOM_SEEDS}))"
SETTLE, MOVED = "() => window.facegan.settle()", "() => window.facegan.moved()"
_SHOW_MESSAGE = "watch('value', () => window.facegan.showMessage(element));"


@dataclass(frozen=True)
class Tab:
    """One tab of the page. `build.TABS` lists them; no other code depends on a particular tab.

    `keys`: its keys in a link. `link_of`: the link that shows what a picture with this recipe shows,
    None where another tab does; raises FaceGANError in a sentence for people where the page cannot show it. `shown`:
    whether a model has what the tab is about. `shows`: the inverse, the recipe of what a link shows
    on this tab; None where it shows nothing, or a random face.
    """

    label: str
    build: Callable[["Page", gr.Tab], None]
    keys: Callable[[FaceModel], Sequence[str]] = lambda model: ()
    link_of: Callable[[Recipe, FaceModel], str | None] = lambda recipe, model: None
    shown: Callable[[FaceModel], bool] = lambda model: True
    shows: Callable[[Mapping[str, str], FaceModel], Recipe | None] = lambda query, model: None

    @property
    def id(self) -> str:
        return self.label.lower()


@dataclass(frozen=True)
class Page:
    """What every tab is built with.

    `tabs` is selected to open a tab, by its id; `first` is that of the first. `seed` (the current face) and
    `truncation` are one control each for all tabs; the tab Faces renders them. `message` shows what is wrong with what
    a visitor asks. `outbox` holds the files that endpoints return, `renderer` draws films. `routes` are what the tabs
    serve beside Gradio's own.
    """

    model: FaceModel
    blocks: gr.Blocks
    tabs: gr.Tabs
    first: str
    seed: gr.Textbox
    truncation: gr.Slider
    message: gr.HTML
    outbox: Outbox
    renderer: Renderer
    opened: list[tuple[Opened, Sequence[Component]]] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    large: dict[str, int] = field(default_factory=dict)  # bytes by path or endpoint, see `take`
    turns: Semaphore = field(default_factory=lambda: Semaphore(AT_A_TIME))
    # A look-alike takes as long as hundreds of faces: in the turns above several photos would stop every slider.
    photo_turn: Semaphore = field(default_factory=lambda: Semaphore(1))

    @classmethod
    def of(
        cls, model: FaceModel, blocks: gr.Blocks, tabs: gr.Tabs, first: str, outbox: Outbox, renderer: Renderer
    ) -> "Page":
        seed = gr.Textbox(
            "0",
            max_lines=1,
            label="Name or seed",
            info="Your name is a face, and always the same one. So is every number.",
            elem_id="seed",
            render=False,
        )
        truncation = gr.Slider(
            0,
            MAX_TRUNCATION,
            model.config.truncation,
            step=0.05,
            label="Typical ↔ Varied",
            info="Truncation: 1 is the full variety; far below it faces fade.",
            elem_id="truncation",
            render=False,
        )
        message = gr.HTML(js_on_load=_SHOW_MESSAGE, apply_default_css=False)
        return cls(model, blocks, tabs, first, seed, truncation, message, outbox, renderer)

    def open(self, function: Opened, outputs: Sequence[Component]) -> None:
        """Run `function` when the page opens: of the link's query to one value for each of `outputs`, and sentences
        about values that were corrected."""
        self.opened.append((function, outputs))

    def serve(self, path: str, answer: Callable) -> None:
        """Have `answer`, an asynchronous function of a request, answer at `path`, which is relative to the page."""
        self.routes.append(Route(f"/{path}", answer))

    def take(self, path: str, answer: Callable, endpoint: str, most: int) -> None:
        """Have `answer` receive what is sent to `path` by POST.

        `most`: bytes that may be sent there and in a call of `endpoint`, in place of the gate's own limit.
        """
        self.routes.append(Route(f"/{path}", answer, methods=["POST"]))
        self.large.update({f"/{path}": most, endpoint: most})

    def live(self, name: str, draw: Draw) -> str:
        """The address at which theme/page.js asks for a picture while a slider is dragged.

        `draw`: of a link's query to HTML, as a preview where the second argument says so. One request without Gradio's
        events, sessions and JSON, which take longer than the face.
        """

        async def answer(request: Request) -> Response:
            query = dict(request.query_params)
            try:
                async with self.turns:
                    return html_answer(await anyio.to_thread.run_sync(draw, query, "preview" in query))
            except Exception as error:
                return refusal(error)

        self.serve(f"live/{name}", answer)
        return f"live/{name}"

    def listen(self, notes: gr.HTML, again: Event) -> None:
        """Register the event of the opening page, once all tabs are built: one for all tabs, so that they get one seed.

        `again` is fired where another link is opened without loading the page, such as by Back.
        """
        query = gr.Textbox(visible=False)
        outputs = [notes, self.tabs, *(component for _, components in self.opened for component in components)]
        at_first, to_open = (
            f"() => window.facegan.{name}({RANDOM_SEEDS})" for name in ("searchAtFirst", "searchToOpen")
        )
        self.answer(self.blocks.load, self._open, [query], outputs, js=at_first)
        self.answer(again, self._open, [query], outputs, js=to_open)

    def _open(self, search: object) -> tuple:
        query = {"seed": str(random_seed()), **read_search(search)}
        opened = [function(query) for function, _ in self.opened]
        complaints = dict.fromkeys(sentence for _, sentences in opened for sentence in sentences)
        values = [value for values, _ in opened for value in values]
        # A page that is loaded shows its first tab by itself.
        first = "again" in query and not any(isinstance(value, gr.Tabs) for value in values)
        return (
            notices(complaints, query.get("again", "")[:20]),
            gr.Tabs(selected=self.first) if first else gr.skip(),
            *values,
        )

    def random_face(self, button: gr.Button) -> Event:
        """The event after `button` has made a random face the current one."""
        return self.in_browser(button.click, f"() => {RANDOM}", [], [self.seed])

    def random_number(self, button: gr.Button, field: gr.Textbox) -> None:
        """Have `button` put the number of a random face into `field`."""
        self.in_browser(button.click, f"() => {RANDOM}", [], [field])(None, js=SETTLE, api_visibility="private")

    def make_current(self, button: gr.Button, element_id: str) -> None:
        """Have `button` make the face that is shown at `element_id` the current one, and open the tab Faces with it."""
        self.in_browser(button.click, f"() => window.facegan.shownFace('#{element_id}')", [], [self.seed])(
            None, js="() => window.facegan.openTab('Faces')", api_visibility="private"
        )

    def in_browser(
        self, event: Event | Sequence[Event], js: str, inputs: Sequence[Component], outputs: Sequence[Component]
    ) -> Event:
        """The event after `js` has set `outputs` without asking the server.

        So whatever the visitor does before a face is drawn is about the values that are already set.
        """
        return any_of(event)(None, list(inputs), list(outputs), js=js, api_visibility="private").then

    def answer(
        self,
        events: Event | Sequence[Event],
        function: Callable,
        inputs: Sequence[Component],
        outputs: Sequence[Component],
        js: str | None = None,
    ) -> gr.events.Dependency:
        """Run `function` on the server at every one of `events`, without signs of waiting.

        Not through Gradio's queue: it holds 64 events and refuses the rest, and costs 30 ms. Answers wait here for
        their turn and may overtake each other; theme/page.js then asks again for what is set. Of events that come
        faster than the server draws, such as a dragged slider's, the last is never lost. Inputs arrive as they were
        sent: `function` checks them.
        """
        return any_of(events)(
            self.in_turn(function, len(outputs)),
            list(inputs),
            [self.message, *outputs],
            js=js,
            show_progress="hidden",
            trigger_mode="always_last",
            queue=False,
            preprocess=False,
            api_visibility="private",
        )

    def in_turn(self, function: Callable, outputs: int) -> Callable:
        """`function` in a thread when its turn has come, its results behind one for `message`.

        An error is one sentence there and changes nothing else: Gradio would write "Error" over the outputs.
        """

        @wraps(function)
        async def run(*arguments: object) -> tuple:
            try:
                async with self.turns:
                    found = await anyio.to_thread.run_sync(partial(function, *arguments))
            except Exception as error:
                return message(sentence(error)), *(gr.skip(),) * outputs
            return gr.skip(), *(found if outputs > 1 else (found,))

        return run

    def endpoint(self, function: Callable, name: str, turn: Semaphore | None = None) -> None:
        """Offer `function` to callers as /`name`; an error is one sentence.

        It runs in a thread when its `turn` has come, which is that of the page's answers unless given; an asynchronous
        function takes none.
        """

        @wraps(function)
        async def run(*arguments: object, **named: object) -> object:
            try:
                if iscoroutinefunction(function):
                    return await function(*arguments, **named)
                async with turn or self.turns:
                    return await anyio.to_thread.run_sync(partial(function, *arguments, **named))
            except Exception as error:
                raise gr.Error(sentence(error), print_exception=False) from error

        run.__name__ = name  # so MCP calls the tool
        gr.api(run, api_name=name, queue=False)
        endpoint = next(fn for fn in self.blocks.fns.values() if fn.api_name == name)
        _describe(endpoint.inputs, function)


def read_search(search: object) -> dict[str, str]:
    """The query of a link, with or without its question mark; nothing of what is no text."""
    text = search[:_MAX_QUERY].lstrip("?") if isinstance(search, str) else ""
    return dict(parse_qsl(text)[:_MAX_NAMES])


def _describe(inputs: Sequence[Component], function: Callable) -> None:
    """Put what the docstring says of each parameter on the API page, which shows only its type by itself."""
    _, described, _ = get_function_description(function)
    for component, name in zip(inputs, signature(function).parameters, strict=True):
        component._api_info = {**component._api_info, "additional_description": described.get(name, "")}


def any_of(events: Event | Sequence[Event]) -> Event:
    """Several events as one. A single one stays itself, because `gr.on` does not take the `then` of another."""
    return events if callable(events) else partial(gr.on, events)


def slider_names(model: FaceModel) -> list[str]:
    """The names of all sliders, which are keys of links and arguments of calls."""
    return [slider.name for slider in model.all_sliders]


def moved(slider: gr.Slider) -> tuple[Event, Event]:
    """The events of a slider that the visitor moves; its reset button counts as a release only."""
    return slider.input, slider.release


def attribute_slider(slider: Slider, scale: int | None = None) -> gr.Slider:
    """The control that moves a face by `slider`; `scale` is its share of the row."""
    return gr.Slider(
        slider.low,
        slider.high,
        0,
        step=_STEP,
        label=slider.label,
        elem_id=f"slider-{slider.name}",
        min_width=180,
        scale=scale,
    )


def attribute_boxes(model: FaceModel, title: str, prefix: str) -> list[gr.Checkbox]:
    """A checkbox for each slider's attribute, folded away below `title`; their ids are `prefix` and the name.

    Last those of the sliders that were found without labels, by the names that the visitor has given them.
    """
    if not model.sliders:
        return []
    gr.HTML(fold(title), apply_default_css=False, elem_classes="fg-fold-cell")
    with gr.Row(elem_classes="fg-tight fg-only"):
        return [
            gr.Checkbox(False, label=slider.label, elem_id=f"{prefix}{slider.name}", min_width=110)
            for slider in model.all_sliders
        ]


def attribute_lock(slider: Slider) -> gr.Checkbox:
    """The control beside a slider that holds its attribute while others move."""
    return gr.Checkbox(False, label="Lock", elem_id=f"lock-{slider.name}", min_width=70, scale=1)


def on_load(controls: Mapping[str, str], live: str = "", dragged: Sequence[str] = ()) -> str:
    """The script of the gr.HTML that shows a tab's state.

    Its value carries the state as `data-query`. `controls`: a CSS selector of the control that sets each of the
    state's names. Where the two differ, it fires `select`, at which the tab draws what is set. `live`: where the face
    is fetched when one of the controls named in `dragged` moves (`Page.live`). See theme/page.js.
    """
    what = json.dumps({"controls": dict(controls), "live": live, "dragged": list(dragged)})
    return (
        f"window.facegan.showState(element, props, {what}, () => trigger('select'), "
        "(changed) => watch('value', changed));"
    )
