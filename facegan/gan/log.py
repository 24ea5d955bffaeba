"""RUN/log.jsonl: one JSON object a line."""

import json
import time
from pathlib import Path


class RunLog:
    """Appends lines; a resumed run first drops those written after its checkpoint, so every image is told of once."""

    def __init__(self, path: Path, images_seen: int = 0):
        self.path = path
        if path.exists():
            kept = [line for line in read_log(path) if line["images_seen"] <= images_seen]
            path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def write(self, values: dict) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**values, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")}) + "\n")


def read_log(path: Path) -> list[dict]:
    """The lines of a log; a last line that a kill cut in half is left out."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines
