"""What every detector gives and needs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

LOOKED_AT = 640  # px of the long side: no detector looks at more


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


AUTO = "auto"  # of --detector: the first of detect.REGISTRY that can be had


@dataclass(frozen=True)
class DetectorOptions:
    """Which detector is wanted, and what detectors need. FaceOptions has these fields too."""

    detector: str = AUTO  # or a key of detect.REGISTRY
    insightface_pack: str = "buffalo_sc"  # the smallest pack with five keypoints; its detector is all we load
    insightface_root: Path = Path("~/.insightface")
    device: str = "cpu"  # cuda: onnxruntime's CUDA provider if it is installed, else the CPU


@dataclass(frozen=True)
class FoundDetector:
    """A detector that can be opened: what its `find` in detect.REGISTRY gives."""

    version: str  # changes when the model does; part of the cache's fingerprint
    name: str  # for the user
    reason: str  # why it was chosen, as the end of a sentence
    pack_folder: Path | None = None  # of InsightFace


class UnavailableError(Exception):
    """A detector's package or model is neither there nor to be had; the message is the reason as a phrase.

    `remedy`: what to do about it, as a phrase without paths of this machine: it goes into reports.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.remedy = remedy


def shrunk(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture, uint8 (H, W, 3), at another size: means over areas where it shrinks to a half or less, else bilinear.

    By halves first, for which OpenCV has vector instructions: a phone's photo takes a quarter of the time. What then
    remains is less than a half, where a bilinear step hardly aliases and takes a seventh of the time of means.
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
    """onnxruntime's providers for a device, of those that are installed; the CPU always comes last."""
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    available = onnxruntime.get_available_providers()
    return [name for name in wanted if name in available] + ["CPUExecutionProvider"]


def open_session(model: bytes, device: str) -> Any:
    """An onnxruntime.InferenceSession on one thread: the cores are shared out by processes, see work.py.

    From the model's bytes, because onnxruntime takes no path that is not UTF-8. Raises onnxruntime's own errors.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # it warns about unused initialisers of published files
    return onnxruntime.InferenceSession(model, sess_options=options, providers=onnx_providers(device))
