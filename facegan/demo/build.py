"""The page: its frame, its tabs in order, and how it is served."""

import os
import socket
from pathlib import Path

# Read when gradio is imported: the demo tells nobody anything.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr  # noqa: E402

from facegan.base.errors import FaceGANError  # noqa: E402
from facegan.demo import faces_tab, learned_tab, morph_tab, reopen, sliders_tab  # noqa: E402
from facegan.demo.markup import about, header, notice  # noqa: E402
from facegan.demo.page import Page  # noqa: E402
from facegan.model.load import FaceModel  # noqa: E402

# A tab is a file with a function `build`, and a line here.
TABS = {
    "Faces": faces_tab.build,
    "Sliders": sliders_tab.build,
    "Morph": morph_tab.build,
    "How it learned": learned_tab.build,
}

_THEME_FOLDER = Path(__file__).parent / "theme"
_QUEUE = 64  # visitors who wait; later ones are told that the page is busy
_WORKERS = 2  # calls of the endpoints at a time: what the two cores of a free Space can do
_SESSIONS = 200  # visitors whose last pictures gradio keeps, about a megabyte each
_CACHE_CHECK, _CACHE_AGE = 600, 3600  # s; a film stays for an hour
_PORTS = 100  # how many ports are tried from the one asked for


def build_demo(model: FaceModel) -> gr.Blocks:
    """The page for `model`, not yet served."""
    with gr.Blocks(
        title="FaceGAN: AI-generated faces",
        analytics_enabled=False,
        delete_cache=(_CACHE_CHECK, _CACHE_AGE),
    ) as blocks:
        gr.HTML(header(model.config), apply_default_css=False)
        if model.note:
            gr.HTML(notice(model.note), apply_default_css=False)
        tabs = gr.Tabs(elem_id="tabs")
        page = Page.of(model, blocks, tabs)
        with tabs:
            for label, build in TABS.items():
                if not _shown(label, model):
                    continue
                with gr.Tab(label, id=label.lower()) as tab:
                    build(page, tab)
        page.listen()
        reopen.build(page)
        tabs.change(None, js="() => setTimeout(window.facegan.showLink, 100)")  # once its panel is there
        with gr.Accordion("What this is", open=False):
            gr.HTML(about(model.config), apply_default_css=False)
    return blocks.queue(max_size=_QUEUE, default_concurrency_limit=_WORKERS)


def _shown(label: str, model: FaceModel) -> bool:
    """Whether the model has what the tab is about."""
    return bool({"Sliders": model.sliders, "How it learned": model.films}.get(label, True))


def launch(demo: gr.Blocks, host: str | None = None, port: int | None = None, share: bool = False) -> None:
    """Serve the page until interrupted.

    `host` and `port` default to GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, which a Space sets, else to this machine
    and 7860. A port in use gives way to the next one that is free; 0 takes any.
    """
    if port is not None:
        port = free_port(host or "127.0.0.1", port)
    demo.launch(
        server_name=host,
        server_port=port,
        share=share,
        theme=_theme(),
        head=_head(),
        favicon_path=_THEME_FOLDER / "favicon.svg",
        footer_links=["api", "settings"],
        show_error=False,
        enable_monitoring=False,
        max_file_size="1mb",  # the page takes no files: reopen.py reads pictures in the browser
        state_session_capacity=_SESSIONS,
        ssr_mode=False,
    )


def free_port(host: str, port: int) -> int:
    """`port`, or the next one that nobody listens on; any for 0. Raises FaceGANError when a hundred are taken."""
    for candidate in range(port, port + (_PORTS if port else 1)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise FaceGANError(f"No port from {port} to {port + _PORTS - 1} is free on {host}: choose another with --port.")


def _head() -> str:
    """Our style and script. Not as `css`, because gradio rewrites that and loses media queries."""
    style, script = ((_THEME_FOLDER / name).read_text(encoding="utf-8") for name in ("style.css", "page.js"))
    return f"<style>{style}</style><script>{script}</script>"


def _theme() -> gr.Theme:
    return gr.themes.Soft(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        # The bundled SemiBold lacks the Latin letters, so the two weights that have them.
        font=[gr.themes.LocalFont("Source Sans Pro", weights=(400, 700)), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        block_border_width="1px",
        block_border_color="*neutral_200",
        input_border_width="1px",
        input_border_color="*neutral_200",
        checkbox_border_color="*neutral_400",  # else white on white
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_padding="0",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_500",
    )
