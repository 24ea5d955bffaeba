"""The page: its frame and its tabs in order."""

import os

# Read when gradio is imported and when its queue is made: nothing is told to anybody, and no statistics are kept, for
# which gradio sorts the last 10,000 calls at every call.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

import gradio as gr  # noqa: E402

from facegan.demo import faces_tab, learned_tab, morph_tab, reopen, sliders_tab  # noqa: E402
from facegan.demo.markup import about, header, notice  # noqa: E402
from facegan.demo.outbox import Outbox  # noqa: E402
from facegan.demo.page import Page  # noqa: E402
from facegan.demo.render import Renderer  # noqa: E402
from facegan.model.load import FaceModel  # noqa: E402

# In the order of the page. A tab is a file with a TAB, and a place in this list.
TABS = (faces_tab.TAB, sliders_tab.TAB, morph_tab.TAB, learned_tab.TAB)

_QUEUE = 64  # calls of the endpoints that wait; the page itself asks past this queue


def build_demo(model: FaceModel) -> gr.Blocks:
    """The page for `model`, not yet served. Its attribute `page` is what serve.py needs of it."""
    tabs = [tab for tab in TABS if tab.shown(model)]
    with gr.Blocks(title="FaceGAN: AI-generated faces", analytics_enabled=False) as blocks:
        keys = [key for tab in tabs for key in tab.keys(model)]
        gr.HTML(header(model.config, keys), apply_default_css=False)
        if model.note:
            gr.HTML(notice(model.note), apply_default_css=False)
        notes = gr.HTML(elem_id="link-notes", apply_default_css=False)
        frame = gr.Tabs(elem_id="tabs")
        page = Page.of(model, blocks, frame, Outbox(), Renderer())
        with frame:
            for tab in tabs:
                with gr.Tab(tab.label, id=tab.id) as item:
                    tab.build(page, item)
                item.select(None, js="() => window.facegan.tabShown()", api_visibility="private")
        page.listen(notes)
        reopen.build(page, tabs)
        with gr.Accordion("What this is", open=False):
            gr.HTML(about(model.config), apply_default_css=False)
    blocks.page = page
    return blocks.queue(max_size=_QUEUE)
