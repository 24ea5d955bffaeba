"""What a model tells about itself: the facts of config.json, and which of them a push cannot do without."""

from dataclasses import dataclass

from facegan.errors import FaceGANError
from facegan.hub.folder import ModelConfig


@dataclass(frozen=True)
class Fact:
    """One value of config.json. `path` is where it lies there; `label` names it in the card's tables.

    `needed`: a push without it is refused; `remedy` is the end of the sentence that says so. `kind` is its type there.
    """

    path: str
    label: str
    kind: type = str
    needed: bool = True
    remedy: str = "train the model again with this version of FaceGAN"


_KINDS = {str: "a text", int: "a whole number", float: "a number", dict: "a table"}

# In the order of the card. A new measurement is a row here, needed once every run makes it.
FACTS = (
    Fact("name", "name"),
    Fact("training.preset", "preset"),
    Fact("training.started_from", "trained on from", needed=False),
    Fact("training.start_learned_from", "which had learned from", needed=False),
    Fact("training.attributes", "attributes that its latents name", needed=False),
    Fact("training.images_seen", "images seen", int),
    Fact("training.minutes", "minutes", int),
    Fact("training.device", "device"),
    Fact("training.hardware", "hardware", needed=False),
    Fact("training.precision", "precision", needed=False),
    Fact("training.seed", "seed", int, needed=False),
    Fact("data.about", "about", remedy="say what the photos are and under which licence with --about-data TEXT"),
    Fact("data.dataset", "data set on the Hub", needed=False),
    Fact("data.photos", "photos", int, needed=False),
    Fact("data.faces_used", "faces used", int),
    Fact("data.faces_held_out", "faces held out", int),
    Fact("data.left_out", "left out", needed=False),
    Fact("data.detector", "face detector"),
    Fact("data.framing", "framing", float),
    Fact("data.eye_spread_before", "spread of the eyes before alignment (px of 128)", float, needed=False),
    Fact("data.eye_spread_after", "spread of the eyes after alignment (px of 128)", float, needed=False),
    Fact("data.contact", "contact", needed=False),
    Fact("training.metrics", "metrics", dict, needed=False),
    Fact("training.memorisation", "memorisation", dict, remedy="have it measured: train.py --resume --out RUN"),
    Fact("training.shares", "shares among the generated faces", dict, needed=False),
    Fact("data.shares", "shares among the training faces", dict, needed=False),
)


def value_of(config: ModelConfig, path: str) -> object:
    """The value at `path`, None where there is none."""
    section, _, name = path.rpartition(".")
    return getattr(config, section).get(name) if section else getattr(config, name)


def check_facts(config: ModelConfig) -> None:
    """Raises FaceGANError with the name of the first needed fact that is empty, or of one of another type."""
    for fact in FACTS:
        value = value_of(config, fact.path)
        empty = value is None or (isinstance(value, str) and not value.strip())
        if empty and fact.needed:
            raise FaceGANError(f"The field {fact.path} of the model's config.json is empty: {fact.remedy}.")
        kinds = (int, float) if fact.kind is float else fact.kind
        if not empty and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise FaceGANError(f"The field {fact.path} of the model's config.json is not {_KINDS[fact.kind]}.")


def table(config: ModelConfig, section: str, leave_out: tuple[str, ...] = ()) -> str:
    """The rows of a Markdown table of the facts in "training" or "data"; what no row of FACTS names comes last."""
    labels = {fact.path: fact.label for fact in FACTS}
    values = {f"{section}.{name}": value for name, value in getattr(config, section).items()}
    order = {path: number for number, path in enumerate(labels)}
    rows = []
    for path, value in sorted(values.items(), key=lambda item: order.get(item[0], len(order))):
        name = path.removeprefix(f"{section}.")
        if name not in leave_out and value not in (None, "") and not isinstance(value, dict | list):
            rows.append(f"| {labels.get(path, name.replace('_', ' '))} | {_text(value)} |")
    return "\n".join(rows)


def _text(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return " ".join(text.replace("|", r"\|").split())  # a bar or a new line would end the cell
