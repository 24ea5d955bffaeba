"""Decides which faces are used, and why others are rejected, from their measurements.

The thresholds are fields of FaceOptions (options.py); the texts of the reasons are in reasons.py.
"""

from dataclasses import dataclass, replace

import numpy as np

from facegan.faces.duplicates import descriptors, near_duplicates
from facegan.faces.options import FaceOptions
from facegan.faces.person.identity import SAME_PERSON, People, examination
from facegan.faces.reasons import USED
from facegan.faces.records import FaceRecord, PhotoRecord

# Covariance and median of the tints (a* and b* of CIELAB) of 13,738 FairFace faces, rounded.
_TINTS = np.array([[46.6, 34.6], [34.6, 83.3]])
TYPICAL_TINT = (15.3, 15.8)

# Share of the person's median clearness (records.Examination) below which something may be in front of the face.
UNOBSTRUCTED = 0.92


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one face, or on one photo without a face."""

    name: str  # of the photo
    face: FaceRecord | None
    reason: str  # USED or a key of REASONS
    detail: str = ""  # the measured value in words


def why_rejected(
    face: FaceRecord, options: FaceOptions, typical: tuple[float, float] = TYPICAL_TINT
) -> tuple[str, str]:
    """The first reason to reject a face, and the measured value in words; or (USED, "").

    `typical`: the median tint of these photos' faces.
    """
    if face.eye_distance < options.min_eye_distance:
        return "too_small", f"{face.eye_distance:.0f} px between the eyes, {options.min_eye_distance:.0f} are needed"
    if face.inside < options.min_inside:
        return "cut_off", f"{100 * face.inside:.0f} % of the face is in the photo"
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
    if (cast := tint_distance(face.tint, typical)) > options.max_cast:
        return "colour_cast", f"{cast:.1f} deviations from the usual colour"
    if face.certainty < (options.min_certainty or 0.0):
        return "covered", f"the detector is {100 * face.certainty:.0f} % sure of it"
    return USED, ""


def tint_distance(tint: tuple[float, float], typical: tuple[float, float]) -> float:
    """The distance of two tints in standard deviations of the tints of faces (Mahalanobis); NaN if unknown."""
    difference = np.subtract(tint, typical)
    return float(np.sqrt(difference @ np.linalg.solve(_TINTS, difference)))


def typical_tint(records: list[PhotoRecord]) -> tuple[float, float]:
    """The median of all faces, so that photos which all have the same tint, such as old films, are not rejected."""
    tints = np.array([face.tint for record in records for face in record.faces]).reshape(-1, 2)
    known = tints[np.isfinite(tints).all(axis=1)]
    return (float(np.median(known[:, 0])), float(np.median(known[:, 1]))) if len(known) else TYPICAL_TINT


def why_rejected_for_person(
    face: FaceRecord, options: FaceOptions, people: People, typical: tuple[float, float] = TYPICAL_TINT
) -> tuple[str, str]:
    """As `why_rejected`, if one person is wanted: also checks the identity, and whether something covers the face."""
    if face.eye_distance >= options.min_eye_distance and not people.is_wanted(face):
        return "other_person", f"likeness {people.likeness(face):.2f}, {SAME_PERSON:g} is needed"
    reason, detail = why_rejected(face, options, typical)
    if reason != USED:
        return reason, detail
    examined = examination(face)
    clearness = examined.clearness / people.clearness
    limit = options.max_shades if clearness >= UNOBSTRUCTED else options.max_shades_unclear
    if examined.shades > limit:
        return "sunglasses", f"log-odds {examined.shades:.1f}"
    if examined.closed_eyes > options.max_closed_eyes:
        return "eyes_closed", f"log-odds {examined.closed_eyes:.1f}"
    if clearness < options.min_clearness:
        return "covered", f"{100 * clearness:.0f} % of the usual clearness"
    return USED, ""


def filter_faces(
    records: list[PhotoRecord], images: np.ndarray, options: FaceOptions, people: People | None = None
) -> list[Verdict]:
    """A verdict for every face, and one for every photo without faces, in the order of the photos.

    Args:
        records: the photos.
        images: uint8 (rows, size, size, 3), to which the faces' rows refer; read only for near-duplicates.
        options: the thresholds.
        people: the person who is wanted; None: everybody.
    """
    verdicts: list[Verdict] = []
    typical = typical_tint(records)
    if people:  # clearness relative to the person's median is more reliable than the detector's certainty
        options = replace(options, min_certainty=0.0)
    first_name: dict[str, str] = {}  # SHA-1 to the first file with it
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
            verdicts.extend(_verdicts_on(record, options, people, typical))
    return _reject_near_duplicates(verdicts, images, options)


def _verdicts_on(
    record: PhotoRecord, options: FaceOptions, people: People | None, typical: tuple[float, float]
) -> list[Verdict]:
    if people is None:
        return [Verdict(record.name, face, *why_rejected(face, options, typical)) for face in record.faces]
    verdicts = [
        Verdict(record.name, face, *why_rejected_for_person(face, options, people, typical)) for face in record.faces
    ]
    # Only one face of a photo is the person; another is a mirror image, or a picture on the wall.
    used = [verdict for verdict in verdicts if verdict.reason == USED]
    best = max(used, key=_quality, default=None)
    return [
        verdict if verdict.reason != USED or verdict is best else replace(verdict, reason="same_photo")
        for verdict in verdicts
    ]


def _quality(verdict: Verdict) -> float:
    """Higher for a larger and sharper face."""
    assert verdict.face is not None
    return verdict.face.eye_distance * verdict.face.sharpness


def _reject_near_duplicates(verdicts: list[Verdict], images: np.ndarray, options: FaceOptions) -> list[Verdict]:
    """The verdicts, with all but the best of near-duplicates rejected."""
    passed = [
        (index, verdict.face) for index, verdict in enumerate(verdicts) if verdict.reason == USED and verdict.face
    ]
    vectors = descriptors(images, np.array([face.row for _, face in passed], np.int64))
    quality = np.array([_quality(verdicts[index]) for index, _ in passed])
    verdicts = list(verdicts)
    for worse, better, correlation in near_duplicates(vectors, quality, options.near_duplicate):
        index, twin = passed[worse][0], verdicts[passed[better][0]].name
        verdicts[index] = replace(
            verdicts[index],
            reason="near_duplicate",
            detail=f"as {twin} (correlation {correlation:.3f})",
        )
    return verdicts
