"""RUN/log.jsonl, one JSON object a line, and the same figures for TensorBoard beside it."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from facegan.gan.monitor.tensorboard import EventFiles

LOG = "log.jsonl"
TENSORBOARD = "tensorboard"  # the folder of its event files


class RunLog:
    """Appends lines to RUN/log.jsonl and scalars and pictures to RUN/tensorboard.

    A resumed run first drops the lines written after its checkpoint, so every image is logged once; one that begins
    at 0 drops all. A rollback inside one run drops nothing. Nothing here stops a training run: what cannot be written
    is reported once.

    Args:
        run: the run's folder.
        images_seen: where the run goes on.
        say: takes a line if the log cannot be written, and one if TensorBoard's files cannot.
    """

    def __init__(self, run: Path, images_seen: int = 0, say: Callable[[str], None] = print):
        self.path, self.say = run / LOG, say
        self._said = False
        self._on_new_line = True
        try:
            _drop_after(self.path, images_seen)
            if self.path.exists():
                self._on_new_line = self.path.read_bytes()[-1:] in (b"", b"\n")
        except OSError as error:
            self._say_once(error)
        self._events = EventFiles(run / TENSORBOARD, images_seen, say)

    def write(self, values: dict) -> None:
        """Append one line: training figures, metrics or an event, each with its images_seen."""
        line = json.dumps({**values, "time": time.strftime("%Y-%m-%dT%H:%M:%S%z")}) + "\n"
        try:
            # A full disk may have taken half of the line before.
            line = line if self._on_new_line else "\n" + line
            self._on_new_line = False
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
            self._on_new_line = True
        except OSError as error:
            self._say_once(error)
        self._events.write(values)

    def picture(self, images_seen: int, path: Path) -> None:
        """Show a PNG file in TensorBoard, if the newest one there is old enough for another."""
        self._events.picture(images_seen, path)

    def close(self) -> None:
        self._events.close()

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _say_once(self, error: OSError) -> None:
        if not self._said:
            self._said = True
            self.say(f"{self.path} cannot be written ({error}); the training goes on, and lines are missing there.")


def read_log(path: Path) -> list[dict]:
    """The lines of a log; one that a kill or a full disk cut in half is left out, and an absent log has none."""
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = content.split("\n")
    try:  # all at once takes a third of the time, and mostly every line but the end is whole
        values = json.loads(f"[{','.join(filter(None, lines))}]")
    except ValueError:
        values = map(_parsed, lines)
    return [value for value in values if _is_line(value)]


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _is_line(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("images_seen"), int | float)


def _drop_after(path: Path, images_seen: int) -> None:
    """Cut the log behind the last line that the checkpoint at `images_seen` can have seen.

    What a rollback before it abandoned stays, although it lies further on: the order of the lines is the order of time.
    """
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    while lines and not (images_seen and _is_up_to(lines[-1], images_seen)):
        lines.pop()
    # Shortened in place: no moment without a log, and no room needed on a full disk.
    os.truncate(path, sum(map(len, lines)))


def _is_up_to(line: bytes, images_seen: int) -> bool:
    value = _parsed(line.decode("utf-8", errors="replace"))
    return _is_line(value) and value.get("back_to", value["images_seen"]) <= images_seen
