"""One place where films are drawn, one at a time, so that nobody's long film keeps everybody else waiting."""

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

LONG = 150  # frames; drawing them takes a second or two
_LONGEST_WAIT = 30.0  # s of drawing that may be before a film; later ones are asked for again by the page
_PATIENCE = 20.0  # s after which a film comes first in its line, whosever turn it is
_COMES_BACK = 20.0  # s in which a page that was turned away asks again, else its place is lost; it does so after 3 to 4
_MOST_PLACES = 2000  # of pages that were turned away
_PACE = 0.01  # s a frame, until it has been measured
_NICENESS = 3  # of the thread that draws films: faces, which take milliseconds and are waited for, come before them
_CACHE = 32_000_000  # bytes of films, for visitors who ask for the same link


class Busy(FaceGANError):
    """Too many films wait. `retry_after` is in seconds."""

    retry_after = 3


class Superseded(FaceGANError):
    """The same visitor has asked for another film meanwhile."""


class Line(Enum):
    """Films of one kind wait in one line. `share` of the drawing while others wait too, and how many may wait."""

    PAGES = 6, 64  # what the page shows by itself
    LONG = 1, 2
    CALLS = 1, 8  # of the endpoint

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
    since: float  # when it was asked for first, s of time.monotonic()
    result: asyncio.Future
    order: int = field(default_factory=itertools.count().__next__)

    @property
    def line(self) -> Line:
        return Line.of(self.visitor, self.frames)

    @property
    def place(self) -> tuple[float, int]:
        """In its line: smaller comes earlier."""
        return self.since, self.order


class Renderer:
    """Draws films in turn.

    Short films of pages, long ones, and those of callers wait in lines of their own, which share the drawing: a flood
    of one kind slows only its own. Within a line addresses take turns, and films of one address come in the order in
    which they were asked for first. Nobody waits behind more than 30 s of drawing: who came last is turned away, and
    keeps that place when asking again. One visitor has one film: asking for another drops the one that still waits.
    """

    def __init__(self):
        self._waiting: list[_Job] = []
        self._drawing: asyncio.Task | None = None
        self._drawn: OrderedDict[str, bytes] = OrderedDict()
        self._places: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()  # asked first, asked last
        self._pace = dict.fromkeys(Line, _PACE)  # s a frame
        self._spent: Counter[Line] = Counter()  # s of drawing for each share
        self._served: OrderedDict[str, None] = OrderedDict()  # addresses, the one served last at the end
        self._thread = ThreadPoolExecutor(1, "films", initializer=_step_back)

    async def draw(
        self, work: Callable[[], bytes], name: str, frames: int, visitor: str = "", address: str = ""
    ) -> bytes:
        """What `work()` returns, run in a thread.

        `name`: two films with the same name are the same; what has none is not kept. `visitor` is empty for a caller
        of the endpoint, who may wait for several films. `address`: where the visitor is. Raises Busy, or Superseded.
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
        """When this visitor asked for this film first; now, unless it was turned away a moment ago."""
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
        """Those who came last of the addresses that ask for most, until the others wait no longer than they may."""
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
                content = (job.name and self._drawn.get(job.name)) or await self._drawing_of(job)
                if job.name:
                    self._keep(job.name, content)
            except Exception as error:  # the visitor's, not this loop's
                if not job.result.done():
                    job.result.set_exception(error)
            else:
                if not job.result.done():
                    job.result.set_result(content)
            self._places.pop((job.visitor, job.name), None)
        self._spent.clear()

    async def _drawing_of(self, job: _Job) -> bytes:
        begin = time.monotonic()
        content = await asyncio.get_running_loop().run_in_executor(self._thread, job.work)
        taken = time.monotonic() - begin
        self._pace[job.line] += 0.3 * (taken / max(job.frames, 1) - self._pace[job.line])
        self._spent[job.line] += taken / job.line.share
        return content

    def _next(self) -> _Job:
        """Of the first in each line, the one whose line would have had least for its share (weighted fair queuing)."""
        first = {line: self._first(line) for line in Line if any(job.line is line for job in self._waiting)}
        least = min(self._spent[line] for line in first)
        for line in Line:
            self._spent[line] = max(self._spent[line], least)  # a line that was empty does not make up for it
        job = min(first.values(), key=lambda job: self._spent[job.line] + self._cost(job) / job.line.share)
        self._served[job.address] = None
        self._served.move_to_end(job.address)
        if len(self._served) > _MOST_PLACES:
            self._served.popitem(last=False)
        return job

    def _first(self, line: Line) -> _Job:
        """Of the address that was served longest ago, unless somebody has waited too long."""
        waiting = sorted((job for job in self._waiting if job.line is line), key=lambda job: job.place)
        if time.monotonic() - waiting[0].since > _PATIENCE:
            return waiting[0]
        served = {address: i for i, address in enumerate(self._served)}
        return min(waiting, key=lambda job: served.get(job.address, -1))

    def _cost(self, job: _Job) -> float:
        """s of drawing."""
        return job.frames * self._pace[job.line]

    def _keep(self, name: str, content: bytes) -> None:
        self._drawn[name] = content
        while sum(map(len, self._drawn.values())) > _CACHE and len(self._drawn) > 1:
            self._drawn.popitem(last=False)


def _step_back() -> None:
    """Let the processor draw faces first, which take milliseconds and are waited for (on Linux, a thread by itself)."""
    with suppress(AttributeError, OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICENESS)
