"""The Gradio demo, one file a tab."""

import os

from facegan.base.proxies import without_proxies

# Read when gradio is imported and when its queue is made: no statistics are kept, for which gradio would sort the last
# 10,000 calls at every call.
os.environ.setdefault("GRADIO_ANALYTICS_MAX_EVENTS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000000")

with without_proxies():  # it makes a client of httpx, which some settings of proxies stop
    import gradio  # noqa: F401
