"""How long a Space takes from its start to the first face, against a bare gradio page, and how much memory.

    python -m benchmarks.cold_start [--times 5]

Builds the Space's folder, starts it and a page that says hello in turn, each in a new process, and asks each for one
answer through gradio_client. Prints the medians, their ratio (its bar is 1.3) and the Space's peak memory (600 MB).
"""

import argparse
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gradio_client import Client

from benchmarks.demo_load import free_port
from facegan.publish.space import space_files

_HELLO = """\
import gradio as gr

gr.Interface(lambda name: f"Hello {name}", "text", "text", api_name="generate").launch()
"""


def start(folder: Path, arguments: tuple) -> tuple[float, int]:
    """Seconds from the start of the program app.py in `folder` to its first answer; bytes of its peak memory."""
    port = free_port()
    place = {"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    environment = {**os.environ, **place, "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    begin = time.monotonic()
    process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        while time.monotonic() < begin + 120:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        Client(f"http://127.0.0.1:{port}/", verbose=False).predict(*arguments, api_name="/generate")
        taken = time.monotonic() - begin
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        return taken, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024
    finally:
        process.kill()
        process.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--times", type=int, default=5)
    times = arguments.parse_args().times
    with tempfile.TemporaryDirectory() as root:
        space, hello = Path(root) / "space", Path(root) / "hello"
        for path, content in {**space_files("user/name"), "../hello/app.py": _HELLO.encode()}.items():
            (space / path).parent.mkdir(parents=True, exist_ok=True)
            (space / path).write_bytes(content)
        start(hello, ("you",))  # the disk's cache is warm for both then
        start(space, (5, 1, 0.7))
        runs = [(start(hello, ("you",)), start(space, (5, 1, 0.7))) for _ in range(times)]
    bare = statistics.median(one[0] for one, _ in runs)
    ours = statistics.median(two[0] for _, two in runs)
    print(f"bare page {bare:.2f} s, Space {ours:.2f} s, ratio {ours / bare:.2f}")
    print(f"peak memory of the Space {max(two[1] for _, two in runs) / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
