"""SCRFD's outputs as they are decoded here, compared with InsightFace's own class."""

import cv2
import numpy as np
import pytest

from facegan.faces.detectors.detector import MAX_FACES


@pytest.mark.parametrize("side", [640, 512])
def test_faces_are_those_that_insightface_decodes(scrfd, expressions, side):
    height, width = side * 3 // 4, side
    picture = cv2.resize(expressions, (width, height), interpolation=cv2.INTER_AREA)
    ours = scrfd.detect(picture)
    boxes, keypoints = scrfd._model.detect(
        picture[..., ::-1], input_size=(width, height), max_num=MAX_FACES, det_thresh=0.5
    )
    assert len(ours) == len(boxes) > 0
    for face, box, points in zip(ours, boxes, keypoints, strict=True):
        assert face.box == pytest.approx(box[:4], abs=0.01)
        assert face.score == pytest.approx(float(box[4]), abs=1e-5)
        # Theirs start at the corner of the first pixel; but both are scaled by 1 here.
        np.testing.assert_allclose(face.keypoints, points, atol=0.01)


def test_a_network_without_a_batch_runs_once_a_picture(scrfd, portrait, monkeypatch):
    crops = [np.ascontiguousarray(portrait[:256, 128:384]), np.ascontiguousarray(portrait[:256, 127:383][:, ::-1])]
    together = scrfd.detect_each(crops)
    monkeypatch.setattr(scrfd._model, "batched", False)
    alone = scrfd.detect_each(crops)
    for one, other in zip(together, alone, strict=True):
        assert [face.score for face in one] == pytest.approx([face.score for face in other], abs=1e-5)
