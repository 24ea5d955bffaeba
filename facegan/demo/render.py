"""One place where films are drawn, one at a time, so that nobody's long film keeps everybody else waiting."""

import asyncio
import itertools
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from facegan.base.errors import FaceGANError

LONG = 150  # frames; drawing them takes a second or two
_MOST_WAITING = 64  # films
_LONGEST_WAIT = 40.0  # s of drawing that may be before a film; later ones are asked for again by the page
_MOST_LONG = 2  # films of more than LONG frames that wait
_MOST_CALLS = 8  # films for callers of the endpoint that wait
_PATIENCE = 25.0  # s after which a film that waits comes next, however long it is
_PACE = 0.01  # s a frame, until it has been measured
_NICENESS = 3  # of the thread that draws films: faces, which take milliseconds and are waited for, come before them
_CACHE = 32_000_000  # bytes of films, for visitors who ask for the same link


class Busy(FaceGANError):
    """Too many films wait. `retry_after` is in seconds."""

    retry_after = 3


class Superseded(FaceGANError):
    """The same visitor has asked for another film meanwhile."""


@dataclass(eq=False)
class _Job:
    visitor: str
    name: str
    frames: int
    work: Callable[[], bytes]
    result: asyncio.Future
    since: float = field(default_factory=time.monotonic)
    order: int = field(default_factory=itertools.count().__next__)


class Renderer:
    """Draws films in turn: the short before the long, except that none waits for more than a few others.

    One visitor has one film: asking for another drops the one that still waits.
    """

    def __init__(self):
        self._waiting: list[_Job] = []
        self._drawing: asyncio.Task | None = None
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._pace = _PACE
        self._thread = ThreadPoolExecutor(1, "films", initializer=_step_back)

    async def draw(self, visitor: str, name: str, frames: int, work: Callable[[], bytes]) -> bytes:
        """What `work()` returns, run in a thread.

        `visitor` is empty for a caller of the endpoint, who may wait for several films. `name`: two films with the
        same name are the same. Raises Busy, or Superseded.
        """
        if name in self._drawn:
            self._drawn.move_to_end(name)
            return self._drawn[name]
        if visitor:
            self._drop(visitor)
        if self._is_full(visitor, frames):
            raise Busy("Other visitors' films are drawn first: try again in a few seconds.")
        job = _Job(visitor, name, frames, work, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw_all())
        try:
            return await job.result
        finally:
            if job in self._waiting:  # the visitor has left
                self._waiting.remove(job)

    def _is_full(self, visitor: str, frames: int) -> bool:
        long = sum(job.frames > LONG for job in self._waiting)
        calls = sum(not job.visitor for job in self._waiting)
        return (
            len(self._waiting) >= _MOST_WAITING
            or sum(job.frames for job in self._waiting) * self._pace > _LONGEST_WAIT
            or (frames > LONG and long >= _MOST_LONG)
            or (not visitor and calls >= _MOST_CALLS)
        )

    def _drop(self, visitor: str) -> None:
        for job in [job for job in self._waiting if job.visitor == visitor]:
            self._waiting.remove(job)
            job.result.set_exception(Superseded("You have asked for another film meanwhile."))

    async def _draw_all(self) -> None:
        while self._waiting:
            job = self._next()
            self._waiting.remove(job)
            try:
                content = self._drawn.get(job.name) or await self._drawing_of(job)
                self._keep(job.name, content)
            except Exception as error:  # the visitor's, not this loop's
                if not job.result.done():
                    job.result.set_exception(error)
            else:
                if not job.result.done():
                    job.result.set_result(content)

    async def _drawing_of(self, job: _Job) -> bytes:
        begin = time.monotonic()
        content = await asyncio.get_running_loop().run_in_executor(self._thread, job.work)
        self._pace += 0.3 * ((time.monotonic() - begin) / max(job.frames, 1) - self._pace)
        return content

    def _next(self) -> _Job:
        oldest = min(self._waiting, key=lambda job: job.order)
        if time.monotonic() - oldest.since > _PATIENCE:
            return oldest
        return min(self._waiting, key=lambda job: (job.frames > LONG, job.order))

    def _keep(self, name: str, content: bytes) -> None:
        self._drawn[name] = content
        while sum(map(len, self._drawn.values())) > _CACHE and len(self._drawn) > 1:
            self._drawn.popitem(last=False)


def _step_back() -> None:
    """Let the processor draw faces first, which take milliseconds and are waited for (on Linux, a thread by itself)."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
