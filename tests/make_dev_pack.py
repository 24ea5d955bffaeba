"""Gives InsightFace a pack for development without internet.

pip install -r requirements-dev.txt
python tests/make_dev_pack.py ~/.insightface
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.packs import make_dev_pack  # noqa: E402

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python tests/make_dev_pack.py ROOT")
    print(make_dev_pack(Path(sys.argv[1])))
