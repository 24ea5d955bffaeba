"""Fit the upscaler of a model anew: the command is in facegan/cli/fit_upscaler.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.cli.fit_upscaler import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
