"""The current face: which face a tab begins with when it is opened, and where one goes that is clicked meanwhile.

A tab says once what it takes; theme/current.js is what happens in the browser.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr

from facegan.demo.page import SETTLE, Page
from facegan.demo.state import RANDOM_SEEDS

_CHOICE_STYLE = """
fieldset { display: flex; flex-wrap: wrap; align-items: center; gap: 0 16px; margin: 0; padding: 0; border: 0; }
legend { float: left; padding: 0; color: var(--body-text-color-subdued); }
label { display: inline-flex; align-items: center; gap: 8px; min-height: 44px; cursor: pointer; }
input { appearance: auto; width: 18px; height: 18px; accent-color: var(--primary-600); }
"""


@dataclass(frozen=True)
class Takes:
    """What a tab does with faces from elsewhere.

    `tab` is its id, and `fields` the ids of its fields of faces; the first field's is that of the current face when the
    tab is opened. `names` are what its fields hold, and `first` the number of the one that gets the first face that is
    clicked. `fills`: whether an empty field gets a random face. `most`: the length of the list, if its only field holds
    one. `moves`: whether the tab moves sliders of the current face. `takes` is False for a tab on which a click opens
    a face as its link does.
    """

    tab: str
    fields: tuple[str, ...]
    names: tuple[str, ...] = ()
    first: int = 0
    fills: bool = False
    most: int = 0
    moves: bool = False
    takes: bool = True

    @property
    def script(self) -> str:
        """For the gr.HTML that shows the tab's state."""
        return f"window.facegan.takesFaces(element, {self._as_json});"

    def choice(self) -> gr.HTML:
        """The control that says which field gets the next face that is clicked."""
        return gr.HTML(
            choice(self.tab, self.names, self.first),
            css_template=_CHOICE_STYLE,
            js_on_load=None,
            apply_default_css=False,
        )

    def begin(self, page: Page, tab: gr.Tab, fields: Sequence[gr.Textbox]) -> None:
        """Have the tab begin with the current face whenever it is opened."""
        take = f"(...values) => window.facegan.faceToTake({self._as_json}, values)"
        page.in_browser(tab.select, take, fields, fields)(None, js=SETTLE, api_visibility="private")

    @property
    def _as_json(self) -> str:
        """For theme/current.js."""
        values = {name: value for name, value in vars(self).items() if name != "first"}
        return json.dumps({**values, "seeds": RANDOM_SEEDS})


def choice(tab: str, names: Sequence[str], first: int) -> str:
    """One of `names`, that of number `first` chosen."""
    boxes = "".join(
        f'<label><input type="radio" name="{tab}-takes"{" checked" if i == first else ""}>{escape(name)}</label>'
        for i, name in enumerate(names)
    )
    return f"<fieldset><legend>Click a face you have seen or kept: it becomes the</legend>{boxes}</fieldset>"
