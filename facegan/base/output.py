"""Standard output and error that never end the program: terminals close, pipes break, encodings lack characters."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any, TextIO


class _RobustStream:
    """A text stream that drops what can no longer be written, instead of raising an error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._errors_dropped():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._errors_dropped():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _errors_dropped(self):
        try:
            yield
        except BlockingIOError:  # a full pipe in non-blocking mode
            pass
        except (OSError, ValueError):  # ValueError: the stream is closed
            self._redirect_to_devnull()

    def _redirect_to_devnull(self) -> None:
        """Discards all later output, also what is still buffered and what C libraries write."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, self._stream.fileno())
            os.close(devnull)


def robust_output() -> None:
    """Makes sys.stdout and sys.stderr accept every character, and drop output that nobody can read any more.

    A character that the encoding lacks is written as an escape, and so are bytes of a file name that are not UTF-8.
    Calling it again changes nothing.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, _RobustStream):
            continue
        if stream is None:  # it was closed before the program began
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open until the program ends)
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, _RobustStream(stream))
