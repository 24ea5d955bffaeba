"""YuNet, run by onnxruntime: the detector whose weights are part of this package."""

import hashlib
import logging
from functools import cache
from importlib.resources import files

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import MAX_INPUT_SIDE, AvailableDetector, DetectedFace, open_session, resized

MODEL_FILE = "face_detection_yunet_2023mar.onnx"
MODEL_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
INPUT_SIDE = MAX_INPUT_SIDE  # px; fixed in the exported network
STRIDES = (8, 16, 32)  # px, of the grids that the network predicts on
MAX_ZOOM = 2.0  # enlarging further biases the keypoints, less adds noise (1.3 px of 128 at 2.0, 1.7 at 1.0)
MIN_SCORE = 0.6  # OpenCV's default for this network
MAX_OVERLAP = 0.3  # intersection over union, for the non-maximum suppression; OpenCV's default
_TILE = 256  # px, the side of a face of `certainties`: that of 128 px at MAX_ZOOM
MAX_FACES = 100  # in a photo of a crowd the best-scoring ones

_log = logging.getLogger(__name__)


def resolve_yunet() -> AvailableDetector:
    """YuNet, which is always available."""
    return AvailableDetector(f"yunet-{MODEL_SHA256[:16]}", "YuNet", "because it needs no download")


class YuNetDetector:
    """Faces by YuNet (Wu, Peng and Yu 2023, doi:10.1007/s11633-023-1423-y), decoded in numpy, on one thread."""

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads the embedded network.

        Raises:
            FaceGANError: the installed file is damaged.
        """
        model = files("facegan").joinpath("assets", "yunet", MODEL_FILE).read_bytes()
        if hashlib.sha256(model).hexdigest() != MODEL_SHA256:
            raise FaceGANError(f"The installed {MODEL_FILE} is damaged: install FaceGAN again.")
        self._session = open_session(model, device)
        _log.info("YuNet runs on %s", self._session.get_providers())

    def detect(self, rgb: np.ndarray) -> list[DetectedFace]:
        """Faces of an RGB photo, uint8 (H, W, 3), the best score first."""
        height, width = rgb.shape[:2]
        scale = min(INPUT_SIDE / max(height, width), MAX_ZOOM)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        canvas = np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.float32)
        canvas[:new_height, :new_width] = resized(rgb, new_width, new_height)[:, :, ::-1]
        outputs = self._session.run(None, {"input": canvas.transpose(2, 0, 1)[None]})
        names = [output.name for output in self._session.get_outputs()]
        boxes, keypoints, scores = decode(dict(zip(names, outputs, strict=True)))
        scales = np.array([width / new_width, height / new_height], np.float32)
        return [
            DetectedFace(
                box=(boxes[i].reshape(2, 2) * scales).reshape(4),
                keypoints=(keypoints[i] + 0.5) * scales - 0.5,
                score=float(scores[i]),
            )
            for i in keep_best(boxes, scores, MAX_OVERLAP)[:MAX_FACES]
        ]

    def certainties(self, faces: np.ndarray) -> np.ndarray:
        """How sure the network is of a face in each of aligned faces uint8 (n, H, H, 3): log-odds float32 (n,).

        Of the surest cell, also where it is below MIN_SCORE. Four faces at a time, each in its quarter of the input: a
        quarter of the time, and the score of a face alone to a correlation of 0.99.
        """
        quarter = INPUT_SIDE // 2
        border = (quarter - _TILE) // 2
        found = np.empty(len(faces), np.float32)
        for start in range(0, len(faces), 4):
            some = faces[start : start + 4]
            canvas = np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.float32)
            for number, face in enumerate(some):
                top, left = (border + quarter * place for place in divmod(number, 2))
                canvas[top : top + _TILE, left : left + _TILE] = resized(face, _TILE, _TILE)[:, :, ::-1]
            outputs = self._session.run(None, {"input": canvas.transpose(2, 0, 1)[None]})
            outputs = dict(zip((output.name for output in self._session.get_outputs()), outputs, strict=True))
            best = np.zeros(4)
            for stride in STRIDES:
                cells = quarter // stride
                scores = _cell_scores(outputs, stride).reshape(2, cells, 2, cells).max(axis=(1, 3))
                best = np.maximum(best, scores.reshape(4))
            found[start : start + 4] = log_odds(best)[: len(some)]
        return found


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), finite at 0 and 1."""
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _cell_scores(outputs: dict[str, np.ndarray], stride: int) -> np.ndarray:
    """The score of every cell of a grid, 0 to 1: the geometric mean of its class and objectness outputs."""
    return np.sqrt(np.clip(outputs[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(outputs[f"obj_{stride}"][0, :, 0], 0, 1))


def decode(outputs: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """YuNet's raw outputs to boxes (n, 4), keypoints (n, 5, 2) and scores (n,), float32, with scores from MIN_SCORE.

    Box centre and keypoints are offsets from the cell's corner in strides; the box's width and height are exp(output)
    strides (as in OpenCV's face_detect.cpp).
    """
    all_boxes, all_keypoints, all_scores = [], [], []
    for stride in STRIDES:
        scores = _cell_scores(outputs, stride)
        hits = np.flatnonzero(scores >= MIN_SCORE)
        cells = _cells(stride)[hits]
        box = outputs[f"bbox_{stride}"][0, hits]
        centre, half = (cells + box[:, :2]) * stride, np.exp(box[:, 2:]) * (stride / 2)
        all_boxes.append(np.concatenate([centre - half, centre + half], axis=1))
        points = outputs[f"kps_{stride}"][0, hits].reshape(-1, 5, 2)
        all_keypoints.append((points + cells[:, None]) * stride)
        all_scores.append(scores[hits])
    return (
        np.concatenate(all_boxes).astype(np.float32),
        np.concatenate(all_keypoints).astype(np.float32),
        np.concatenate(all_scores).astype(np.float32),
    )


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


@cache
def _cells(stride: int) -> np.ndarray:
    """Column and row of every cell, (n, 2), row by row."""
    side = INPUT_SIDE // stride
    rows, columns = np.divmod(np.arange(side * side), side)
    return np.stack([columns, rows], axis=1).astype(np.float32)
