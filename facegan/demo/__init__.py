"""The Gradio demo, one file a tab."""

import os
import tempfile
from pathlib import Path

from facegan.base.proxies import without_proxies

# Read when gradio is imported and when its queue is made: no statistics are kept, for which gradio would sort the last
# 10,000 calls at every call.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

# Of this user and this run: the folder that gradio takes by itself is for all users of a machine, and who is not the
# first of them cannot write there. serve.py removes it.
TEMPORARY = Path(tempfile.gettempdir()) / f"facegan-demo-{os.getpid()}"
os.environ["GRADIO_TEMP_DIR"] = os.environ.get("GRADIO_TEMP_DIR") or str(TEMPORARY)

with without_proxies():  # it makes a client of httpx, which some settings of proxies stop
    import gradio  # noqa: F401
