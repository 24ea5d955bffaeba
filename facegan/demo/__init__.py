"""The Gradio demo, one file a tab."""

import os
import tempfile
from pathlib import Path

from facegan.base.proxies import without_proxies

# Gradio reads these when it is imported and when its queue is made. They switch off its statistics, for which it would
# sort the last 10,000 calls at every call.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")


def _folder_for_temporary_files() -> Path:
    """Where they may be written; the root where nothing can, which command.py says in a sentence."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Path(os.sep)


# A folder for this process, because Gradio's default folder is shared by all users of a machine, and only the user who
# created it can write there. serve.py removes it.
TEMPORARY = _folder_for_temporary_files() / f"facegan-demo-{os.getpid()}"
os.environ["GRADIO_TEMP_DIR"] = os.environ.get("GRADIO_TEMP_DIR") or str(TEMPORARY)

with without_proxies():  # on import Gradio creates an httpx client, which raises on some proxy settings
    import gradio  # noqa: F401
