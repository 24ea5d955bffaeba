"""The last check before files are published: none may contain a path of this machine, such as the user's home."""

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from facegan.base.errors import FaceGANError


def machine_paths(*folders: Path) -> list[str]:
    """The paths that no published file may contain: the folders, and the user's home."""
    resolved = [folder.resolve() for folder in folders]
    # Only paths of at least two parts after the drive or root: "/data" can occur in any text.
    paths = {str(folder) for folder in resolved if len(folder.parts) > 2}
    with contextlib.suppress(RuntimeError):  # a user id without a name, as in some containers, has no home
        paths |= {f"{Path.home()}{os.sep}"} - {os.sep * 2}
    return sorted(paths)


def refuse_machine_paths(files: Mapping[str, bytes], forbidden: Sequence[str]) -> None:
    """Raises FaceGANError with the name of the first file that contains one of the forbidden paths."""
    for secret in forbidden:
        escaped = json.dumps(secret)[1:-1]  # as JSON writes it, with doubled backslashes
        for path, content in files.items():
            if secret.encode() in content or escaped.encode() in content:
                raise FaceGANError(
                    f"{path} holds {secret}, a path of this machine, which must not be published: remove it."
                )
