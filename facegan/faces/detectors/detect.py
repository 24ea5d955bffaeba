"""Which detector finds the faces, and what every detector gives."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.insightface_pack import LICENCE, RELEASE, PackUnavailableError, ensure_pack
from facegan.faces.options import FaceOptions

# One threshold for both: below it SCRFD and YuNet find as many patterns in carpets as faces.
MIN_SCORE = 0.5
# Below it an upright face is covered, bowed or blurred, by looking at the lowest of 13,738: 2.9 and 2 % of them.
MIN_CERTAINTY = {"insightface": 0.71, "yunet": 0.9}


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


@dataclass(frozen=True)
class DetectorChoice:
    """A detector as plain data, so that a worker process can open its own."""

    kind: str  # "insightface" or "yunet"
    version: str  # changes when the model does; part of the cache's fingerprint
    reason: str  # one sentence for the user
    pack_folder: Path | None = None  # of InsightFace
    device: str = "cpu"

    def open(self) -> Detector:
        """Loads the model. Takes a second for InsightFace, whose import is most of it."""
        if self.kind == "yunet":
            from facegan.faces.detectors.yunet import YuNetDetector

            return YuNetDetector(device=self.device)
        from facegan.faces.detectors.scrfd import InsightFaceDetector

        assert self.pack_folder is not None
        return InsightFaceDetector(self.pack_folder, device=self.device)


def choose_detector(
    options: FaceOptions, *, release: str = RELEASE, say: Callable[[str], None] = print
) -> DetectorChoice:
    """InsightFace where its package and pack are there or can be fetched, else YuNet, as ``options.detector`` says.

    Raises:
        FaceGANError: InsightFace was asked for by name and cannot be had.
    """
    if options.detector == "yunet":
        return _yunet("YuNet finds the faces, as --detector yunet asks.", options.device)
    try:
        return _insightface(options, release, say)
    except PackUnavailableError as error:
        if options.detector == "insightface":
            raise FaceGANError(
                f"InsightFace cannot be used because {error}: put its pack into "
                f"{Path(options.insightface_root) / 'models' / options.insightface_pack}, or use --detector yunet."
            ) from error
        return _yunet(
            f"YuNet finds the faces because {error}. InsightFace's keypoints are steadier; "
            "run again with its pack for sharper results.",
            options.device,
        )


def make_detector(options: FaceOptions, *, say: Callable[[str], None] = print) -> tuple[Detector, str]:
    """An open detector, and the sentence that says which one it is and why."""
    choice = choose_detector(options, say=say)
    return choice.open(), choice.reason


def onnx_providers(device: str) -> list[str]:
    """onnxruntime's providers for a device, of those that are installed; the CPU always comes last."""
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if device == "cuda" else []
    available = onnxruntime.get_available_providers()
    return [name for name in wanted if name in available] + ["CPUExecutionProvider"]


def _insightface(options: FaceOptions, release: str, say: Callable[[str], None]) -> DetectorChoice:
    if find_spec("insightface") is None:
        raise PackUnavailableError(
            f"the package insightface is not installed (pip install insightface, for {Path(sys.executable).name})"
        )
    folder, version = ensure_pack(options.insightface_pack, options.insightface_root, release=release, say=say)
    why = "as --detector insightface asks" if options.detector == "insightface" else "because its pack is there"
    return DetectorChoice(
        kind="insightface",
        version=f"{options.insightface_pack}-{version}",
        reason=f"InsightFace ({options.insightface_pack}, SCRFD) finds the faces, {why}. {LICENCE}",
        pack_folder=folder,
        device=options.device,
    )


def _yunet(reason: str, device: str) -> DetectorChoice:
    from facegan.faces.detectors.yunet import MODEL_SHA256

    return DetectorChoice("yunet", f"yunet-{MODEL_SHA256[:16]}", reason, device=device)
