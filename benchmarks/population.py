"""Who is among the generated faces: shares by the label networks, beside those of the faces that were learned from.

    python -m benchmarks.population facegan/assets/default --faces RUN/faces --count 5000

The terciles of skin lightness are those of the training faces.
"""

import argparse
from pathlib import Path

import numpy as np

from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.labels.label import Labels, label_faces

GROUPS = 3  # of skin lightness
OLD = 45  # years


def shares(labels: Labels, edges: np.ndarray) -> dict[str, float]:
    """Shares of the faces; `edges` (GROUPS - 1,) divide the lightness of the skin."""
    skin = np.searchsorted(edges, labels["skin_lightness"])
    return {
        "read as women": float((labels["gender"] < 0).mean()),
        **{f"skin, tercile {i + 1}": float((skin == i).mean()) for i in range(GROUPS)},
        f"{OLD} and older": float((labels["age"] >= OLD).mean()),
        "with glasses": float((labels["glasses"] > 0).mean()),
        "smiling": float((labels["smile"] > 0).mean()),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", type=Path)
    p.add_argument("--faces", type=Path, required=True, help="RUN/faces of the run that trained it")
    p.add_argument("--count", type=int, default=5000)
    p.add_argument("--truncation", type=float, default=1.0)
    args = p.parse_args()

    model, cache = FaceModel.load(args.model).base, FaceCache.open(args.faces)
    training, _ = cache.split()
    some = np.sort(np.random.RandomState(0).permutation(training)[: args.count])
    known = label_faces(cache.images[some], cache.report["framing"])
    drawn = label_faces(model.generate(model.latents(range(args.count), args.truncation)), model.config.data["framing"])
    edges = np.quantile(known["skin_lightness"], np.arange(1, GROUPS) / GROUPS)
    before, now = shares(known, edges), shares(drawn, edges)
    print(f"| | {len(known):,} training faces | {len(drawn):,} generated, truncation {args.truncation:g} |")
    print("|---|---|---|")
    for name, share in before.items():
        print(f"| {name} | {share:.1%} | {now[name]:.1%} |")


if __name__ == "__main__":
    main()
