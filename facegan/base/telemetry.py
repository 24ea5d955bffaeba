"""Switches off the telemetry of libraries: what is drawn or trained stays on this machine."""

import os

# Both are read when the library is imported first, so this module comes before all others (facegan/__init__.py).
# Workers inherit them. onnxruntime 1.29 and newer otherwise looks up a server of its maker's at the first session, and
# leaves a device id in the home folder.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
