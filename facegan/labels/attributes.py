"""The registry of attributes: everything that the program knows about each is in its one entry here.

Labelling, training, and the fitting and judging of sliders read it; the card and the demo get names, labels and notes
from the model's sliders.json. To add an attribute, add an entry. If nothing measures it yet, add a property to
evidence.Evidence, or a head to assets/label_heads with tools/fit_label_heads.py if photos have human labels of it. Its
slider is judged if sliders/readings.py has a reading of it; otherwise its note says that it was not measured.
docs/measurements/labels.md says how accurate each attribute is. This file imports no heavy package, because the demo
imports it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Attribute:
    """One score of a face, and its slider if it has one.

    Args:
        name: one word, as it stands in files, links and calls.
        unit: of the score.
        low, high: the range that real faces fill, in `unit`.
        source: what measures it, for people.
        about: what more and less of it mean.
        read: the scores float (n,) from the Evidence of n faces; NaN where a face does not show the attribute.
        label: the title of its slider.
        phrase: its name within a sentence; the name without underscores if empty.
        boundary: the score that separates no from yes; None for attributes that are split at their median.
        place: of its slider, counted from 0 at the top of the page; None for attributes without a slider.
        odd: a mirror image has the negative score.
        held: how firmly the other sliders hold it, from 0 to 1; less for scores with much noise.
    """

    name: str
    unit: str
    low: float
    high: float
    source: str
    about: str
    read: Callable[[Any], Any]  # evidence.Evidence to np.ndarray, neither of which is imported here
    label: str = ""
    phrase: str = ""
    boundary: float | None = None
    place: int | None = None
    odd: bool = False
    held: float = 1.0


EXPRESSION = "FaceExpressionNet of face-api"
LANDMARKS = "FaceLandmark68TinyNet of face-api, mean of the face and its mirror image"
HEADS = "a linear reading of face-api's inner features, learned from people's labels (assets/label_heads)"
PIXELS = "the pixels"

ATTRIBUTES = (
    Attribute(
        "smile", "log-odds", -35.0, 35.0, EXPRESSION, "Happy against the six other expressions; 0 is undecided.",
        read=lambda face: face.happiness,
        label="Smile", phrase="the smile", boundary=0.0, place=0,
    ),
    Attribute(
        "gender", "log-odds", -8.0, 8.0, HEADS, "Perceived as a man (above 0) or as a woman.",
        read=lambda face: face.heads["gender"],
        label="Perceived gender", phrase="perceived gender", boundary=0.0, place=1,
    ),
    Attribute(
        "age", "years", 20.0, 75.0, HEADS, "As people guess it; the middle of the guessed decade.",
        read=lambda face: face.heads["age"],
        label="Age", place=2,
    ),
    Attribute(
        "glasses", "log-odds", -20.0, 20.0, HEADS, "Glasses or sunglasses (above 0).",
        read=lambda face: face.heads["glasses"],
        label="Glasses", boundary=0.0, place=6,
    ),
    Attribute(
        "mouth_open", "eye distances", 0.0, 0.4, LANDMARKS, "The gap between the inner lips.",
        read=lambda face: face.mouth_opening,
        label="Mouth open", phrase="the open mouth", place=5,
    ),
    Attribute(
        "turn", "degrees", -40.0, 40.0, LANDMARKS, "Positive: the nose to the picture's right.",
        read=lambda face: face.yaw,
        label="Head turn", phrase="head turn", place=4, odd=True,
    ),
    Attribute(
        "nod", "degrees", -30.0, 30.0, LANDMARKS, "Positive: the face looks down.",
        read=lambda face: face.pitch,
    ),
    Attribute(
        "tilt", "degrees", -10.0, 10.0, LANDMARKS, "Positive: clockwise. Alignment has removed most of it.",
        read=lambda face: face.roll,
        odd=True, held=0.5,
    ),
    Attribute(
        "skin_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "Of the cheeks. It follows the light, too.",
        read=lambda face: face.skin_lightness,
        label="Skin tone", phrase="skin tone", place=3,
    ),
    Attribute(
        "skin_hue", "degrees", 20.0, 90.0, PIXELS, "Of the cheeks: 0 is red, 90 yellow; NaN if grey.",
        read=lambda face: face.skin_hue,
    ),
    Attribute(
        "hair_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "NaN at framings that show no hair (1.3 and closer).",
        read=lambda face: face.hair_lightness,
        label="Hair lightness", phrase="hair lightness", place=7,
    ),
    Attribute(
        "background_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "Beside the head; NaN at framings closer than 0.9.",
        read=lambda face: face.background_lightness,
        label="Background lightness", place=8, held=0.5,
    ),
)  # fmt: skip

NAMES = tuple(attribute.name for attribute in ATTRIBUTES)
ODD = tuple(attribute.name for attribute in ATTRIBUTES if attribute.odd)
# The attributes that have a slider, in the order of the page and of the arguments of /edit.
SLIDERS = tuple(sorted((one for one in ATTRIBUTES if one.place is not None), key=lambda one: one.place))
OVERALL = ("contrast", "saturation")  # scores of the whole picture, which sliders hold as well: overall.py

_BY_NAME = {attribute.name: attribute for attribute in ATTRIBUTES}


def attribute_of(name: str) -> Attribute | None:
    """The entry of that name; None for a user's own attribute and for scores of the whole picture."""
    return _BY_NAME.get(name)


def boundary_of(name: str) -> float | None:
    """The score that separates no from yes; None where an attribute is split at its median."""
    found = _BY_NAME.get(name)
    return found.boundary if found else None


def phrase_of(name: str) -> str:
    """The name of an attribute within a sentence, also of a user's own."""
    found = _BY_NAME.get(name)
    return (found.phrase if found else "") or name.replace("_", " ")
