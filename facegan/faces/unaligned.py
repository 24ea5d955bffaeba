"""The faces of a cache as they would be without alignment: cropped around the detector's boxes."""

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import eye_distance, warp
from facegan.faces.cache import FaceCache
from facegan.faces.detectors.detector import DetectedFace, Detector
from facegan.faces.records import FaceRecord
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.find import FoundFile
from facegan.faces.sources.unreadable import UnreadablePhotoError

_REACH = 0.5  # eye distances; a box whose keypoints are further away belongs to another face


def unaligned_faces(cache: FaceCache, files: list[FoundFile], detector: Detector) -> tuple[np.ndarray, np.ndarray]:
    """Crops the selected faces as squares around the detector's boxes, without alignment.

    The ratio of square to box is the same for all faces, such that the median eye distance is that of the aligned
    faces. So the two sets differ only in position, size and roll.

    Args:
        cache: of the photos in `files`.
        files: the photos that the cache was made from.
        detector: the one that the cache was made with.

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
        raise FaceGANError("None of the faces can be found in the photos again: run with another --out.")
    scale = _square_per_box([(face, box) for _, face, box in boxes.values()], cache)
    rows = np.array(sorted(boxes), np.int64)
    pictures = [_cut(_read(boxes[row][0]), boxes[row][2], scale, cache.size) for row in rows.tolist()]
    return rows, np.stack(pictures)


def _read(file: FoundFile) -> np.ndarray:
    try:
        return decode_photo(file.read()[0]).rgb
    except UnreadablePhotoError as error:
        raise FaceGANError(f"The photo {file.name} can no longer be read ({error}): run again.") from error


def _box_of(face: FaceRecord, found: list[DetectedFace]) -> np.ndarray | None:
    """The box whose keypoints are nearest to those of the face."""
    distances = [float(np.linalg.norm(other.keypoints - face.keypoints, axis=1).mean()) for other in found]
    best = int(np.argmin(distances)) if distances else -1
    return found[best].box if best >= 0 and distances[best] <= _REACH * face.eye_distance else None


def _square_per_box(faces: list[tuple[FaceRecord, np.ndarray]], cache: FaceCache) -> float:
    """The side of a square relative to its box, at which the median face has the size of an aligned one."""
    wanted = np.median(eye_distances(cache)) / cache.size
    return float(np.median([face.eye_distance / _side(box) for face, box in faces]) / wanted)


def eye_distances(cache: FaceCache) -> np.ndarray:
    """The eye distances of the selected aligned faces in pixels, float64 (n,)."""
    return np.array([eye_distance(points) for points in cache.keypoints[cache.selected]])


def _side(box: np.ndarray) -> float:
    return float(max(box[2] - box[0], box[3] - box[1]))


def _cut(rgb: np.ndarray, box: np.ndarray, scale: float, size: int) -> np.ndarray:
    """The square around the centre of the box, uint8 (size, size, 3); the photo's border is reflected."""
    zoom = size / (_side(box) * scale)
    middle = (box[:2] + box[2:]) / 2
    shift = (size - 1) / 2 - zoom * middle
    return warp(rgb, np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]]), size)
