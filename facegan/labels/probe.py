"""AttributeProbe: linear models of attributes on the features of the embedded networks."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from facegan.base.errors import FaceGANError
from facegan.labels.crop import face_crops, thumbnails
from facegan.labels.networks import FEATURE_SIZE, inner_features
from facegan.labels.ridge import auc, correlation, fit_ridge, log_odds
from facegan.labels.table import MIN_OF_A_CLASS, AttributeTable

FORMAT = 1
WEIGHTS, FACTS = "probe.safetensors", "probe.json"
THUMBNAIL = 12  # px: hair, hats and background, which the networks' crop may leave out
MIN_NUMBERS = 50  # faces with a number
_CHUNK = 256  # faces at once: bounds the memory of the crops to 40 MB


@dataclass(frozen=True)
class ProbeColumn:
    """How well the probe reads one attribute."""

    name: str
    binary: bool  # its score is a log-odds of "yes"; else in the unit of the table's numbers
    auc: float | None  # cross-validated, of a binary column
    correlation: float  # cross-validated, of score and truth
    faces: int  # that it was learned from
    positives: int | None  # of them, in a binary column
    penalty: float  # of the ridge


@dataclass(frozen=True)
class AttributeProbe:
    """A linear model for each column, on `probe_features`. Made by `fit` or `load`."""

    columns: tuple[ProbeColumn, ...]
    weights: np.ndarray  # float32 (d, k); d is FEATURE_SIZE, or more with the thumbnail
    bias: np.ndarray  # float32 (k,)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @classmethod
    def fit(
        cls, images: np.ndarray, table: AttributeTable, framing: float, *, say: Callable[[str], None] = print
    ) -> "AttributeProbe":
        """Learns every column of a table on the faces themselves, and measures it on faces held out.

        Args:
            images: uint8 (n, H, H, 3), may be memory-mapped.
            table: a row for each image, as `read_attributes` gives it.
            framing: of the images.
            say: takes a line for each column that cannot be learned, and why.

        Raises:
            FaceGANError: no column can be learned.
        """
        return cls.fit_features(probe_features(images, framing), table, say=say)

    @classmethod
    def fit_features(
        cls,
        features: np.ndarray,
        table: AttributeTable,
        *,
        groups: np.ndarray | None = None,
        changes: Mapping[str, np.ndarray] | None = None,
        say: Callable[[str], None] = print,
    ) -> "AttributeProbe":
        """As `fit`, from features float32 (n, d); rows of one group (n,) are held out together.

        `changes` has by column the differences (m, d) of features that its score shall not answer to (ridge.py).
        """
        if len(features) != len(table.values):
            raise ValueError(f"{len(features)} rows of features do not fit {len(table.values)} rows of attributes.")
        columns: dict[str, ProbeColumn] = {}
        weights, bias = {}, {}
        for names, known in _blocks(table, say):
            part = None if groups is None else groups[known]
            values = table.values[known][:, [table.names.index(name) for name in names]]
            targets = np.stack([_target(column) for column in values.T], axis=1)
            held = None if changes is None else [changes[name].astype(np.float64) for name in names]
            fit = fit_ridge(features[known].astype(np.float64), targets, part, held)
            for j, name in enumerate(names):
                columns[name], slope, offset = _facts(name, values[:, j], fit.held_out[:, j], fit.penalties[j])
                weights[name], bias[name] = fit.weights[:, j] * slope, fit.bias[j] * slope + offset
        if not columns:
            raise FaceGANError("No attribute of the table can be learned: see the lines above for the reasons.")
        names = [name for name in table.names if name in columns]
        return cls(
            tuple(columns[name] for name in names),
            np.stack([weights[name] for name in names], axis=1).astype(np.float32),
            np.array([bias[name] for name in names], np.float32),
        )

    def scores(self, images: np.ndarray, framing: float) -> np.ndarray:
        """Scores float32 (n, k) of faces uint8 (n, H, H, 3): log-odds, or the unit of a column of numbers."""
        return self.scores_of(probe_features(images, framing))

    def scores_of(self, features: np.ndarray) -> np.ndarray:
        """Scores float32 (n, k) of features (n, d) or longer; a probe without the thumbnail ignores it."""
        return features[:, : len(self.weights)] @ self.weights + self.bias

    def save(self, folder: Path, about: str = "") -> None:
        """Writes the weights (safetensors) and, as JSON, what is known of each column."""
        folder.mkdir(parents=True, exist_ok=True)
        # Not save_file: it makes files that only their owner may read.
        (folder / WEIGHTS).write_bytes(save({"weights": np.ascontiguousarray(self.weights), "bias": self.bias}))
        facts = {"format": FORMAT, "about": about, "columns": [asdict(column) for column in self.columns]}
        (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "AttributeProbe":
        """Reads what `save` wrote.

        Raises:
            FaceGANError: the folder holds no complete probe of this version.
        """
        try:
            facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
            tensors = load_file(folder / WEIGHTS)
            columns = tuple(ProbeColumn(**column) for column in facts["columns"])
            weights, bias = tensors["weights"], tensors["bias"]
            fits = facts["format"] == FORMAT and weights.shape[1:] == bias.shape == (len(columns),)
        except Exception as error:  # safetensors has its own error class, and so has every damage to a JSON
            raise FaceGANError(f"There is no attribute probe in {folder} ({error}): fit the sliders again.") from error
        if not fits:
            raise FaceGANError(f"The attribute probe in {folder} is of another version: fit the sliders again.")
        return cls(columns, weights, bias)


def probe_features(images: np.ndarray, framing: float) -> np.ndarray:
    """What probes read: the networks' inner features and a thumbnail, float32 (n, 1920 + 432)."""
    parts = [np.empty((0, FEATURE_SIZE + 3 * THUMBNAIL**2), np.float32)]
    for start in range(0, len(images), _CHUNK):
        chunk = np.asarray(images[start : start + _CHUNK])
        features = inner_features(face_crops(chunk, framing))
        parts.append(np.concatenate([features, thumbnails(chunk, THUMBNAIL) / 128 - 1], axis=1))
    return np.concatenate(parts)


def _problem(values: np.ndarray) -> str:
    """Why a column's known values cannot be learned; empty if they can."""
    found, counts = np.unique(values, return_counts=True)
    if len(values) == 0:
        return "no face has a value for it"
    if len(found) == 1:
        return f"all {len(values):,} faces have the same value, {found[0]:g}"
    if len(found) == 2 and counts.min() < MIN_OF_A_CLASS:
        rare = found[int(np.argmin(counts))]
        return f"only {counts.min():,} of {len(values):,} faces have the value {rare:g}, {MIN_OF_A_CLASS} are needed"
    if len(found) > 2 and len(values) < MIN_NUMBERS:
        return f"only {len(values):,} faces have a number for it, {MIN_NUMBERS} are needed"
    return ""


def _blocks(table: AttributeTable, say: Callable[[str], None]) -> list[tuple[list[str], np.ndarray]]:
    """The columns that can be learned, in blocks that are known for the same faces, and those faces (n,) bool."""
    blocks: dict[bytes, tuple[list[str], np.ndarray]] = {}
    for name, values in zip(table.names, table.values.T, strict=True):
        known = np.isfinite(values)
        problem = _problem(values[known])
        if problem:
            say(f"The attribute {name} is left out: {problem}.")
        else:
            blocks.setdefault(known.tobytes(), ([], known))[0].append(name)
    return list(blocks.values())


def _target(values: np.ndarray) -> np.ndarray:
    """What the ridge learns: the numbers themselves, and -1 and 1 for a column of two values."""
    found = np.unique(values)
    return values if len(found) > 2 else np.where(values == found[1], 1.0, -1.0)


def _facts(name: str, values: np.ndarray, held_out: np.ndarray, penalty: float) -> tuple[ProbeColumn, float, float]:
    """How well a column was read, and the slope and offset that put its scores into their unit."""
    found = np.unique(values)
    if len(found) > 2:
        return (
            ProbeColumn(name, False, None, correlation(held_out, values), len(values), None, float(penalty)),
            1.0,
            0.0,
        )
    yes = values == found[1]
    slope, offset = log_odds(held_out, yes)
    read, agrees = auc(held_out, yes), correlation(held_out, yes)
    return ProbeColumn(name, True, read, agrees, len(values), int(yes.sum()), float(penalty)), slope, offset
