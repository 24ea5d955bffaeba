"""How long a slider's move takes: in a browser, beside a bare Gradio page, and for a caller of /edit.

    python -m benchmarks.slider_latency [--model FOLDER] [--times 200]

Starts app.py. In Chromium: from the input event of a slider to the next painted picture of the face. By gradio_client:
from the call to the decoded PNG, which it fetches in a second request. The bare page has a slider that writes a number
into an HTML element; the bar is 1.5 times its time at the 95th percentile, on an idle machine.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from gradio_client import Client
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.demo_load import free_port, start

ROOT = Path(__file__).resolve().parents[1]
WARM = 5  # moves that warm up
_MOVE = """([name, value]) => new Promise((resolve) => {
    const input = document.querySelector(`#slider-${name} input[type=range]`);
    const face = document.querySelector("#face-after");
    const before = face.querySelector("img").src;
    new MutationObserver((_, observer) => {
        const image = face.querySelector("img"), shown = face.querySelector("[data-query]");
        if (image.src === before) return;
        if (Number(new URLSearchParams(shown.dataset.query).get(name)) !== Number(value)) return;
        observer.disconnect();
        image.decode().catch(() => {}).then(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    }).observe(face, {subtree: true, childList: true, attributes: true});
    const start = performance.now();
    input.value = value;
    input.dispatchEvent(new Event("input", {bubbles: true}));
})"""

BARE = """
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    slider = gr.Slider(-1, 1, 0, step=0.05, elem_id="slider-bare")
    html = gr.HTML("<b>0</b>", elem_id="number")
    slider.input(lambda value: f"<b>{value}</b>", slider, html, show_progress="hidden", trigger_mode="always_last")
page.launch(server_port=PORT, ssr_mode=False)
"""
_BARE_MOVE = """(value) => new Promise((resolve) => {
    const input = document.querySelector("#slider-bare input[type=range]");
    new MutationObserver((_, observer) => {
        if (Number(document.querySelector("#number b")?.textContent) !== Number(value)) return;  // a sign of waiting
        observer.disconnect();
        requestAnimationFrame(() => resolve(performance.now() - start));
    }).observe(document.querySelector("#number"), {subtree: true, childList: true, characterData: true});
    const start = performance.now();
    input.value = value;
    input.dispatchEvent(new Event("input", {bubbles: true}));
})"""


def values(names: list[str], times: int) -> list[tuple[str, float]]:
    """What is moved where, each time somewhere else."""
    return [(names[i % len(names)], round(0.05 * ((7 * i + 3) % 41 - 20), 2)) for i in range(times)]


def in_the_browser(address: str, bare: str, names: list[str], times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each move, on our page and on the bare one; by turns, so that both meet the same machine."""
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        ours, other = (browser.new_page(viewport={"width": 1280, "height": 900}) for _ in range(2))
        ours.goto(f"{address}/?seed=2&{names[0]}=0.5")
        ours.locator("#face-after img").wait_for()
        other.goto(bare)
        other.locator("#slider-bare").wait_for()
        ours.wait_for_timeout(1000)
        taken, taken_bare = [], []
        for name, value in values(names, times):
            ours.bring_to_front()
            taken.append(ours.evaluate(_MOVE, [name, str(value)]))
            other.bring_to_front()
            taken_bare.append(other.evaluate(_BARE_MOVE, str(value)))
        return taken, taken_bare


def by_a_caller(address: str, names: list[str], times: int, folder: str) -> list[float]:
    client = Client(address, verbose=False, download_files=folder)
    taken = []
    for i, (name, value) in enumerate(values(names, times)):
        start = time.perf_counter()
        path = client.predict(seed=i // 20, truncation=0.8, api_name="/edit", **{name: value})
        Image.open(path).load()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def report(label: str, times: list[float]) -> None:
    middle, late = np.percentile(times[WARM:], [50, 95])
    longest = max(times[WARM:])
    print(f"{label}: median {middle:.0f} ms, 95th percentile {late:.0f} ms, longest {longest:.0f} ms", flush=True)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", metavar="FOLDER")
    p.add_argument("--times", type=int, default=200)
    args = p.parse_args()

    from facegan.model.load import FaceModel

    names = [slider.name for slider in FaceModel.load(args.model).sliders]
    command = [sys.executable, "app.py", "--port", "0", *(["--model", args.model] if args.model else [])]
    with tempfile.TemporaryDirectory() as cache:
        bare_command = [sys.executable, "-c", BARE.replace("PORT", str(free_port()))]
        app, address = start(command, ROOT, cache)
        bare, bare_address = start(bare_command, ROOT, cache)
        try:
            taken, taken_bare = in_the_browser(address, bare_address, names, args.times + WARM)
            report("in Chromium", taken)
            report("a bare Gradio page", taken_bare)
            ratios = np.percentile(taken[WARM:], [50, 95]) / np.percentile(taken_bare[WARM:], [50, 95])
            print(f"ours to the bare page: median {ratios[0]:.2f}, 95th percentile {ratios[1]:.2f}", flush=True)
            report("by gradio_client", by_a_caller(address, names, args.times + WARM, cache))
        finally:
            for process in (app, bare):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
