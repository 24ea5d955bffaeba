"""Measure a model: KID, precision and recall against held-out faces.

    python train/evaluate.py runs/PHOTOS --data runs/PHOTOS
    python train/evaluate.py facegan/assets/default --data OTHER_PHOTOS --unseen --json figures.json
    python train/evaluate.py facegan/assets/default --sliders

A run stores which tenth of its faces it held out, so --data is the run that MODEL comes from, or the photos that it was
trained on. Other photos need --unseen, which says that MODEL was not trained on any of them. The protocol is
described in facegan/gan/judge.py, that of sliders in facegan/sliders/judge.py.
"""

import argparse
import json
from pathlib import Path

from facegan.cli.command_line import check_writable, exit_code, number, write_result
from facegan.sliders.store import json_ready


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", metavar="MODEL", help="a run, a model folder or USER/NAME on the Hub")
    p.add_argument("--data", type=Path, metavar="RUN|DIR", help="a run's faces, or a folder of photos")
    p.add_argument("--sliders", action="store_true", help="judge its sliders instead; half an hour on one core")
    p.add_argument(
        "--seeds",
        type=number(int, 20, 10_000),
        default=1_000,
        metavar="N",
        help="faces that judge sliders (default: 1000)",
    )
    p.add_argument("--generated", type=number(int, 2, 100_000), default=5_000, metavar="N", help="default: 5000")
    p.add_argument("--unseen", action="store_true", help="the model was trained on none of these faces")
    p.add_argument("--fid", action="store_true", help="Inception FID too (train/requirements-fid.txt)")
    p.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    args = vars(p.parse_args())
    json_file, sliders, seeds = (args.pop(name) for name in ("json", "sliders", "seeds"))
    if not sliders and args["data"] is None:
        p.error("add what to measure against: --data RUN or --data DIR")

    def work() -> None:
        if json_file:
            check_writable(json_file, "--json")
        from facegan.runs.evaluate import EvaluateOptions, as_table, evaluate
        from facegan.runs.model_sliders import as_table as as_slider_table
        from facegan.runs.model_sliders import judge_model

        if sliders:
            judged = judge_model(args["model"], args["data"], seeds)
            result = {**judged.facts["judged"], "quality": {one.name: one.quality for one in judged.sliders}}
            print(as_slider_table(judged))
        else:
            result = evaluate(EvaluateOptions(**args))
            print(as_table(result))
        result = json_ready(result)
        print(json.dumps(result))
        if json_file:
            write_result(json_file, json.dumps(result, indent=2) + "\n")

    return exit_code(work)
