"""Filters requests before Gradio: routes that the page uses, small bodies, valid calls, and not too many at a time.

Gradio serves more than this page needs (uploads, saved states, a code editor), accepts bodies of any size, and answers
an invalid call with a traceback.
"""

import asyncio
import json
import logging
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from html import escape
from urllib.parse import urlsplit

import gradio as gr
from gradio.route_utils import get_root_url
from starlette.requests import Request

Scope = MutableMapping[str, object]
Receive = Callable[[], Awaitable[MutableMapping[str, object]]]
Send = Callable[[MutableMapping[str, object]], Awaitable[None]]

_API = "/gradio_api"
_READ = re.compile(
    r"/|/config/?|/theme\.css|/(static|assets|svelte)/.+|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon.*"
    rf"|{_API}/(info/?|openapi\.json|theme\.css|app_id/?|user/?|login_check/?|token/?|startup-events|queue/(data|status)"
    r"|heartbeat/[^/]+|stream/[\w-]+/[\w.-]+|call/.+|mcp(/.*)?)"
)
_WRITE = re.compile(rf"{_API}/((run|api|call)/.+|queue/join|cancel|reset/?|mcp(/.*)?)")
_STREAM = re.compile(rf"{_API}/(queue/data|heartbeat/.+|call/.+|mcp.*)")
_CALL = re.compile(rf"{_API}/(?:(?P<queued>queue/join)|(?P<how>run|api|call|call/v2)/(?P<name>[^/]+)/?)")
_ANSWER = re.compile(rf"{_API}/(?:queue/data|call/(?:v2/)?[^/]+/(?P<event>[^/]+))")

_GRADIO_BASE = b'<base href="./" />'
_GRADIO_APP = b"<gradio-app"
_PREVIEW_TAG = re.compile(rb'<meta\s+(property="og:|name="twitter:)[^>]*>\s*')

_MAX_BODY = 64_000  # bytes; the longest of the page's own is a recipe of 5,000 letters
_MAX_LARGE = 24  # bodies beyond that at a time, where photos are taken
_MAX_DEPTH = 20  # levels of JSON, far more than a call has
_MAX_CALLS = 256  # at a time, each of them with an answer of half a megabyte
_MAX_OPEN = {"streams": 600, "reads": math.inf}  # open at a time; streams: two for every one of 300 visitors
_CHUNK = 65_536  # bytes of an answer that are sent at once; the next ones when the client has read these
_STALLED = 30.0  # s without progress after which a connection is given up
_RETRY = 2  # s


class Refused(Exception):
    """The request is answered here and not by Gradio: with a status and one sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status = status


class Stalled(Exception):
    """The client does not read its answer, or does not send its request."""


class Gate:
    """ASGI middleware before Gradio's app."""

    def __init__(self, app: Callable, demo: gr.Blocks):
        self._app, self._demo = app, demo
        self._own = demo.page.routes
        self._large = demo.page.large
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = urlsplit(self._demo.root_path or "").path.rstrip("/")
        path = path_below(scope["path"], root)
        scope = {**scope, "path": root + path if scope.get("root_path") else path}
        answer = _Answer(send, path, self._demo.root_path or "", partial(self._additions, scope))
        try:
            route = next((route for route in self._own if route.path_regex.fullmatch(path)), None)
            own = route.path_regex.pattern if route else None
            if not own:
                _check_route(scope["method"], path)
            elif scope["method"] not in route.methods:
                what = "is something to read only" if "GET" in route.methods else "a photo is taken, by POST"
                raise Refused(405, f"Here {what}.")
            self._check_session(scope, path)
            # Counted by kind, so that those who wait for films leave room for those who look at faces.
            kind = own or _kind(scope["method"], path)
            if scope["method"] == "POST":
                most = self._max_bytes(path)
                kind = "photos" if most > _MAX_BODY and _size(scope) > _MAX_BODY else kind
                if kind == "photos" and self._open[kind] >= _MAX_LARGE:
                    raise Refused(503, "Many visitors bring a photo at this moment: try again in a few seconds.")
                self._open[kind] += 1
                try:
                    body = await _body(scope, receive, most)
                finally:
                    self._open[kind] -= 1
                self._check_call(path, body)
                receive = _replay(body, receive)
            if self._open[kind] >= _MAX_OPEN.get(kind, _MAX_CALLS):
                raise Refused(503, "Many visitors are here at this moment: try again in a few seconds.")
            self._open[kind] += 1
            try:
                await self._app(scope, receive, answer)
            finally:
                self._open[kind] -= 1
        except Refused as refused:
            await answer.refuse(refused.status, str(refused))
        except Stalled:
            pass

    def _tags(self, scope: Scope) -> str:
        """The meta tags for previews of the link; none if the address of the page cannot be determined."""
        try:
            base = get_root_url(Request(scope), "/", self._demo.root_path)
            return self._demo.sharing.tags(scope["query_string"].decode("latin-1"), base)
        except Exception as error:  # a stranger's headers: the page itself needs nothing of them
            logging.getLogger(__name__).warning("A link has no preview: %r", error)
            return ""

    def _additions(self, scope: Scope) -> tuple[str, str]:
        """What is added to head and body of the page. Gradio's has no title until its scripts have loaded."""
        return f"<title>{escape(self._demo.title)}</title>{self._tags(scope)}", self._opening(scope)

    def _opening(self, scope: Scope) -> str:
        """The HTML that is shown until the page has opened."""
        try:
            return self._demo.opening.html(scope["query_string"].decode("latin-1"))
        except Exception as error:  # the page itself needs nothing of it
            logging.getLogger(__name__).warning("A link opens without its place for the face: %r", error)
            return ""

    def _max_bytes(self, path: str) -> int:
        """The largest body for a path, in bytes. For Gradio's queue that of any endpoint: its name is in the body."""
        found = _CALL.fullmatch(path)
        if found and found["queued"]:
            return max([_MAX_BODY, *self._large.values()])
        return self._large.get(found["name"] if found else path, _MAX_BODY)

    def _check_session(self, scope: Scope, path: str) -> None:
        """Raises Refused for a request for the answers of an unknown session, at which Gradio raises."""
        found = _ANSWER.fullmatch(path)
        if not found or scope["method"] != "GET":
            return
        query = dict(part.partition("=")[::2] for part in scope["query_string"].decode("latin1").split("&"))
        session = found["event"] or query.get("session_hash", "")
        if session not in self._demo._queue.pending_messages_per_session:
            raise Refused(404, "Nothing was asked for here, or its answer has been fetched: call the endpoint again.")

    def _check_call(self, path: str, body: bytes) -> None:
        """Raises Refused for a call of no endpoint, or with invalid arguments."""
        found = _CALL.fullmatch(path)
        if not found:
            return
        call = _json(body)
        if found["how"] == "call/v2":
            self._check_names(found["name"], call)
            return
        dependency = self._dependency(found, call)
        data = call.get("data")
        if not isinstance(data, list) or len(data) != len(dependency.inputs):
            raise Refused(422, f"data must be a list of {len(dependency.inputs)} values, in the order of the API page.")
        if dependency.collects_event_data and not isinstance(call.get("event_data"), dict):
            raise Refused(422, "event_data must be an object.")
        for name in ("session_hash", "event_id", "fn_index", "trigger_id"):
            if not isinstance(call.get(name), str | int | None):
                raise Refused(422, f"{name} must be a text or a number.")
        if call.get("session_hash") == "":  # Gradio gives it another, and then looks for this one
            raise Refused(422, "session_hash must not be empty: leave it out.")

    def _dependency(self, found: re.Match, call: dict) -> object:
        fns = self._demo.fns
        index = call.get("fn_index")
        if index is None and found["name"]:
            index = next((i for i, fn in fns.items() if fn.api_name == found["name"]), None)
        if type(index) is not int or index not in fns or not callable(fns[index].fn):
            raise Refused(404, "There is no such endpoint: the API page lists them.")
        return fns[index]

    def _check_names(self, name: str, call: dict) -> None:
        info = self._demo.get_api_info()["named_endpoints"].get(f"/{name}")
        if info is None:
            raise Refused(404, "There is no such endpoint: the API page lists them.")
        known = {parameter["parameter_name"]: parameter for parameter in info["parameters"]}
        if unknown := sorted(set(call) - set(known)):
            raise Refused(422, f"{unknown[0][:40]!r} is no parameter of /{name}; it has {', '.join(known)}.")
        needed = [name for name, parameter in known.items() if not parameter["parameter_has_default"]]
        if missing := [name for name in needed if name not in call]:
            raise Refused(422, f"/{name} needs {missing[0]}.")


class _Answer:
    """Wraps `send`: in small pieces, with a time limit for each, and with additions to the page."""

    def __init__(self, send: Send, path: str, root: str, additions: Callable[[], tuple[str, str]]):
        self._send, self._begun = send, False
        self._root, self._additions, self._page = root, additions, [] if path == "/" else None
        self._start = None
        self._direct = bool(re.match(rf"{_API}/(run|api)/", path))

    async def __call__(self, message: MutableMapping[str, object]) -> None:
        if self._page is not None:
            message = self._collected(message)
            if message is None:
                return
        if message["type"] == "http.response.start":
            self._begun = True
            if self._direct and message["status"] == 500:  # Gradio's status for a call that an endpoint refuses
                message = {**message, "status": 400}
            await self._send(message)
            return
        if self._start:
            start, self._start = self._start, None
            await self(start)
        body, more = message.get("body", b""), message.get("more_body", False)
        for start in range(0, max(len(body), 1), _CHUNK):
            last = start + _CHUNK >= len(body)
            part = {**message, "body": body[start : start + _CHUNK], "more_body": more or not last}
            try:
                await asyncio.wait_for(self._send(part), _STALLED)
            except TimeoutError:
                raise Stalled from None

    def _collected(self, message: MutableMapping[str, object]) -> MutableMapping[str, object] | None:
        """Collects the parts of the page; None until the last one has come."""
        self._page.append(message)
        if message["type"] == "http.response.start" or message.get("more_body"):
            return None
        start, *parts = self._page
        self._page = None
        body = _with_additions(b"".join(part.get("body", b"") for part in parts), self._root, self._additions)
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        self._start = {**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]}
        return {"type": "http.response.body", "body": body}

    async def refuse(self, status: int, sentence: str) -> None:
        if self._begun:
            return
        content = json.dumps({"error": sentence, "detail": sentence}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        if status == 503:
            headers.append((b"retry-after", str(_RETRY).encode()))
        if status == 413:
            headers.append((b"connection", b"close"))
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": content})


def path_below(path: str, root: str) -> str:
    """The path below the prefix `root` under which a proxy serves the page; the proxy may have removed it already."""
    return (path[len(root) :] or "/") if root and f"{path}/".startswith(f"{root}/") else path or "/"


def _with_additions(page: bytes, root: str, additions: Callable[[], tuple[str, str]]) -> bytes:
    """Gradio's page with a base address, so that it also works without its last slash, and with the `additions`.

    Gradio's own tags for previews are removed.
    """
    if _GRADIO_BASE not in page:
        return page
    before, _, after = page.partition(_GRADIO_BASE)
    head, script, rest = after.partition(b"<script>")
    base = f'<base href="{escape(root.rstrip("/"))}/" />' if root else '<base href="./" />'
    icon = '<link rel="icon" type="image/svg+xml" href="favicon.ico" />'
    tags, opening = additions()
    rest = rest.replace(_GRADIO_APP, opening.encode() + _GRADIO_APP, 1)
    return b"".join((before, f"{base}{icon}{tags}".encode(), _PREVIEW_TAG.sub(b"", head), script, rest))


def _kind(method: object, path: str) -> str:
    if method == "POST":
        return "calls"
    return "streams" if method == "GET" and _STREAM.fullmatch(path) else "reads"


def _check_route(method: str, path: str) -> None:
    allowed = {"GET": _READ, "HEAD": _READ, "POST": _WRITE, "OPTIONS": _WRITE}.get(method)
    if method == "DELETE" and path.startswith(f"{_API}/mcp"):
        return
    if allowed is None or not allowed.fullmatch(path):
        other = _WRITE if allowed is _READ else _READ
        raise Refused(405 if other.fullmatch(path) else 404, "There is nothing here: the page is one level up.")


def _size(scope: Scope) -> float:
    """The Content-Length of a request; infinity if there is none."""
    size = dict(scope["headers"]).get(b"content-length", b"")
    return int(size) if size.isdigit() else math.inf


async def _body(scope: Scope, receive: Receive, most: int) -> bytes:
    declared, parts, length = _size(scope), [], 0
    more = declared <= most or declared == math.inf
    while more:
        message = await asyncio.wait_for(receive(), _STALLED)
        if message["type"] == "http.disconnect":
            raise Stalled
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        more = message.get("more_body", False) and length <= most
    if length > most or declared > most and declared != math.inf:
        raise Refused(413, f"A call is at most {most // 1000} kB long.")
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` for an app that has not seen the body yet."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> MutableMapping[str, object]:
        return waiting.pop() if waiting else await receive()

    return received


def _json(body: bytes) -> dict:
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict) or not _is_plain(call):
        raise Refused(422, "The body must be a JSON object with plain values.")
    return call


def _is_plain(value: object, level: int = 0) -> bool:
    """Whether a value of a call has finite numbers only, is not nested too deeply, and holds no file."""
    if isinstance(value, float):
        return math.isfinite(value)
    if level > _MAX_DEPTH or (isinstance(value, dict) and "meta" in value):
        return False
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_plain(one, level + 1) for one in inner)
