"""What the server remembers of a visitor: next to nothing, since every question of the page carries all it is about.

Gradio keeps each visitor's last pictures to save them as a "deep link", a route that this page does not serve. Setting
that up takes 16 ms of every opening, and half a megabyte.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy

import gradio as gr
from gradio.routes import App
from gradio.state_holder import SessionState, StateHolder

_MOST = 2000  # visitors; a few kilobytes each


class Session(SessionState):
    """A visitor of a page without gr.State."""

    def __init__(self, blocks: gr.Blocks):  # not the parent's, which copies the configuration of every component
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
async def forgetful(app: App) -> AsyncIterator[None]:
    """The lifespan of an app that remembers no pictures."""
    app.state_holder = Sessions()
    app.state_holder.set_blocks(app.get_blocks())
    app.state_holder.capacity = _MOST
    yield
