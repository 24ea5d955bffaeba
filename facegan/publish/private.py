"""The last look before files leave the machine: none may hold a path of it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from facegan.base.errors import FaceGANError


def refuse_private(files: Mapping[str, bytes], run: Path) -> None:
    """Raises FaceGANError with the name of the first file that holds the path of this home, run or data."""
    for mark in _marks(run):
        for path, content in files.items():
            if mark.encode() in content or json.dumps(mark)[1:-1].encode() in content:  # a backslash is two in JSON
                raise FaceGANError(f"{path} holds {mark}, a path of this machine, which stays here: take it out.")


def _marks(run: Path) -> list[str]:
    folders = [run.resolve()]
    try:
        options = json.loads((run / "config.json").read_text(encoding="utf-8"))["options"]
        folders += [Path(folder).resolve() for folder in options["data"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a model folder without the run that made it
    # Two parts at least, with the drive or root before them: "/data" alone may stand in any text.
    marks = {str(folder) for folder in folders if len(folder.parts) > 2}
    return sorted(marks | {f"{Path.home()}{os.sep}"} - {os.sep * 2})
