"""Renders films one at a time, in a fair order, so that a long film does not block everybody else.

`Line` has the number of films that may wait. When more wait, the last ones are rejected with `Busy`, which answers.py
turns into a 503 with Retry-After; the page then asks again by itself.
"""

import asyncio
import itertools
import os
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum

from facegan.base.errors import FaceGANError

LONG = 150  # frames; rendering them takes a second or two
_LONGEST_WAIT = 30.0  # s of rendering that may be queued before a film; later films are rejected
_PATIENCE = 20.0  # s of waiting after which a film is next in its line, whichever address's turn it is
_COMES_BACK = 20.0  # s within which a rejected page must ask again to keep its place; the page does so after 3 to 4 s
_MOST_PLACES = 2000  # kept places of rejected pages
_PACE = 0.01  # s per frame, until it is measured
_NICENESS = 3  # of the rendering thread, below the threads that draw faces, for which visitors wait
_CACHE = 32_000_000  # bytes of rendered films, for visitors who open the same link


class Busy(FaceGANError):
    """Too many films are waiting. `retry_after` is in seconds."""

    retry_after = 3


class Superseded(FaceGANError):
    """The same visitor has requested another film meanwhile."""


class Line(Enum):
    """The queues: each kind of film has its own. (share of the rendering time while other lines wait, most films)."""

    PAGES = 6, 64  # films that the page shows
    LONG = 1, 2  # films of more than LONG frames
    CALLS = 1, 8  # films for callers of the endpoint

    def __init__(self, share: int, most: int):
        self.share, self.most = share, most

    @classmethod
    def of(cls, visitor: str, frames: int) -> "Line":
        return cls.LONG if frames > LONG else cls.PAGES if visitor else cls.CALLS


@dataclass(eq=False)
class _Job:
    work: Callable[[], bytes]
    name: str
    frames: int
    visitor: str
    address: str
    since: float  # when it was first requested, s of time.monotonic()
    result: asyncio.Future
    order: int = field(default_factory=itertools.count().__next__)

    @property
    def line(self) -> Line:
        return Line.of(self.visitor, self.frames)

    @property
    def place(self) -> tuple[float, int]:
        """The position in its line; smaller is earlier."""
        return self.since, self.order


class Renderer:
    """Renders films by weighted fair queuing.

    Short films of pages, long films, and films for callers of the endpoint wait in separate lines, which share the
    rendering time, so that a flood of one kind slows down only its own line. Within a line IP addresses take turns;
    films of one address are rendered in the order of their first request. No film waits behind more than 30 s of
    rendering: the last ones are rejected, and keep their place if they are requested again soon. A visitor has one film
    at a time: a new request cancels the one that is still waiting.
    """

    def __init__(self):
        self._waiting: list[_Job] = []
        self._drawing: asyncio.Task | None = None
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._places: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # first and last request
        self._pace = dict.fromkeys(Line, _PACE)  # s per frame
        self._spent: Counter[Line] = Counter()  # s of rendering divided by the line's share
        self._served: OrderedDict[str, None] = OrderedDict()  # addresses, the most recently served at the end
        self._thread = ThreadPoolExecutor(1, "films", initializer=_lower_priority)

    async def draw(
        self, work: Callable[[], bytes], name: str, frames: int, visitor: str = "", address: str = ""
    ) -> bytes:
        """Runs `work()` in the rendering thread when its turn has come, and returns its result.

        `name` is the key in the cache of rendered films; a film without a name is not cached. `visitor` identifies the
        page, and is empty for a caller of the endpoint, who may wait for several films. `address` is the visitor's IP
        address. Raises Busy or Superseded.
        """
        if name and name in self._drawn:
            self._drawn.move_to_end(name)
            return self._drawn[name]
        if visitor:
            self._drop(visitor)
        since = self._asked_first(visitor, name)
        job = _Job(work, name, frames, visitor, address, since, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._turn_away(job.line)
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw_all())
        try:
            return await job.result
        finally:
            if job in self._waiting:  # the visitor has left
                self._waiting.remove(job)

    def _asked_first(self, visitor: str, name: str) -> float:
        """When this visitor first requested this film: now, unless the request was rejected a moment ago."""
        now = time.monotonic()
        if not visitor:
            return now
        first, last = self._places.pop((visitor, name), (now, now))
        if now - last > _COMES_BACK:
            first = now
        self._places[visitor, name] = first, now
        if len(self._places) > _MOST_PLACES:
            self._places.popitem(last=False)
        return first

    def _turn_away(self, line: Line) -> None:
        """Rejects films of this line beyond its limits: the last ones of the addresses with the most films first."""
        rank, waiting, before = Counter(), [], 0.0
        for job in sorted((job for job in self._waiting if job.line is line), key=lambda job: job.place):
            waiting.append((rank[job.address], job))
            rank[job.address] += 1
        waiting = [job for _, job in sorted(waiting, key=lambda one: (one[0], one[1].place))]
        for i, job in enumerate(waiting):
            if i >= line.most or before > _LONGEST_WAIT:
                self._waiting.remove(job)
                job.result.set_exception(Busy("Other visitors' films are drawn first: try again in a few seconds."))
            before += self._cost(job)

    def _drop(self, visitor: str) -> None:
        for job in [job for job in self._waiting if job.visitor == visitor]:
            self._waiting.remove(job)
            job.result.set_exception(Superseded("You have asked for another film meanwhile."))

    async def _draw_all(self) -> None:
        while self._waiting:
            job = self._next()
            self._waiting.remove(job)
            try:
                content = (job.name and self._drawn.get(job.name)) or await self._rendered(job)
                if job.name:
                    self._keep(job.name, content)
            except Exception as error:  # goes to the waiting request, and must not end this loop
                if not job.result.done():
                    job.result.set_exception(error)
            else:
                if not job.result.done():
                    job.result.set_result(content)
            self._places.pop((job.visitor, job.name), None)
        self._spent.clear()

    async def _rendered(self, job: _Job) -> bytes:
        begin = time.monotonic()
        content = await asyncio.get_running_loop().run_in_executor(self._thread, job.work)
        taken = time.monotonic() - begin
        self._pace[job.line] += 0.3 * (taken / max(job.frames, 1) - self._pace[job.line])
        self._spent[job.line] += taken / job.line.share
        return content

    def _next(self) -> _Job:
        """Among the first job of each line, the one after which its line has the least rendering time for its share."""
        first = {line: self._first(line) for line in Line if any(job.line is line for job in self._waiting)}
        least = min(self._spent[line] for line in first)
        for line in Line:
            self._spent[line] = max(self._spent[line], least)  # a line that was empty gets no credit for that time
        job = min(first.values(), key=lambda job: self._spent[job.line] + self._cost(job) / job.line.share)
        self._served[job.address] = None
        self._served.move_to_end(job.address)
        if len(self._served) > _MOST_PLACES:
            self._served.popitem(last=False)
        return job

    def _first(self, line: Line) -> _Job:
        """The next job of a line: of the address served longest ago, unless a job has waited longer than _PATIENCE."""
        waiting = sorted((job for job in self._waiting if job.line is line), key=lambda job: job.place)
        if time.monotonic() - waiting[0].since > _PATIENCE:
            return waiting[0]
        served = {address: i for i, address in enumerate(self._served)}
        return min(waiting, key=lambda job: served.get(job.address, -1))

    def _cost(self, job: _Job) -> float:
        """The estimated rendering time in s."""
        return job.frames * self._pace[job.line]

    def _keep(self, name: str, content: bytes) -> None:
        self._drawn[name] = content
        while sum(map(len, self._drawn.values())) > _CACHE and len(self._drawn) > 1:
            self._drawn.popitem(last=False)


def _lower_priority() -> None:
    """Lowers the priority of this thread below those that draw faces (on Linux, where threads have a niceness)."""
    with suppress(AttributeError, OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)
