"""How a training on few faces goes on from a model: what of the discriminator stays, how strong the penalties are.

    python -m benchmarks.few_faces runs/ME/faces --more runs/ALL-OF-ME/faces --images 60000 --set frozen=0 frozen=1

Trains once for every --set, from a model's two networks (--init none: from random weights), and judges 1,000 faces
at each number of images. A tenth of a few hundred faces says little, so --more takes faces that the training does not
have either: of the same photos and others, all that come from photos whose names are not in the first folder.
"""

import argparse
import json
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch

from facegan.base.seeds import latents_of
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.gan.adversaries import Adversaries
from facegan.gan.config import TrainConfig, choose_precision, recipe_for
from facegan.gan.data import FaceBatches
from facegan.gan.ema import recalibrated
from facegan.gan.metrics import features, kid, precision_recall
from facegan.gan.samples import draw
from facegan.runs.initial import find_initial
from facegan.runs.run_config import RunOptions


def unseen_faces(cache: FaceCache, more: FaceCache) -> np.ndarray:
    """Of `more`, those that come from other photos than any of `cache`."""
    known = {Path(record.name).name for record in cache.records}
    rows = {face.row for record in more.records if Path(record.name).name not in known for face in record.faces} & set(
        more.selected.tolist()
    )
    return np.asarray(more.images[sorted(rows)])


def changed(recipe, settings: list[str]):
    """The recipe with KEY=VALUE for some of its numbers."""
    kinds = {field.name: type(getattr(recipe, field.name)) for field in fields(recipe)}
    pairs = dict(setting.split("=") for setting in settings)
    return replace(recipe, **{name: kinds[name](float(value)) for name, value in pairs.items()})


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("faces", type=Path, help="RUN/faces of a prepared run on few photos")
    p.add_argument("--more", type=Path, help="RUN/faces with more photos of the same people, framed alike")
    p.add_argument("--images", type=int, nargs="+", default=[20_000, 60_000], help="images seen, to be judged at")
    p.add_argument("--init", default="default", metavar="MODEL", help="as train.py has it; not auto")
    p.add_argument("--set", nargs="+", default=[""], metavar="KEY=VALUE[,KEY=VALUE]", help="one training each")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    args = p.parse_args()

    torch.set_num_threads(args.threads)
    cache = FaceCache.open(args.faces)
    training, held_out = cache.split()
    real = np.asarray(cache.images[held_out])
    if args.more:
        real = np.concatenate([real, unseen_faces(cache, FaceCache.open(args.more))])
    judged, known = features(real), features(np.asarray(cache.images[training]))
    between = kid(judged, known).value
    print(f"{len(training)} faces in training, {len(judged)} judge; KID x 100 between them: {between:.2f}")
    latents = torch.from_numpy(latents_of(range(1000)))
    framing = float(cache.report["framing"])
    options = RunOptions(data=(), out=Path(), init=args.init, faces=FaceOptions(size=cache.size, framing=framing))
    initial = find_initial(options)
    preset = (initial.own_preset(cache.size) if initial else None) or "small"
    weights = initial.weights(cache.size, preset) if initial else None
    for settings in args.set:
        goes_on = weights is not None and weights.discriminator is not None
        recipe = replace(recipe_for(preset, len(cache), goes_on), attribute_weight=0.0)
        recipe = replace(recipe, upsample=weights.upsample) if weights else recipe
        recipe = changed(recipe, [setting for setting in settings.split(",") if setting])
        start = initial.start if initial else None
        config = TrainConfig(recipe, cache.size, args.seed, "cpu", choose_precision("cpu"), start)
        gan = Adversaries(config, weights=weights)
        faces = FaceBatches(cache.images, training, args.seed)
        seconds = 0.0
        for images in sorted(args.images):
            began = time.process_time()
            while gan.images_seen < images:
                gan.step(*faces.batch(gan.images_seen, recipe.batch))
            seconds += time.process_time() - began
            generator = recalibrated(gan.ema.generator)
            found = features(np.concatenate([draw(generator, part) for part in latents.split(100)]))
            of = kid(judged, found)
            precision, recall = precision_recall(judged, found[: len(judged)])
            print(json.dumps({
                "init": args.init, "preset": preset, "set": settings, "seed": args.seed, "images_seen": gan.images_seen,
                "kid": round(of.value, 2), "spread": round(of.spread, 2),
                "kid_train": round(kid(known, found).value, 2),
                "precision": round(precision, 2), "recall": round(recall, 2),
                "augment_p": round(gan.probability.value, 2), "images_per_core_s": round(gan.images_seen / seconds),
            }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
