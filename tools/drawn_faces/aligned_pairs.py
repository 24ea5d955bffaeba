"""Pairs of drawn pictures as aligned faces, and what of them the readings of faces must not answer to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facegan.faces.align import Frame
from facegan.faces.detectors.detector import Detector
from facegan.faces.pose import estimate_pose
from facegan.labels.label import label_faces
from facegan.sliders import readings
from tools.drawn_faces.pairs import MOST_CHANGE, PairsOf, are_steady, numbers_of, paths_of
from tools.drawn_faces.readings import aligned, find_face
from tools.drawn_faces.targets import NAMES

# What the pairs' latents control; a background may change with any of them.
_POSE = ("yaw", "pitch")

Read = Callable[[np.ndarray, float], np.ndarray]  # faces uint8 (n, H, H, 3) and their framing to readings (n, k)


def read_labels(faces: np.ndarray, framing: float) -> np.ndarray:
    """What the label networks read of the attributes NAMES, float32 (n, 8)."""
    labels = label_faces(faces, framing, mirror=True)
    return np.stack([labels[name] for name in NAMES], axis=1)


def read_judged(faces: np.ndarray, framing: float) -> np.ndarray:
    """What the judge reads of the attributes NAMES, float32 (n, 8)."""
    found = readings.read_faces(faces, framing)
    return found[:, [readings.names().index(name) for name in NAMES]]


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
    def read(
        cls, folder: Path, frame: Frame, detector: Detector, read: Read, most_change: float = MOST_CHANGE
    ) -> "Pairs":
        """The pairs in whose two pictures the detector finds one face.

        `read` tells which are steady, together with the pose of the detector's keypoints.
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
            np.concatenate([read(one, frame.framing), np.array(pose)], axis=1)
            for one, pose in zip((low, high), poses, strict=True)
        ]
        attribute = PairsOf.load(folder).attribute
        return cls(attribute, low, high, are_steady(*seen, (*NAMES, *_POSE), attribute, most_change))


def read_all(folder: Path, frame: Frame, detector: Detector, read: Read) -> list[Pairs]:
    """The pairs of every attribute's folder in a folder."""
    return [Pairs.read(folder / name, frame, detector, read) for name in NAMES if (folder / name).is_dir()]


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
