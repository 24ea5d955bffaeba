"""The tools are programs and no package: their folder is put on the path, as Python does when one is run."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
