"""InsightFace's SCRFD detector, at input sizes chosen for each photo."""

import logging
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import (
    MAX_INPUT_SIDE,
    AvailableDetector,
    DetectedFace,
    Detector,
    DetectorOptions,
    UnavailableError,
    best_faces,
    grid_cells,
    open_session,
    resized,
)
from facegan.faces.detectors.insightface_pack import RELEASE, PackUnavailableError, ensure_pack

MIN_SCORE = 0.5  # at lower scores half of the detections are false, such as patterns in carpets
# px. SCRFD was trained at 640; larger inputs cost time and add only faces too small to use. Detecting at 320 px first,
# and stopping there if all scores are high, takes a third of the time but loses 13 to 33 of 753 faces in 240 scenes,
# depending on the threshold. Stopping only where nothing else scores above 0.07 loses none of 857 faces in 400 scenes
# at 416 px, but does so in 65 of the 152 scenes with one face and in 13 of the others, which costs more than it saves.
LARGEST_INPUT = MAX_INPUT_SIDE
SECOND_INPUT = 256  # px; a face that fills the photo is larger than SCRFD's largest anchors at 640
SMALLEST_INPUT = 128  # px; smaller photos are enlarged to it, so that SCRFD detects faces in photos from 32 px
STRIDE = 32  # px, of SCRFD's coarsest grid; inputs are padded to a multiple of it

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


class InsightFaceDetector(Detector):
    """Faces by SCRFD (Guo et al. 2021, arXiv:2105.04714), on one thread.

    InsightFace's own class for it opens the network and tells its outputs apart. They are decoded here, because that
    class takes one picture at a time, and decodes all cells where a face is in few.
    """

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
        return self.detect_each([rgb])[0]

    def detect_each(self, pictures: Sequence[np.ndarray]) -> list[list[DetectedFace]]:
        """As `detect`, for pictures of one size in one run of the network."""
        long_side = max(pictures[0].shape[:2])
        found = self._detect_at(pictures, min(LARGEST_INPUT, max(SMALLEST_INPUT, long_side)))
        if long_side > SECOND_INPUT:
            again = zip(found, pictures, strict=True)
            found = [faces or self._detect_at([picture], SECOND_INPUT)[0] for faces, picture in again]
        return found

    def _detect_at(self, pictures: Sequence[np.ndarray], long_side: int) -> list[list[DetectedFace]]:
        import cv2

        height, width = pictures[0].shape[:2]
        scale = long_side / max(height, width)
        new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
        right, below = -new_width % STRIDE, -new_height % STRIDE
        canvases = [
            cv2.copyMakeBorder(resized(picture, new_width, new_height), 0, below, 0, right, cv2.BORDER_CONSTANT)
            for picture in pictures
        ]
        # The network takes RGB.
        mean = (self._model.input_mean,) * 3
        batch = cv2.dnn.blobFromImages(canvases, 1 / self._model.input_std, mean=mean)
        scales = np.array([width / new_width, height / new_height], np.float32)
        return [self._faces(outputs, new_width + right, scales) for outputs in self._run(batch)]

    def _run(self, batch: np.ndarray) -> list[list[np.ndarray]]:
        """The outputs (cells, values) of every picture of a batch, float32 (n, 3, H, W), in the network's order."""
        model = self._model
        parts = [batch] if model.batched else [batch[i : i + 1] for i in range(len(batch))]
        found: list[list[np.ndarray]] = []
        for part in parts:
            outputs = model.session.run(model.output_names, {model.input_name: part})
            found += [
                [output.reshape(len(part), -1, output.shape[-1])[i] for output in outputs] for i in range(len(part))
            ]
        return found

    def _faces(self, outputs: list[np.ndarray], width: int, scales: np.ndarray) -> list[DetectedFace]:
        """The faces in the outputs for an input `width` pixels wide; `scales` (2,) lead to the photo's pixels."""
        boxes, keypoints, scores = decode(outputs, self._model._feat_stride_fpn, self._model._num_anchors, width)
        return best_faces(boxes, keypoints, scores, scales, self._model.nms_thresh)


def decode(
    outputs: list[np.ndarray], strides: Sequence[int], anchors: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """SCRFD's raw outputs to boxes (n, 4), keypoints (n, 5, 2) and scores (n,), float32, with scores from MIN_SCORE.

    The outputs are the scores of every grid, then the distances in strides from the cell's corner to the box's four
    sides, then the offsets of the keypoints (as in InsightFace's scrfd.py).

    Args:
        outputs: (cells * anchors, values) each, cells row by row.
        strides: of the grids, pixels.
        anchors: in each cell.
        width: of the input, pixels.
    """
    all_boxes, all_keypoints, all_scores = [], [], []
    for number, stride in enumerate(strides):
        scores, box, points = outputs[number :: len(strides)]
        hits = np.flatnonzero(scores[:, 0] >= MIN_SCORE)
        columns = width // stride
        cells = grid_cells(columns, len(scores) // anchors // columns)[hits // anchors]
        all_boxes.append((np.tile(cells, 2) + box[hits] * (-1, -1, 1, 1)) * stride)
        all_keypoints.append((cells[:, None] + points[hits].reshape(-1, 5, 2)) * stride)
        all_scores.append(scores[hits, 0])
    return (
        np.concatenate(all_boxes).astype(np.float32),
        np.concatenate(all_keypoints).astype(np.float32),
        np.concatenate(all_scores).astype(np.float32),
    )


def _open_model(pack_folder: Path, device: str) -> Any:
    """The detector of a pack: the first network with at least five outputs, by which InsightFace identifies it too."""
    from insightface.model_zoo.scrfd import SCRFD

    for path in sorted(pack_folder.glob("*.onnx")):
        session = open_session(path.read_bytes(), device)
        if len(session.get_outputs()) < 5:
            continue
        # The package would otherwise build a session for each input size.
        model = SCRFD(session=session, static_shape_sessions=False)
        if not model.use_kps:
            raise ValueError("no keypoints")
        return model
    raise ValueError("no detector")
