"""One person among all faces of the photos: whose they are, and which group is wanted."""

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
    "Most of these faces look like one person, so the model counts as one of a real person: private on the Hub, and "
    "its card asks for consent. --person auto would leave other people out."
)
_SAMPLE = 200  # faces, by which half of all is known to 4 %, in two seconds


def find_people(
    records: list[PhotoRecord],
    options: FaceOptions,
    choice: DetectorChoice,
    recogniser: RecogniserChoice,
    *,
    say: Callable[[str], None] = print,
) -> People:
    """Groups all faces of all photos by identity, and finds the group that ``options.person`` means.

    Neither the names of the files nor their order play a part: only what the faces look like.

    Args:
        records: the photos, whose faces were examined.
        options: with a framing.
        choice: the detector, for a photo of the person.
        recogniser: for it, too.
        say: told which group is kept.

    Raises:
        FaceGANError: nobody is in two photos, there are fewer people than the number, or no group is the photo's.
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
            f"--person {options.person} is one too many: only {len(groups)} people are in two photos or more, so "
            f"choose a number from 1 to {len(groups)}; after --person auto the report shows who they are."
        )
    others = ", ".join(f"{group.photos:,}" for group in groups[:5])
    say(
        f"Person {wanted + 1} of {len(groups)} is kept, who is in {groups[wanted].photos:,} of {len(records):,} photos "
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
            continue  # the same file again makes nobody more frequent
        seen.add(record.sha1)
        for face in record.faces:
            if face.eye_distance >= options.min_eye_distance:  # below that the network guesses
                rows.append(face.row)
                photos.append(number)
                embeddings.append(examination(face).identity)
    if not rows:
        return []
    # Rows in the order of the photos' names, which must not matter: sorted by what the faces look like.
    vectors = np.stack(embeddings).astype(np.float32)
    order = np.lexsort(vectors[:, :4].T)
    groups = group_faces(vectors[order], np.array(photos)[order])
    all_rows = np.array(rows)[order]
    return [Group(np.sort(all_rows[group.members]), group.centre, group.photos) for group in groups]


def _in_photo(groups: list[Group], options: FaceOptions, choice: DetectorChoice, recogniser: RecogniserChoice) -> int:
    """Which group the largest face of the photo given with --person belongs to."""
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
    """Raises FaceGANError when --person is neither a known word nor a number nor a photo, before hours of work."""
    is_photo = options.person != ANYBODY and options.person_number is None
    if is_photo and not Path(options.person).expanduser().is_file():
        raise FaceGANError(
            f"There is no photo {options.person}: give --person any, auto, a number, or the path of a photo."
        )


def mostly_one_person(
    images: np.ndarray, rows: np.ndarray, options: FaceOptions, network: RecogniserChoice | None
) -> bool:
    """Whether at least half of aligned faces look like one person, though nobody asked for one.

    At 64 px 99 % of the pairs of one public person's photos lie above a cosine of 0.45 and all faces have all others
    for neighbours; in CelebA, FairFace and a folder of AI-made faces nobody has more than a tenth.

    Args:
        images: uint8 (n, size, size, 3).
        rows: the ones that are used.
        options: with the framing that they have.
        network: the one that tells people apart; without it nobody knows, and the answer is no.
    """
    if network is None or len(rows) < 2:
        return network is not None and len(rows) == 1
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(int)]
    keypoints, recogniser = options.frame.template(), network.open()
    vectors = np.stack([recogniser.embed(np.asarray(images[row]), keypoints) for row in some])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    neighbours = (vectors @ vectors.T >= NEIGHBOUR).sum(axis=1) - 1  # each is its own
    return bool(neighbours.max() >= 0.5 * (len(some) - 1))
