"""How good single faces of a generator are, by truncation: seen by InsightFace, in place, near to real ones, varied.

    python -m benchmarks.face_scores facegan/assets/default --faces RUN/faces
    python -m benchmarks.face_scores RUN/model --faces RUN/faces --count 5000 --truncation 0.6 0.8 1.0

Draws seeds from 0 on, enlarges them to 128 px and runs SCRFD on each. The reference are the real held-out faces of
RUN/faces, enlarged in the same way: equal sets would have 95 and 75 % above their 5th and 25th percentile, and eye
centres as far spread as those of the training faces. KID, precision and recall are those of facegan/gan/judge.py.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.registry import Detector, make_detector
from facegan.faces.options import FaceOptions
from facegan.gan.judge import Judge

SIDE = 128  # px


def best_faces(detector: Detector, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the surest face in each image uint8 (n, H, W, 3): scores (n,), 0 where there is none, and eyes (m, 2, 2)."""
    scores, eyes = [], []
    for image in tqdm(images, unit="face"):
        large = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        face = max(detector.detect(large), key=lambda face: face.score, default=None)
        scores.append(face.score if face else 0.0)
        if face:
            eyes.append(face.keypoints[:2])
    return np.array(scores), np.array(eyes)


def spread(eyes: np.ndarray) -> float:
    """Root mean square distance of eye centres (m, 2, 2) from their mean, in px of 128."""
    return float(np.sqrt(((eyes - eyes.mean(0)) ** 2).sum(-1).mean()))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument(
        "--faces", type=Path, required=True, help="RUN/faces of the run whose held-out faces are the reference"
    )
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--truncation", type=float, nargs="+", default=[1.0])
    p.add_argument("--insightface-root", type=Path, default=Path("~/.insightface"))
    args = p.parse_args()

    detector, _ = make_detector(FaceOptions(detector="insightface", insightface_root=args.insightface_root))
    cache = FaceCache.open(args.faces)
    training, held_out = cache.split()
    judge = Judge(cache.images, training, held_out)
    real, _ = best_faces(detector, cache.images[held_out[: args.count]])
    some = np.sort(np.random.RandomState(0).permutation(training)[: args.count])
    in_training = spread(best_faces(detector, cache.images[some])[1])
    print(f"{len(real)} real held-out faces: {(real > 0).mean():.1%} detected")
    print(f"{len(some)} training faces: eye centres spread by {in_training:.2f} px of {SIDE}")
    print(f"\n{args.count} generated faces\n")
    print("| truncation | detected | above 5th | above 25th | eyes spread | KID x 100 | precision | recall |")
    print("|---|---|---|---|---|---|---|---|")
    model = FaceModel.load(args.model).base
    for truncation in args.truncation:
        drawn = model.generate(model.latents(range(args.count), truncation))
        scores, eyes = best_faces(detector, drawn)
        above = [f"{(scores > np.percentile(real, percentile)).mean():.1%}" for percentile in (5, 25)]
        found = judge.judge(drawn)
        cells = [f"{truncation:g}", f"{(scores > 0).mean():.2%}", *above, f"x {spread(eyes) / in_training:.2f}"]
        cells += [f"{found.kid:.2f} ± {found.kid_spread:.2f}", f"{found.precision:.2f}", f"{found.recall:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
