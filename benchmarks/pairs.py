"""What the judge of sliders sees in pairs of drawn people, where nothing else was meant to change, beside the sliders.

    for A in smile age gender glasses turn skin_lightness hair_lightness mouth_open; do
        python -m tools.draw_faces pairs PAIRS/$A --attribute $A --count 300; done
    python -m benchmarks.pairs PAIRS --insightface-root ~/.insightface

A pair is one person drawn twice, with the attribute's latent at -2 and at 2, where the ends of a slider lie, too. What
the drawing network changes beside the attribute would be no fault of a slider's, so only those pairs count in which the
label networks and the pose of the detector's keypoints, none of which the judge uses, see the others still
(--most-change). The sliders' figures are those of the model's sliders.json.

Identity is the cosine of InsightFace's embeddings, of a pair and of a face with a slider at both ends. It is left out
where its recognition network is not below --insightface-root.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from facegan import FaceModel
from facegan.faces.align import Frame
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.options import FaceOptions
from facegan.faces.person.recognise import Recogniser, installed_network
from facegan.model.card import write_card
from facegan.runs.model_sliders import COLUMNS as SLIDER_COLUMNS
from facegan.runs.model_sliders import cell, write_model_sliders
from facegan.sliders.judge import Reader, Unedited, judge_pairs, with_floor
from facegan.sliders.judge_networks import can_recognise, identity_embeddings
from tools.drawn_faces.aligned_pairs import Pairs
from tools.drawn_faces.pairs import MOST_CHANGE
from tools.drawn_faces.targets import NAMES as ATTRIBUTES

# The judge of pairs measures these columns of the sliders' table.
_OF_SLIDERS_ONLY = {
    "monotone",
    "leakage_agreed",
    "leakage_mean_before",
    "leakage_noise",
    "gender_flips_agreed",
    "likeness",
    "kid",
}
COLUMNS = tuple(column for column in SLIDER_COLUMNS if column[1] not in _OF_SLIDERS_ONLY)
FEWEST = 10  # steady pairs; fewer say nothing


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of the vectors (n, d) of the same rows: (n,)."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / np.maximum(lengths, 1e-9)


def table(model: FaceModel, pairs: list[Pairs], figures: dict[str, dict]) -> str:
    """A row for each slider and one for its pairs, as Markdown."""
    lines = [f"| | {' | '.join(title for title, _, _ in COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 1)]
    qualities = {slider.name: slider.quality for slider in model.slider_set.sliders}
    for one in pairs:
        name = one.attribute
        for title, row in ((f"{name}: slider", qualities.get(name)), ("pairs", figures.get(name))):
            if row is not None:
                lines.append(f"| {title} | {' | '.join(cell(row.get(key), form) for _, key, form in COLUMNS)} |")
    return "\n".join(lines)


def identity_table(model: FaceModel, pairs: list[Pairs], embed: Callable[[np.ndarray], np.ndarray], seeds: int) -> str:
    """The median cosines of sliders and pairs, as Markdown."""
    latents = model.latents(range(seeds))
    unmoved = embed(model.generate(latents))
    lines = [
        "| slider | from end to end | its pairs | share of the pairs' | from the unmoved face to the ends |",
        "|---|---|---|---|---|",
    ]
    offered = [slider.name for slider in model.slider_set.sliders]
    for one in pairs:
        if one.attribute not in offered:
            continue
        low, high = (embed(model.generate(model.slider_set.edit(latents, {one.attribute: end}))) for end in (-1.0, 1.0))
        moved = np.median(cosines(low, high))
        floor = np.median(cosines(embed(one.low[one.steady]), embed(one.high[one.steady])))
        ends = np.median(np.concatenate([cosines(unmoved, low), cosines(unmoved, high)]))
        lines.append(f"| {one.attribute} | {moved:.2f} | {floor:.2f} | {moved / floor:.2f} | {ends:.2f} |")
    strangers = np.median(cosines(unmoved, np.roll(unmoved, 1, axis=0)))
    people = np.concatenate([one.low[one.steady] for one in pairs])
    drawn = embed(people)
    return "\n".join([
        *lines, "", f"Two different faces: {strangers:.2f} of the generator, "
        f"{np.median(cosines(drawn, np.roll(drawn, 1, axis=0))):.2f} of the pairs.",
    ])  # fmt: skip


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("pairs", type=Path, help="a folder with a folder of pairs for each attribute")
    p.add_argument("--model", help="a model folder (default: the embedded one)")
    p.add_argument("--seeds", type=int, default=1000, help="faces of the generator")
    p.add_argument("--most-change", type=float, default=MOST_CHANGE, help="of other readings, in standard deviations")
    p.add_argument("--write", action="store_true", help="the floor into the sliders and the card of --model, a folder")
    p.add_argument("--insightface-root", type=Path, default=FaceOptions().insightface_root)
    args = p.parse_args()
    if args.write and not (args.model and Path(args.model).is_dir()):
        p.error("--write needs --model and the folder of a model.")

    model = (FaceModel.load(args.model) if args.model else FaceModel.load()).base
    if model.slider_set is None:
        raise SystemExit("The model has no sliders: fit them with python train/fit_sliders.py.")
    framing = float(model.config.data.get("framing") or 1.0)
    options = FaceOptions(insightface_root=args.insightface_root.expanduser())
    choice = choose_detector(options, say=lambda _: None)
    print(choice.reason)
    detector, frame = choice.open(), Frame(model.config.image_size, framing)
    folders = [args.pairs / name for name in ATTRIBUTES if (args.pairs / name).is_dir()]
    if not folders:
        raise SystemExit(f"{args.pairs} has no folder of an attribute ({', '.join(ATTRIBUTES)}).")
    pairs = []
    for folder in folders:
        one = Pairs.read(folder, frame, detector, args.most_change)
        print(f"{one.attribute}: {one.steady.sum():,} of {len(one.steady):,} pairs are steady", flush=True)
        if one.steady.sum() >= FEWEST:
            pairs.append(one)
        else:
            print(f"{one.attribute} is left out: draw more pairs, {FEWEST} steady ones are needed.")
    if not pairs:
        return

    judged = (model.slider_set.facts.get("judged") or {}).get("recognition")
    if judged is not None and judged != can_recognise():
        print("The sliders were judged with InsightFace's recognition network and the pairs without, or the reverse.")
    unedited = Unedited.of(Reader(model.generate, framing), model.latents(range(args.seeds)))
    figures = judge_pairs(
        {one.attribute: (one.low[one.steady], one.high[one.steady]) for one in pairs},
        framing,
        unedited,
    )
    print(f"\n{table(model, pairs, figures)}\n", flush=True)
    if args.write:
        counts = {one.attribute: int(one.steady.sum()) for one in pairs}
        write_model_sliders(with_floor(model.slider_set, figures, counts), Path(args.model))
        write_card(model.config, Path(args.model))
    network = installed_network(options.insightface_root)
    if network is None:
        print("Identity was not measured: InsightFace's recognition network is not there.")
        return
    recogniser = Recogniser(network)
    print(identity_table(model, pairs, lambda faces: identity_embeddings(faces, framing, recogniser), args.seeds))


if __name__ == "__main__":
    main()
