"""Sessions without state: every request of the page carries everything that is needed to answer it.

Gradio's own sessions keep each visitor's last pictures for its "deep links", which this page does not serve. They cost
16 ms and half a megabyte for each opened page.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy

import gradio as gr
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder

_MOST = 2000  # sessions, of a few kilobytes each


class Session(SessionState):
    """The session of a page without gr.State."""

    def __init__(self, blocks: gr.Blocks):  # not super().__init__, which copies the configuration of every component
        self.blocks_config = copy(blocks.default_config)
        self.config_values, self.state_data, self._state_ttl = {}, {}, {}
        self.is_closed = False

    def __setitem__(self, key: int, value: object) -> None:
        self.blocks_config.blocks[key] = value

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: object) -> None:
        pass


class Sessions(StateHolder):
    def __getitem__(self, session_id: str) -> Session:
        if session_id not in self.session_data:
            self.session_data[session_id] = Session(self.blocks)
        return super().__getitem__(session_id)


@asynccontextmanager
async def without_state(app: App) -> AsyncIterator[None]:
    """The lifespan of an app with these sessions in place of Gradio's."""
    app.state_holder = Sessions()
    app.state_holder.set_blocks(app.get_blocks())
    app.state_holder.capacity = _MOST
    yield
