"""Standard output and error that never end the program: terminals close, pipes break, encodings lack letters."""

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
        with self._without_end():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with self._without_end():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _without_end(self):
        try:
            yield
        except BlockingIOError:  # a full pipe that does not wait for its reader
            pass
        except (OSError, ValueError):  # ValueError: the stream is closed
            self._leave()

    def _leave(self) -> None:
        """Lets all that follows go nowhere, also what is buffered and what libraries in C write."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def robust_output() -> None:
    """Makes sys.stdout and sys.stderr take every letter, and survive their reader. Calling it again changes nothing.

    A letter that the encoding lacks is written as an escape, and so are the bytes of a file's name that is not UTF-8.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, _RobustStream):
            continue
        if stream is None:  # it was closed before the program began
            stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (as long as the program)
        if hasattr(stream, "reconfigure"):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, _RobustStream(stream))
