"""Fits and judges the sliders of a model folder, and writes them and the card."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.pictures import encode_png
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.insightface_pack import LICENCE
from facegan.gan.judge import MOST_REAL
from facegan.gan.metrics import fixed_subset
from facegan.labels.probe import AttributeProbe
from facegan.labels.table import AttributeTable, own_names, read_attributes
from facegan.model import folder as layout
from facegan.model.card import write_card
from facegan.model.early import EarlyFeatures
from facegan.model.load import FaceModel
from facegan.model.slider_files import write_sliders
from facegan.runs.evaluate import load_model
from facegan.sliders.complete import with_missing
from facegan.sliders.fit import SAMPLES, fit_sliders, limited
from facegan.sliders.judge import POSITIONS, Reader, judge_sliders
from facegan.sliders.judge_networks import can_recognise, image_features
from facegan.sliders.picture import matrix_picture
from facegan.sliders.slider import SliderSet
from facegan.sliders.surprise import find_surprises, judge_surprises

RUN_SEEDS, RUN_POSITIONS = 100, 5  # after training, in a minute; train/evaluate.py --sliders uses 1,000 and 11
MIN_IMAGES_SEEN = 50_000  # a generator that has seen fewer draws no faces yet, so nothing is fitted to it
_CHUNK = 256
# The columns of the printed table: title, key of Slider.quality, format.
COLUMNS = (
    ("moved (sd)", "moved", ".2f"),
    ("cross the boundary", "crossing", ".1%"),
    ("monotone", "monotone", ".1%"),
    ("leakage, mean", "leakage_mean", ".2f"),
    ("worst", "leakage_worst", ".2f"),
    ("of", "leakage_worst_of", ""),
    ("agreed", "leakage_agreed", ".2f"),
    ("mean differences", "leakage_mean_before", ".2f"),
    ("the judge errs by", "leakage_noise", ".2f"),
    ("gender flips", "gender_flips", ".1%"),
    ("agreed", "gender_flips_agreed", ".1%"),
    ("age flips", "age_flips", ".1%"),
    ("glasses flips", "glasses_flips", ".1%"),
    ("skin L*", "skin_change", ".1f"),
    ("skin hue", "hue_change", ".1f"),
    ("likeness", "likeness", ".2f"),
    ("KID x 100", "kid", ".2f"),
)


def add_sliders(
    folder: Path,
    cache: FaceCache | None = None,
    attributes: AttributeTable | None = None,
    *,
    samples: int = SAMPLES,
    seeds: int = RUN_SEEDS,
    positions: int = RUN_POSITIONS,
    say: Callable[[str], None] = print,
) -> FaceModel:
    """Fit sliders to the model in `folder` and write them there; returns the model loaded again.

    Those that it has stay until the new ones are judged, so that a fit that is interrupted loses nothing.

    Args:
        folder: a model folder.
        cache: the faces that it was trained on, for `attributes` and for the KID of generated faces.
        attributes: the user's, a row for each accepted face in the order of cache.selected.
        samples: the number of generated faces to learn from; fewer than 100 give no sliders.
        seeds: the number of faces on which sliders are judged.
        positions: the number of positions of each slider at which it is judged.
    """
    started = monotonic()
    model = FaceModel.load(folder).base
    framing = _framing(model)
    probe = own_judge = None
    if attributes is not None and cache is not None:
        images = _Rows(cache.images, cache.selected)
        probe = AttributeProbe.fit(images, attributes, framing, say=say)
        for column in probe.columns:
            quality = f"AUC {column.auc:.3f}" if column.binary else f"correlation {column.correlation:.3f}"
            say(f"The attribute {column.name} is read from {column.faces:,} faces with an {quality}.")
        seen = [image_features(images[start : start + _CHUNK], framing) for start in range(0, len(images), _CHUNK)]
        own_judge = AttributeProbe.fit_features(np.concatenate(seen), attributes, say=lambda _: None)
    say(f"Fitting sliders to {samples:,} generated faces.")
    sliders = fit_sliders(
        model.generate,
        framing,
        latent_size=model.config.latent_size,
        samples=samples,
        probe=probe,
        curves=model.config.curves,
        say=say,
    )
    if sliders is not None:
        sliders = judge(model, sliders, cache, own_judge, seeds=seeds, positions=positions, say=say)
        sliders = with_surprises(model, folder, sliders, seeds=seeds, say=say)
        write_model_sliders(sliders, folder)
    else:
        for name in (layout.SLIDERS, layout.SLIDER_WEIGHTS, layout.LEAKAGE):
            (folder / name).unlink(missing_ok=True)
    write_card(model.config, folder)
    count = len(sliders.sliders) if sliders else 0
    say(f"{count} sliders in {(monotonic() - started) / 60:.1f} minutes: "
        f"{', '.join(slider.name for slider in sliders.sliders) if sliders else 'none can be read back'}.")  # fmt: skip
    return FaceModel.load(folder)


def add_surprises(folder: Path, *, seeds: int = RUN_SEEDS, say: Callable[[str], None] = print) -> FaceModel:
    """Replace the surprise sliders of a model folder; its named sliders stay. Returns the model loaded again.

    Raises FaceGANError for a model without named sliders, of which surprises must be independent.
    """
    model = FaceModel.load(folder).base
    write_sliders(with_surprises(model, folder, _sliders_of(model, folder), seeds=seeds, say=say), folder)
    write_card(model.config, folder)
    return FaceModel.load(folder)


def complete_sliders(
    folder: Path,
    cache: FaceCache | None = None,
    *,
    seeds: int = RUN_SEEDS,
    positions: int = RUN_POSITIONS,
    say: Callable[[str], None] = print,
) -> FaceModel:
    """Bring the sliders of a model folder up to date, and judge all of them; returns the model loaded again.

    Sliders are added for attributes that had none when the others were fitted, and the limits of faces (limit.py) are
    fitted again. The other sliders stay as they are. Raises FaceGANError for a model without named sliders.
    """
    model = FaceModel.load(folder).base
    sliders = with_missing(_sliders_of(model, folder), model.generate, _framing(model), model.config.curves, say)
    sliders = judge(model, limited(sliders, model.generate), cache, seeds=seeds, positions=positions, say=say)
    write_model_sliders(sliders, folder)
    write_card(model.config, folder)
    return FaceModel.load(folder)


def with_surprises(
    model: FaceModel, folder: Path, sliders: SliderSet, *, seeds: int, say: Callable[[str], None] = print
) -> SliderSet:
    """The sliders with surprises, judged on `seeds` faces."""
    early = EarlyFeatures(layout.read_part(folder, layout.ONNX))
    found = replace(sliders, surprises=find_surprises(sliders, early.effect, model.generate))
    reader = Reader(model.generate, _framing(model))
    latents = model.latents(range(seeds))
    found = judge_surprises(found, lambda moved: reader.read(moved, mirror=True), reader.names, latents)
    for slider in found.surprises.sliders if found.surprises else ():
        say(f"{slider.name}: {slider.note}")
    return found


def judge(
    model: FaceModel,
    sliders: SliderSet,
    cache: FaceCache | None,
    own_judge: AttributeProbe | None = None,
    *,
    seeds: int,
    positions: int = POSITIONS,
    say: Callable[[str], None] = print,
) -> SliderSet:
    """The sliders with the figures of the judge. `own_judge`: a second probe of the user's attributes, for these."""
    framing = _framing(model)
    offered = [slider.name for slider in sliders.sliders]
    reader = Reader(model.generate, framing)
    if own_judge is not None:
        words = own_names(own_judge.names)
        kept = [i for i, name in enumerate(words) if name in offered]
        heads = AttributeProbe(
            tuple(own_judge.columns[i] for i in kept), own_judge.weights[:, kept], own_judge.bias[kept]
        )
        reader = Reader(model.generate, framing, heads, tuple(words[i] for i in kept)) if kept else reader
    if can_recognise():
        say(f"Gender and age are judged with InsightFace's recognition network, too. {LICENCE}")
    real = None
    if cache is not None:
        _, held_out = cache.split()
        real = np.ascontiguousarray(cache.images[fixed_subset(held_out, MOST_REAL)])
    return judge_sliders(
        sliders, reader, latent_size=model.config.latent_size, seeds=seeds, positions=positions, real=real, say=say
    )


def judge_model(source: str, data: Path | None, seeds: int, say: Callable[[str], None] = print) -> SliderSet:
    """The sliders of a run, a model folder or a model on the Hub, judged again, except those of a user's attributes.

    Raises FaceGANError for a model without sliders.
    """
    model = load_model(source).base
    return judge(model, _sliders_of(model, source), FaceCache.find(data) if data else None, seeds=seeds, say=say)


def _sliders_of(model: FaceModel, source: Path | str) -> SliderSet:
    """Raises FaceGANError for a model without named sliders. `source`: where it came from, for the message."""
    if model.slider_set is None:
        raise FaceGANError(f"{source} has no sliders: fit them with {commands.FIT_SLIDERS}.")
    return model.slider_set


def _framing(model: FaceModel) -> float:
    """The framing of a model's faces; 1 for a model that does not say it."""
    return float(model.config.data.get("framing") or 1.0)


def write_model_sliders(sliders: SliderSet, folder: Path) -> None:
    """Write the two files of the sliders, and the picture of the leakage matrix."""
    write_sliders(sliders, folder)
    judged = sliders.facts.get("judged", {})
    if judged.get("sliders"):
        labels = {slider.name: slider.label for slider in sliders.sliders}
        atomic_write(folder / layout.LEAKAGE, encode_png(matrix_picture(judged, labels), compact=True))


def attributes_of(path: Path, cache: FaceCache, say: Callable[[str], None] = print) -> AttributeTable:
    """A user's table, with a row for each accepted face. Raises FaceGANError for a table that cannot be used."""
    names = cache.names
    return read_attributes(path, [names[row] for row in cache.selected], say=say)


def as_table(sliders: SliderSet) -> str:
    """The figures of the judge as Markdown: a row for each slider, then the leakage matrices."""
    facts = sliders.facts["judged"]
    lines = [
        f"{facts['seeds']:,} faces, {facts['positions']} positions a slider, gender and age judged "
        f"{'with' if facts.get('recognition') else 'without'} InsightFace's recognition network",
        "",
        f"| slider | {' | '.join(title for title, _, _ in COLUMNS)} |",
        "|" + "---|" * (len(COLUMNS) + 1),
    ]
    for one in sliders.sliders:
        if one.name in facts["sliders"]:
            cells = [cell(one.quality.get(name), form) for _, name, form in COLUMNS]
            lines.append(f"| {one.name} | {' | '.join(cells)} |")
    if unjudged := [one.name for one in sliders.sliders if one.name not in facts["sliders"]]:
        lines += ["", f"Not judged, because the judge cannot read their attributes: {', '.join(unjudged)}."]
    lines += [
        "",
        f"Mean leakage {cell(facts['leakage_mean'])} (both readers agree on {cell(facts['leakage_agreed'])}), by "
        f"mean-difference directions {cell(facts['leakage_mean_before'])} "
        f"({cell(facts.get('leakage_agreed_before'))}).",
        f"KID x 100 of the ends to unedited faces {cell(facts['ends_kid'])}, of unedited faces to held-out photos "
        f"{cell(facts.get('real_kid'))}.",
    ]
    for title, key in (("Leakage", "leakage"), ("Mean-difference directions", "before")):
        lines += ["", f"| {title} | " + " | ".join(facts["names"]) + " |", "|" + "---|" * (len(facts["names"]) + 1)]
        for name, row in zip(facts["sliders"], facts[key], strict=True):
            lines.append(f"| {name} | " + " | ".join(cell(value) for value in row) + " |")
    if facts["cells"]:
        lines += ["", "| mean leakage of | faces | " + " | ".join(facts["sliders"]) + " |",
                  "|" + "---|" * (len(facts["sliders"]) + 2)]  # fmt: skip
        for name, group in facts["cells"].items():
            values = " | ".join(cell(value) for value in group["leakage_mean"])
            lines.append(f"| {name} | {group['faces']:,} | {values} |")
    return "\n".join(lines)


def cell(value: float | str | None, form: str = ".2f") -> str:
    """A cell of the table; "-" for what was not measured."""
    if isinstance(value, str):
        return value or "-"
    return "-" if value is None or not np.isfinite(value) else format(value, form)


class _Rows:
    """A selection of rows of a memory-mapped array, read when they are sliced."""

    def __init__(self, images: np.ndarray, rows: np.ndarray):
        self._images, self._rows = images, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, part: slice) -> np.ndarray:
        return np.ascontiguousarray(self._images[self._rows[part]])
