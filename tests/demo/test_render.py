import asyncio
import threading

import pytest

from facegan.demo import render
from facegan.demo.render import LONG, Busy, Renderer, Superseded


class Studio:
    """A renderer whose first film is being drawn until `release`."""

    def __init__(self):
        self.renderer, self.drawn, self._gate = Renderer(), [], threading.Event()

    async def __aenter__(self):
        self.first = asyncio.create_task(self.renderer.draw("first", "first", 1, lambda: self._gate.wait(10) and b"1"))
        await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_):
        self._gate.set()

    def ask(self, visitor, name, frames=72):
        def work():
            self.drawn.append(name)
            return name.encode()

        return asyncio.ensure_future(self.renderer.draw(visitor, name, frames, work))

    async def release(self, *tasks):
        await asyncio.sleep(0.05)
        self._gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


def test_films_are_drawn_one_at_a_time_and_short_ones_first():
    async def scene():
        async with Studio() as studio:
            await studio.release(studio.ask("a", "long", LONG + 1), studio.ask("b", "short"), studio.ask("c", "other"))
            return studio.drawn

    assert asyncio.run(scene()) == ["short", "other", "long"]


def test_nobodys_film_waits_for_ever(monkeypatch):
    monkeypatch.setattr(render, "_PATIENCE", 0)

    async def scene():
        async with Studio() as studio:
            await studio.release(studio.ask("a", "long", LONG + 1), studio.ask("b", "short"))
            return studio.drawn

    assert asyncio.run(scene()) == ["long", "short"]


def test_a_visitor_has_one_film():
    async def scene():
        async with Studio() as studio:
            found = await studio.release(studio.ask("a", "one"), studio.ask("a", "two"), studio.ask("b", "three"))
            return studio.drawn, found

    drawn, (one, two, _) = asyncio.run(scene())
    assert drawn == ["two", "three"]
    assert isinstance(one, Superseded)
    assert two == b"two"


@pytest.mark.parametrize(
    ("visitor", "frames", "least"),
    [("v", LONG + 1, 60), ("", 72, 55), ("v", 72, 5)],
    ids=["long films", "callers", "a class"],
)
def test_hostile_callers_are_turned_away_and_leave_room_for_others(visitor, frames, least):
    async def scene():
        async with Studio() as studio:
            flood = [studio.ask(visitor and f"{visitor}{i}", f"film {i}", frames) for i in range(65)]
            await asyncio.sleep(0.05)
            ordinary = studio.ask("ordinary", "ordinary")
            found = await studio.release(*flood, ordinary)
            return sum(isinstance(one, Busy) for one in found[:-1]), found[-1], studio.drawn

    refused, last, drawn = asyncio.run(scene())
    assert refused >= least
    if least > 5:  # short films for as many pages are a class, in which nobody comes first
        assert last == b"ordinary"
        assert drawn.index("ordinary") <= 8


def test_the_same_film_is_drawn_once_and_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(render, "_CACHE", 10)

    async def scene():
        renderer, drawn = Renderer(), []

        async def ask(visitor, name):
            return await renderer.draw(visitor, name, 1, lambda: drawn.append(name) or name.encode() * 4)

        await asyncio.gather(*(ask(str(i), "ab") for i in range(5)))
        for name in ("cd", "ef", "gh", "ab"):
            await ask("a", name)
        return drawn, sum(map(len, renderer._drawn.values()))

    drawn, kept = asyncio.run(scene())
    assert drawn == ["ab", "cd", "ef", "gh", "ab"]
    assert kept <= 10


def test_a_film_that_fails_fails_alone_and_one_that_nobody_waits_for_is_left_out():
    async def scene():
        async with Studio() as studio:
            bad = asyncio.ensure_future(studio.renderer.draw("a", "bad", 1, lambda: 1 / 0))
            left = studio.ask("b", "left")
            good = studio.ask("c", "good")
            await asyncio.sleep(0.05)
            left.cancel()
            return (await studio.release(bad, good)), studio.drawn

    (bad, good), drawn = asyncio.run(scene())
    assert isinstance(bad, ZeroDivisionError)
    assert (good, drawn) == (b"good", ["good"])
