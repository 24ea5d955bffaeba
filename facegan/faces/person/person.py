"""Finds the wanted person among all faces of the photos, and detects photos of mostly one person."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import eye_distance
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.options import ANYBODY, FaceOptions
from facegan.faces.person.identity import NEIGHBOUR, SAME_PERSON, Group, People, examination, group_faces, nearest_group
from facegan.faces.person.recognise import RecogniserChoice
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.find import FoundFile
from facegan.faces.work import Job, measure_photos

MOSTLY_ONE_PERSON = (
    "Most of these faces look like one person, so the model is treated as one of a real person: it is private on the "
    "Hub by default, and its card asks for consent. --person auto would leave other people out."
)
_SAMPLE = 200  # faces, in two seconds; the standard error of a share of one half is then 4 %


def find_people(
    records: list[PhotoRecord],
    options: FaceOptions,
    choice: DetectorChoice,
    recogniser: RecogniserChoice,
    *,
    say: Callable[[str], None] = print,
) -> People:
    """Groups all faces of all photos by identity, and finds the group that ``options.person`` means.

    The result depends only on what the faces look like, not on the names or the order of the files.

    Args:
        records: the photos, whose faces have been examined.
        options: with the framing chosen.
        choice: the detector, for the photo of the person if --person is one.
        recogniser: the recognition network, for the same photo.
        say: takes a message on which group is kept.

    Raises:
        FaceGANError: nobody is in two photos, there are fewer people than the number, or no group fits the photo.
    """
    groups = _all_groups(records, options)
    if not groups:
        raise FaceGANError(
            f"--person {options.person} keeps one person, but nobody is in two of the {len(records):,} photos: "
            "add photos of the person, or leave --person out to keep everybody."
        )
    number = options.person_number
    wanted = _in_photo(groups, options, choice, recogniser) if number is None else number - 1
    if wanted >= len(groups):
        raise FaceGANError(
            f"There is no person {options.person}: only {len(groups)} people are in two photos or more, so choose a "
            f"number from 1 to {len(groups)}; the report of --person auto shows them."
        )
    others = ", ".join(f"{group.photos:,}" for group in groups[:5])
    say(
        f"Person {wanted + 1} of {len(groups)} is kept, and is in {groups[wanted].photos:,} of {len(records):,} photos "
        f"(the most frequent people are in {others})."
    )
    rows = set(groups[wanted].members.tolist())
    clear = [examination(face).clearness for record in records for face in record.faces if face.row in rows]
    return People(groups, wanted, float(np.median(clear)))


def _all_groups(records: list[PhotoRecord], options: FaceOptions) -> list[Group]:
    seen: set[str] = set()
    rows, photos, embeddings = [], [], []
    for number, record in enumerate(records):
        if record.sha1 in seen:
            continue  # copies of a file do not count
        seen.add(record.sha1)
        for face in record.faces:
            if face.eye_distance >= options.min_eye_distance:  # smaller faces are not recognised reliably
                rows.append(face.row)
                photos.append(number)
                embeddings.append(examination(face).identity)
    if not rows:
        return []
    # Sorted by their embeddings, because the order of the files must not matter.
    vectors = np.stack(embeddings).astype(np.float32)
    order = np.lexsort(vectors[:, :4].T)
    groups = group_faces(vectors[order], np.array(photos)[order])
    all_rows = np.array(rows)[order]
    return [Group(np.sort(all_rows[group.members]), group.centre, group.photos) for group in groups]


def _in_photo(groups: list[Group], options: FaceOptions, choice: DetectorChoice, recogniser: RecogniserChoice) -> int:
    """The index of the group of the largest face in the photo that --person names."""
    path = Path(options.person).expanduser()
    job = Job(choice, options.frame, recogniser)
    record, _ = next(iter(measure_photos([FoundFile(path, path.name)], job, 1)))
    if not record.faces:
        why = f"cannot be read ({record.detail})" if record.problem else "shows no face"
        raise FaceGANError(f"The photo {path.name} given with --person {why}: choose another one.")
    face = max(record.faces, key=lambda face: eye_distance(face.keypoints))
    embedding = examination(face).identity.astype(np.float32)
    wanted = nearest_group(groups, embedding)
    if wanted is None:
        best = max(float(group.centre @ embedding) for group in groups)
        raise FaceGANError(
            f"Nobody in the photos looks like the person in {path.name} (likeness {best:.2f}, {SAME_PERSON:g} is "
            "needed): give --person a clear photo from the front, or the number that the report of --person auto shows."
        )
    return wanted


def check_person(options: FaceOptions) -> None:
    """Raises FaceGANError if --person is neither a known word nor a number nor an existing file."""
    is_photo = options.person != ANYBODY and options.person_number is None
    if is_photo and not Path(options.person).expanduser().is_file():
        raise FaceGANError(
            f"There is no photo {options.person}: give --person any, auto, a number, or the path of a photo."
        )


def mostly_one_person(
    images: np.ndarray, rows: np.ndarray, options: FaceOptions, network: RecogniserChoice | None
) -> bool:
    """Whether at least half of aligned faces look like one person, in a run without --person.

    At 64 px 99 % of the pairs of one public person's photos have a cosine above 0.45, and all faces are neighbours; in
    CelebA, FairFace and a folder of AI-generated faces no face has more than a tenth of the others as neighbours.

    Args:
        images: uint8 (n, size, size, 3).
        rows: the images to use.
        options: with the framing of the images.
        network: the recognition network; without one the answer is False.
    """
    if network is None or len(rows) < 2:
        return network is not None and len(rows) == 1
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(int)]
    keypoints, recogniser = options.frame.template(), network.open()
    vectors = np.stack([recogniser.embed(np.asarray(images[row]), keypoints) for row in some])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    neighbours = (vectors @ vectors.T >= NEIGHBOUR).sum(axis=1) - 1  # without the face itself
    return bool(neighbours.max() >= 0.5 * (len(some) - 1))
