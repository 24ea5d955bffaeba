"""Push the model of a run to the Hub.

    python train/push.py runs/ME
    python train/push.py runs/ME USER/NAME --public --space USER/SPACE

Needs a token with write access: `hf auth login`, or HF_TOKEN. Pushing what is there already changes nothing.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the package lies beside this folder

from facegan.command_line import add_card_options, add_visibility, exit_code  # noqa: E402


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path, metavar="RUN", help="the run folder, which holds model/")
    p.add_argument("name", nargs="?", default="", metavar="USER/NAME", help="default: your name and the run's")
    p.add_argument("--space", metavar="USER/SPACE", help="also publish the demo of it as a Space")
    add_visibility(p, "private for fewer than 1,000 faces")
    add_card_options(p)
    return p


def main() -> int:
    args = parser().parse_args()

    from facegan.hub.push import push_run
    from facegan.hub.space import publish_space

    def work() -> None:
        pushed = push_run(args.run, args.name, args.private, args.about_data, args.contact, args.allow_memorised)
        if args.space:
            publish_space(args.space, pushed.target.repository, args.private)

    return exit_code(work, "Stopped. The model is untouched; the same command pushes it.")


if __name__ == "__main__":
    sys.exit(main())
