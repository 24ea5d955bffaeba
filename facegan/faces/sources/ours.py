"""Runs and models of FaceGAN among the photos: their pictures are drawn from photos, or by a generator."""

import json
from pathlib import Path

from facegan.faces.cache import JOURNAL, settings_of

_CONFIG = "config.json"  # of a run and of a model
_MOST = 1_000_000  # bytes of it; ours has a few thousand
_OF_A_RUN = {"options", "train", "data_fingerprint"}
_OF_A_MODEL = {"image_size", "latent_size", "channels", "format_version"}


def kind_of(folder: Path) -> str | None:
    """ "run" or "model" for a folder that FaceGAN made, None for every other."""
    if (folder / JOURNAL).is_file() and "framing" in settings_of(folder):  # RUN/faces
        return "run"
    keys = _keys(folder / _CONFIG)
    return "run" if keys >= _OF_A_RUN else "model" if keys >= _OF_A_MODEL else None


def _keys(path: Path) -> set[str]:
    """Of the JSON object in a file; empty where there is none."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST:
            return set()
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return set()
    return set(content) if isinstance(content, dict) else set()
