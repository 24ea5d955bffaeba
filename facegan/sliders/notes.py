"""The measured figures of a slider as one plain sentence."""

from math import isfinite

from facegan.labels.attributes import phrase_of

PURE, MIXED = 0.15, 0.3  # mean leakage


def note_of(name: str, quality: dict) -> str:
    """A sentence for the users of the slider, also for one that was not judged.

    `quality` as judge.judge_sliders measures it.
    """
    mean, worst = quality.get("leakage_mean"), quality.get("leakage_worst")
    if not _known(mean):
        return "How much else it changes on this model was not measured."
    kind = purity(quality).capitalize()
    text = f"{kind}: from end to end other attributes change {mean:.0%} as much as this one on average"
    other = quality.get("leakage_worst_of") or ""
    if _known(worst) and other:
        text += f", most of all {phrase_of(other)} ({worst:.0%})"
    flips = quality.get("gender_flips")
    if _known(flips) and name != "gender":
        text += f"; perceived gender changes in {flips:.0%} of faces"
    return text + "."


def purity(quality: dict) -> str:
    """The note in a word or two: "pure", "fairly pure", "not pure", or nothing where it was not measured."""
    mean = quality.get("leakage_mean")
    if not _known(mean):
        return ""
    return "pure" if mean <= PURE else "fairly pure" if mean <= MIXED else "not pure"


def _known(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)
