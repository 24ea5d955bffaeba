"""The facts of config.json: their labels in the card, and which of them a push needs."""

from collections.abc import Callable
from dataclasses import dataclass

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.faces.held_out import LEAST_JUDGED
from facegan.model.folder import ModelConfig
from facegan.model.measurements import check_shares

_MEASURE = f"have it measured: {commands.TRAIN} --resume --out RUN"


@dataclass(frozen=True)
class Fact:
    """One value of config.json. `path` is its place in the file; `label` names it in the card's tables.

    `needed`: a push without it is refused, `unless` that says otherwise of a config; `remedy` is the end of the
    sentence that says so. `kind` is its type there. `nothing`: the empty value that runs write on purpose, and what the
    card says for it.
    """

    path: str
    label: str
    kind: type = str
    needed: bool = True
    remedy: str = "train the model again with this version of FaceGAN"
    nothing: tuple[object, str] | None = None
    unless: Callable[[ModelConfig], bool] = lambda _: False


def _is_not_judged(config: ModelConfig) -> bool:
    held_out = config.data.get("faces_held_out")
    return type(held_out) is int and held_out < LEAST_JUDGED


_KINDS = {str: "a text", int: "a whole number", float: "a number", dict: "a table", bool: "true or false"}
_NOT_MEASURED = None, "not measured, because too few of the faces could be looked at again"

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
    Fact("training.hardware", "hardware"),
    Fact("training.precision", "precision"),
    Fact("training.seed", "seed", int),
    Fact("training.upscaler", "upscaler, which doubles its images", needed=False),
    Fact("data.about", "about", remedy="say what the photos are and under which licence with --about-data TEXT"),
    Fact("data.dataset", "data set on the Hub", needed=False),
    Fact("data.photos", "photos", int),
    Fact("data.faces_used", "faces used", int),
    Fact("data.faces_held_out", "faces held out", int),
    Fact("data.left_out", "left out", nothing=("", "none")),
    Fact("data.detector", "face detector"),
    Fact("data.framing", "framing", float),
    Fact("data.eye_spread_before", "spread of the eyes before alignment (px of 128)", float, nothing=_NOT_MEASURED),
    Fact("data.eye_spread_after", "spread of the eyes after alignment (px of 128)", float, nothing=_NOT_MEASURED),
    Fact("data.one_person", "one person", bool, needed=False),
    Fact("data.contact", "contact", needed=False),
    Fact("training.metrics", "metrics", dict, remedy=_MEASURE, unless=_is_not_judged),
    Fact("training.memorisation", "memorisation", dict, remedy=_MEASURE),
    Fact("training.shares", "shares among the generated faces", dict, remedy=_MEASURE),
    Fact("data.shares", "shares among the training faces", dict, remedy=_MEASURE),
)


def value_of(config: ModelConfig, path: str) -> object:
    """The value at `path`; None if it is missing."""
    section, _, name = path.rpartition(".")
    return getattr(config, section).get(name) if section else getattr(config, name)


def framing_of(config: ModelConfig) -> float:
    """How the model's faces are framed (align.Frame). Raises FaceGANError where its config does not say."""
    framing = config.data.get("framing")
    if not isinstance(framing, int | float) or not framing:
        raise FaceGANError(
            "The model's config.json does not say how its faces are framed, so no photo can be framed as they are: "
            "train the model again with this version of FaceGAN."
        )
    return float(framing)


def check_facts(config: ModelConfig) -> None:
    """Raises FaceGANError with the name of the first needed fact that is empty, or of one of another type."""
    for fact in FACTS:
        value = value_of(config, fact.path)
        empty = value is None or value == {} or (isinstance(value, str) and not value.strip())
        if empty and fact.needed and not _is_nothing(config, fact) and not fact.unless(config):
            raise FaceGANError(f"The field {fact.path} of the model's config.json is empty: {fact.remedy}.")
        kinds = (int, float) if fact.kind is float else fact.kind
        if not empty and (not isinstance(value, kinds) or isinstance(value, bool) is not (fact.kind is bool)):
            raise FaceGANError(
                f"The field {fact.path} of the model's config.json is not {_KINDS[fact.kind]}: {fact.remedy}."
            )
    check_shares(config)


def _is_nothing(config: ModelConfig, fact: Fact) -> bool:
    """Whether the config holds the fact's empty value; a missing one is not empty."""
    section, _, name = fact.path.rpartition(".")
    inside = vars(config) if not section else getattr(config, section)
    return fact.nothing is not None and name in inside and inside[name] == fact.nothing[0]


def table(config: ModelConfig, section: str, leave_out: tuple[str, ...] = ()) -> str:
    """The rows of a Markdown table of the facts in "training" or "data"; what no row of FACTS names comes last."""
    labels = {fact.path: fact.label for fact in FACTS}
    values = {f"{section}.{name}": value for name, value in getattr(config, section).items()}
    values |= {fact.path: fact.nothing[1] for fact in FACTS if fact.path in values and _is_nothing(config, fact)}
    order = {path: number for number, path in enumerate(labels)}
    rows = []
    for path, value in sorted(values.items(), key=lambda item: order.get(item[0], len(order))):
        name = path.removeprefix(f"{section}.")
        if name not in leave_out and value not in (None, "") and not isinstance(value, dict | list):
            rows.append(f"| {labels.get(path, name.replace('_', ' '))} | {_text(value)} |")
    return "\n".join(rows)


def _text(value: object) -> str:
    return one_line(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def one_line(text: str) -> str:
    """An untrusted text for the card: it can neither end a cell of a table nor begin a section or the metadata."""
    return " ".join(text.replace("|", r"\|").split())
