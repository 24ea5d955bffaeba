"""The faces of a cache once more, as they would be without alignment: cut out around the detector's box."""

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import eye_distance, warp
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.detector import DetectedFace, Detector
from facegan.faces.records import FaceRecord
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.find import FoundFile
from facegan.faces.sources.unreadable import UnreadablePhotoError

_REACH = 0.5  # eye distances: a box whose keypoints are further away is another face's


def unaligned_faces(cache: FaceCache, files: list[FoundFile], detector: Detector) -> tuple[np.ndarray, np.ndarray]:
    """Cuts the selected faces out of their photos as squares around the detector's boxes, neither turned nor placed.

    All squares are the same number of times as large as their box, so many that the eyes are on average as far apart
    as in the aligned faces: the two sets differ in place, size and roll, and in nothing else.

    Args:
        cache: of the photos in `files`.
        files: the photos that the cache was made of.
        detector: the one that made it.

    Returns:
        The rows of the cache whose faces were found again, int64 (n,), ascending, and their pictures, uint8
        (n, size, size, 3).

    Raises:
        FaceGANError: no face was found again.
    """
    wanted = set(cache.selected.tolist())
    paths = {file.name: file for file in files}
    boxes: dict[int, tuple[FoundFile, FaceRecord, np.ndarray]] = {}
    for record in cache.records:
        faces = [face for face in record.faces if face.row in wanted]
        if faces and record.name in paths:
            found = detector.detect(_read(paths[record.name]))
            for face in faces:
                if (box := _box_of(face, found)) is not None:
                    boxes[face.row] = paths[record.name], face, box
    if not boxes:
        raise FaceGANError("None of the faces is found in the photos any more: run again with another --out.")
    scale = _squares_per_box([(face, box) for _, face, box in boxes.values()], cache)
    rows = np.array(sorted(boxes), np.int64)
    pictures = [_cut(_read(boxes[row][0]), boxes[row][2], scale, cache.size) for row in rows.tolist()]
    return rows, np.stack(pictures)


def _read(file: FoundFile) -> np.ndarray:
    try:
        return decode_photo(file.read()[0]).rgb
    except UnreadablePhotoError as error:
        raise FaceGANError(f"The photo {file.name} cannot be read any more ({error}): run again.") from error


def _box_of(face: FaceRecord, found: list[DetectedFace]) -> np.ndarray | None:
    """The box whose keypoints are nearest to those of the face."""
    distances = [float(np.linalg.norm(other.keypoints - face.keypoints, axis=1).mean()) for other in found]
    best = int(np.argmin(distances)) if distances else -1
    return found[best].box if best >= 0 and distances[best] <= _REACH * face.eye_distance else None


def _squares_per_box(faces: list[tuple[FaceRecord, np.ndarray]], cache: FaceCache) -> float:
    """Sides of the squares, in sides of the boxes, at which the median face is as large as an aligned one."""
    wanted = np.median(eye_distances(cache)) / cache.size
    return float(np.median([face.eye_distance / _side(box) for face, box in faces]) / wanted)


def eye_distances(cache: FaceCache) -> np.ndarray:
    """Pixels between the eyes of the selected aligned faces, float64 (n,)."""
    return np.array([eye_distance(points) for points in cache.keypoints[cache.selected]])


def _side(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], box[3] - box[1]))


def _cut(rgb: np.ndarray, box: np.ndarray, scale: float, size: int) -> np.ndarray:
    """The square around the box's middle, uint8 (size, size, 3); beyond the photo's border its mirror image."""
    zoom = size / (_side(box) * scale)
    middle = (box[:2] + box[2:]) / 2
    shift = (size - 1) / 2 - zoom * middle
    return warp(rgb, np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]]), size)
