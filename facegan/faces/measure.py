"""One photo to its aligned faces and their measurements. This is what every worker process does."""

import os
from contextlib import AbstractContextManager
from dataclasses import replace

import numpy as np

from facegan.faces.align import (
    MIN_EYE_DISTANCE,
    REFINE_FRAMES,
    REFINE_REACH,
    Frame,
    Halves,
    apply_transform,
    eye_distance,
    face_transform,
    invert_transform,
    share_inside,
    warp,
)
from facegan.faces.detectors.detector import MAX_INPUT_SIDE, DetectedFace, Detector
from facegan.faces.examine import Examiner
from facegan.faces.pose import estimate_pose
from facegan.faces.records import FaceRecord, PhotoRecord
from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.photos import Photo
from facegan.faces.sources.unreadable import UnreadablePhotoError

LUMA = (0.299, 0.587, 0.114)
FACE_SHAPE = (28, 32)  # width and height of the face's box in a 64 px picture at framing 0.8
_MIRRORED = [1, 0, 2, 4, 3]  # which keypoint a keypoint becomes in the mirror


def measure_photo(
    photo: Photo,
    detector: Detector,
    *,
    frame: Frame,
    examiner: Examiner | None = None,
    big_photo_lock: AbstractContextManager[object] | None = None,
) -> tuple[PhotoRecord, np.ndarray]:
    """Reads, detects, aligns and measures one photo. One that cannot be read gives a record with its problem.

    Args:
        photo: where to read it.
        detector: finds the faces.
        frame: of the aligned faces.
        examiner: says who the faces are; None when everybody is kept.
        big_photo_lock: see decode.decode_photo.

    Returns:
        The record, whose faces are numbered from row 0, and their pictures, uint8 (faces, frame.size, frame.size, 3).
    """
    record = PhotoRecord(photo.name, *photo.size_and_mtime())
    nothing = np.empty((0, frame.size, frame.size, 3), np.uint8)
    try:
        data, sha1 = photo.read()
        record = replace(record, sha1=sha1)
        rgb = decode_photo(data, big_photo_lock=big_photo_lock).rgb
    except UnreadablePhotoError as error:
        return replace(record, problem=error.reason, detail=str(error)), nothing
    records, pictures = [], []
    halves = Halves(rgb)
    for found in detect_faces(detector, halves):
        if eye_distance(found.keypoints) < MIN_EYE_DISTANCE:
            continue
        keypoints, certainty = refine_keypoints(detector, halves, found.keypoints)
        picture = warp(halves, face_transform(keypoints, frame), frame.size)
        measured = _measure(len(records), found.score, certainty, keypoints, picture, rgb.shape, frame)
        records.append(replace(measured, examined=examiner.examine(halves, keypoints)) if examiner else measured)
        pictures.append(picture)
    record = replace(record, width=rgb.shape[1], height=rgb.shape[0], faces=tuple(records))
    return record, np.stack(pictures) if pictures else nothing


def detect_faces(detector: Detector, halves: Halves) -> list[DetectedFace]:
    """Faces in the photo's pixels, detected on its smallest halving that is not below the detector's input size."""
    rgb, times = halves.for_side(MAX_INPUT_SIDE)
    zoom = np.float32(2**times)
    return [
        replace(face, box=face.box * zoom, keypoints=(face.keypoints + 0.5) * zoom - 0.5)
        for face in detector.detect(rgb)
    ]


def refine_keypoints(detector: Detector, photo: np.ndarray | Halves, keypoints: np.ndarray) -> tuple[np.ndarray, float]:
    """Finds the keypoints again where the detector sees best: on upright crops, and on their mirror images.

    The mean is free of what the detector does differently on its left and its right.

    Args:
        detector: finds the faces.
        photo: uint8 (H, W, 3).
        keypoints: a first estimate, (5, 2) in the photo's pixels.

    Returns:
        Better keypoints in the photo's pixels, float32 (5, 2); the first ones if the face is not found again. And the
        mean of the detector's scores, 0..1, where 0 stands for a crop on which it is not: hands and hair before a face
        and blur lower it, turning and size, which the crops take away, do not.
    """
    points, scores = [], []
    halves = photo if isinstance(photo, Halves) else Halves(photo)
    transforms = [face_transform(keypoints, frame) for frame in REFINE_FRAMES]
    crops = [
        warp(halves, transform, frame.size, samples=1)
        for frame, transform in zip(REFINE_FRAMES, transforms, strict=True)
    ]
    mirrored = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
    found = detector.detect_each([*crops, *mirrored])
    for number, faces in enumerate(found):
        is_mirrored, which = divmod(number, len(REFINE_FRAMES))
        frame = REFINE_FRAMES[which]
        face = _nearest(faces, frame)
        scores.append(face.score if face else 0.0)
        if face is None:
            continue
        seen = face.keypoints
        if is_mirrored:
            seen = seen[_MIRRORED]
            seen[:, 0] = frame.size - 1 - seen[:, 0]
        points.append(apply_transform(invert_transform(transforms[which]), seen))
    return np.mean(points, axis=0).astype(np.float32) if points else keypoints, float(np.mean(scores))


def _nearest(faces: list[DetectedFace], frame: Frame) -> DetectedFace | None:
    """The face whose eyes are nearest to where they should be, or None if none is near."""
    wanted = frame.template()[:2].mean(axis=0)
    if not faces:
        return None
    distances = [float(np.linalg.norm(face.keypoints[:2].mean(axis=0) - wanted)) for face in faces]
    best = int(np.argmin(distances))
    return faces[best] if distances[best] <= REFINE_REACH * frame.size else None


def _measure(
    row: int,
    score: float,
    certainty: float,
    keypoints: np.ndarray,
    picture: np.ndarray,
    photo_shape: tuple[int, ...],
    frame: Frame,
) -> FaceRecord:
    pose = estimate_pose(keypoints)
    luma = face_luma(picture, frame)
    height, width = photo_shape[:2]
    return FaceRecord(
        row=row,
        score=score,
        keypoints=keypoints,
        eye_distance=eye_distance(keypoints),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
        brightness=float(luma.mean()),
        contrast=float(luma.std()),
        sharpness=sharpness(luma),
        inside=share_inside(keypoints, frame, face_box(frame), width, height),
        certainty=certainty,
        tint=face_tint(picture, frame),
    )


def face_box(frame: Frame) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the face in an aligned picture: temple to temple, brows to chin."""
    points = frame.template()
    unit = eye_distance(points)
    return (
        float(points[0, 0] - 0.35 * unit),
        float(points[0, 1] - 0.35 * unit),
        float(points[1, 0] + 0.35 * unit),
        float(points[4, 1] + 0.4 * unit),
    )


def face_luma(picture: np.ndarray, frame: Frame) -> np.ndarray:
    """The luma (Rec. 601, 0..255) of the face in an aligned picture, float32 (32, 28), without its background.

    Always at the same scale, that of a 64 px picture at framing 0.8, so that thresholds mean the same at every
    size and framing.
    """
    import cv2

    face = _face_of(picture, frame).astype(np.float32) @ np.array(LUMA, np.float32)
    return cv2.resize(face, FACE_SHAPE, interpolation=cv2.INTER_AREA)


def face_tint(picture: np.ndarray, frame: Frame) -> tuple[float, float]:
    """The mean colour of the face in an aligned picture without its lightness: a* and b* of CIELAB."""
    import cv2

    lab = cv2.cvtColor(_face_of(picture, frame).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(lab[..., 1].mean()), float(lab[..., 2].mean())


def _face_of(picture: np.ndarray, frame: Frame) -> np.ndarray:
    left, top, right, bottom = np.clip(np.round(face_box(frame)), 0, frame.size - 1).astype(int)
    return picture[top : bottom + 1, left : right + 1]


def sharpness(luma: np.ndarray) -> float:
    """Standard deviation of the Laplacian over that of the picture: 0.2 for a face out of focus, 1 for a crisp one.

    The Laplacian's variance is the usual measure of focus (Pech-Pacheco et al. 2000); dividing by the contrast
    keeps soft light from counting as blur.
    """
    inner = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner
    return float(laplacian.std() / max(float(luma.std()), 1.0))


def worker_count(wanted: int, photos: int) -> int:
    """Processes for a number of photos: what was asked for, else one a core that we may use."""
    try:
        cores = len(os.sched_getaffinity(0))  # honours taskset and most containers
    except AttributeError:
        cores = os.cpu_count() or 1
    return max(1, min(wanted or cores, photos))
