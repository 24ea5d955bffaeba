"""The measurements of a generator, as config.json holds them in "training".

`metrics` are the figures by gan/judge.py for the exported weights, and `generated`, the number of faces that were drawn
for them. `memorisation` is `asdict` of Memorisation. `look_alikes` are those of runs/look_alikes.py: the number of
`random` faces, which faces are `shown`, and for each kind of faces each figure, of the look-alikes and of the nearest
random faces. All are optional; the card and the push read them here.
"""

from dataclasses import dataclass, replace
from numbers import Real

from facegan.base.errors import FaceGANError
from facegan.model.folder import ModelConfig

NEAR_COPIES_ALLOWED = 0.01  # of the generated faces; above it a push stops

# The figures of the card: their name in config.json and for the Hub, in words, and where their spread is.
_FIGURES = (
    ("kid", "KID x 100 to held-out faces, lower is better", "kid_spread"),
    ("kid_train", "KID x 100 to training faces", ""),
    ("precision", "precision: generated faces that look like held-out ones, 0 to 1", ""),
    ("recall", "recall: held-out faces that it could have drawn, 0 to 1", ""),
)
PROTOCOL = (
    "Features of EfficientNet-Lite0 of faces at 128 px; {generated:,} generated faces (seeds from 0, truncation 1) and "
    "up to 2,000 real ones; KID after Binkowski et al. 2018, precision and recall after Kynkaanniemi et al. 2019. Real "
    "faces are held out from training unless it says otherwise. Compare these figures with each other only, not with "
    "those of Inception features."
)

# Of look-alikes: the name in config.json, in words, and the format.
LOOK_ALIKES = (
    ("distance", "feature distance to the face, by the nearest random one's, median", ".2f"),
    ("colours", "colour levels apart, of 256, mean", ".1f"),
    ("gender", "perceived gender agrees", ".0%"),
    ("smile", "the smile's side agrees", ".0%"),
    ("glasses", "glasses agree", ".0%"),
    ("age", "perceived age, years apart, median", ".1f"),
    ("skin_lightness", "lightness of the skin apart (L*), median", ".1f"),
    ("turn", "turn of the head, degrees apart, median", ".1f"),
)
_SETS = {"held_out": "held-out faces", "generated": "generated faces"}


@dataclass(frozen=True)
class Metric:
    """One figure; `kind` is its name for the Hub, `spread` its standard error in the same unit or None."""

    kind: str
    name: str
    value: float
    spread: float | None = None


@dataclass(frozen=True)
class Memorisation:
    """Generated faces compared with training and held-out faces.

    `near_copies`: share of generated faces that nearly are a training face, 0 to 1. `distance_ratio`: median distance
    to the nearest training face by that to the nearest held-out one, 1 for a generator that copies nothing, None
    where no face was held out.
    `protocol` says how many faces were compared and how. `allowed`: published in spite of it, by --allow-memorised.
    """

    near_copies: float
    distance_ratio: float | None
    protocol: str
    allowed: bool = False


def metrics_of(config: ModelConfig) -> list[Metric]:
    """The metrics in the config, none where it holds none. Raises FaceGANError with the name of an empty field."""
    values = config.training.get("metrics")
    if values is None:
        return []
    if not isinstance(values, dict):
        raise _incomplete("training.metrics")
    for name in ("generated", *(kind for kind, _, _ in _FIGURES)):
        if not _is_number(values.get(name)):
            raise _incomplete(f"training.metrics.{name}")
    spreads = {spread: values.get(spread) if _is_number(values.get(spread)) else None for _, _, spread in _FIGURES}
    return [Metric(kind, name, values[kind], spreads[spread]) for kind, name, spread in _FIGURES]


def protocol_of(config: ModelConfig) -> str:
    """How the metrics were measured, in sentences."""
    return PROTOCOL.format(generated=config.training["metrics"]["generated"])


def memorisation_of(config: ModelConfig) -> Memorisation | None:
    """The memorisation report in the config. Raises FaceGANError with the field's name when it is incomplete."""
    value = config.training.get("memorisation")
    if value is None:
        return None
    try:
        report = Memorisation(**value)
    except TypeError:
        raise _incomplete("training.memorisation") from None
    if not _is_share(report.near_copies):
        raise _incomplete("training.memorisation.near_copies")
    if report.distance_ratio is not None and not (_is_number(report.distance_ratio) and report.distance_ratio >= 0):
        raise _incomplete("training.memorisation.distance_ratio")
    if not isinstance(report.allowed, bool):
        raise _incomplete("training.memorisation.allowed")
    if not isinstance(report.protocol, str) or not report.protocol.strip():
        raise _incomplete("training.memorisation.protocol")
    return report


def check_memorisation(config: ModelConfig) -> None:
    """Raises FaceGANError when more generated faces are near copies than may be published."""
    report = memorisation_of(config)
    if report and report.near_copies > NEAR_COPIES_ALLOWED and not report.allowed:
        raise FaceGANError(
            f"{report.near_copies:.1%} of the generated faces are near copies of training faces, and above "
            f"{NEAR_COPIES_ALLOWED:.0%} nothing is published: train on more faces or for fewer images, or say "
            "--allow-memorised, which the card then tells."
        )


def allow_memorised(config: ModelConfig) -> ModelConfig:
    """The config with its near copies allowed, which the card then tells; without a report, as it is."""
    report = config.training.get("memorisation")
    if not isinstance(report, dict):
        return config
    return replace(config, training={**config.training, "memorisation": {**report, "allowed": True}})


def check_shares(config: ModelConfig) -> None:
    """Raises FaceGANError with the field's name when the shares among training or generated faces are incomplete."""
    sections = {"training.shares": config.training.get("shares"), "data.shares": config.data.get("shares")}
    for field, shares in sections.items():
        if not isinstance(shares, dict) or not _is_number(shares.get("faces")):
            raise _incomplete(f"{field}.faces")
        parts = {f"{field}.{kind}": found for kind, found in shares.items() if kind != "faces"}
        for kind, found in parts.items():
            if not isinstance(found, dict) or not found or not all(_is_share(share) for share in found.values()):
                raise _incomplete(kind)
    if not shares_table(config):
        raise _incomplete("training.shares")


def shares_table(config: ModelConfig) -> str:
    """The Markdown table of the shares among training and generated faces; empty if they were not measured."""
    real, drawn = config.data.get("shares"), config.training.get("shares")
    if not (isinstance(real, dict) and isinstance(drawn, dict) and _is_number(drawn.get("faces"))):
        return ""
    rows = ["| perceived | | training | generated |", "|---|---|---|---|"]
    for kind, shares in drawn.items():
        for name, share in shares.items() if isinstance(shares, dict) else ():
            known = real.get(kind, {}).get(name) if isinstance(real.get(kind), dict) else None
            if _is_number(share) and _is_number(known):
                rows.append(f"| {kind} | {name} | {known:.0%} | {share:.0%} |".replace("\n", " "))
    return "\n".join(rows) if len(rows) > 2 else ""


def look_alikes_table(config: ModelConfig) -> str:
    """The Markdown table of the look-alikes' figures; empty if they were not measured."""
    found = config.training.get("look_alikes")
    sets = {key: found[key] for key in _SETS if isinstance(found.get(key), dict)} if isinstance(found, dict) else {}
    sets = {key: figures for key, figures in sets.items() if _is_number(figures.get("faces"))}
    if not sets:
        return ""
    heads = [f"{figures['faces']:,} {_SETS[key]} | the nearest random ones" for key, figures in sets.items()]
    rows = [f"| | {' | '.join(heads)} |", "|---|" + "---|---|" * len(sets)]
    for key, words, form in LOOK_ALIKES:
        pairs = [figures.get(key) for figures in sets.values()]
        if all(isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair)) for pair in pairs):
            rows.append(f"| {words} | {' | '.join(format(value, form) for pair in pairs for value in pair)} |")
    return "\n".join(rows) if len(rows) > 2 else ""


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _incomplete(field: str) -> FaceGANError:
    return FaceGANError(
        f"The field {field} of the model's config.json is empty or incomplete: measure the model again."
    )
