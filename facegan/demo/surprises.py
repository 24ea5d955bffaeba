"""The fold of the tab Sliders with what was found without labels; each visitor may give it a name."""

from html import escape

import gradio as gr

from facegan.demo.markup import fold
from facegan.demo.page import Page, attribute_lock, attribute_slider
from facegan.sliders.slider import Slider

_MOST_LETTERS = 40  # of a name


def build(page: Page) -> tuple[list[gr.Slider], list[gr.Checkbox]]:
    """Their sliders and locks; none for a model without surprises."""
    if not page.model.surprises:
        return [], []
    gr.HTML(
        fold("Surprise me"),
        elem_id="surprises",
        elem_classes="fg-fold-cell",
        js_on_load="window.facegan.nameSurprises();",
        apply_default_css=False,
    )
    sliders, locks = [], []
    with gr.Column(elem_classes="fg-surprises"):
        for slider in page.model.surprises:
            with gr.Row(elem_classes="fg-tight fg-slider"):
                sliders.append(attribute_slider(slider, scale=6))
                locks.append(attribute_lock(slider))
                gr.HTML(markup(slider), min_width=44, elem_classes="fg-note-cell", apply_default_css=False)
    return sliders, locks


def markup(slider: Slider) -> str:
    """Where theme/surprises.js takes the visitor's own name for a slider."""
    label = escape(slider.label)
    return (
        f'<details class="fg-note"><summary aria-label="Name {label}">✎</summary><p><label>Your name for it '
        f'<input data-surprise="{escape(slider.name)}" placeholder="{label}" maxlength="{_MOST_LETTERS}"></label> '
        f"It stays in this browser. {escape(slider.note)}</p></details>"
    )
