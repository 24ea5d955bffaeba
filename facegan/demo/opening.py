"""What a visitor sees before Gradio's scripts have loaded: the name of the page, the tabs, and where the face will be.

The gate puts it into the page that is served; theme/page.js takes it away when the face has come.
"""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from facegan.demo.markup import notice, what_it_is
from facegan.demo.page import Tab, read_search
from facegan.demo.share import PREVIEW, Sharing
from facegan.demo.theme import THEME_FOLDER
from facegan.model.load import FaceModel

_STYLE = THEME_FOLDER / "opening.css"
_FONTS = "".join(
    '<link rel="preload" as="font" type="font/woff2" crossorigin '
    f'href="static/fonts/SourceSansPro/SourceSansPro-{name}.woff2">'
    for name in ("Regular", "Bold")
)
_THEMES = ("light", "dark")


class Opening:
    """Of a page for `model` with these `tabs`; `picker` says whether other models can be chosen on it."""

    def __init__(self, model: FaceModel, tabs: Sequence[Tab], sharing: Sharing, picker: bool):
        self._model, self._tabs, self._sharing, self._picker = model, tabs, sharing, picker
        self._style = f"{_FONTS}<style>{_STYLE.read_text(encoding='utf-8')}</style>"

    def html(self, search: str) -> str:
        """For a link's query."""
        query = read_search(search)
        opened, _ = self._sharing.opened(query)
        index = next(i for i, tab in enumerate(self._tabs) if tab is opened)
        before, after = (
            f"<div>{''.join(f'<span>{escape(tab.label)}</span>' for tab in tabs)}</div>"
            for tabs in (self._tabs[:index], self._tabs[index + 1 :])
        )
        theme = query.get("__theme", "")
        return (
            f'{self._style}<div id="fg-opening" data-tab="{escape(opened.id)}" '
            f'data-theme="{theme if theme in _THEMES else ""}"><main>'
            f"<h1>FaceGAN</h1><p>{escape(what_it_is(self._model.config))}</p>"
            f"{'<div data-picker></div>' if self._picker else ''}{notice(self._model.note) if self._model.note else ''}"
            f'<div data-tabs>{before}<b>{escape(opened.label)}</b>{after}<i aria-hidden="true">…</i></div>'
            f"<figure>{self._picture(query)}</figure>"
            '<p data-state role="status">The page is opening.</p>'
            "<noscript><p>This page needs JavaScript: allow it in the browser.</p></noscript></main></div>"
        )

    def _picture(self, query: Mapping[str, str]) -> str:
        """The face of the link's preview, if that has just been drawn for a program that shows the link."""
        if not self._sharing.has_card(query):
            return ""
        address = f"{PREVIEW}?{urlencode({**query, '_weights': self._model.weights})}"
        return f'<img src="{escape(address)}" alt="">'
