"""Faces for the tests of labels and sliders: openpeople's AI-made people, aligned."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan.faces.align import Frame, face_transform, warp
from facegan.faces.yunet import YuNetDetector

FRAMING = 1.2


@pytest.fixture(scope="session")
def sheet_faces() -> dict[str, np.ndarray]:
    """Every face that YuNet finds in openpeople's sheets of 16 expressions, uint8 (16, 64, 64, 3), by person.

    In the order of the sheet, row by row.
    """
    spec = find_spec("openpeople")
    if spec is None or spec.origin is None:
        pytest.skip("openpeople is not installed (pip install -r requirements-dev.txt)")
    detector, frame, found = YuNetDetector(), Frame(64, FRAMING), {}
    for path in sorted((Path(spec.origin).parent / "data" / "curated").glob("P*/assets/emotions_sheet.jpg")):
        with Image.open(path) as image:
            width, height = image.size
            rgb = np.asarray(image.convert("RGB").resize((1200, round(1200 * height / width)), Image.Resampling.BOX))
        faces = [face for face in detector.detect(rgb) if face.score > 0.7]
        if len(faces) != 16:
            continue
        # Rows of four: by height first, then from left to right.
        faces.sort(key=lambda face: face.keypoints[2, 1])
        rows = [sorted(faces[i : i + 4], key=lambda face: face.keypoints[2, 0]) for i in range(0, 16, 4)]
        pictures = [warp(rgb, face_transform(face.keypoints, frame), 64) for row in rows for face in row]
        found[path.parent.parent.name] = np.stack(pictures)
    assert len(found) >= 3
    return found
