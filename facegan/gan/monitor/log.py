"""RUN/log.jsonl, with one JSON object per line; the same figures also go to TensorBoard."""

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

    A resumed run first drops the lines written after its checkpoint, so that no part is logged twice; a run that begins
    at 0 drops all lines. A rollback drops none. An error of writing does not stop the training; it is reported once.

    Args:
        run: the run's folder.
        images_seen: where the run begins or is resumed.
        say: takes a message if the log cannot be written, and one if TensorBoard's files cannot.
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
            # On a full disk the line before may have been written in part.
            line = line if self._on_new_line else "\n" + line
            self._on_new_line = False
            with self.path.open("a", encoding="utf-8") as file:
                file.write(line)
            self._on_new_line = True
        except OSError as error:
            self._say_once(error)
        self._events.write(values)

    def picture(self, images_seen: int, path: Path) -> None:
        """Add a PNG file to TensorBoard, unless the last one is too recent."""
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
            self.say(f"{self.path} cannot be written ({error}). The training continues, but the log has gaps.")


def read_log(path: Path) -> list[dict]:
    """The lines of a log, without those that a kill or a full disk cut short; empty if there is no log."""
    try:
        content = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    lines = content.split("\n")
    try:  # parsing all lines at once takes a third of the time, and fails only if a line is damaged
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
    """Drop the lines that were written after the checkpoint at `images_seen`.

    The lines are in chronological order. Lines with more images seen stay if a rollback to the checkpoint followed
    them.
    """
    if not path.exists():
        return
    lines = path.read_bytes().splitlines(keepends=True)
    while lines and not (images_seen and _is_up_to(lines[-1], images_seen)):
        lines.pop()
    # Truncated in place: the log always exists, and no space is needed on a full disk.
    os.truncate(path, sum(map(len, lines)))


def _is_up_to(line: bytes, images_seen: int) -> bool:
    value = _parsed(line.decode("utf-8", errors="replace"))
    return _is_line(value) and value.get("back_to", value["images_seen"]) <= images_seen
