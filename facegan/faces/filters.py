"""Which faces are used, and why the others are not: a pure function of what was measured."""

from dataclasses import dataclass, replace

import numpy as np

from facegan.faces.align import eye_distance
from facegan.faces.duplicates import descriptors, near_duplicates
from facegan.faces.options import FaceOptions
from facegan.faces.records import FaceRecord, PhotoRecord

USED = "used"
# Every reason, in the order in which they are asked, with its words for the report.
REASONS = {
    "not_a_picture": "not a picture",
    "unreadable": "a picture that cannot be read",
    "duplicate": "the same file as another",
    "no_face": "no face found",
    "too_small": "the face is too small",
    "cut_off": "the face is cut off by the edge of the photo",
    "turned": "the face is turned too far",
    "dark_or_flat": "too dark, too bright or too flat",
    "blurred": "blurred",
    "near_duplicate": "almost the same picture as another",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one face, or of one photo without a face."""

    name: str  # of the photo
    face: FaceRecord | None
    reason: str  # USED or a slug of REASONS
    detail: str = ""  # the measured value in words


def judge_face(face: FaceRecord, options: FaceOptions) -> tuple[str, str]:
    """The first reason against a face with its measured value in words, or (USED, "")."""
    target = eye_distance(options.frame.template())
    enlargement = target / face.eye_distance
    if enlargement > options.max_enlargement:
        needed = target / options.max_enlargement
        return "too_small", f"{face.eye_distance:.0f} px between the eyes, {needed:.0f} are needed"
    if face.inside < options.min_inside:
        return "cut_off", f"{100 * face.inside:.0f} % of it is in the photo"
    for angle, limit, words in (
        (face.yaw, options.max_yaw, "to the side"),
        (face.pitch, options.max_pitch, "up or down"),
        (face.roll, options.max_roll, "tilted"),
    ):
        if abs(angle) > limit:
            return "turned", f"{abs(angle):.0f} degrees {words}"
    if face.brightness < options.min_brightness:
        return "dark_or_flat", f"brightness {face.brightness:.0f} of 255"
    if face.brightness > options.max_brightness:
        return "dark_or_flat", f"brightness {face.brightness:.0f} of 255"
    if face.contrast < options.min_contrast:
        return "dark_or_flat", f"contrast {face.contrast:.0f} of 255"
    if face.sharpness < options.min_sharpness:
        return "blurred", f"sharpness {face.sharpness:.2f}"
    return USED, ""


def judge(records: list[PhotoRecord], images: np.ndarray, options: FaceOptions) -> list[Verdict]:
    """A verdict for every face, and one for every photo without faces, in the order of the photos.

    Args:
        records: the photos.
        images: uint8 (rows, size, size, 3), where the faces' rows point; read for the near duplicates only.
        options: the thresholds.
    """
    verdicts: list[Verdict] = []
    first_name: dict[str, str] = {}  # of every file content
    for record in records:
        if record.problem:
            verdicts.append(Verdict(record.name, None, record.problem, record.detail))
            continue
        original = first_name.setdefault(record.sha1, record.name)
        if original != record.name:
            verdicts.append(Verdict(record.name, None, "duplicate", f"as {original}"))
        elif not record.faces:
            verdicts.append(Verdict(record.name, None, "no_face"))
        else:
            verdicts.extend(Verdict(record.name, face, *judge_face(face, options)) for face in record.faces)
    return _drop_twins(verdicts, images, options)


def _drop_twins(verdicts: list[Verdict], images: np.ndarray, options: FaceOptions) -> list[Verdict]:
    """The same verdicts with all but the best of almost equal faces refused."""
    passed = [
        (index, verdict.face) for index, verdict in enumerate(verdicts) if verdict.reason == USED and verdict.face
    ]
    vectors = descriptors(images, np.array([face.row for _, face in passed], np.int64))
    # the larger and the sharper is the better
    quality = np.array([face.eye_distance * face.sharpness for _, face in passed])
    verdicts = list(verdicts)
    for worse, better, correlation in near_duplicates(vectors, quality, options.near_duplicate):
        index, twin = passed[worse][0], verdicts[passed[better][0]].name
        verdicts[index] = replace(
            verdicts[index],
            reason="near_duplicate",
            detail=f"as {twin} (correlation {correlation:.3f})",
        )
    return verdicts
