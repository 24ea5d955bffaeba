"""How often, and how surely, InsightFace sees a face in what a generator draws.

    python benchmarks/face_scores.py facegan/assets/default --faces RUN/faces

Draws seeds 0 to 999 at truncation 1.0, enlarges them to 128 px and runs SCRFD on each. The yardstick are the real
held-out faces of RUN/faces, enlarged in the same way: equal sets would have 95 and 75 % above their 5th and 25th
percentile.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.faces.detect import Detector, make_detector
from facegan.faces.options import FaceOptions
from facegan.gan.data import held_out_split

SIDE = 128  # px


def best_scores(detector: Detector, images: np.ndarray) -> np.ndarray:
    """The score of the surest face in each image uint8 (n, H, W, 3), 0 where there is none."""
    scores = []
    for image in tqdm(images, unit="face"):
        large = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        scores.append(max((face.score for face in detector.detect(large)), default=0.0))
    return np.array(scores)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument(
        "--faces", type=Path, required=True, help="RUN/faces of the run whose held-out faces are the yardstick"
    )
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--truncation", type=float, default=1.0)
    p.add_argument("--insightface-root", type=Path, default=Path("~/.insightface"))
    args = p.parse_args()

    detector, _ = make_detector(FaceOptions(detector="insightface", insightface_root=args.insightface_root))
    cache = FaceCache.open(args.faces)
    held_out = held_out_split(cache.selected)[1][: args.count]
    real = best_scores(detector, cache.images[held_out])
    model = FaceModel.load(args.model)
    drawn = best_scores(detector, model.generate(model.latents(range(args.count), args.truncation)))
    print(f"{len(real)} real held-out faces: {(real > 0).mean():.1%} detected")
    print(f"{len(drawn)} generated faces: {(drawn > 0).mean():.1%} detected")
    for percentile in (5, 25):
        share = (drawn > np.percentile(real, percentile)).mean()
        print(f"{share:.1%} of the generated score above the {percentile}th percentile of the real ones")


if __name__ == "__main__":
    main()
