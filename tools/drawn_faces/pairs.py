"""Pairs of drawn pictures: the same person with a low and with a high value of one attribute.

A folder of pairs holds NUMBER_low.jpg and NUMBER_high.jpg, pairs.json (PairsOf), left_out.jsonl (the people who have no
pair, and why), and the latents of all pictures as `train.py --latents` reads them.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from facegan.base.files import atomic_write
from tools.drawn_faces.basis import MAX_DISTANCE, Basis

ENDS = ("low", "high")
FILE = "pairs.json"
LEFT_OUT = "left_out.jsonl"


@dataclass(frozen=True)
class PairsOf:
    """What the pairs of a folder are.

    Attributes:
        attribute: that differs within a pair.
        distance: of its latent from 0, to either side, in standard deviations.
        seed: of the people.
        size: of the pictures, px.
    """

    attribute: str
    distance: float
    seed: int
    size: int

    def save(self, folder: Path) -> None:
        """Writes it into a folder of pairs.

        Raises:
            ValueError: the folder holds other pairs.
        """
        if (folder / FILE).exists() and (there := PairsOf.load(folder)) != self:
            raise ValueError(f"{folder} holds pairs of {there}: choose another folder.")
        atomic_write(folder / FILE, json.dumps(asdict(self)) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "PairsOf":
        """Reads what `save` wrote.

        Raises:
            ValueError: the folder holds no pairs.
        """
        try:
            return cls(**json.loads((folder / FILE).read_text()))
        except (OSError, TypeError, ValueError) as error:
            raise ValueError(f"{folder} holds no pairs: draw them with python -m tools.draw_faces pairs.") from error

    def __str__(self) -> str:
        return f"{self.attribute} at {self.distance:g} deviations, seed {self.seed}, {self.size} px"


def paths_of(folder: Path, number: int) -> tuple[Path, Path]:
    """The files of pair `number`, low and high."""
    low, high = (folder / f"{number:06d}_{end}.jpg" for end in ENDS)
    return low, high


def numbers_of(folder: Path) -> list[int]:
    """The numbers of the whole pairs in a folder, ascending."""
    numbers = (int(path.name[:6]) for path in folder.glob(f"*_{ENDS[0]}.jpg"))
    return sorted(number for number in numbers if all(path.exists() for path in paths_of(folder, number)))


def left_out_of(folder: Path) -> dict[int, str]:
    """Why people have no pair, by their numbers."""
    path = folder / LEFT_OUT
    lines = path.read_text().splitlines() if path.exists() else []
    return {one["number"]: one["why"] for one in map(json.loads, lines)}


def ends_of(g: np.ndarray, fitted: Basis, attribute: str, distance: float) -> np.ndarray:
    """The latents (2, 100) of a pair: those of a person g (100,), with the attribute's at -distance and at distance."""
    ends = np.stack([g, g])
    ends[:, fitted.names.index(attribute) - len(fitted.names)] = -distance, distance
    return ends


def can_be_drawn(ends: np.ndarray, fitted: Basis) -> bool:
    """Whether the latents (2, 100) of a pair give pictures that differ in the one attribute only.

    Beyond MAX_DISTANCE the basis brings all attributes nearer to the mean, so the others would differ, too.
    """
    return bool((fitted.distance(ends) <= MAX_DISTANCE).all())


# Readings that answer to the attribute itself. The pitch of five keypoints rises with the corners of the mouth: by 1.6
# standard deviations in a smile that nods no more than before.
_SAME_AS = {"turn": ("yaw",), "smile": ("pitch",), "mouth_open": ("pitch",)}
MOST_CHANGE = 1.0  # standard deviations, by which another reading may differ within a pair. The errors of nine readings
# alone exceed 0.75 in most pairs.


def are_steady(
    low: np.ndarray, high: np.ndarray, names: tuple[str, ...], attribute: str, most: float = MOST_CHANGE
) -> np.ndarray:
    """Which pairs, bool (n,), differ in no reading but the attribute's by more than `most` standard deviations.

    Args:
        low, high: readings (n, k) of the pictures, called `names`; their spread is the unit. A pair with a reading that
            is not finite in one picture only is not steady; in both, that reading does not count.
        attribute: that differs.
        most: in standard deviations of each reading over all pictures.
    """
    free = (attribute, *_SAME_AS.get(attribute, ()))
    held = [column for column, name in enumerate(names) if name not in free]
    both = np.concatenate([low, high])[:, held]
    change = np.abs(high - low)[:, held] / np.nanstd(both, axis=0)
    unknown = np.isnan(low[:, held]) & np.isnan(high[:, held])
    return ((change <= most) | unknown).all(axis=1)
