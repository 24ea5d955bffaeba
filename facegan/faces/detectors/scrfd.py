"""InsightFace's FaceAnalysis with its SCRFD detector, at the input sizes that suit each photo."""

import logging
from pathlib import Path

import cv2
import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detect import MIN_SCORE, DetectedFace, onnx_providers

LARGEST_INPUT = 640  # SCRFD was trained at 640; larger inputs cost time and find faces too small for us
SECOND_INPUT = 256  # a face that fills the picture is larger than SCRFD's largest anchors at 640
SMALLEST_INPUT = 128  # crops below this are enlarged to it: SCRFD finds them down to 32 px that way
STRIDE = 32  # SCRFD's coarsest grid; inputs are padded to whole cells of it
MAX_FACES = 100  # of a crowd, the best scored

_log = logging.getLogger(__name__)


class InsightFaceDetector:
    """Faces by SCRFD (Guo et al. 2021, arXiv:2105.04714), run through insightface.app.FaceAnalysis on one thread."""

    def __init__(self, pack_folder: Path, *, device: str = "cpu") -> None:
        """Loads the pack's detector.

        Args:
            pack_folder: a folder of .onnx files, such as ~/.insightface/models/buffalo_sc.
            device: "cpu" or "cuda".

        Raises:
            FaceGANError: the folder holds no detector with keypoints that InsightFace can load.
        """
        import onnxruntime
        from insightface.app import FaceAnalysis

        session_options = onnxruntime.SessionOptions()
        session_options.intra_op_num_threads = 1  # the cores are shared out by processes, see work.py
        session_options.inter_op_num_threads = 1
        try:
            # One session that takes any input size: the package would otherwise build one for each.
            analysis = FaceAnalysis(
                name=str(pack_folder),
                allowed_modules=["detection"],
                providers=onnx_providers(device),
                sess_options=session_options,
                static_shape_sessions=False,
            )
            analysis.prepare(ctx_id=0 if device == "cuda" else -1, det_thresh=MIN_SCORE, det_size=None)
            if not analysis.det_model.use_kps:
                raise AssertionError("no keypoints")
        except Exception as error:  # a bare AssertionError or IndexError for a folder with other models
            raise FaceGANError(
                f"InsightFace finds no detector with keypoints in {pack_folder}: delete that folder to have the pack "
                "fetched again, or use --detector yunet."
            ) from error
        self._model = analysis.det_model
        _log.info("SCRFD runs on %s", self._model.session.get_providers())

    def detect(self, rgb: np.ndarray) -> list[DetectedFace]:
        """Faces of uint8 (H, W, 3), the best score first; large pictures are searched twice if need be."""
        long_side = max(rgb.shape[:2])
        faces = self._detect_at(rgb, min(LARGEST_INPUT, max(SMALLEST_INPUT, long_side)))
        if not faces and long_side > SECOND_INPUT:
            faces = self._detect_at(rgb, SECOND_INPUT)
        return faces

    def _detect_at(self, rgb: np.ndarray, long_side: int) -> list[DetectedFace]:
        height, width = rgb.shape[:2]
        scale = long_side / max(height, width)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        if (new_width, new_height) != (width, height):
            # Area averaging: the package's own bilinear resize aliases when it shrinks.
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            rgb = cv2.resize(rgb, (new_width, new_height), interpolation=how)
        # Padded to whole cells, so that the package neither enlarges nor shrinks it again.
        canvas = np.zeros((-(-new_height // STRIDE) * STRIDE, -(-new_width // STRIDE) * STRIDE, 3), np.uint8)
        canvas[:new_height, :new_width] = rgb[:, :, ::-1]  # InsightFace takes BGR
        boxes, keypoints = self._model.detect(canvas, input_size=canvas.shape[1::-1], max_num=MAX_FACES)
        # From cell coordinates of the small picture to pixel centres of the large one.
        scales = np.array([width / new_width, height / new_height], np.float32)
        return [
            DetectedFace(
                box=(box[:4].reshape(2, 2) * scales).reshape(4).astype(np.float32),
                keypoints=((points + 0.5) * scales - 0.5).astype(np.float32),
                score=float(box[4]),
            )
            for box, points in zip(boxes, keypoints, strict=True)
        ]
