"""Completes sliders that were fitted before an attribute of the registry got a slider, without a new fit."""

from collections.abc import Callable

import numpy as np

from facegan.base.curves import EntryCurves
from facegan.labels.attributes import SLIDERS
from facegan.sliders.axes import directions_along, ends_along
from facegan.sliders.calibrate import calibrated, ends_of
from facegan.sliders.fit import (
    CALIBRATION,
    LEAST_AUC,
    SEED,
    Generate,
    Standardised,
    held_out_aucs,
    label_of,
    mean_differences,
    measure_by,
    outputs_of,
    score_faces,
    weights_of,
)
from facegan.sliders.slider import Slider, SliderSet, even_pace

SAMPLES = 1_000  # faces on which ends and directions are measured


def with_missing(
    sliders: SliderSet,
    generate: Generate,
    framing: float,
    curves: EntryCurves = (),
    say: Callable[[str], None] = print,
) -> SliderSet:
    """The same sliders, and one for each further attribute of the registry whose score the surrogate predicts.

    The score was held by the other sliders so far. Ends, pace and directions are measured on newly drawn faces.
    """
    count, scores, surrogate = len(sliders.sliders), sliders.scores, sliders.surrogate
    wanted = [one.name for one in SLIDERS if one.name in scores[count:] and one.name in sliders.facts.get("mean", {})]
    if not wanted:
        return sliders
    latents = np.random.RandomState(SEED + 2).randn(SAMPLES, surrogate.latent_size).astype(np.float32)
    faces = score_faces(generate, latents, framing, None)
    wanted = [name for name in wanted if name in faces.names]
    aucs = held_out_aucs(outputs_of(surrogate, [scores.index(name) for name in wanted]), faces, tuple(wanted), 0)
    new = [name for name in wanted if aucs[name] >= LEAST_AUC]
    for name in sorted({*wanted} - {*new}):
        say(f"There is no slider {name}, because predicted from the latent it has an AUC of {aucs[name]:.2f}.")
    if not new:
        return sliders
    order = (*scores[:count], *new, *(name for name in scores[count:] if name not in new))
    columns, total = [scores.index(name) for name in order], count + len(new)
    mean, spread = (np.array([sliders.facts[fact].get(name, 0) for name in order]) for fact in ("mean", "spread"))
    unknown = np.full(len(latents), np.nan)
    values = np.stack([faces[name] if name in faces.names else unknown for name in order], axis=1)
    values = ((values - mean) / np.maximum(spread, 1e-6)).astype(np.float32)
    added = values[:, count:total]
    along = directions_along(latents, added, tuple(new))
    completed = SliderSet(
        (
            *sliders.sliders,
            *(Slider(name, label_of(name, None), quality={"read_back_auc": aucs[name]}) for name in new),
        ),
        order,
        np.concatenate([sliders.weights[:, columns], weights_of(values, list(order), total)[count:]]),
        np.concatenate([sliders.ends, ends_along(along, ends_of(added), curves)]),
        np.concatenate([sliders.pace, even_pace(len(new))]),
        np.concatenate([sliders.differences, mean_differences(latents, added)]),
        np.concatenate([sliders.along, along]),
        outputs_of(surrogate, columns),
        sliders.facts,
        sliders.surprises,
    )
    measure = measure_by(generate, framing, None, Standardised(order, mean, spread, values))
    return calibrated(completed, measure, latents[:CALIBRATION], only=new)
