"""The charts of RUN/index.html, each with a text that says what it means and what is good."""

from dataclasses import dataclass

from facegan.gan.monitor.charts import Chart, Line, chart
from facegan.gan.monitor.curves import Curve, Point


@dataclass(frozen=True)
class Card:
    """A chart with its heading and its text; the `tall` one is above the others."""

    title: str
    text: str
    chart: Chart
    tall: bool = False


def cards(curves: dict[str, Curve], images: float, best: Point | None) -> list[Card]:
    """The cards whose charts have values. `best`: images seen and KID of the weights that are exported."""

    def line(label: str, name: str, colour: str) -> Line:
        return Line(label, curves[name], colour)

    kid_lines = [
        Line("to held-out photos", curves["kid"], "a", curves["kid_spread"], best),
        line("to training photos", "kid_train", "b"),
    ]
    kid = chart("KID over images seen", kid_lines, images, least=0.0)
    losses = chart(
        "Losses over images seen", [line("generator", "loss_g", "a"), line("discriminator", "loss_d", "b")], images
    )
    discriminator = chart(
        "Accuracy of the discriminator and probability of augmentation over images seen",
        [line("accuracy", "accuracy", "a"), line("augmentation", "augment_p", "b")],
        images,
        percent=True,
    )
    variety = chart(
        "Precision, recall and diversity over images seen",
        [line("precision", "precision", "a"), line("recall", "recall", "b"), line("diversity", "diversity", "c")],
        images,
        percent=True,
    )
    speed = chart("Images a second over images seen", [line("images/s", "images_per_s", "a")], images, least=0.0)
    every = [
        ("How close the generated faces are to real ones", _KID, kid, True),
        ("Losses", _LOSSES, losses, False),
        ("The discriminator", _DISCRIMINATOR, discriminator, False),
        ("Sharpness and variety", _VARIETY, variety, False),
        ("Speed", _SPEED, speed, False),
    ]
    return [Card(title, text, drawn, tall) for title, text, drawn, tall in every if drawn]


_KID = (
    "KID, times 100. Lower is better; at 0 the generated faces are as close as other real photos. The dot marks the "
    "best weights so far, which are exported. The band is the standard error. It is good when both lines fall "
    "together. If the line of the training photos keeps falling and the other does not, the generator memorises: more "
    "photos help, more training does not."
)
_LOSSES = (
    "Two networks compete, so their losses need not fall. It is good when both vary around a level; a loss that "
    "diverges means that training has failed."
)
_DISCRIMINATOR = (
    "Accuracy is how often it separates photos from generated faces: at 50 % it guesses; near 100 % it is too strong "
    "for the generator to learn from. Augmentation is how often pictures are changed before it sees them, so that it "
    "cannot memorise the photos; it rises automatically when the discriminator begins to memorise."
)
_VARIETY = (
    "Higher is better. Precision: the share of generated faces that could pass for real ones. Recall: the share of "
    "real faces that the generator covers. Diversity: how different its faces are from each other, compared with the "
    "photos; near 0 % it draws only one face."
)
_SPEED = "Images a second. A level line is good; it dips when other programs use the computer."
