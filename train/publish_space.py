"""Publish the demo as a Space: the command is in facegan/cli/publish_space.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.cli.publish_space import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
