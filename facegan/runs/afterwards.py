"""The steps after a training, none of which can cost the model if it fails."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from facegan.base import commands
from facegan.base.errors import FaceGANError

Result = TypeVar("Result")


class Afterwards:
    """Steps that may fail independently; the failed ones are named at the end, with the commands that repeat them."""

    def __init__(self, run: Path, say: Callable[[str], None]) -> None:
        self.failed: list[str] = []  # what is missing
        self._run, self._say = run, say
        self._commands: list[str] = []

    def attempt(self, what: str, step: Callable[[], Result], command: str | None = None) -> Result | None:
        """The result of `step`, or None if it failed; its error is reported in one line.

        Args:
            what: the result, as the beginning of a sentence.
            step: the work. Ctrl-C ends the run as usual.
            command: what to type to make it later; --resume if None.
        """
        try:
            return step()
        except Exception as error:  # of any kind: the hours of training must not be lost
            self._say(f"{what} could not be made: {_in_a_line(error)}")
            self.failed.append(what)
            self._commands.append(command or commands.typed(commands.TRAIN, "--resume", "--out", self._run))
            return None

    def tell(self) -> None:
        """Report what is missing, and each command once."""
        if not self.failed:
            return
        later = " and ".join(dict.fromkeys(self._commands))
        self._say(f"The model is whole but for: {'; '.join(self.failed)}. Made later by: {later}")


def _in_a_line(error: Exception) -> str:
    """The sentence of an error that a user can put right; of others also where it happened, for a report."""
    if isinstance(error, FaceGANError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{f' ({words})' if words else ''} in {Path(last.filename).name}, line {last.lineno}."
