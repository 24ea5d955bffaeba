"""The steps after the training. If one fails, the model stays usable and the other steps still run."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from facegan.base import commands
from facegan.base.errors import FaceGANError

Result = TypeVar("Result")


class OptionalSteps:
    """Runs steps that may fail independently. `report` names those that failed, with the commands that repeat them.

    Attributes: `failed` (what is missing, each as the beginning of a sentence).
    """

    def __init__(self, run: Path, say: Callable[[str], None]) -> None:
        self.failed: list[str] = []
        self._run, self._say = run, say
        self._commands: list[str] = []

    def attempt(self, what: str, step: Callable[[], Result], command: str | None = None) -> Result | None:
        """The result of `step`, or None if it failed; its error is reported in one line.

        Args:
            what: the result, as the beginning of a sentence.
            step: the work. Ctrl-C ends the run as usual.
            command: the command that makes the result later; None: train.py --resume.
        """
        try:
            return step()
        except Exception as error:  # of any kind: the hours of training must not be lost
            self._say(f"{what} could not be made: {_on_one_line(error)}")
            self.failed.append(what)
            self._commands.append(command or commands.typed(commands.TRAIN, "--resume", "--out", self._run))
            return None

    def report(self) -> None:
        """Tell the user what is missing, and each command once."""
        if not self.failed:
            return
        later = " and ".join(dict.fromkeys(self._commands))
        self._say(f"The model is complete except for: {'; '.join(self.failed)}. To make this later: {later}")


def _on_one_line(error: Exception) -> str:
    """The message of an error that the user can correct; for a bug its type and place, for a bug report."""
    if isinstance(error, FaceGANError):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    words = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}{f' ({words})' if words else ''} in {Path(last.filename).name}, line {last.lineno}."
