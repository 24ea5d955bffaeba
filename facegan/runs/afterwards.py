"""What follows a training: the model comes first, and nothing that comes after it can cost it."""

import shlex
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from facegan.base.errors import FaceGANError

Result = TypeVar("Result")


class Afterwards:
    """Steps of which each may fail alone; those that did are named at the end, with the commands for later."""

    def __init__(self, run: Path, say: Callable[[str], None]) -> None:
        self.failed: list[str] = []  # what could not be made
        self._run, self._say = run, say
        self._commands: list[list[str]] = []

    def attempt(self, what: str, step: Callable[[], Result], command: list[str] | None = None) -> Result | None:
        """What `step` returns, or None where it failed; its error is told in a line.

        Args:
            what: it makes, as the beginning of a sentence.
            step: the work. Ctrl-C in it ends the run as everywhere.
            command: that makes it later; --resume if None.
        """
        try:
            return step()
        except Exception as error:  # whatever it is: hours of training stand against it
            self._say(f"{what} could not be made: {_in_a_line(error)}")
            self.failed.append(what)
            self._commands.append(command or ["python", "train/train.py", "--resume", "--out", str(self._run)])
            return None

    def tell(self) -> None:
        """Names what is missing, and each command once."""
        if not self.failed:
            return
        commands = list(dict.fromkeys(shlex.join(command) for command in self._commands))
        self._say(f"The model is whole but for: {'; '.join(self.failed)}. Made later by: {' and '.join(commands)}")


def _in_a_line(error: Exception) -> str:
    """The sentence of an error that a user can put right; of others also where it happened, for a report."""
    if isinstance(error, FaceGANError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{f' ({words})' if words else ''} in {Path(last.filename).name}, line {last.lineno}."
