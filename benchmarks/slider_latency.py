"""How long a slider's move takes through the running app: in a browser, and for a caller of /edit.

    python -m benchmarks.slider_latency [--model FOLDER] [--times 200]

Starts app.py. In Chromium: from the input event of a slider to the next painted picture of the face. By gradio_client:
from the call to the decoded PNG, which it fetches in a second request. The bar is 100 ms at the 95th percentile.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from gradio_client import Client
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
_MOVE = """([name, value]) => new Promise((resolve) => {
    const input = document.querySelector(`#slider-${name} input[type=range]`);
    const face = document.querySelector("#face-after");
    const before = face.querySelector("img").src;
    new MutationObserver((_, observer) => {
        const image = face.querySelector("img");
        if (!image || image.src === before) return;
        observer.disconnect();
        image.decode().then(() => requestAnimationFrame(() => resolve(performance.now() - start)));
    }).observe(face, {subtree: true, childList: true, attributes: true});
    const start = performance.now();
    input.value = value;
    input.dispatchEvent(new Event("input", {bubbles: true}));
})"""


def values(names: list[str], times: int) -> list[tuple[str, float]]:
    """What is moved where, each time somewhere else."""
    return [(names[i % len(names)], round(0.05 * ((7 * i + 3) % 41 - 20), 2)) for i in range(times)]


def in_the_browser(address: str, names: list[str], times: int) -> list[float]:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/?seed=2&{names[0]}=0.5")
        page.locator("#face-after img").wait_for()
        page.wait_for_timeout(1000)
        return [page.evaluate(_MOVE, [name, str(value)]) for name, value in values(names, times)]


def by_a_caller(address: str, names: list[str], times: int, folder: str) -> list[float]:
    client = Client(address, verbose=False, download_files=folder)
    taken = []
    for i, (name, value) in enumerate(values(names, times)):
        start = time.perf_counter()
        path = client.predict(seed=i // 20, truncation=0.8, api_name="/edit", **{name: value})
        Image.open(path).load()
        taken.append(1000 * (time.perf_counter() - start))
    return taken


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", metavar="FOLDER")
    p.add_argument("--times", type=int, default=200)
    args = p.parse_args()

    from facegan.model.load import FaceModel

    names = [slider.name for slider in FaceModel.load(args.model).sliders]
    command = [sys.executable, "app.py", "--port", "0", *(["--model", args.model] if args.model else [])]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "GRADIO_TEMP_DIR": cache}
        app = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            address = next(found.group() for line in app.stdout if (found := re.search(r"http://[\d.]+:\d+", line)))
            for label, taken in (
                ("in Chromium", in_the_browser(address, names, args.times + 5)),
                ("by gradio_client", by_a_caller(address, names, args.times + 5, cache)),
            ):
                middle, late = np.percentile(taken[5:], [50, 95])  # the first ones warm up
                print(
                    f"{label}: median {middle:.0f} ms, 95th percentile {late:.0f} ms, longest {max(taken[5:]):.0f} ms"
                )
        finally:
            app.terminate()
            app.wait()


if __name__ == "__main__":
    main()
