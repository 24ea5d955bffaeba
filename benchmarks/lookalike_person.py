"""Whether look-alikes of a model of one person show that person: the likeness of those of held-out photos.

    python -m benchmarks.lookalike_person RUN --insightface-root ~/.insightface --sheet sheet.png

RUN is a training with --person and an encoder. Likeness is the cosine between InsightFace's embedding of a face and the
mean of those of the training faces. The look-alikes of held-out photos are compared with generated faces of seeds: the
bar is 0.9 of their median. The sheet has the photos above their look-alikes, so it must not be published.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.lookalike import embeddings
from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.faces.person.recognise import Recogniser, installed_network
from facegan.gan.metrics import fixed_subset
from facegan.runs.look_alikes import generated_faces, held_out_faces

_MEAN_OF, _GENERATED = 100, 100  # faces


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("run", type=Path)
    p.add_argument("--count", type=int, default=20)
    p.add_argument("--insightface-root", type=Path, required=True)
    p.add_argument("--sheet", type=Path)
    args = p.parse_args()

    model, cache = FaceModel.load(args.run / "model").base, FaceCache.find(args.run)
    network = installed_network(args.insightface_root)
    if network is None or cache is None:
        raise SystemExit("This needs InsightFace's recognition network and the run's faces.")
    recogniser, framing = Recogniser(network), float(model.config.data["framing"])
    person = embeddings(cache.images[fixed_subset(cache.split()[0], _MEAN_OF)], framing, recogniser).mean(axis=0)
    person /= np.linalg.norm(person)

    faces = held_out_faces(cache, args.count)
    photos = np.stack([face.image for face in faces])
    alike = model.generate(np.concatenate([model.encode_face(face) for face in faces]))
    generated = np.stack([face.image for face in generated_faces(model, _GENERATED)])
    likeness = {
        name: np.median(embeddings(images, framing, recogniser) @ person)
        for name, images in (("held-out photos", photos), ("look-alikes", alike), ("generated faces", generated))
    }
    for name, value in likeness.items():
        print(f"{name}: likeness to the person, median {value:.2f}")
    share = likeness["look-alikes"] / likeness["generated faces"]
    print(f"{len(faces)} look-alikes by generated faces: {share:.2f} (the bar is 0.9)")
    if args.sheet:
        halves = [np.concatenate(list(row[half]), axis=1) for half in (slice(10), slice(10, 20))
                  for row in (photos, alike) if len(row[half])]  # fmt: skip
        width = max(half.shape[1] for half in halves)
        rows = [np.pad(half, ((0, 0), (0, width - half.shape[1]), (0, 0))) for half in halves]
        Image.fromarray(np.concatenate(rows)).save(args.sheet)


if __name__ == "__main__":
    main()
