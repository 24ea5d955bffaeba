"""What every label is: its unit, its range, and what reads it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attribute:
    """One score of a face."""

    name: str
    unit: str
    low: float  # the range that real faces fill
    high: float
    source: str  # what reads it
    about: str  # what more and less of it mean


EXPRESSION = "FaceExpressionNet of face-api"
LANDMARKS = "FaceLandmark68TinyNet of face-api, mean of the face and its mirror image"
HEADS = "a linear reading of face-api's inner features, learned from people's labels (assets/label_heads)"
PIXELS = "the pixels"

ATTRIBUTES = (
    Attribute("smile", "log-odds", -35.0, 35.0, EXPRESSION, "Happy against the six other expressions; 0 is undecided."),
    Attribute("gender", "log-odds", -8.0, 8.0, HEADS, "Perceived as a man (above 0) or as a woman."),
    Attribute("age", "years", 20.0, 75.0, HEADS, "As people guess it; the middle of the guessed decade."),
    Attribute("glasses", "log-odds", -20.0, 20.0, HEADS, "Glasses or sunglasses (above 0)."),
    Attribute("mouth_open", "eye distances", 0.0, 0.4, LANDMARKS, "The gap between the inner lips."),
    Attribute("turn", "degrees", -40.0, 40.0, LANDMARKS, "Positive: the nose to the picture's right."),
    Attribute("nod", "degrees", -30.0, 30.0, LANDMARKS, "Positive: the face looks down."),
    Attribute("tilt", "degrees", -10.0, 10.0, LANDMARKS, "Positive: clockwise. Alignment has taken most of it away."),
    Attribute("skin_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "Of the cheeks. It follows the light, too."),
    Attribute("skin_hue", "degrees", 20.0, 90.0, PIXELS, "Of the cheeks: 0 is red, 90 yellow; NaN if grey."),
    Attribute("hair_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "NaN at framings that show no hair (1.3 and closer)."),
    Attribute("background_lightness", "CIELAB L*", 0.0, 100.0, PIXELS, "NaN at framings closer than 0.9."),
)
ODD = ("turn", "tilt")  # of a mirror image, they are the opposite
NAMES = tuple(attribute.name for attribute in ATTRIBUTES)
