"""The last check before files leave the machine: none may hold a path of it."""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from facegan.base.errors import FaceGANError


def private_paths(*folders: Path) -> list[str]:
    """The paths that no published file may hold: the folders, and the home of the user."""
    resolved = [folder.resolve() for folder in folders]
    # Of two parts at least, after the drive or root: "/data" alone can occur in any text.
    paths = {str(folder) for folder in resolved if len(folder.parts) > 2}
    with contextlib.suppress(RuntimeError):  # a user id without a name, as containers give, has no home
        paths |= {f"{Path.home()}{os.sep}"} - {os.sep * 2}
    return sorted(paths)


def refuse_private(files: Mapping[str, bytes], private: Sequence[str]) -> None:
    """Raises FaceGANError with the name of the first file that holds one of the private paths."""
    for hidden in private:
        escaped = json.dumps(hidden)[1:-1]  # in JSON a backslash is two
        for path, content in files.items():
            if hidden.encode() in content or escaped.encode() in content:
                raise FaceGANError(f"{path} holds {hidden}, a path of this machine, which stays here: take it out.")
