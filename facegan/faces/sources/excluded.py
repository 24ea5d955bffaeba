"""Which folders are skipped when photos are listed: FaceGAN's runs and models, thumbnails, recycle bins."""

import json
from pathlib import Path

from facegan.faces.cache import JOURNAL, settings_of

_CONFIG = "config.json"  # of a run and of a model
_MAX_CONFIG_BYTES = 1_000_000  # FaceGAN's own have a few thousand
# Created by photo managers, network disks and operating systems, for thumbnails and deleted files. In lower case.
_SYSTEM_FOLDERS = frozenset(
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
_RUN_KEYS = {"options", "train", "data_fingerprint"}  # of a run's config.json
_MODEL_KEYS = {"image_size", "latent_size", "channels", "format_version"}  # of a model's config.json


def excluded_kind(folder: Path) -> str | None:
    """The kind of a folder to skip: "run", "model" or "system folder"; None for a folder that may hold photos."""
    if folder.name.lower() in _SYSTEM_FOLDERS:
        return "system folder"
    if _is_file(folder / JOURNAL) and "framing" in settings_of(folder):  # RUN/faces
        return "run"
    keys = _keys(folder / _CONFIG)
    return "run" if keys >= _RUN_KEYS else "model" if keys >= _MODEL_KEYS else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no permission, or a path that is too long
        return False


def _keys(path: Path) -> set[str]:
    """The keys of the JSON object in a file; empty if the file holds none."""
    try:
        if not path.is_file() or path.stat().st_size > _MAX_CONFIG_BYTES:
            return set()
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return set()
    return set(content) if isinstance(content, dict) else set()
