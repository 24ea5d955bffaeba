"""The page: its frame and its tabs in order."""

from dataclasses import replace

import gradio as gr

from facegan.demo import (
    animate_tab,
    evolve_tab,
    faces_tab,
    learned_tab,
    mix_tab,
    morph_tab,
    reopen,
    sliders_tab,
    yearbook_tab,
    you_tab,
)
from facegan.demo.markup import about, favourites, header, notice, picker, seen
from facegan.demo.models import Choice, Models
from facegan.demo.opening import Opening
from facegan.demo.outbox import Outbox
from facegan.demo.page import Page
from facegan.demo.render import Renderer
from facegan.demo.share import Sharing, serve
from facegan.model.load import FaceModel

# In the order of the page. A tab is a file with a TAB, and a place in this list.
TABS = (
    faces_tab.TAB,
    sliders_tab.TAB,
    you_tab.TAB,
    mix_tab.TAB,
    evolve_tab.TAB,
    animate_tab.TAB,
    morph_tab.TAB,
    yearbook_tab.TAB,
    learned_tab.TAB,
)

_QUEUE = 64  # calls that come through gradio's queue although nothing here needs it
_ANSWERED = "watch('value', () => window.facegan.showLink());"
_KEEP_SEEN = "window.facegan.keepSeen(element, () => trigger('select'));"
_KEEP_FAVOURITES = "window.facegan.keepFavourites(element);"


def build_demo(model: FaceModel, models: Models | None = None, choice: Choice | None = None) -> gr.Blocks:
    """The page for `model`, not yet served; with others to choose from, `models`, of which it is `choice`.

    Its attributes `page`, `sharing`, `opening`, `models` and `choice` are what serve.py needs of it.
    """
    tabs = [tab for tab in TABS if tab.shown(model)]
    with gr.Blocks(title="FaceGAN: AI-generated faces", analytics_enabled=False) as blocks:
        keys = [key for tab in tabs for key in tab.keys(model)]
        gr.HTML(header(model.config, keys), apply_default_css=False)
        several = bool(models) and len(models.choices) > 1
        if several:
            labels = {one.key: one.label for one in models.choices}
            gr.HTML(picker(labels, choice.key, models.own.key), apply_default_css=False)
        if model.note:
            gr.HTML(notice(model.note), apply_default_css=False)
        notes = gr.HTML(elem_id="link-notes", js_on_load=_ANSWERED, apply_default_css=False)
        frame = gr.Tabs(elem_id="tabs")
        page = Page.of(model, blocks, frame, tabs[0].id, Outbox(), Renderer())
        if models:
            page = replace(page, turns=models.turns, photo_turn=models.photo_turn)
        if models and models.own == choice:
            page.open(lambda query: ((), [*filter(None, [models.complaint(query.get("model", ""))])]), [])
        with frame:
            for tab in tabs:
                with gr.Tab(tab.label, id=tab.id) as item:
                    tab.build(page, item)
                item.select(None, js="() => window.facegan.tabShown()", api_visibility="private")
        strip = gr.HTML(seen(model.weights), elem_id="seen", js_on_load=_KEEP_SEEN, apply_default_css=False)
        gr.HTML(favourites(), elem_id="favourites", js_on_load=_KEEP_FAVOURITES, apply_default_css=False)
        page.listen(notes, strip.select)
        reopen.build(page, tabs)
        with gr.Accordion("About", open=False, elem_id="about"):
            gr.HTML(about(model.config, model.size), apply_default_css=False)
    blocks.models, blocks.choice = models, choice
    blocks.page, blocks.sharing = page, Sharing(model, tabs)
    blocks.opening = Opening(model, tabs, blocks.sharing, several)
    serve(page, blocks.sharing)
    return blocks.queue(max_size=_QUEUE)
