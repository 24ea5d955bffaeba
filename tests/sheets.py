"""openpeople's sheets: ten AI-made people in sixteen expressions each."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from facegan.faces.align import Frame, face_transform, warp
from facegan.faces.detectors.yunet import YuNetDetector

FRAMING, SIZE, EXPRESSIONS = 1.2, 64, 16
_WIDTH, _SURE = 1200, 0.7  # px of a sheet; of a face's score


def sheet_faces() -> dict[str, np.ndarray] | None:
    """Every face that YuNet finds in the sheets, uint8 (16, 64, 64, 3), by person; None without openpeople.

    In the order of the sheet, row by row. A sheet on which it does not find sixteen is left out.
    """
    spec = find_spec("openpeople")
    if spec is None or spec.origin is None:
        return None
    detector, frame, found = YuNetDetector(), Frame(SIZE, FRAMING), {}
    for path in sorted((Path(spec.origin).parent / "data" / "curated").glob("P*/assets/emotions_sheet.jpg")):
        with Image.open(path) as image:
            size = _WIDTH, round(_WIDTH * image.height / image.width)
            rgb = np.asarray(image.convert("RGB").resize(size, Image.Resampling.BOX))
        faces = [face for face in detector.detect(rgb) if face.score > _SURE]
        if len(faces) != EXPRESSIONS:
            continue
        # Rows of four: by height first, then from left to right.
        faces.sort(key=lambda face: face.keypoints[2, 1])
        rows = [sorted(faces[i : i + 4], key=lambda face: face.keypoints[2, 0]) for i in range(0, EXPRESSIONS, 4)]
        pictures = [warp(rgb, face_transform(face.keypoints, frame), SIZE) for row in rows for face in row]
        found[path.parent.parent.name] = np.stack(pictures)
    return found
