"""Measures a model against real faces."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.faces.prepare import prepare_faces
from facegan.gan.fid import inception_fid
from facegan.gan.judge import MOST_REAL, Judge
from facegan.gan.metrics import features, fixed_subset, kid
from facegan.model.load import FaceModel
from facegan.runs.run_file import facts_of


@dataclass(frozen=True)
class EvaluateOptions:
    model: str  # a model folder, a run, or "user/name" on the Hub
    data: Path  # a run, its faces, or a folder of photos
    generated: int = 5_000
    unseen: bool = False  # no face of the data was in the training, so all can be used for measuring
    fid: bool = False


def evaluate(options: EvaluateOptions, say: Callable[[str], None] = print) -> dict:
    """The metrics as a flat dictionary of numbers. Raises FaceGANError for what the user can correct."""
    model = load_model(options.model)
    cache = _faces(options, model.base, say)
    if cache.size != model.size:  # evaluate the generator without its upscaler
        model = model.base
    if cache.size != model.size:
        raise FaceGANError(
            f"The faces in {options.data} are {cache.size} px and the model draws {model.size} px: give a run or "
            f"photos aligned at {model.size} px."
        )
    if options.unseen:
        half = len(cache.selected) // 2  # the other half is for the KID of real faces
        order = np.random.RandomState(0).permutation(cache.selected)
        other, held_out = np.sort(order[half:]), np.sort(order[:half])
    else:
        other, held_out = cache.split()
    if len(held_out) < 2:
        raise FaceGANError(f"{len(cache)} faces are too few to measure with: at least 20 are needed, 1,000 are good.")
    judge = Judge(cache.images, other, held_out)
    faces = model.generate(model.latents(range(options.generated)))
    found = judge.judge(faces).to_dict()
    # Not as many as are held out: if these are eleven, say, the KID of eleven faces would be a matter of chance.
    real = kid(judge.held_out, features(cache.images[fixed_subset(other, MOST_REAL)]))
    if options.unseen:
        del found["kid_train"]
    result = {
        **found,
        "kid_of_real_faces": round(real.value, 4),
        "generated": len(faces),
        "held_out": len(judge.held_out),
        "size": model.size,
    }
    if options.fid:
        result["inception_fid"] = inception_fid(cache.images[held_out], faces)
    return result


def load_model(source: str) -> FaceModel:
    """The model of a run, of a model folder, or on the Hub. Raises FaceGANError as FaceModel.load does."""
    run = Path(source) / "model"
    return FaceModel.load(run if run.is_dir() else source)


def _faces(asked: EvaluateOptions, model: FaceModel, say: Callable[[str], None]) -> FaceCache:
    """The aligned faces of a run, or those of photos, which are prepared with the model's framing.

    Photos without a run need --unseen: the model may have been trained on any of them.
    """
    data = asked.data
    if found := FaceCache.find(data):
        return found
    if run := _run_on(data, asked.model):
        if asked.unseen:
            raise FaceGANError(f"The model learned from the photos in {data}: leave out --unseen.")
        say(f"The model learned from the photos in {data}, so it is measured against the faces that {run} held out.")
        return FaceCache.open(run / "faces")
    if data.is_dir() and not asked.unseen:
        raise FaceGANError(
            f"It is not known which photos in {data} the model was not trained on: give its run with --data, or add "
            "--unseen if it was trained on none of them."
        )
    options = FaceOptions(size=model.size, framing=model.config.data.get("framing"))
    # Not RUN/faces: a run on a folder of this name may have prepared the same photos with other options.
    folder = Path("runs") / data.resolve().name / "evaluation" / "faces"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FaceGANError(
            f"The photos are prepared in {folder.absolute()}, which cannot be written ({error.strerror}): run the "
            "command in a folder where you may write."
        ) from error
    return prepare_faces([data], folder, options, force=True, say=say)


def _run_on(data: Path, model: str) -> Path | None:
    """The run of a model, if it learned from the photos in the folder `data`."""
    for run in (Path(model), Path(model).resolve().parent):
        folders = {folder.resolve() for folder in facts_of(run).data}
        if (run / "model").is_dir() and data.resolve() in folders and FaceCache.find(run):
            return run
    return None


_ROWS = (
    ("kid", "KID x 100 to held-out faces"),
    ("kid_train", "KID x 100 to as many training faces (far below: these are memorised)"),
    ("kid_of_real_faces", "KID x 100 of real faces to held-out faces (the best possible)"),
    ("precision", "precision: share of generated faces that are among the real ones"),
    ("recall", "recall: share of real faces that are among the generated ones"),
    ("inception_fid", "Inception FID to held-out faces"),
)


def as_table(result: dict) -> str:
    """The metrics as a Markdown table."""
    lines = [f"{result['generated']:,} generated faces (seeds from 0, truncation 1.0), {result['held_out']:,} real "
             f"ones, {result['size']} px", "", "| measured | figure |", "|---|---|"]  # fmt: skip
    for name, label in _ROWS:
        if name in result:
            spread = f" ± {result['kid_spread']:.2f}" if name == "kid" else ""
            lines.append(f"| {label} | {result[name]:.2f}{spread} |")
    return "\n".join(lines)
