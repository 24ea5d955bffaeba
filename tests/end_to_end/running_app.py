"""The real app in a process of its own, and a browser that lets nothing leave this machine unnoticed."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WHOLE_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The same engine without the window of a browser takes a third less time. It has no camera.
CHROMIUM = shutil.which("chromium-headless-shell") or WHOLE_CHROMIUM
# In a container; and without the calls home that Chromium makes by itself.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MODEL = os.environ.get("FACEGAN_TEST_MODEL")  # a model folder to test the page with, else the default


@contextmanager
def running_app(
    cache: Path, *arguments: str, environment: dict[str, str] | None = None, log: list[str] | None = None
) -> Iterator[str]:
    """`python` with these arguments, as the address of the page it serves; its temporary files go to `cache`.

    `log` is filled with the lines that it prints, whole when the context has ended.
    """
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "GRADIO_TEMP_DIR": str(cache), **(environment or {})}
    app = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = [] if log is None else log
    reader = None
    try:
        for line in app.stdout:
            said.append(line)
            address = re.search(r"http://[\d.]+:\d+", line)
            if address:
                # A pipe that nobody reads holds up whoever writes into it.
                reader = threading.Thread(target=lambda: said.extend(app.stdout), daemon=True)
                reader.start()
                yield address.group()
                break
        else:
            pytest.fail("The app ended before it served a page:\n" + "".join(said))
    finally:
        app.terminate()
        app.wait(timeout=120)
        if reader:
            reader.join(timeout=120)
        app.stdout.close()
