"""Switches off the telemetry of libraries: what is drawn or trained stays on this machine."""

import os

# Both are read when the library is imported, so facegan/__init__.py imports this module before all others. Worker
# processes inherit them. Otherwise onnxruntime 1.29 and newer contacts a server of its vendor at the first session, and
# stores a device id in the home folder.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
