"""Whether a generator of one person draws that person: found by InsightFace, like them, like nobody else, no copies.

    python -m benchmarks.likeness runs/ME runs/ME-2 --count 1000

Each RUN is one that was trained with --person. Draws seeds from 0 on at truncation 1, enlarges them to 128 px and
embeds the surest face in each. The reference is the mean embedding of the person's photos that training used, as the
journal of RUN/faces holds them. Beside it stand the held-out photos as the generator knows them, at its own size and
enlarged in the same way, and the faces of the embedded default, who are nobody.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.face_scores import SIDE
from facegan import FaceModel
from facegan.faces.cache import JOURNAL, FaceCache
from facegan.faces.detectors.registry import Detector, choose_detector
from facegan.faces.options import MOST_FREQUENT, FaceOptions
from facegan.faces.person.recognise import Recogniser, choose_recogniser
from facegan.faces.records import from_line
from facegan.model.measurements import memorisation_of


def embeddings(images: np.ndarray, detector: Detector, recogniser: Recogniser) -> tuple[np.ndarray, float]:
    """Of the surest face in each image: unit vectors (m, 512), and the share of images in which there is one."""
    found = []
    for image in images:
        large = np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
        face = max(detector.detect(large), key=lambda face: face.score, default=None)
        if face is not None:
            vector = recogniser.embed(large, face.keypoints)
            found.append(vector / np.linalg.norm(vector))
    return np.array(found).reshape(-1, 512), len(found) / len(images)


def mean_of_photos(cache: FaceCache, rows: np.ndarray) -> np.ndarray:
    """The unit mean embedding (512,) of the photos behind some rows."""
    wanted, found = set(rows.tolist()), []
    with (cache.folder / JOURNAL).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            found += [face.examined.identity for face in from_line(line).faces if face.row in wanted and face.examined]
    if not found:
        raise SystemExit(f"The faces in {cache.folder} were made without --person, so nobody knows who they are.")
    mean = np.mean(np.array(found, np.float32), axis=0)
    return mean / np.linalg.norm(mean)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("runs", type=Path, nargs="+")
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--insightface-root", type=Path, default=Path("~/.insightface"))
    args = p.parse_args()

    root = args.insightface_root.expanduser()
    options = FaceOptions(detector="insightface", insightface_root=root, person=MOST_FREQUENT)
    choice = choose_detector(options)
    detector, recogniser = choice.open(), choose_recogniser(options, choice).open()
    nobody = FaceModel.load().base
    others, _ = embeddings(nobody.generate(nobody.latents(range(min(args.count, 300)))), detector, recogniser)
    print("| run | faces | images seen | best at | KID x 100 | to training | near copies | detected | likeness | "
          "above 0.4 | held-out photos | the default's faces |")  # fmt: skip
    print("|" + "---|" * 12)
    for run in args.runs:
        cache, model = FaceCache.find(run), FaceModel.load(run / "model").base
        training, held_out = cache.split()
        mean = mean_of_photos(cache, training)
        drawn, detected = embeddings(model.generate(model.latents(range(args.count))), detector, recogniser)
        real, _ = embeddings(np.asarray(cache.images[held_out]), detector, recogniser)
        metrics, last = model.config.training.get("metrics", {}), {}
        for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines():
            last = json.loads(line)
        copies = memorisation_of(model.config)
        cells = [
            run.name, f"{len(training):,}", f"{last['images_seen']:,}", f"{metrics.get('images_seen', 0):,}",
            f"{metrics.get('kid', float('nan')):.1f} ± {metrics.get('kid_spread', float('nan')):.1f}",
            f"{metrics.get('kid_train', float('nan')):.1f}", f"{copies.near_copies:.2%}" if copies else "-",
            f"{detected:.1%}", f"{np.median(drawn @ mean):.2f}", f"{(drawn @ mean > 0.4).mean():.1%}",
            f"{np.median(real @ mean):.2f}", f"{np.median(others @ mean):.2f}",
        ]  # fmt: skip
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
