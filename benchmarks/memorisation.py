"""Does a generator repeat faces of its training, and would it be seen if it did?

    python -m benchmarks.memorisation facegan/assets/default --faces RUN/faces --picture closest.png

Compares seeds 0 to 1999 at truncation 1.0 with the faces of the run (facegan/gan/memorisation.py). Then two made-up
generators: one that shows 500 held-out faces, which copies nothing, and one that shows 500 training faces, half of
them mirrored, all with noise of 10 of 255 levels.
"""

import argparse
from pathlib import Path

import numpy as np

from facegan import FaceModel
from facegan.base.pictures import encode_png
from facegan.faces.cache import FaceCache
from facegan.gan.memorisation import compare, generated_for

MADE_UP = 500  # faces


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--faces", type=Path, required=True, help="RUN/faces of the run that trained it")
    p.add_argument("--picture", type=Path, help="where to write the closest pairs")
    args = p.parse_args()

    cache = FaceCache.open(args.faces)
    training, held_out = cache.split()
    model, random = FaceModel.load(args.model).base, np.random.RandomState(0)

    def report(name: str, generated: np.ndarray, known: np.ndarray) -> np.ndarray:
        found = compare(generated, cache.images, training, known)
        print(f"{name}: {found.near_copies:.2%} near copies, ratio of distances {found.distance_ratio:.3f}")
        return found.closest

    generated = model.generate(model.latents(range(generated_for(len(training)))))
    closest = report("the generator", generated, held_out)
    if args.picture:
        args.picture.write_bytes(encode_png(closest))
    strangers, known = held_out[::2][:MADE_UP], held_out[1::2]
    report("held-out faces", np.asarray(cache.images[strangers]), known)
    copies = np.asarray(cache.images[random.permutation(training)[:MADE_UP]]).astype(float)
    copies[::2] = copies[::2, :, ::-1].copy()
    copies = np.clip(copies + 10 * random.randn(*copies.shape), 0, 255).astype(np.uint8)
    report("training faces with noise", copies, known)


if __name__ == "__main__":
    main()
