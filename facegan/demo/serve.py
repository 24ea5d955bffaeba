"""Serve the page: where, with which limits, and what it sends beside what Gradio does."""

import errno
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from importlib.util import find_spec

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from facegan.base.errors import FaceGANError
from facegan.base.proxies import without_proxies
from facegan.demo import TEMPORARY
from facegan.demo.answers import file_answer, refusal
from facegan.demo.build import build_demo
from facegan.demo.gate import Gate
from facegan.demo.mcp_content import send_content
from facegan.demo.models import PLACE, Choice, Chooser
from facegan.demo.outbox import PREFIX
from facegan.demo.page import Page
from facegan.demo.sessions import without_state
from facegan.demo.theme import THEME_FOLDER, head, theme
from facegan.model.load import FaceModel

_THREADS = 64  # answers that wait in threads of gradio's
_PORTS = 100  # how many ports are tried from the one asked for


def launch(demo: gr.Blocks, host: str | None = None, port: int | None = None, share: bool = False) -> None:
    """Serve the page until interrupted.

    `host` and `port` default to GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, which a Space sets, else to this machine
    and 7860. A port in use gives way to the next one that is free; 0 takes any. Raises FaceGANError when it cannot be
    served there.
    """
    if port is not None or host is not None:
        port = free_port(host or "127.0.0.1", 7860 if port is None else port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with nullcontext() if share else without_proxies():  # gradio asks its own page whether it is there
        demo.launch(
            server_name=host,
            server_port=port,
            share=share,
            max_threads=_THREADS,
            prevent_thread_lock=True,
            **_options(demo),
        )
    try:
        demo.block_thread()
    finally:
        shutil.rmtree(TEMPORARY, ignore_errors=True)


def _options(demo: gr.Blocks) -> dict:
    """How every page is served, that of the first model and those of the others."""
    chooser = []
    if demo.models and demo.models.own == demo.choice:
        root = partial(getattr, demo, "root_path")
        chooser = [Middleware(Chooser, models=demo.models, root=lambda: root() or "", build=partial(_other, demo))]
    return {
        "theme": theme(),
        "head": head(),
        "favicon_path": THEME_FOLDER / "favicon.svg",
        "footer_links": ["api", "settings"],
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "max_file_size": "1kb",  # the page takes no files: reopen.py reads pictures in the browser
        "mcp_server": find_spec("mcp") is not None,
        "ssr_mode": False,
        "app_kwargs": {
            "middleware": [*chooser, Middleware(Gate, demo=demo)],
            "routes": routes(demo.page),
            "lifespan": _lifespan,
        },
    }


def _other(demo: gr.Blocks, choice: Choice, model: FaceModel) -> FastAPI:
    """The app of another model than `demo` shows."""
    other = build_demo(model, demo.models, choice)
    app = FastAPI(openapi_url=None)
    place = f"{(demo.root_path or '').rstrip('/')}{PLACE}{choice.key}"
    return gr.mount_gradio_app(app, other, "/", root_path=place, **_options(other))


@asynccontextmanager
async def _lifespan(app: App) -> AsyncIterator[None]:
    """What has to be in place before the first request: launch() returns only after it has come."""
    demo = app.get_blocks()
    send_content(demo, demo.page.outbox)
    async with without_state(app):
        yield
    if demo.models and demo.models.own == demo.choice:
        await demo.models.close()


def free_port(host: str, port: int) -> int:
    """`port`, or the next one that nobody listens on; any for 0.

    Raises FaceGANError when `host` is not an address of this machine, and when a hundred ports are taken.
    """
    if not 0 <= port <= 65535:
        raise FaceGANError(f"A port is a number from 0 to 65535, not {port}: choose another with --port.")
    last = min(port + (_PORTS if port else 1), 65536) - 1
    for candidate in range(port, last + 1):
        try:
            return _bound(host, candidate)
        except PermissionError as error:
            raise FaceGANError(
                f"Port {port} may only be used by the administrator: choose one from 1024 on."
            ) from error
        except (OSError, UnicodeError) as error:
            if not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
                raise FaceGANError(
                    f"{host} is not an address of this machine: leave --host out, or use 0.0.0.0 for all of them."
                ) from error
    raise FaceGANError(f"No port from {port} to {last} is free on {host}: choose another with --port.")


def _bound(host: str, port: int) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        return probe.getsockname()[1]


def routes(page: Page) -> list[Route]:
    """What the server has beside Gradio's routes. Nothing that it sends is ever a file on this machine."""

    async def returned(request: Request) -> Response:
        path = request.path_params["path"]
        content = page.outbox.get(path)
        if content is None:
            return refusal(FaceGANError("This file was fetched too late: call the endpoint again."))
        return file_answer(content, path.rpartition("/")[2])

    async def favicon(_: Request) -> Response:
        return FileResponse(THEME_FOLDER / "favicon.svg", media_type="image/svg+xml")

    return [*page.routes, Route(PREFIX + "{path:path}", returned), Route("/favicon.ico", favicon)]
