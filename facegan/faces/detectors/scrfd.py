"""InsightFace's SCRFD detector, at input sizes chosen for each photo."""

import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import (
    MAX_INPUT_SIDE,
    AvailableDetector,
    DetectedFace,
    DetectorOptions,
    UnavailableError,
    open_session,
    resized,
)
from facegan.faces.detectors.insightface_pack import RELEASE, PackUnavailableError, ensure_pack

MIN_SCORE = 0.5  # at lower scores half of the detections are false, such as patterns in carpets
# px. SCRFD was trained at 640; larger inputs cost time and add only faces too small to use. Detecting at 320 px first,
# and stopping there if all scores are high, takes a third of the time but loses 13 to 33 of 753 faces in 240 scenes,
# depending on the threshold; at the threshold that loses only 2, one scene in eight stops early.
LARGEST_INPUT = MAX_INPUT_SIDE
SECOND_INPUT = 256  # px; a face that fills the photo is larger than SCRFD's largest anchors at 640
SMALLEST_INPUT = 128  # px; smaller photos are enlarged to it, so that SCRFD detects faces in photos from 32 px
STRIDE = 32  # px, of SCRFD's coarsest grid; inputs are padded to a multiple of it
MAX_FACES = 100  # in a photo of a crowd the best-scoring ones

_log = logging.getLogger(__name__)


def resolve_insightface(
    options: DetectorOptions, *, release: str = RELEASE, say: Callable[[str], None] = print
) -> AvailableDetector:
    """InsightFace with its pack, which is downloaded if it is missing.

    Raises:
        UnavailableError: the package is not installed, or the pack is missing and cannot be downloaded.
        FaceGANError: a file of the pack has been changed.
    """
    if find_spec("insightface") is None:
        raise UnavailableError(
            f"the package insightface is not installed for {Path(sys.executable).name}", "run pip install insightface"
        )
    try:
        folder, version = ensure_pack(options.insightface_pack, options.insightface_root, release=release, say=say)
    except PackUnavailableError as error:
        remedy = f"put its pack into models/{options.insightface_pack} of --insightface-root"
        raise UnavailableError(str(error), remedy) from error
    return AvailableDetector(
        version=f"{options.insightface_pack}-{version}",
        name=f"InsightFace ({options.insightface_pack}, SCRFD)",
        reason="because its pack is installed",
        pack_folder=folder,
    )


class InsightFaceDetector:
    """Faces by SCRFD (Guo et al. 2021, arXiv:2105.04714), run by InsightFace's own class for it, on one thread."""

    def __init__(self, pack_folder: Path, *, device: str = "cpu") -> None:
        """Loads the pack's detector.

        Args:
            pack_folder: a folder of .onnx files, such as ~/.insightface/models/buffalo_sc.
            device: "cpu" or "cuda".

        Raises:
            FaceGANError: the folder holds no detector with keypoints that InsightFace can load.
        """
        try:
            self._model = _open_model(pack_folder, device)
        except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
            raise FaceGANError(
                f"InsightFace finds no detector with keypoints in {pack_folder}: delete that folder to have the pack "
                "fetched again, or use --detector yunet."
            ) from error
        _log.info("SCRFD runs on %s", self._model.session.get_providers())

    def detect(self, rgb: np.ndarray) -> list[DetectedFace]:
        """Faces of an RGB photo, uint8 (H, W, 3), the best score first.

        A large photo without a detection is searched again at SECOND_INPUT.
        """
        long_side = max(rgb.shape[:2])
        faces = self._detect_at(rgb, min(LARGEST_INPUT, max(SMALLEST_INPUT, long_side)))
        if not faces and long_side > SECOND_INPUT:
            faces = self._detect_at(rgb, SECOND_INPUT)
        return faces

    def _detect_at(self, rgb: np.ndarray, long_side: int) -> list[DetectedFace]:
        import cv2

        height, width = rgb.shape[:2]
        scale = long_side / max(height, width)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        # Not by the package, whose bilinear resize aliases when it shrinks.
        rgb = resized(rgb, new_width, new_height)
        # Padded to a multiple of STRIDE, so that the package does not resize it again. It takes BGR.
        right, below = -new_width % STRIDE, -new_height % STRIDE
        bgr = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2BGR)
        canvas = cv2.copyMakeBorder(bgr, 0, below, 0, right, cv2.BORDER_CONSTANT)
        boxes, keypoints = self._model.detect(canvas, input_size=canvas.shape[1::-1], max_num=MAX_FACES)
        # SCRFD's coordinates start at the corner of the first pixel, those of DetectedFace at its centre.
        scales = np.array([width / new_width, height / new_height], np.float32)
        return [
            DetectedFace(
                box=(box[:4].reshape(2, 2) * scales).reshape(4).astype(np.float32),
                keypoints=((points + 0.5) * scales - 0.5).astype(np.float32),
                score=float(box[4]),
            )
            for box, points in zip(boxes, keypoints, strict=True)
        ]


def _open_model(pack_folder: Path, device: str) -> Any:
    """The detector of a pack: the first network with at least five outputs, by which InsightFace identifies it too."""
    from insightface.model_zoo.scrfd import SCRFD

    for path in sorted(pack_folder.glob("*.onnx")):
        session = open_session(path.read_bytes(), device)
        if len(session.get_outputs()) < 5:
            continue
        # The package would otherwise build a session for each input size.
        model = SCRFD(session=session, static_shape_sessions=False)
        model.det_thresh = MIN_SCORE
        if not model.use_kps:
            raise ValueError("no keypoints")
        return model
    raise ValueError("no detector")
