"""Reads and writes RUN/config.json, the options of a run; no other file does.

Its keys are "options" (as resolved), "train" (the TrainConfig), "versions" and "data_fingerprint"; run_config.py fills
and checks their values. This file does not import torch, so that a push is quick.
"""

import json
from pathlib import Path

from facegan.base.files import atomic_write
from facegan.publish.push import RunFacts

FILE = "config.json"


def write(run: Path, content: dict) -> None:
    """Replace RUN/config.json. Raises OSError."""
    run.mkdir(parents=True, exist_ok=True)
    atomic_write(run / FILE, json.dumps(content, indent=2) + "\n")


def read(run: Path) -> dict:
    """What `write` wrote. Raises FileNotFoundError if there is no run, and ValueError if the file is not JSON."""
    return json.loads((run / FILE).read_text(encoding="utf-8"))


def facts_of(run: Path) -> RunFacts:
    """What a push needs to know of the run; empty for a folder without config.json, which can be pushed, too."""
    try:
        options = read(run)["options"]
        name = options.get("push_to_hub")
        data = tuple(Path(folder) for folder in options.get("data") or ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return RunFacts()
    return RunFacts(name if isinstance(name, str) else "", data)
