"""Train a face generator on a folder of photos, and publish it: the command is in facegan/cli/train.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.cli.train import main  # noqa: E402

if __name__ == "__main__":  # the workers that align import this file again
    sys.exit(main())
