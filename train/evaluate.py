"""Measure a model: KID, precision and recall against held-out faces.

    python train/evaluate.py runs/PHOTOS --data runs/PHOTOS
    python train/evaluate.py facegan/assets/default --data OTHER_PHOTOS --unseen --json figures.json

The same tenth of the faces is held out in every run on the same photos, so MODEL must come from a run on these, or
say --unseen. The protocol stands in facegan/gan/judge.py.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.command_line import exit_code, number  # noqa: E402


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", metavar="MODEL", help="a run, a model folder or USER/NAME on the Hub")
    p.add_argument("--data", type=Path, required=True, metavar="RUN|DIR", help="a run's faces, or a folder of photos")
    p.add_argument("--generated", type=number(int, 2, 100_000), default=5_000, metavar="N", help="default: 5000")
    p.add_argument("--unseen", action="store_true", help="none of these faces was in the model's training")
    p.add_argument("--fid", action="store_true", help="Inception FID too (train/requirements-fid.txt)")
    p.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    args = vars(p.parse_args())
    json_file = args.pop("json")

    def work() -> None:
        from facegan.evaluate import EvaluateOptions, as_table, evaluate

        result = evaluate(EvaluateOptions(**args))
        print(as_table(result))
        print(json.dumps(result))
        if json_file:
            json_file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
