"""Push the model of a run to the Hub: the command is in facegan/cli/push.py."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.cli.push import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
