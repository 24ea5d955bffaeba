"""How exactly every pair of eyes lies in the same place, judged by detecting the aligned faces again.

    python -m benchmarks.eye_spread --photos PHOTOS --labels labels.csv

PHOTOS holds the files that labels.csv names in its column "file"; the rows with a 1 in the column "frontal" are
taken, 500 of them drawn by --seed. Prints the robust spread (1.4826 * MAD) of both eye centres in pixels of 128, and
the share of the photos that passes the filters. "all" is over every aligned face, before the filters.
"""

import argparse
import csv
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.detectors.registry import choose_detector, make_detector
from facegan.faces.prepare import FaceOptions, prepare_faces
from facegan.faces.report.spread import robust_spread


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=Path, required=True)
    arguments.add_argument("--labels", type=Path, required=True)
    arguments.add_argument("--count", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--framing", type=float, help="default: as wide as the photos can fill")
    arguments.add_argument("--detector", default="insightface", help="what aligns; SCRFD judges in any case")
    chosen = arguments.parse_args()

    with chosen.labels.open(newline="", encoding="utf-8") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["frontal"] == "1"]
    names = sorted(np.random.RandomState(chosen.seed).choice(names, min(chosen.count, len(names)), replace=False))
    options = FaceOptions(size=128, framing=chosen.framing, detector=chosen.detector)
    judge, _ = make_detector(replace(options, detector="insightface"), say=lambda line: None)
    print(choose_detector(options, say=lambda line: None).reason)

    with tempfile.TemporaryDirectory() as temporary:
        photos = Path(temporary) / "photos"
        photos.mkdir()
        for name in names:
            (photos / name).symlink_to((chosen.photos / name).resolve())
        cache = prepare_faces([photos], Path(temporary) / "faces", options, force=True, say=lambda line: None)
        accepted = {cache.names[row] for row in cache.selected}
        passed = np.isin(np.arange(len(cache.images)), cache.selected)
        middle = Frame(128, cache.report["framing"]).template()[:2].mean(axis=0)
        eyes = np.full((len(cache.images), 4), np.nan)
        for row, picture in enumerate(cache.images):
            faces = judge.detect(picture)
            if faces:
                # of several faces in the crop the one in its middle
                best = min(faces, key=lambda face: abs(face.keypoints[:2].mean(axis=0) - middle).sum())
                eyes[row] = best.keypoints[:2].ravel()
    for label, rows in (("passed", passed), ("all", np.ones_like(passed))):
        seen = eyes[rows & ~np.isnan(eyes[:, 0])]
        spread = robust_spread(seen)
        print(
            f"{label:7} {len(seen):4} faces: left eye x {spread[0]:.2f} y {spread[1]:.2f}, "
            f"right eye x {spread[2]:.2f} y {spread[3]:.2f} px of 128; median position {np.median(seen, 0).round(2)}"
        )
    print(f"framing {cache.report['framing']:g}")
    print(f"accepted: {len(accepted)} of {len(names)} photos, {100 * len(accepted) / len(names):.1f} %")
    print("faces by reason:", cache.report["faces"])


if __name__ == "__main__":
    main()
