"""The charts of RUN/index.html, each with the sentences that tell what it means and what good looks like."""

from facegan.gan.monitor.charts import Line, chart
from facegan.gan.monitor.curves import Curve, Point


def kid_section(curves: dict[str, Curve], images: float, best: Point | None) -> str:
    """The chart that matters most, with the best measurement marked."""
    lines = [
        Line("against photos kept aside", curves["kid"], "a", curves["kid_spread"], best),
        Line("against training photos", curves["kid_train"], "b"),
    ]
    return _card(
        "How close the generated faces are to real ones",
        "KID, times 100. Lower is better, 0 is as close as other real photos, and the dot is the best so far, which is "
        "what gets exported. The band is how far chance alone moves it. Both lines falling together is good. When the "
        "line of the training photos goes on falling and the other one does not, the gap means memorising: more "
        "photos help, more training does not.",
        chart("KID over images seen", lines, images, least=0.0).replace('class="plot"', 'class="plot tall"'),
    )


def other_sections(curves: dict[str, Curve], images: float) -> list[str]:
    """Losses, discriminator, variety and speed; "" for each that has no figures."""

    def line(label: str, name: str, colour: str) -> Line:
        return Line(label, curves[name], colour)

    return [
        _card(
            "Losses",
            "Two networks play against each other, so their losses need not fall. Good is when both wobble around "
            "a level; one that runs away for good means that the game is lost.",
            chart(
                "Losses over images seen",
                [line("generator", "loss_g", "a"), line("discriminator", "loss_d", "b")],
                images,
            ),
        ),
        _card(
            "The discriminator",
            "How often it tells photos from generated faces: at 50 % it guesses, near 100 % it is too strong to "
            "learn from. Augmentation is how often pictures are changed before it sees them, so that it cannot learn "
            "the photos by heart; it rises by itself when that threatens.",
            chart(
                "Accuracy of the discriminator and probability of augmentation over images seen",
                [line("told right", "accuracy", "a"), line("augmentation", "augment_p", "b")],
                images,
                percent=True,
            ),
        ),
        _card(
            "Sharpness and variety",
            "Higher is better. Believable: generated faces that could pass for real ones. Covered: kinds of real faces "
            "that the generator can draw. Variety: how different its faces are from each other, compared with the "
            "photos; near 0 % it draws one face only.",
            chart(
                "Precision, recall and diversity over images seen",
                [
                    line("believable", "precision", "a"),
                    line("covered", "recall", "b"),
                    line("variety", "diversity", "c"),
                ],
                images,
                percent=True,
            ),
        ),
        _card(
            "Speed",
            "Images a second. Good is a level line; it dips when other programs want the computer too.",
            chart("Images a second over images seen", [line("images/s", "images_per_s", "a")], images, least=0.0),
        ),
    ]


def _card(title: str, says: str, drawn: str) -> str:
    return f'<section><h2>{title}</h2><p class="says">{says}</p>{drawn}</section>' if drawn else ""
