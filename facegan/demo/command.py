"""The command of the demo: `python app.py` in a checkout, `facegan-demo` of the installed package."""

import argparse
import os
import sys

HELP = """\
Play with a face generator in the browser.

    python app.py                       # the embedded generator
    python app.py --model runs/ME/model
    python app.py --model USER/NAME     # on the Hub
    python app.py --model runs/ME/model --model USER/NAME     # several, to choose from on the page
"""


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument(
        "--model",
        metavar="MODEL",
        action="append",
        help="a folder or USER/NAME on the Hub (default: the embedded model, also called default); repeatable",
    )
    p.add_argument("--host", help="address to listen on; 0.0.0.0 lets others in your network in (default: 127.0.0.1)")
    p.add_argument("--port", type=int, help="port to listen on, the next one where it is taken (default: 7860)")
    p.add_argument("--share", action="store_true", help="also open a public link for a week, through gradio.live")
    return p


def main() -> None:
    chosen = parser().parse_args()
    # Imported late: the arguments are checked at once, the model in half a second, and gradio takes several.
    from facegan.base.errors import FaceGANError
    from facegan.base.temporary import check_temporary_folder

    try:
        check_temporary_folder()
        from facegan.demo.models import Models, choices_of, first_of

        wished = [part.strip() for part in os.environ.get("FACEGAN_MODEL", "").split(",") if part.strip()]
        choices = choices_of(chosen.model or wished or ["default"])
        model, own = first_of(choices, must_open=not chosen.model)
        if model.note:
            print(model.note, file=sys.stderr)
        from facegan.demo.build import build_demo
        from facegan.demo.serve import launch
        from facegan.demo.zero_gpu import declare_gpu_use

        declare_gpu_use()
        launch(build_demo(model, Models(choices, own), own), chosen.host, chosen.port, chosen.share)
    except FaceGANError as error:
        sys.exit(f"{error}")
