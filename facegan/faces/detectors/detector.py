"""The interface of a face detector, and what the detectors share. registry.py selects one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

MAX_FACES = 100  # in a photo of a crowd the best-scoring ones
MAX_INPUT_SIDE = 640  # px, the long side: every detector shrinks larger photos to it


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """A face in the photo's pixels; the centre of the first pixel is (0, 0)."""

    box: np.ndarray  # float32 (4,): left, top, right, bottom
    keypoints: np.ndarray  # float32 (5, 2): image-left eye, image-right eye, nose, left and right mouth corner
    score: float  # 0..1


class Detector(Protocol):
    """Finds faces. One instance serves one process."""

    def detect(self, rgb: np.ndarray) -> list[DetectedFace]:
        """Faces of an RGB picture, uint8 (H, W, 3), the best score first."""
        ...

    def detect_each(self, pictures: Sequence[np.ndarray]) -> list[list[DetectedFace]]:
        """Faces of each of some pictures of one size. A network that takes several at once overrides this."""
        return [self.detect(picture) for picture in pictures]


AUTO = "auto"  # a value of --detector: the first entry of registry.REGISTRY that is available


@dataclass(frozen=True)
class DetectorOptions:
    """Which detector to use, and its settings. FaceOptions inherits these fields."""

    detector: str = AUTO  # or a key of registry.REGISTRY
    insightface_pack: str = "buffalo_sc"  # the smallest pack with five keypoints; only its detector is loaded
    insightface_root: Path = Path("~/.insightface")
    device: str = "cpu"  # cuda: onnxruntime's CUDA provider if it is installed, else the CPU


@dataclass(frozen=True)
class AvailableDetector:
    """A detector whose model is on this machine; `resolve` of an entry of registry.REGISTRY returns it."""

    version: str  # changes when the model does; part of the cache's fingerprint
    name: str  # shown to the user
    reason: str  # why it was chosen, as the end of a sentence
    pack_folder: Path | None = None  # InsightFace only


class UnavailableError(Exception):
    """A detector's package or model is missing and cannot be downloaded; the message is the reason as a phrase.

    `remedy`: what the user can do, as a phrase. It is printed in reports, so it must hold no path of this machine.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.remedy = remedy


def resized(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resizes an image, uint8 (H, W, 3): area means for a factor of 1/2 or less, else bilinear.

    It is halved first as often as it divides evenly, because OpenCV halves with vector instructions: a phone's photo
    takes a quarter of the time. The rest is a factor above 1/2, where bilinear interpolation hardly aliases and takes
    a seventh of the time of area means.
    """
    if rgb.shape[:2] == (height, width):  # before OpenCV is imported, which the demo does not have
        return rgb
    import cv2

    while rgb.shape[0] >= 2 * height and rgb.shape[1] >= 2 * width and not (rgb.shape[0] | rgb.shape[1]) & 1:
        rgb = cv2.resize(rgb, (rgb.shape[1] // 2, rgb.shape[0] // 2), interpolation=cv2.INTER_AREA)
    if rgb.shape[:2] == (height, width):
        return rgb
    how = cv2.INTER_AREA if width * 2 <= rgb.shape[1] else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=how)


def keep_best(boxes: np.ndarray, scores: np.ndarray, max_overlap: float) -> list[int]:
    """Greedy non-maximum suppression: the indices of the kept boxes (n, 4), the best score first."""
    order = np.argsort(-scores, kind="stable")
    areas = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0), axis=1)
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        left_top = np.maximum(boxes[best, :2], boxes[order, :2])
        right_bottom = np.minimum(boxes[best, 2:], boxes[order, 2:])
        shared = np.prod(np.maximum(right_bottom - left_top, 0), axis=1)
        order = order[shared <= max_overlap * (areas[best] + areas[order] - shared)]
    return kept


def best_faces(
    boxes: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, scales: np.ndarray, max_overlap: float
) -> list[DetectedFace]:
    """The faces that non-maximum suppression keeps, at most MAX_FACES, in the photo's pixels.

    Args:
        boxes, keypoints, scores: (n, 4), (n, 5, 2) and (n,), in pixels of the network's input.
        scales: (2,), pixels of the photo for one of the input, across and down.
        max_overlap: of two boxes, intersection over union.
    """
    return [
        DetectedFace(
            box=(boxes[i].reshape(2, 2) * scales).reshape(4),
            keypoints=(keypoints[i] + 0.5) * scales - 0.5,
            score=float(scores[i]),
        )
        for i in keep_best(boxes, scores, max_overlap)[:MAX_FACES]
    ]


@lru_cache(maxsize=64)
def grid_cells(width: int, height: int) -> np.ndarray:
    """Column and row of every cell of a grid, float32 (height * width, 2), row by row."""
    rows, columns = np.divmod(np.arange(height * width), width)
    return np.stack([columns, rows], axis=1).astype(np.float32)


def onnx_providers(device: str) -> list[str]:
    """The installed onnxruntime execution providers for a device; the CPU always comes last."""
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    available = onnxruntime.get_available_providers()
    return [name for name in wanted if name in available] + ["CPUExecutionProvider"]


def open_session(model: bytes, device: str) -> Any:
    """An onnxruntime.InferenceSession on one thread, because work.py runs one process per core.

    Takes the model's bytes, because onnxruntime accepts no path that is not UTF-8. Raises onnxruntime's own errors.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # it warns about unused initialisers of published files
    return onnxruntime.InferenceSession(model, sess_options=options, providers=onnx_providers(device))
