"""Which faces are used, and why the others are not: a pure function of what was measured."""

from dataclasses import dataclass, replace

import numpy as np

from facegan.faces.duplicates import descriptors, near_duplicates
from facegan.faces.options import FaceOptions
from facegan.faces.person.identity import SAME_PERSON, People, examination
from facegan.faces.reasons import USED
from facegan.faces.records import FaceRecord, PhotoRecord

# Of the tints (a* and b*) of 13,738 faces of FairFace: their covariance, and about their median.
_TINTS = np.array([[46.6, 34.6], [34.6, 83.3]])
USUAL_TINT = (15.3, 15.8)

CLEAR = 0.92  # of the person's median clearness: below it something may be in front of the face


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one face, or of one photo without a face."""

    name: str  # of the photo
    face: FaceRecord | None
    reason: str  # USED or a slug of REASONS
    detail: str = ""  # the measured value in words


def judge_face(face: FaceRecord, options: FaceOptions, usual: tuple[float, float] = USUAL_TINT) -> tuple[str, str]:
    """The first reason against a face with its measured value in words, or (USED, "").

    `usual`: the tint of most faces of these photos.
    """
    if face.eye_distance < options.min_eye_distance:
        return "too_small", f"{face.eye_distance:.0f} px between the eyes, {options.min_eye_distance:.0f} are needed"
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
    if (cast := tint_distance(face.tint, usual)) > options.max_cast:
        return "colour_cast", f"{cast:.1f} deviations from the usual colour"
    if face.certainty < (options.min_certainty or 0.0):
        return "covered", f"the detector is {100 * face.certainty:.0f} % sure of it"
    return USED, ""


def tint_distance(tint: tuple[float, float], usual: tuple[float, float]) -> float:
    """How far apart two tints are, in standard deviations of those of faces (Mahalanobis); NaN if unknown."""
    apart = np.subtract(tint, usual)
    return float(np.sqrt(apart @ np.linalg.solve(_TINTS, apart)))


def usual_tint(records: list[PhotoRecord]) -> tuple[float, float]:
    """The median of all faces: photos that all have one tint keep it, as those of one filter or of old films do."""
    tints = np.array([face.tint for record in records for face in record.faces]).reshape(-1, 2)
    known = tints[np.isfinite(tints).all(axis=1)]
    return (float(np.median(known[:, 0])), float(np.median(known[:, 1]))) if len(known) else USUAL_TINT


def judge_person(
    face: FaceRecord, options: FaceOptions, people: People, usual: tuple[float, float] = USUAL_TINT
) -> tuple[str, str]:
    """The same for a face when one person is wanted: also whose it is, and whether it shows all of itself."""
    if face.eye_distance >= options.min_eye_distance and not people.is_wanted(face):
        return "other_person", f"likeness {people.likeness(face):.2f}, {SAME_PERSON:g} is needed"
    reason, detail = judge_face(face, options, usual)
    if reason != USED:
        return reason, detail
    examined = examination(face)
    clearness = examined.clearness / people.clearness
    limit = options.max_shades if clearness >= CLEAR else options.max_shades_unclear
    if examined.shades > limit:
        return "sunglasses", f"log-odds {examined.shades:.1f}"
    if examined.closed_eyes > options.max_closed_eyes:
        return "eyes_closed", f"log-odds {examined.closed_eyes:.1f}"
    if clearness < options.min_clearness:
        return "covered", f"{100 * clearness:.0f} % as clear as usual"
    return USED, ""


def judge(
    records: list[PhotoRecord], images: np.ndarray, options: FaceOptions, people: People | None = None
) -> list[Verdict]:
    """A verdict for every face, and one for every photo without faces, in the order of the photos.

    Args:
        records: the photos.
        images: uint8 (rows, size, size, 3), where the faces' rows point; read for the near duplicates only.
        options: the thresholds.
        people: who is wanted; None keeps everybody.
    """
    verdicts: list[Verdict] = []
    usual = usual_tint(records)
    if people:  # whose clearness says it in proportion to the person's own
        options = replace(options, min_certainty=0.0)
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
            verdicts.extend(_judge_photo(record, options, people, usual))
    return _drop_twins(verdicts, images, options)


def _judge_photo(
    record: PhotoRecord, options: FaceOptions, people: People | None, usual: tuple[float, float]
) -> list[Verdict]:
    if people is None:
        return [Verdict(record.name, face, *judge_face(face, options, usual)) for face in record.faces]
    verdicts = [Verdict(record.name, face, *judge_person(face, options, people, usual)) for face in record.faces]
    # A mirror, or a picture of the person on the wall: nobody is twice in one place.
    used = [verdict for verdict in verdicts if verdict.reason == USED]
    best = max(used, key=_quality, default=None)
    return [
        verdict if verdict.reason != USED or verdict is best else replace(verdict, reason="same_photo")
        for verdict in verdicts
    ]


def _quality(verdict: Verdict) -> float:
    """The larger and the sharper is the better."""
    assert verdict.face is not None
    return verdict.face.eye_distance * verdict.face.sharpness


def _drop_twins(verdicts: list[Verdict], images: np.ndarray, options: FaceOptions) -> list[Verdict]:
    """The same verdicts with all but the best of almost equal faces refused."""
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
