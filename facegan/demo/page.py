"""What the tabs share: the model, the current face, and the way they listen."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import gradio as gr
from gradio.components import Component

from facegan.base.errors import FaceGANError
from facegan.demo.state import MAX_TRUNCATION, RANDOM_SEEDS, random_seed
from facegan.model.load import FaceModel

# For the gr.HTML that carries a tab's link in `data-query`: see theme/page.js.
SHOW_LINK = "watch('value', () => window.facegan.showLink());"


Event = Callable[..., gr.events.Dependency]  # such as button.click
Opened = Callable[[Mapping[str, str]], tuple]


@dataclass(frozen=True)
class Page:
    """What every tab is built with.

    `tabs` is selected to open a tab, by its name in small letters. `seed` (the current face) and `truncation` are one
    control each for all tabs; the tab Faces renders them. `ready` becomes true when the page has opened.
    """

    model: FaceModel
    blocks: gr.Blocks
    tabs: gr.Tabs
    seed: gr.Number
    truncation: gr.Slider
    ready: gr.Checkbox
    opened: list[tuple[Opened, Sequence[Component]]] = field(default_factory=list)

    @classmethod
    def of(cls, model: FaceModel, blocks: gr.Blocks, tabs: gr.Tabs) -> "Page":
        seed = gr.Number(
            0, precision=0, label="Seed", info="The same seed is always the same face.", elem_id="seed", render=False
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
        return cls(model, blocks, tabs, seed, truncation, ready=gr.Checkbox(False, visible=False))

    def open(self, function: Opened, outputs: Sequence[Component]) -> None:
        """Run `function` when the page opens: of the link's query to one value for each of `outputs`."""
        self.opened.append((function, outputs))

    def listen(self) -> None:
        """To the opening of the page, once all tabs are built. One event for all, so that they see one seed."""
        outputs = [self.ready, *(component for _, components in self.opened for component in components)]
        self.blocks.load(self._open, None, outputs, show_progress="hidden", api_visibility="private")

    def _open(self, request: gr.Request) -> tuple:
        query = {"seed": str(random_seed()), **request.query_params}
        return True, *(value for function, _ in self.opened for value in function(query))

    def selected(
        self, tab: gr.Tab, function: Callable, inputs: Sequence[Component], outputs: Sequence[Component]
    ) -> gr.events.Dependency:
        """Run `function` when the visitor opens the first tab.

        Gradio also selects it by itself while the page opens. What is drawn for that knows nothing of the
        link yet, and would take its face's place whenever it is the last to arrive.
        """

        def draw(ready: bool, *values: object) -> object:
            return function(*values) if ready else gr.skip()

        return self.live(tab.select, draw, [self.ready, *inputs], outputs)

    def random_face(self, button: gr.Button) -> Event:
        """The event after `button` has made a random face the current one."""
        return self.current(button.click, f"Math.floor(Math.random() * {RANDOM_SEEDS})")

    def current(self, event: Event, seed: str) -> Event:
        """The event after `event` has made the face of `seed`, an expression in JavaScript, the current one.

        The browser does it, so that whatever the visitor does before the face is there is about that seed.
        """
        return event(None, None, [self.seed], js=f"() => {seed}", api_visibility="private").then

    def live(
        self,
        events: Event | Sequence[Event],
        function: Callable,
        inputs: Sequence[Component],
        outputs: Sequence[Component],
        queue: bool = True,
    ) -> gr.events.Dependency:
        """Run `function` at every one of `events` without signs of waiting.

        Of events that come faster than the server draws, such as a dragged slider's, the last is never lost. Answers
        come in the order of the questions, so that a slow one does not take the place of a later one's face. `queue`:
        wait in turn; what takes a few milliseconds need not, and is there 30 milliseconds sooner.
        """
        return listen(events)(
            function,
            inputs,
            outputs,
            show_progress="hidden",
            trigger_mode="always_last",
            concurrency_limit=1,
            concurrency_id="page",
            queue=queue,
            api_visibility="private",
        )


def listen(events: Event | Sequence[Event]) -> Event:
    """Several events as one. A single one stays itself, because `gr.on` does not take the `then` of another."""
    return events if callable(events) else partial(gr.on, events)


def moved(slider: gr.Slider) -> tuple[Event, Event]:
    """The events of a slider that the visitor moves; its reset button counts as a release only."""
    return slider.input, slider.release


@contextmanager
def told() -> Iterator[None]:
    """Show our own sentences to the caller. Any other error is a plain "Error" outside and a traceback in the log."""
    try:
        yield
    except FaceGANError as error:
        raise gr.Error(str(error), print_exception=False) from error
