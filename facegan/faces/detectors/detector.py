"""The interface of a face detector, and what the detectors share. registry.py selects one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

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
