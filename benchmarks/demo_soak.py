"""Many visitors for minutes, two of them hostile: does everybody get their own face, and do memory and disk stay flat?

    python -m benchmarks.demo_soak [--clients 64] [--minutes 10]

Visitors open the page, move sliders, mix, evolve, animate, look for their look-alike, make grids and yearbooks, and see
films, at the pace of people, in plain HTTP as the browser sends it. The hostile ones ask for the longest GIF as fast as
they can, as callers and as ever new visitors, send large bodies, and open answers that they never read. Only this
machine's loopback is called.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np

from benchmarks.demo_load import ROOT, start
from facegan import FaceModel
from facegan.base.pictures import encode_jpeg, enlarge

PAUSE = (2.0, 10.0)  # s between two clicks
LONGEST = {"seeds": ",".join(str(i) for i in range(12)), "frames": "24", "format": "gif"}
LARGE = b"x" * 10_000_000
NAMES = "Ann, Ben, Cleo, Dan, Eve, Finn"


class Crowd:
    def __init__(self, address: str, config: dict, end: float):
        self.address, self.end, self.count = address, end, Counter()
        self.waits, self.answers, self.previews, self.others = [], [], [], []
        model = FaceModel.load()
        self.photo = encode_jpeg(enlarge(model.generate(model.latents([3], 0.7))[0], 1024))  # as the page sends one
        limits = httpx.Limits(max_connections=None)
        self.web = httpx.AsyncClient(base_url=address, timeout=120, limits=limits, trust_env=False)
        values = {c["id"]: c["props"].get("value") for c in config["components"]}
        names = {c["id"]: c["props"].get("elem_id") for c in config["components"]}
        self.events = {}
        for dependency in config["dependencies"]:
            for target, event in dependency["targets"]:
                data = [values[block] for block in dependency["inputs"]]
                if dependency["backend_fn"]:
                    self.events[names.get(target) or "page", event] = dependency["id"], data, dependency["inputs"]
        self.ids = {name: block for block, name in names.items() if name}

    async def ask(self, name: str, event: str, expected: str, **changed: object) -> None:
        index, data, inputs = self.events[name, event]
        data = [changed.get(f"i{i}", value) for i, value in enumerate(data)]
        for key, value in changed.items():
            if self.ids.get(key.replace("_", "-")) in inputs:
                data[inputs.index(self.ids[key.replace("_", "-")])] = value
        begin = time.monotonic()
        call = {"data": data, "fn_index": index}
        answer = await self.until_answered("", "POST", "/gradio_api/run/predict", json=call)
        self.answers.append(time.monotonic() - begin)
        self.check(answer, expected)

    async def until_answered(self, what: str, method: str, path: str, **named: object) -> httpx.Response:
        """As the page asks: again after a while when it is turned away or the connection was closed meanwhile."""
        while True:
            try:
                answer = await self.web.request(method, path, **named)
                wait = answer.headers.get("retry-after")
            except httpx.TransportError:
                self.count["connections lost"] += 1
                wait = 1
            if not wait:
                return answer
            self.count[f"{what}asked again"] += 1
            await asyncio.sleep(float(wait) + random.random())

    async def drag(self, seed: int, what: str, query: dict, slider: str, expected: str) -> None:
        """A slider of the tab `what` from 0 to 0.5, with previews on the way, and the picture when it rests."""
        for step in range(1, 9):
            query = {**query, "truncation": 0.8, slider: step / 16}
            begin = time.monotonic()
            answer = await self.until_answered("previews ", "GET", f"/live/{what}", params={**query, "preview": 1})
            self.previews.append(time.monotonic() - begin)
            self.check(answer, f"seed {seed}")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        begin = time.monotonic()
        answer = await self.until_answered("", "GET", f"/live/{what}", params=query)
        self.answers.append(time.monotonic() - begin)
        self.check(answer, expected)

    def check(self, answer: httpx.Response, expected: str) -> None:
        self.count["answers"] += 1
        if answer.status_code != 200:
            self.count[f"errors {answer.status_code}"] += 1
        elif expected not in answer.text:
            self.count["wrong faces"] += 1

    async def film(self, seeds: str, visitor: str) -> None:
        begin = time.monotonic()
        query = {"seeds": seeds, "frames": "24", "visitor": visitor, "format": "mp4"}
        answer = await self.until_answered("films ", "GET", "/film", params=query)
        self.waits.append(time.monotonic() - begin)
        self.count["films"] += answer.status_code == 200
        self.count["films refused"] += answer.status_code != 200

    async def other_tab(self, what: str, seed: int, visitor: str) -> None:
        """What a tab is asked for less often: an animation, a grid of two sliders, a yearbook, a look-alike."""
        begin = time.monotonic()
        if what == "animation":
            query = {"animate": seed, "slider": "smile", "frames": 12, "format": "mp4", "visitor": visitor}
            answer = await self.until_answered("animations ", "GET", "/animation", params=query)
        elif what == "grid":
            query = {"seed": seed, "tab": "sliders", "across": "smile", "up": "age", "visitor": visitor}
            answer = await self.until_answered("grids ", "GET", "/grid", params=query)
        elif what == "yearbook":
            call = {"data": [NAMES, f"Class {seed}", "a4", "png", None]}
            answer = await self.until_answered("yearbooks ", "POST", "/gradio_api/run/sheet", json=call)
        else:
            answer = await self.until_answered("photos ", "POST", "/lookalike-photo", content=self.photo)
        self.others.append(time.monotonic() - begin)
        self.count[what] += answer.status_code == 200
        self.count[f"{what} refused"] += answer.status_code != 200

    async def visitor(self, i: int) -> None:
        choose = random.Random(i)
        while time.monotonic() < self.end:
            seed = choose.randrange(10**6)
            await self.until_answered("", "GET", "/", params={"seed": seed})
            await self.ask("page", "load", f"seed {seed}", i0=f"?seed={seed}")
            for _ in range(choose.randrange(2, 8)):
                await asyncio.sleep(choose.uniform(*PAUSE))
                if time.monotonic() > self.end:
                    return
                what = choose.random()
                if what < 0.35:
                    seed = choose.randrange(10**6)
                    await self.ask("face", "select", f"seed {seed}", seed=str(seed))
                elif what < 0.55:
                    await self.drag(seed, "sliders", {"seed": seed}, "smile", f"smile +0.5, of seed {seed}")
                elif what < 0.68:
                    mixed = {"face_a": seed, "face_b": "Anna"}
                    await self.drag(seed, "mix", mixed, "amount", f"seed {seed} and Anna")
                elif what < 0.76:
                    await self.ask("evolve-face", "select", f"seed {seed}", evolve_parent=str(seed))
                elif what < 0.86:
                    await asyncio.sleep(choose.uniform(5, 15))  # has watched the film before
                    await self.film(f"{seed},{choose.randrange(10**6)},{choose.randrange(10**6)}", f"v{i}")
                else:
                    tab = choose.choice(("animation", "grid", "yearbook", "look-alike"))
                    await self.other_tab(tab, seed, f"o{i}")

    async def hostile(self, i: int) -> None:
        n, listeners = 0, []
        while time.monotonic() < self.end:
            n += 1
            query = {**LONGEST, "seeds": LONGEST["seeds"].replace("11", str(n)), "visitor": f"h{i}-{n}"}
            call = {"data": [query["seeds"], 24, True, "gif", None]}
            tasks = [self.web.get("/film", params={**query, "visitor": f"h{i}-{n}-{k}"}) for k in range(4)]
            tasks += [self.web.post("/gradio_api/run/morph", json=call) for _ in range(4)]
            tasks.append(self.web.post("/gradio_api/run/generate", content=LARGE))
            found = await asyncio.gather(*tasks, return_exceptions=True)
            self.count["hostile calls"] += len(found)
            if len(listeners) < 150:
                listeners.append(await self.deaf())
            await asyncio.sleep(0.2)

    async def deaf(self) -> socket.socket:
        index = self.events["page", "load"][0]
        body = json.dumps({"data": ["?seed=1"], "fn_index": index})
        head = f"POST /gradio_api/run/predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        address = urlsplit(self.address)
        listener = socket.create_connection((address.hostname, address.port))
        listener.sendall(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        return listener


def resident(pid: int) -> float:
    """MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def on_disk(folder: Path) -> tuple[int, int]:
    """Files and bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


async def watch(pid: int, folder: Path, end: float, seen: list) -> None:
    while time.monotonic() < end:
        seen.append((time.monotonic(), resident(pid), *on_disk(folder)))
        await asyncio.sleep(2)


async def run(address: str, pid: int, folder: Path, clients: int, seconds: float) -> None:
    config = httpx.get(f"{address}/config", trust_env=False).json()
    end, seen = time.monotonic() + seconds, []
    crowd = Crowd(address, config, end)
    before = on_disk(folder)
    people = [crowd.visitor(i) for i in range(clients - 2)] + [crowd.hostile(i) for i in range(2)]
    tasks = [asyncio.create_task(one) for one in (*people, watch(pid, folder, end, seen))]
    done, late = await asyncio.wait(tasks, timeout=seconds + 60)
    for task in late:
        task.cancel()
    faults = [task.exception() for task in done if task.exception()]
    print(f"{len(late)} visitors still waited a minute after the end; {len(faults)} ended with an error", faults[:2])
    second = [mb for when, mb, *_ in seen if when > end - seconds / 2]
    print(dict(crowd.count))
    for label, times in (
        ("previews", crowd.previews),
        ("answers", crowd.answers),
        ("films", crowd.waits),
        ("other tabs", crowd.others),
    ):
        if times:
            median, late = np.percentile(times, [50, 95])
            print(f"{label}: median {median:.2f} s, 95th percentile {late:.2f} s, longest {max(times):.1f} s")
    half = len(second) // 2
    print(f"resident: {seen[0][1]:.0f} MB at first, second half {np.mean(second[:half]):.0f} then "
          f"{np.mean(second[half:]):.0f} MB, peak {max(mb for _, mb, *_ in seen):.0f} MB")  # fmt: skip
    print(f"disk (files, bytes): {before} before, {max(one[2:] for one in seen)} at most, {on_disk(folder)} after")
    await crowd.web.aclose()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--clients", type=int, default=64)
    p.add_argument("--minutes", type=float, default=10)
    chosen = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = folder
        process, address = start([sys.executable, "app.py", "--port", "0"], ROOT, f"{folder}/gradio")
        try:
            asyncio.run(run(address, process.pid, Path(folder), chosen.clients, 60 * chosen.minutes))
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
