"""RUN/config.json: the options of a run. Written and read here and nowhere else.

It holds "options" (as resolved), "train" (the TrainConfig), "versions" and "data_fingerprint"; run_config.py fills and
checks them. This file imports no networks, so that a push needs none.
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
    """What `write` wrote. Raises FileNotFoundError without a run, and ValueError for a file that is no JSON."""
    return json.loads((run / FILE).read_text(encoding="utf-8"))


def facts_of(run: Path) -> RunFacts:
    """What a push needs of the run; nothing for a folder with no more than model/, which can be pushed, too."""
    try:
        options = read(run)["options"]
        name = options.get("push_to_hub")
        data = tuple(Path(folder) for folder in options.get("data") or ())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return RunFacts()
    return RunFacts(name if isinstance(name, str) else "", data)
