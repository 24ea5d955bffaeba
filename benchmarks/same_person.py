"""What the judge of sliders sees when the same person really smiles: how little a perfect slider could change.

    python -m benchmarks.same_person

Ten AI-made people in sixteen expressions each (PyPI openpeople, MIT, in requirements-dev.txt). Of each the three
broadest smiles are paired with the three least; light, hair and head stay, so what the judge sees change beside the
smile is what a smile does to a face, and what it errs by.
"""

import sys

import numpy as np

from facegan import FaceModel
from facegan.labels.label import label_faces
from facegan.sliders import readings
from facegan.sliders.judge_networks import can_recognise
from tests.sheets import FRAMING, sheet_faces

PAIRED = 3  # of the broadest smiles, with as many of the least
POPULATION = 1_000  # faces of the embedded generator, whose spread is the unit


def main() -> None:
    model = FaceModel.load()
    names = list(readings.names())
    spread = np.nanstd(readings.read_faces(model.generate(model.latents(range(POPULATION))), FRAMING), axis=0)
    smile, gender, skin = (names.index(name) for name in ("smile", "gender", "skin_lightness"))
    changes, flips, labelled = [], [], []
    people = sheet_faces()
    if people is None:
        sys.exit("openpeople is not installed: pip install -r requirements-dev.txt")
    for faces in people.values():
        read, label = readings.read_faces(faces, FRAMING), label_faces(faces, FRAMING, mirror=True)["gender"]
        order = np.argsort(read[:, smile])
        for low in order[:PAIRED]:
            for high in order[-PAIRED:]:
                changes.append(np.abs(read[high] - read[low]))
                flips.append((read[high, gender] > 0) != (read[low, gender] > 0))
                labelled.append((label[high] > 0) != (label[low] > 0))
    change = np.array(changes)
    moved = change[:, smile].mean() / spread[smile]
    print(f"{len(people)} people, {len(change)} pairs; the smile moves by {moved:.2f} standard deviations")
    print(f"gender and age are read {'with' if can_recognise() else 'without'} InsightFace's recognition network")
    print(f"perceived gender flips in {np.mean(flips):.1%} (the label networks: {np.mean(labelled):.1%})")
    print(f"skin L* changes by {np.median(change[:, skin]):.1f} (median)")
    for j, name in enumerate(names):
        if j != smile:
            print(f"leakage into {name}: {np.nanmean(change[:, j]) / spread[j] / moved:.2f}")


if __name__ == "__main__":
    main()
