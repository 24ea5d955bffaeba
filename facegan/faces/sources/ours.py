"""Folders that hold no photos of their own: runs and models of FaceGAN, thumbnails, recycle bins."""

import json
from pathlib import Path

from facegan.faces.cache import JOURNAL, settings_of

_CONFIG = "config.json"  # of a run and of a model
_MOST = 1_000_000  # bytes of it; ours has a few thousand
# Of photo managers, network disks and systems: smaller copies of photos, and what was deleted. In lower case.
_OF_THE_SYSTEM = frozenset(
    (
        "@eadir",
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
        "__macosx",
        "#snapshot",
    )
)
_OF_A_RUN = {"options", "train", "data_fingerprint"}
_OF_A_MODEL = {"image_size", "latent_size", "channels", "format_version"}


def kind_of(folder: Path) -> str | None:
    """What a folder is that holds no photos of its own: "run", "model" or "system folder"; None for every other."""
    if folder.name.lower() in _OF_THE_SYSTEM:
        return "system folder"
    if _is_file(folder / JOURNAL) and "framing" in settings_of(folder):  # RUN/faces
        return "run"
    keys = _keys(folder / _CONFIG)
    return "run" if keys >= _OF_A_RUN else "model" if keys >= _OF_A_MODEL else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no permission, or a path that is too long
        return False


def _keys(path: Path) -> set[str]:
    """Of the JSON object in a file; empty where there is none."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST:
            return set()
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return set()
    return set(content) if isinstance(content, dict) else set()
