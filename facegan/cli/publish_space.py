"""Publish the demo as a Hugging Face Space that shows a model on the Hub.

    python train/publish_space.py USER/SPACE --model USER/NAME

The same command updates the Space. Needs a token with write access: `hf auth login`, or HF_TOKEN.
"""

import argparse

from facegan.cli.command_line import add_visibility, exit_code


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("space", metavar="USER/SPACE", help="the Space to create or update")
    p.add_argument("--model", required=True, metavar="USER/NAME", help="the model that it shows")
    add_visibility(p, "as the model is")
    return p


def main() -> int:
    args = parser().parse_args()

    def work() -> None:
        from facegan.publish.space import publish_space

        publish_space(args.space, args.model, args.private)

    return exit_code(work)
