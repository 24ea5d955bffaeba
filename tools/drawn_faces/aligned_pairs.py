"""Pairs of drawn pictures as aligned faces, and what of them the readings of faces must not answer to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facegan.faces.align import Frame
from facegan.faces.detectors.detector import Detector
from facegan.faces.pose import estimate_pose
from tools.drawn_faces.pairs import MOST_CHANGE, PairsOf, are_steady, numbers_of, paths_of
from tools.drawn_faces.readings import aligned, find_face, read_labels
from tools.drawn_faces.targets import NAMES

_POSE = ("yaw", "pitch")  # of the detector's keypoints


@dataclass(frozen=True)
class Pairs:
    """The pairs of a folder, aligned as a model's faces are.

    Attributes:
        attribute: that differs.
        low, high: uint8 (n, size, size, 3).
        steady: bool (n,), see tools.drawn_faces.pairs.are_steady.
    """

    attribute: str
    low: np.ndarray
    high: np.ndarray
    steady: np.ndarray

    @classmethod
    def read(cls, folder: Path, frame: Frame, detector: Detector, most_change: float = MOST_CHANGE) -> "Pairs":
        """The pairs in whose two pictures the detector finds one face.

        The label networks tell which are steady, together with the pose of the detector's keypoints. They read what the
        latents of the pairs control; a background may change with any of that.
        """
        faces, poses = ([], []), ([], [])
        for number in numbers_of(folder):
            pictures = [np.asarray(Image.open(path)) for path in paths_of(folder, number)]
            found = [find_face(detector, picture) for picture in pictures]
            if all(found):
                for end in (0, 1):
                    pose = estimate_pose(found[end][0])
                    faces[end].append(aligned(pictures[end], found[end][0], frame))
                    poses[end].append((pose.yaw, pose.pitch))
        if not faces[0]:
            raise SystemExit(f"{folder} holds no pair with a face: draw some with python -m tools.draw_faces pairs.")
        low, high = (np.stack(one) for one in faces)
        seen = [
            np.concatenate([read_labels(one, NAMES, frame.framing), np.array(pose)], axis=1)
            for one, pose in zip((low, high), poses, strict=True)
        ]
        attribute = PairsOf.load(folder).attribute
        return cls(attribute, low, high, are_steady(*seen, (*NAMES, *_POSE), attribute, most_change))


def read_all(folder: Path, frame: Frame, detector: Detector) -> list[Pairs]:
    """The pairs of every attribute's folder in a folder."""
    return [Pairs.read(folder / name, frame, detector) for name in NAMES if (folder / name).is_dir()]


def changes(
    pairs: Iterable[Pairs], names: Iterable[str], features: Callable[[np.ndarray], np.ndarray]
) -> dict[str, np.ndarray]:
    """For each of `names` the differences (m, d) of features within steady pairs of all other attributes.

    The pictures and their mirror images. For the nod, pairs of smile and open mouth do not count: the corners of the
    mouth are two of the five points by which it is measured.
    """
    found = {}
    for one in pairs:
        ends = [np.concatenate([some[one.steady], some[one.steady][:, :, ::-1]]) for some in (one.low, one.high)]
        low, high = (features(np.ascontiguousarray(end)) for end in ends)
        found[one.attribute] = high - low
    left_out = {"nod": ("smile", "mouth_open")}
    return {
        name: np.concatenate([
            some for attribute, some in found.items() if attribute not in (name, *left_out.get(name, ()))
        ])
        for name in names
    }  # fmt: skip
