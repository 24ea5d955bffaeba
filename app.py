"""Play with a face generator in the browser.

    python app.py                       # the embedded generator
    python app.py --model runs/ME/model

The same file is the entry of a Hugging Face Space.
"""

import argparse
import sys


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", metavar="FOLDER", help="the model folder to show (default: the embedded generator)")
    p.add_argument("--host", help="address to listen on; 0.0.0.0 lets others in your network in (default: 127.0.0.1)")
    p.add_argument("--port", type=int, help="port to listen on, the next one where it is taken (default: 7860)")
    p.add_argument("--share", action="store_true", help="also open a public link for a week, through gradio.live")
    return p


def main() -> None:
    chosen = parser().parse_args()
    # Imported late: the arguments are checked at once, the model in half a second, and gradio takes several.
    from facegan.errors import FaceGANError
    from facegan.hub.model import FaceModel

    try:
        model = FaceModel.load(chosen.model)
        from facegan.demo.build import build_demo, launch

        launch(build_demo(model), chosen.host, chosen.port, chosen.share)
    except FaceGANError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
