import asyncio
import threading
import time

import pytest

from facegan.demo import render
from facegan.demo.render import LONG, Busy, Line, Renderer, Superseded

PACE = 1e-4  # s a frame


class Studio:
    """A renderer whose first film is being drawn until `release`."""

    def __init__(self):
        self.renderer, self.drawn, self._gate = Renderer(), [], threading.Event()

    async def __aenter__(self):
        self.first = asyncio.create_task(self.renderer.draw(lambda: self._gate.wait(10) and b"1", "first", 1, "first"))
        await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_):
        self._gate.set()

    def ask(self, visitor, name, frames=72, address=""):
        def work():
            self.drawn.append(name)
            return name.encode()

        return asyncio.ensure_future(self.renderer.draw(work, name, frames, visitor, address))

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


def test_long_films_and_callers_have_a_share_while_a_class_waits():
    async def scene():
        renderer, drawn = Renderer(), []
        renderer._pace = dict.fromkeys(Line, PACE)

        def ask(name, frames, visitor):
            return renderer.draw(lambda: drawn.append(name) or time.sleep(frames * PACE) or b"1", name, frames, visitor)

        short = [ask(f"short {i}", 72, f"v{i}") for i in range(40)]
        await asyncio.gather(*short, ask("long", LONG + 1, "long"), ask("call", 72, ""))
        return drawn

    drawn = asyncio.run(scene())
    assert drawn[:3] == ["short 0", "short 1", "short 2"]
    assert drawn[-1] == "short 39"


def test_who_was_turned_away_keeps_the_place(monkeypatch):
    monkeypatch.setattr(render, "_LONGEST_WAIT", 5 * 72 * render._PACE)

    async def scene():
        async with Studio() as studio:
            flood = [studio.ask(f"a{i}", f"a{i}") for i in range(6)]
            await asyncio.sleep(0.05)
            with pytest.raises(Busy):
                await studio.ask("ordinary", "ordinary")
            flood.pop().cancel()
            await asyncio.sleep(0.05)
            flood += [studio.ask(f"b{i}", f"b{i}") for i in range(6)]
            await asyncio.sleep(0.05)
            again = studio.ask("ordinary", "ordinary")
            found = await studio.release(again, *flood)
            return studio.drawn, found

    drawn, found = asyncio.run(scene())
    assert found[0] == b"ordinary"
    assert drawn == [f"a{i}" for i in range(5)] + ["ordinary"]


def test_a_flood_from_one_address_does_not_shut_out_another(monkeypatch):
    monkeypatch.setattr(render, "_LONGEST_WAIT", 5 * 72 * render._PACE)

    async def scene():
        async with Studio() as studio:
            flood = [studio.ask(f"a{i}", f"a{i}", address="1") for i in range(20)]
            await asyncio.sleep(0.05)
            others = [studio.ask(f"b{i}", f"b{i}", address=f"2.{i}") for i in range(2)]
            found = await studio.release(*others, *flood)
            return studio.drawn, found

    drawn, found = asyncio.run(scene())
    assert found[:2] == [b"b0", b"b1"]
    assert set(drawn[:3]) == {"a0", "b0", "b1"}


def test_an_address_that_never_came_before_is_not_served_before_those_who_waited_long(monkeypatch):
    monkeypatch.setattr(render, "_PATIENCE", 0)

    async def scene():
        async with Studio() as studio:
            studio.renderer._served["known"] = None
            known = studio.ask("a", "known", address="known")
            new = [studio.ask(f"b{i}", f"new {i}", address=f"new {i}") for i in range(3)]
            await studio.release(known, *new)
            return studio.drawn

    assert asyncio.run(scene())[0] == "known"


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
            return await renderer.draw(lambda: drawn.append(name) or name.encode() * 4, name, 1, visitor)

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
            bad = asyncio.ensure_future(studio.renderer.draw(lambda: 1 / 0, "bad", 1, "a"))
            left = studio.ask("b", "left")
            good = studio.ask("c", "good")
            await asyncio.sleep(0.05)
            left.cancel()
            return (await studio.release(bad, good)), studio.drawn

    (bad, good), drawn = asyncio.run(scene())
    assert isinstance(bad, ZeroDivisionError)
    assert (good, drawn) == (b"good", ["good"])
