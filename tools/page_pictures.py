"""Draws docs/page.png, the demo's page on a wide screen and on a phone, with Chromium and the default generator.

pip install -r requirements-dev.txt
python -m tools.page_pictures
"""

import argparse
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from facegan.base.stamp import stamp
from tests.end_to_end.running_app import CHROMIUM, CHROMIUM_FLAGS, running_app

ROOT = Path(__file__).resolve().parent.parent
SHOWN = "?seed=Emma&smile=0.6"  # a name and a slider: what the page is for
PHONE, HEIGHT = 390, 844  # px
WIDE = 1280
GAP = 24


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, default=ROOT / "docs" / "page.png")
    args = p.parse_args()
    shots = []
    with (
        tempfile.TemporaryDirectory() as cache,
        running_app(Path(cache), "app.py", "--port", "0") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for width in (WIDE, PHONE):
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            page.goto(f"{address}/{SHOWN}")
            page.locator("#face-after figure:not([data-preview]) img").wait_for()
            page.locator("#fg-opening").wait_for(state="detached")
            page.wait_for_timeout(1000)  # fonts and the last of the layout
            shots.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    picture = Image.new("RGB", (WIDE + GAP + PHONE, HEIGHT), "#d8d8d8")
    picture.paste(shots[0], (0, 0))
    picture.paste(shots[1], (WIDE + GAP, 0))
    buffer = io.BytesIO()
    picture.save(buffer, "png", optimize=True)
    args.out.write_bytes(stamp(buffer.getvalue(), {"shows": "page"}))
    print(f"{args.out}: {args.out.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
