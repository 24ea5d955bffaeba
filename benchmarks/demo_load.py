"""How a class opens the link: many pages at once against the running app, and the same against a bare Gradio page.

    python -m benchmarks.demo_load                        # 64 pages within 1 s, then 200 within 10 s
    python -m benchmarks.demo_load --app OLD_CHECKOUT     # another checkout's app.py
    python -m benchmarks.demo_load --chromium 16          # and as many real pages at once

Sends what a browser sends when it opens the page: the page itself, the events that Gradio fires by itself, and, where
an event is queued, the stream of answers. A page that is turned away waits and tries again, as theme/page.js does.
Prints how many pages ended with their own face, and when. Only this machine's loopback is called.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0  # s after which a page counts as empty for good
BARE = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    html = gr.HTML()
    page.load(lambda: "AI-generated face", None, html)
page.launch(server_port=PORT, ssr_mode=False)
"""


def start(command: list[str], folder: Path, cache: str) -> tuple[subprocess.Popen, str]:
    """The process and the address that it prints."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "GRADIO_TEMP_DIR": cache, "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return process, found.group()
    raise SystemExit(f"{command} served no page.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Opening:
    """One page that is opened, without the browser."""

    def __init__(self, client: httpx.AsyncClient, address: str, seed: int, events: list[dict]):
        self._client, self._address, self._seed, self._events = client, address, seed, events
        self._session = f"load{seed}x{time.monotonic_ns()}"

    async def run(self) -> float:
        """Seconds until the page has its own face; raises TimeoutError after PATIENCE."""
        begin = time.monotonic()
        async with asyncio.timeout(PATIENCE):
            (await self._ask("GET", f"{self._address}/?seed={self._seed}")).raise_for_status()
            async with asyncio.TaskGroup() as group:
                for event in self._events[:-1]:
                    group.create_task(self._send(event))
                group.create_task(self._face(self._events[-1]))
        return time.monotonic() - begin

    def _body(self, event: dict) -> dict:
        data = event["values"]
        if event["js"] and data:  # ours sends the link's query
            data = [f"?seed={self._seed}"]
        return {"data": data, "fn_index": event["id"], "session_hash": self._session, "trigger_id": None}

    async def _send(self, event: dict) -> httpx.Response:
        path = "queue/join" if event["queue"] else "run/predict"
        url = f"{self._address}/gradio_api/{path}?seed={self._seed}"
        return await self._ask("POST", url, json=self._body(event))

    async def _ask(self, method: str, url: str, **named: object) -> httpx.Response:
        """Again where a kept connection was closed meanwhile, as browsers do it, and theme/page.js with calls."""
        while True:
            try:
                return await self._client.request(method, url, **named)
            except httpx.TransportError:
                await asyncio.sleep(1)

    async def _face(self, event: dict) -> None:
        while True:
            answer = await self._send(event)
            if answer.status_code == 200:
                break
            if not answer.headers.get("retry-after"):
                raise TimeoutError(f"turned away for good: {answer.status_code}")
            await asyncio.sleep(float(answer.headers["retry-after"]))
        shown = answer.text if not event["queue"] else await self._streamed()
        if "AI-generated face" not in shown or (self._seed and f"seed {self._seed}" not in shown):
            raise TimeoutError("this is not the page's own face")

    async def _streamed(self) -> str:
        query = {"session_hash": self._session}
        seen = ""
        async with self._client.stream("GET", f"{self._address}/gradio_api/queue/data", params=query) as answer:
            async for line in answer.aiter_lines():
                seen += line
                if "process_completed" in line and "AI-generated face" in line:
                    return seen
        return seen


async def opened(address: str, pages: int, within: float, seeds: bool) -> list[float]:
    """Seconds to the face for each page that got one."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=PATIENCE, limits=limits, trust_env=False) as client:
        config = (await client.get(f"{address}/config")).json()
        events = fired_by_opening(config)

        async def one(i: int) -> float | None:
            await asyncio.sleep(within * i / pages)
            try:
                return await Opening(client, address, 1000 + i if seeds else 0, events).run()
            except (TimeoutError, httpx.HTTPError, ExceptionGroup):
                return None

        taken = await asyncio.gather(*(one(i) for i in range(pages)))
    return [seconds for seconds in taken if seconds is not None]


def fired_by_opening(config: dict) -> list[dict]:
    """The events that reach the server when a page opens, the one that draws the face last."""
    values = {c["id"]: c["props"].get("value") for c in config["components"]}
    tabs = [c["id"] for c in config["components"] if c["type"] == "tabitem"][:1]
    fired = [
        {**dependency, "values": [values[block] for block in dependency["inputs"]]}
        for dependency in config["dependencies"]
        if dependency["backend_fn"]
        and any(event == "load" or (event == "select" and target in tabs) for target, event in dependency["targets"])
    ]
    return sorted(fired, key=lambda dependency: any(event == "load" for _, event in dependency["targets"]))


async def opened_in_chromium(address: str, pages: int) -> list[float]:
    """The same in a real browser, all pages at once."""
    from playwright.async_api import Error, async_playwright

    async with async_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tabs = [await (await browser.new_context()).new_page() for _ in range(pages)]

        async def one(i: int) -> float | None:
            begin = time.monotonic()
            try:
                await tabs[i].goto(f"{address}/?seed={1000 + i}", timeout=1000 * PATIENCE)
                await tabs[i].locator(f'#face img[alt$="seed {1000 + i}"]').wait_for(timeout=1000 * PATIENCE)
            except Error:
                return None
            return time.monotonic() - begin

        taken = await asyncio.gather(*(one(i) for i in range(pages)))
        await browser.close()
    return [seconds for seconds in taken if seconds is not None]


def report(label: str, taken: list[float], pages: int) -> None:
    times = f"median {statistics.median(taken):.2f} s, last {max(taken):.2f} s" if taken else "none"
    print(f"{label:44} {len(taken):3} of {pages} with their own face; to the face: {times}", flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--app", type=Path, default=ROOT, metavar="CHECKOUT")
    p.add_argument("--chromium", type=int, default=0, metavar="PAGES")
    chosen = p.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        for label, command, folder in (
            ("FaceGAN", [sys.executable, "app.py", "--port", "0"], chosen.app),
            ("bare Gradio page", [sys.executable, "-c", BARE.replace("PORT", str(free_port()))], Path(cache)),
        ):
            process, address = start(command, folder, cache)
            try:
                asyncio.run(opened(address, 1, 0, label == "FaceGAN"))  # warm
                for pages, within in ((64, 1.0), (200, 10.0)):
                    taken = asyncio.run(opened(address, pages, within, label == "FaceGAN"))
                    report(f"{label}: {pages} pages within {within:g} s", taken, pages)
                if chosen.chromium and label == "FaceGAN":
                    taken = asyncio.run(opened_in_chromium(address, chosen.chromium))
                    report(f"{label}: {chosen.chromium} pages of Chromium at once", taken, chosen.chromium)
            finally:
                process.terminate()
                process.wait()
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()[0]}))


if __name__ == "__main__":
    main()
