"""YuNet, run by onnxruntime: the detector whose weights are part of this package."""

import hashlib
import logging
from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import (
    MAX_INPUT_SIDE,
    AvailableDetector,
    DetectedFace,
    Detector,
    best_faces,
    grid_cells,
    open_session,
    resized,
)

MODEL_FILE = "face_detection_yunet_2023mar.onnx"
PUBLISHED_SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"  # before tools/convert_yunet.py
MODEL_SHA256 = "44d74187c8377087d759f3daa0a71df6ee5c72a4b19403d0677198f7604873df"
INPUT_SIDE = MAX_INPUT_SIDE  # px
STRIDES = (8, 16, 32)  # px, of the grids that the network predicts on
MAX_ZOOM = 2.0  # enlarging further biases the keypoints, less adds noise (1.3 px of 128 at 2.0, 1.7 at 1.0)
# px, black, to the right of the picture and below. The network was trained at INPUT_SIDE, where crops of faces have as
# much around them and more. With 128 px they are seen as there. With 32 px keypoints move by 0.6 px of 128, and where a
# face ends with the input they are off by a fifth more (rms, against SCRFD's).
MARGIN = 128
MIN_SCORE = 0.6  # OpenCV's default for this network
MAX_OVERLAP = 0.3  # intersection over union, for the non-maximum suppression; OpenCV's default
_TILE = 256  # px, the side of a face of `certainties`: that of 128 px at MAX_ZOOM

_log = logging.getLogger(__name__)


def resolve_yunet() -> AvailableDetector:
    """YuNet, which is always available. Its version is that of the weights, which are as published."""
    return AvailableDetector(f"yunet-{PUBLISHED_SHA256[:16]}", "YuNet", "because it needs no download")


class YuNetDetector(Detector):
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
        return self.detect_each([rgb])[0]

    def detect_each(self, pictures: Sequence[np.ndarray]) -> list[list[DetectedFace]]:
        """Faces of RGB pictures of one size, uint8 (H, W, 3), in one run of the network."""
        height, width = pictures[0].shape[:2]
        scale = min(INPUT_SIDE / max(height, width), MAX_ZOOM)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        padded_width, padded_height = _padded(new_width), _padded(new_height)
        canvas = np.zeros((len(pictures), 3, padded_height, padded_width), np.float32)
        for place, picture in zip(canvas, pictures, strict=True):
            bgr = resized(picture, new_width, new_height)[:, :, ::-1]
            place[:, :new_height, :new_width] = bgr.transpose(2, 0, 1)
        scales = np.array([width / new_width, height / new_height], np.float32)
        return [_faces(outputs, padded_width, scales) for outputs in self._run(canvas)]

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
            (outputs,) = self._run(canvas.transpose(2, 0, 1)[None])
            best = np.zeros(4)
            for stride in STRIDES:
                cells = quarter // stride
                scores = _cell_scores(outputs, stride).reshape(2, cells, 2, cells).max(axis=(1, 3))
                best = np.maximum(best, scores.reshape(4))
            found[start : start + 4] = log_odds(best)[: len(some)]
        return found

    def _run(self, canvas: np.ndarray) -> list[dict[str, np.ndarray]]:
        """The outputs by name, (cells, values) each, of every picture of a batch float32 (n, 3, H, W), BGR, 0..255."""
        names = [output.name for output in self._session.get_outputs()]
        # The network writes all pictures of a batch into one list of cells.
        outputs = [
            output.reshape(len(canvas), -1, output.shape[-1]) for output in self._session.run(None, {"input": canvas})
        ]
        return [dict(zip(names, of_picture, strict=True)) for of_picture in zip(*outputs, strict=True)]


def _padded(side: int) -> int:
    """The input's side for a picture's, pixels: with MARGIN, divided by all grids, and at most INPUT_SIDE."""
    return min(INPUT_SIDE, side + MARGIN + -side % STRIDES[-1])


def _faces(outputs: dict[str, np.ndarray], width: int, scales: np.ndarray) -> list[DetectedFace]:
    """The faces in the outputs for an input `width` pixels wide; `scales` (2,) lead to the photo's pixels."""
    return best_faces(*decode(outputs, width), scales, MAX_OVERLAP)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """ln(p / (1 - p)), finite at 0 and 1."""
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _cell_scores(outputs: dict[str, np.ndarray], stride: int) -> np.ndarray:
    """The score of every cell of a grid, 0 to 1: the geometric mean of its class and objectness outputs."""
    return np.sqrt(np.clip(outputs[f"cls_{stride}"][:, 0], 0, 1) * np.clip(outputs[f"obj_{stride}"][:, 0], 0, 1))


def decode(outputs: dict[str, np.ndarray], width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """YuNet's raw outputs to boxes (n, 4), keypoints (n, 5, 2) and scores (n,), float32, with scores from MIN_SCORE.

    `width`: of the input, pixels.

    Box centre and keypoints are offsets from the cell's corner in strides; the box's width and height are exp(output)
    strides (as in OpenCV's face_detect.cpp).
    """
    all_boxes, all_keypoints, all_scores = [], [], []
    for stride in STRIDES:
        scores = _cell_scores(outputs, stride)
        hits = np.flatnonzero(scores >= MIN_SCORE)
        columns = width // stride
        cells = grid_cells(columns, len(scores) // columns)[hits]
        box = outputs[f"bbox_{stride}"][hits]
        centre, half = (cells + box[:, :2]) * stride, np.exp(box[:, 2:]) * (stride / 2)
        all_boxes.append(np.concatenate([centre - half, centre + half], axis=1))
        points = outputs[f"kps_{stride}"][hits].reshape(-1, 5, 2)
        all_keypoints.append((points + cells[:, None]) * stride)
        all_scores.append(scores[hits])
    return (
        np.concatenate(all_boxes).astype(np.float32),
        np.concatenate(all_keypoints).astype(np.float32),
        np.concatenate(all_scores).astype(np.float32),
    )
