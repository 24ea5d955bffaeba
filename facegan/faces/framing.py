"""Chooses the framing (how close the crop is) if --framing is not given: the widest one that the photos can fill."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from facegan.faces.align import Frame, share_inside
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.options import FaceOptions
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.photos import Photos
from facegan.faces.work import Job, measure_photos

WIDEST, CLOSEST, STEP = 0.8, 1.3, 0.05  # 0.8 shows chin and most hair; at 1.3 brows and chin touch the border
SAMPLED_PHOTOS = 200  # takes seconds; the standard error of the share of faces that fit is 3 %
# Share of an aligned picture that must lie inside the photo: a mirrored rim of up to 3 of 64 px is hardly visible.
MIN_FILLED = 0.95
MIN_SHARE_FILLED = 0.75  # share of the faces that must fill their picture; the filters reject faces that are cut off

PhotoFaces = list[tuple[PhotoRecord, np.ndarray]]  # photos, each with the keypoints (5, 2) of one face in it


def share_that_fits(faces: PhotoFaces, framing: float) -> float:
    """The share of faces whose aligned picture has hardly any mirrored border, 0..1."""
    frame = Frame(64, framing)
    whole = (0.0, 0.0, 63.0, 63.0)
    inside = [share_inside(keypoints, frame, whole, photo.width, photo.height) for photo, keypoints in faces]
    return float(np.mean(np.array(inside) >= MIN_FILLED))


def widest_framing(faces: PhotoFaces) -> float:
    """The smallest framing from WIDEST to CLOSEST that most of the faces fill; WIDEST for no faces."""
    for framing in np.arange(WIDEST, CLOSEST + STEP / 2, STEP).round(2):
        if not faces or share_that_fits(faces, framing) >= MIN_SHARE_FILLED:
            return float(framing)
    return CLOSEST


def choose_framing(
    photos: Photos, choice: DetectorChoice, options: FaceOptions, *, say: Callable[[str], None] = print
) -> FaceOptions:
    """The options with a framing: that of --framing, else the widest one that a sample of the photos can fill.

    Photos that are cropped tightly would otherwise get mirrored borders, which a generator learns as a feature of
    faces: on such photos a framing of 1.2 instead of 0.8 reduced held-out KID to a third.
    """
    if options.framing is not None:
        return options
    sample = measure_photos(photos.sample(SAMPLED_PHOTOS), Job(choice, Frame(64, WIDEST)), options.workers, say=say)
    records = []
    for record, _ in sample:
        photos.check_disk(record)
        records.append(record)
    framing = widest_framing([(record, face.keypoints) for record in records for face in record.faces])
    if framing > WIDEST:
        say(
            f"Framing {framing:g}, because the photos are cropped too tightly for the usual {WIDEST:g}. Choose another "
            "with --framing."
        )
    return replace(options, framing=framing)
