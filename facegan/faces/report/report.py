"""Writes RUN/faces/report.json and report.html: which photos are used, and why others are not."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from facegan.base.files import atomic_write
from facegan.faces.align import Frame
from facegan.faces.cache import REPORT
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.filters import Verdict
from facegan.faces.framing import PhotoFaces, share_that_fits
from facegan.faces.options import FaceOptions
from facegan.faces.person.identity import People
from facegan.faces.reasons import REASONS, USED
from facegan.faces.records import FaceRecord, PhotoRecord
from facegan.faces.report import sheets as pictures
from facegan.faces.report.page import PICTURES, write_page
from facegan.faces.report.sheets import BeforeAfter
from facegan.faces.report.spread import UNIT, EyeSpread, eye_spread, eyes_after, eyes_before
from facegan.faces.sources.photos import Photo

# For the averages, the animation and the spread of the eyes: enough for a smooth mean, and for a spread with a standard
# error of 6 %, in a few seconds.
PHOTOS_READ_AGAIN = 128
FRAMED_FACES = 300  # enough for the share of faces that fit the framing
AVERAGE_SIDE = 256


def write_report(
    out: Path,
    records: list[PhotoRecord],
    verdicts: list[Verdict],
    images: np.ndarray,
    photos: Mapping[str, Photo],
    options: FaceOptions,
    choice: DetectorChoice,
    people: People | None = None,
    one_person: bool = False,
) -> dict:
    """Writes report.json, report.html and its pictures into RUN/faces. Returns the content of report.json.

    Names are relative to their data folder, so the report contains no path of this machine.

    Args:
        out: RUN/faces.
        records: the photos.
        verdicts: of filters.filter_faces, for all photos.
        images: uint8 (rows, size, size, 3).
        photos: those that can be read again, by their names in the records.
        options: as resolved.
        choice: the detector, which also measures the spread of the eyes after alignment.
        people: the groups by identity if one person is wanted; ``report["person"]`` is then true.
        one_person: whether the faces are one person's, with or without --person, because a model that shows a real
            person is published differently.
    """
    faces = _used_faces(records, verdicts)
    readable = [face for face in faces if face[0].name in photos]
    sample = _read_again(_sample(readable, PHOTOS_READ_AGAIN), photos)
    before, after = _spreads(sample, options.frame, choice)
    sampled = _sample(faces, FRAMED_FACES)
    report = {
        **_of_settings(options, choice),
        "files": len(records),
        "usable_faces": sum(verdict.reason == USED for verdict in verdicts),
        "one_person": one_person,
        **_of_people(people, verdicts),
        "photos": _photo_counts(verdicts),
        "faces": _ordered(Counter(verdict.reason for verdict in verdicts if verdict.face)),
        "eye_spread_px_of_128": {"before": _as_dict(before), "after": _as_dict(after)},
        "share_that_fits": round(share_that_fits(sampled, options.frame.framing), 3) if sampled else None,
        "thresholds": _thresholds(options),
        "rows": [[verdict.name, verdict.reason, verdict.detail] for verdict in verdicts],
    }
    rejected = [verdict for verdict in verdicts if verdict.reason != USED]
    shown = pictures.rejected_sheet(out / PICTURES["rejected"], rejected, images, photos)
    if people:
        pictures.people_sheet(out / PICTURES["people"], people, images)
    else:
        (out / PICTURES["people"]).unlink(missing_ok=True)
    _draw_before_after(out, [photo for _, photo in sample], options.frame)
    # File names may contain bytes that are not UTF-8; JSON stores them as escapes.
    atomic_write(out / REPORT, json.dumps(report, indent=1))
    write_page(out, report, rejected_shown=shown)
    return report


def _of_settings(options: FaceOptions, choice: DetectorChoice) -> dict:
    return {
        "size": options.size,
        "framing": options.framing,
        "detector": choice.kind,
        "detector_reason": choice.reason,
    }


def _of_people(people: People | None, verdicts: list[Verdict]) -> dict:
    """Only counts: embeddings stay in the journal."""
    if people is None:
        return {"person": False}
    usable = sum(verdict.reason == USED for verdict in verdicts)
    groups = [{"photos": group.photos, "faces": len(group.members)} for group in people.groups]
    return {"person": True, "person_faces": usable, "person_number": people.wanted + 1, "people": groups}


def _used_faces(records: list[PhotoRecord], verdicts: list[Verdict]) -> PhotoFaces:
    """The largest used face of each photo: the photo, and the keypoints."""
    by_name = {record.name: record for record in records}
    best: dict[str, FaceRecord] = {}
    for verdict in verdicts:
        if verdict.reason == USED and verdict.face:
            other = best.get(verdict.name)
            if other is None or verdict.face.eye_distance > other.eye_distance:
                best[verdict.name] = verdict.face
    return [(by_name[name], face.keypoints) for name, face in best.items()]


def _read_again(faces: PhotoFaces, photos: Mapping[str, Photo]) -> list[tuple[PhotoRecord, BeforeAfter]]:
    """Read the photos of some faces again, without those that were removed or changed meanwhile."""
    read = []
    for record, keypoints in faces:
        rgb = pictures.read_again(photos[record.name])
        if rgb is not None and rgb.shape[:2] == (record.height, record.width):
            read.append((record, _shrunk(BeforeAfter(rgb, keypoints))))
    return read


def _spreads(
    photos: list[tuple[PhotoRecord, BeforeAfter]], frame: Frame, choice: DetectorChoice
) -> tuple[EyeSpread | None, EyeSpread | None]:
    """The spread before and after alignment, both at UNIT pixels: detection is less accurate on smaller faces."""
    if not photos:
        return None, None
    frame = Frame(UNIT, frame.framing)
    aligned = np.stack([pictures.after(photo, frame) for _, photo in photos])
    in_photos = [(record, photo.keypoints * (record.width / photo.rgb.shape[1])) for record, photo in photos]
    return eye_spread(eyes_before(in_photos, frame), UNIT), eye_spread(eyes_after(aligned, frame, choice.open()), UNIT)


def _sample(items: list, count: int) -> list:
    """At most ``count`` items, evenly spread."""
    if len(items) <= count:
        return items
    return [items[i] for i in np.linspace(0, len(items) - 1, count).astype(int)]


def _photo_counts(verdicts: list[Verdict]) -> dict[str, int]:
    """The number of files for USED and each reason: USED if a face is used, else the reason of the largest face."""
    of_photo: dict[str, tuple[float, str]] = {}
    for verdict in verdicts:
        size = np.inf if verdict.reason == USED else verdict.face.eye_distance if verdict.face else 0.0
        if verdict.name not in of_photo or size > of_photo[verdict.name][0]:
            of_photo[verdict.name] = (size, verdict.reason)
    return _ordered(Counter(reason for _, reason in of_photo.values()))


def _ordered(counts: Counter) -> dict[str, int]:
    return {reason: counts[reason] for reason in (USED, *REASONS) if counts[reason]}


def _as_dict(spread: EyeSpread | None) -> dict[str, float] | None:
    return {**asdict(spread), "mean": round(spread.mean, 2)} if spread else None


def _thresholds(options: FaceOptions) -> dict[str, float]:
    return {
        name: value
        for name, value in options.to_dict().items()
        if name.startswith(("max_", "min_", "near_")) and isinstance(value, int | float)
    }


def _draw_before_after(out: Path, photos: list[BeforeAfter], frame: Frame) -> None:
    names = [PICTURES[name] for name in ("animation", "average_before", "average_after")]
    if not photos:
        for name in names:
            (out / name).unlink(missing_ok=True)
        return
    large = Frame(AVERAGE_SIDE, frame.framing)
    pictures.before_after_gif(out / names[0], _sample(photos, pictures.GIF_COLUMNS * pictures.GIF_ROWS), frame)
    pictures.save(out / names[1], pictures.average([pictures.before(photo, AVERAGE_SIDE) for photo in photos]))
    pictures.save(out / names[2], pictures.average([pictures.after(photo, large) for photo in photos]))


def _shrunk(photo: BeforeAfter) -> BeforeAfter:
    """The photo shrunk to about twice the size at which it is shown: 128 large photos would need a gigabyte."""
    import cv2

    factor = min(photo.rgb.shape[:2]) // (2 * AVERAGE_SIDE)
    if factor <= 1:
        return photo
    height, width = photo.rgb.shape[0] // factor, photo.rgb.shape[1] // factor
    small = cv2.resize(photo.rgb[: height * factor, : width * factor], (width, height), interpolation=cv2.INTER_AREA)
    return BeforeAfter(small, (photo.keypoints + 0.5) / factor - 0.5)
