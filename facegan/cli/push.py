"""Push the model of a run to the Hub.

    python train/push.py runs/ME
    python train/push.py runs/ME USER/NAME --public --space USER/SPACE

Needs a token with write access: `hf auth login`, or HF_TOKEN. Pushing an unchanged model again changes nothing.
"""

import argparse
from pathlib import Path

from facegan.cli.command_line import PRIVATE_BY_DEFAULT, add_card_options, add_visibility, exit_code


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path, metavar="RUN", help="the run folder, which holds model/")
    p.add_argument(
        "name",
        nargs="?",
        default="",
        metavar="USER/NAME",
        help="default: the name given to train.py, else your user name and the name of the run",
    )
    p.add_argument("--space", default="", metavar="USER/SPACE", help="also publish its demo as a Space")
    add_visibility(p, PRIVATE_BY_DEFAULT)
    add_card_options(p)
    return p


def main() -> int:
    args = parser().parse_intermixed_args()  # options may stand between RUN and USER/NAME

    def work() -> None:
        from facegan.publish.push import push_run
        from facegan.publish.target import PushOptions
        from facegan.runs.run_file import facts_of

        options = PushOptions(args.name, args.private, args.about_data, args.contact, args.allow_memorised, args.space)
        push_run(args.run, options, facts_of(args.run))

    return exit_code(work, "Stopped. The model is untouched; the same command pushes it.")
