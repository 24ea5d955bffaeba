"""Several models at one address: the page's own, and others that are loaded when somebody first asks for them.

Each model has a page of its own, because its sliders are endpoints' parameters. `/?model=KEY` opens that page, and
`/model/KEY/` is its address for callers; `/` is the first model's.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio.to_thread
from starlette.applications import Starlette
from starlette.responses import JSONResponse

from facegan.base.errors import FaceGANError
from facegan.demo.gate import path_below
from facegan.demo.page import AT_A_TIME
from facegan.model.fallback import load_or_default
from facegan.model.load import FaceModel

App = Callable[[MutableMapping, Callable, Callable], Awaitable[None]]  # ASGI

PLACE = "/model/"
DEFAULT = "default"  # the embedded model, where no folder is called so
_RETRY_AFTER = 60.0  # s after which a model that could not be loaded is tried again


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen: `key` in links and addresses, `source` a folder, "user/name" or "default"."""

    key: str
    source: str

    @property
    def label(self) -> str:
        """The name for visitors, who must not see the path of a folder."""
        return self.source if _is_hub(self.source) else self.key

    @property
    def is_embedded(self) -> bool:
        return self.source == DEFAULT and not Path(DEFAULT).exists()

    def trouble(self, error: FaceGANError) -> str:
        """The error message for visitors when the model cannot be loaded."""
        said = str(error)
        for path in (str(Path(self.source).expanduser()), self.source):
            said = said.replace(path, self.label) if self.label != self.source else said
        return f"The model {self.label} cannot be had: {said}"

    def load(self) -> FaceModel:
        """Raises FaceGANError when the model cannot be loaded."""
        return FaceModel.load(None if self.is_embedded else self.source)


def choices_of(sources: Iterable[str]) -> tuple[Choice, ...]:
    """Each source once, in order, with keys that differ."""
    found: dict[str, str] = {}
    for source in dict.fromkeys(sources):
        key, n = _key(source), 1
        while (numbered := key if n == 1 else f"{key}-{n}") in found:
            n += 1
        found[numbered] = source
    return tuple(Choice(key, source) for key, source in found.items())


def first_of(choices: Sequence[Choice], must_open: bool) -> tuple[FaceModel, Choice]:
    """The first model that can be loaded, and which one it is; the model's `note` says what is wrong with those before.

    Raises FaceGANError when there is none; not with `must_open`, when the page then shows an earlier copy of the first,
    or the default.
    """
    first, troubles = choices[0], []
    if must_open and len(choices) == 1 and not first.is_embedded:
        return load_or_default(first.source), first
    for choice in choices:
        try:
            model = choice.load()
        except FaceGANError as error:
            troubles.append((choice, error))
            continue
        if troubles:
            said = [one.trouble(error) for one, error in troubles]
            model.note = " ".join([*said, f"The page shows {choice.label}.", model.note]).strip()
        return model, choice
    if must_open:
        return load_or_default(first.source), first
    raise FaceGANError(" ".join(str(error) for _, error in troubles))


def _key(source: str) -> str:
    """The last name of a path; of RUN/model, which is where a training leaves it, that of the run."""
    parts = Path(source).parts
    name = parts[-2] if len(parts) > 1 and parts[-1] == "model" and not _is_hub(source) else (parts or ("model",))[-1]
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:40] or "model"


def _is_hub(source: str) -> bool:
    return bool(re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", source, re.ASCII)) and not Path(source).exists()


@dataclass
class _Other:
    """A model that is not the page's own. `app` once it is loaded, `trouble` where it could not be."""

    choice: Choice
    app: App | None = None
    trouble: str = ""
    tried: float = 0.0
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Models:
    """The models of a server.

    `own` is the choice that the page at `/` shows. `turns` and `photo_turn` are what their pages share (Page).
    """

    def __init__(self, choices: Iterable[Choice], own: Choice):
        self.choices, self.own = tuple(choices), own
        # All of them are drawn by the same processor.
        self.turns, self.photo_turn = asyncio.Semaphore(AT_A_TIME), asyncio.Semaphore(1)
        self._others = {choice.key: _Other(choice) for choice in self.choices if choice != own}
        self._one_at_a_time = asyncio.Lock()
        self._open: list[tuple[asyncio.Task, asyncio.Event]] = []

    def complaint(self, key: str) -> str:
        """What the page says that is opened in place of the model `key`; empty where it is its own."""
        if not key or key == self.own.key:
            return ""
        other = self._others.get(key)
        why = other.trouble if other else "The link asks for a model that is not one of this page's."
        return f"{why} The page shows {self.own.label}." if why else ""

    def asked(self, path: str, query: str) -> tuple[str, str] | None:
        """The key that a request names, and its path without it; None for one that names none of the models."""
        if path.startswith(PLACE):
            key, slash, rest = path.removeprefix(PLACE).partition("/")
            return (key, slash + rest or "/") if key == self.own.key or key in self._others else None
        key = parse_qs(query).get("model", [""])[-1] if path == "/" else ""
        return (key, "/") if key in self._others else None

    async def app(self, key: str, build: Callable[[Choice, FaceModel], Starlette]) -> App:
        """That of another model, which is loaded, and its page made by `build`, when it is first asked for.

        Models are loaded side by side, for one may have to come from far away; Gradio makes one page at a time. Raises
        FaceGANError when the model cannot be loaded.
        """
        other = self._others[key]
        async with other.loading:
            if other.app is None and other.trouble and time.monotonic() - other.tried < _RETRY_AFTER:
                raise FaceGANError(other.trouble)
            if other.app is None:
                try:
                    model = await anyio.to_thread.run_sync(other.choice.load)
                    async with self._one_at_a_time:
                        app = await anyio.to_thread.run_sync(build, other.choice, model)
                        await self._start(app)
                except FaceGANError as error:
                    other.trouble = other.choice.trouble(error)
                    other.tried = time.monotonic()
                    raise FaceGANError(other.trouble) from error
                other.app, other.trouble = app, ""
        return other.app

    async def _start(self, app: Starlette) -> None:
        """Opens the app's lifespan, in a task that also closes it, as anyio requires."""
        loop = asyncio.get_running_loop()
        started, ended = loop.create_future(), asyncio.Event()

        async def live() -> None:
            try:
                async with AsyncExitStack() as stack:
                    await stack.enter_async_context(app.router.lifespan_context(app))
                    started.set_result(None)
                    await ended.wait()
            except Exception as error:
                if started.done():
                    raise
                started.set_exception(error)

        self._open.append((asyncio.create_task(live()), ended))
        await started

    async def close(self) -> None:
        for task, ended in self._open:
            ended.set()
            await asyncio.gather(task, return_exceptions=True)


class Chooser:
    """ASGI middleware before all else: hands a request to the app of the model that it names.

    `root` gives the prefix under which a proxy serves the page; `build` is that of Models.app.
    """

    def __init__(self, app: App, models: Models, root: Callable[[], str], build: Callable):
        self._app, self._models, self._root, self._build = app, models, root, build

    async def __call__(self, scope: MutableMapping, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root = urlsplit(self._root()).path.rstrip("/")
        path = path_below(scope["path"], root)
        asked = self._models.asked(path, scope["query_string"].decode("latin-1"))
        if asked is None:
            await self._app(scope, receive, send)
            return
        key, rest = asked
        if key == self._models.own.key:
            await self._app({**scope, "path": root + rest if scope.get("root_path") else rest}, receive, send)
            return
        try:
            app = await self._models.app(key, self._build)
        except FaceGANError as error:
            if rest == "/" and scope["method"] == "GET" and not path.startswith(PLACE):
                await self._app(scope, receive, send)  # the page says so and shows its own model
            else:
                await JSONResponse({"error": str(error), "detail": str(error)}, 503)(scope, receive, send)
            return
        await app({**scope, "path": rest, "raw_path": rest.encode(), "root_path": ""}, receive, send)
