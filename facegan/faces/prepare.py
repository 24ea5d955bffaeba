"""Photos to a FaceCache: `prepare_faces`, the main function of this room."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facegan.base.disk import located
from facegan.base.errors import FaceGANError
from facegan.base.mapped import map_faces
from facegan.faces.cache import SELECTED, FaceCache, FaceStore, faces_file, framing_of
from facegan.faces.detectors.registry import DetectorChoice, choose_detector
from facegan.faces.examine import VERSION as EXAMINATION
from facegan.faces.filters import Verdict, filter_faces
from facegan.faces.framing import choose_framing
from facegan.faces.held_out import hold_out, save_rows
from facegan.faces.options import ANYBODY, FaceOptions
from facegan.faces.person.person import MOSTLY_ONE_PERSON, check_person, find_people, mostly_one_person
from facegan.faces.person.recognise import RecogniserChoice, choose_recogniser, recogniser_in_pack
from facegan.faces.reasons import REASONS, USED
from facegan.faces.records import PhotoRecord
from facegan.faces.report.report import write_report
from facegan.faces.sources.dataset import DatasetChoice
from facegan.faces.sources.dataset_photos import DatasetPhotos
from facegan.faces.sources.folder_photos import FolderPhotos
from facegan.faces.sources.formats import how_to_install
from facegan.faces.sources.photos import Photos, Records
from facegan.faces.work import Job, measure_photos, why_alone

__all__ = ["DatasetChoice", "FaceOptions", "prepare_faces"]


def prepare_faces(
    data: list[Path] | DatasetChoice,
    out: Path,
    options: FaceOptions,
    *,
    max_photos: int | None = None,
    node: int = 0,
    nodes: int = 1,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> FaceCache:
    """Detects, aligns, filters and reports the faces of all photos below some folders, or of a data set.

    Photos that an earlier call with the same settings measured are not measured again, unless they have changed. So the
    work can be interrupted at any time. Only aligned faces are written to the disk, and only photos that are being
    processed are in memory.

    Args:
        data: the data folders, read recursively; or a data set, which is streamed.
        out: the folder for the faces and their report, RUN/faces.
        options: see FaceOptions.
        max_photos: use only so many photos, the first ones.
        node: the number of this machine, from 0, among those that share a data set; see launch.Launch.machine.
        nodes: the number of those machines; 1 for folders, which are not shared.
        force: continue with fewer than ``options.min_faces`` faces.
        say: takes one message for the user.

    Returns:
        The cache, with at least one face.

    Raises:
        FaceGANError: a folder is missing, the data set or the detector is not available, the person is not found, or
            there are too few usable faces.
    """
    out = Path(out)
    photos = _open_photos(data, out, max_photos, node, nodes, say)
    check_person(options)
    options = _with_possible_workers(options, say)
    choice = choose_detector(options, say=say)
    say(choice.reason)
    recogniser = choose_recogniser(options, choice)
    if recogniser and nodes > 1:
        raise FaceGANError(
            f"--person {options.person} needs all faces on one machine: prepare them on a single machine first."
        )
    if options.framing is None:
        # New photos must not change the framing of faces that are already aligned.
        options = replace(options, framing=framing_of(out))
    options = choose_framing(photos, choice, options, say=say)
    done = _measure(photos, out, options, choice, recogniser, say)
    records = photos.records(done)
    _report_problems(records, say)
    if options.min_certainty is None:
        options = replace(options, min_certainty=choice.min_certainty)
    people = find_people(records, options, choice, recogniser, say=say) if recogniser else None
    images = _open_faces(out, options.size)
    verdicts = filter_faces(records, images, options, people)
    selected = np.array(sorted(v.face.row for v in verdicts if v.reason == USED and v.face), np.int64)
    hold_out(out, _selected_before(out), selected)
    save_rows(out / SELECTED, selected)
    seems_one_person = people is None and mostly_one_person(images, selected, options, recogniser_in_pack(choice))
    one_person = people is not None or seems_one_person
    with located(out):
        write_report(out, records, verdicts, images, photos.rereadable(done), options, choice, people, one_person)
    _check_enough(verdicts, len(selected), options, force, say)
    if seems_one_person:
        say(MOSTLY_ONE_PERSON)
    say(f"{len(selected):,} faces are ready; {out / 'report.html'} shows which photos were left out and why.")
    return FaceCache.open(out)


def _open_photos(
    data: list[Path] | DatasetChoice,
    out: Path,
    max_photos: int | None,
    node: int,
    nodes: int,
    say: Callable[[str], None],
) -> Photos:
    if isinstance(data, DatasetChoice):
        return DatasetPhotos(data, out, max_photos=max_photos, node=node, nodes=nodes, say=say)
    return FolderPhotos([Path(folder) for folder in data], exclude=out, max_photos=max_photos, say=say)


def _with_possible_workers(options: FaceOptions, say: Callable[[str], None]) -> FaceOptions:
    """The options, with a single worker if this machine cannot start more."""
    if options.workers == 1 or not (why := why_alone()):
        return options
    say(
        f"A single process reads the photos, because several cannot share locks here ({why}): make /dev/shm writable "
        "to use all cores."
    )
    return replace(options, workers=1)


def _measure(
    photos: Photos,
    out: Path,
    options: FaceOptions,
    choice: DetectorChoice,
    recogniser: RecogniserChoice | None,
    say: Callable[[str], None],
) -> Records:
    """Measure new and changed photos. Returns the records of all photos in the journal, even of removed ones."""
    settings = {
        "size": options.size,
        "framing": options.framing,
        "detector": choice.version,
        **({"recogniser": f"{recogniser.version}-{EXAMINATION}"} if recogniser else {}),
        **photos.settings,
    }

    def say_above_bar(line: str) -> None:
        with tqdm.external_write_mode():
            say(line)

    store = FaceStore(out, settings, say=say)
    try:
        before = len(store.records)
        pending = photos.pending(store.records)
        if isinstance(pending, list) and photos.total is not None:  # files, which may have changed or gone
            before = photos.total - len(pending)
            if before:
                say(f"{before:,} of {photos.total:,} files were read before and have not changed.")
        results = measure_photos(pending, Job(choice, options.frame, recogniser), options.workers, say=say_above_bar)
        done = before == photos.total
        bar = tqdm(results, total=photos.total, initial=before, unit="photo", desc="faces", disable=done)
        for record, faces in bar:
            photos.check_disk(record)
            store.append(record, faces)
            photos.mark_stored(record)
    finally:
        store.close()
    return store.records


def _report_problems(records: list[PhotoRecord], say: Callable[[str], None]) -> None:
    """Messages on photos that could be used after all, and how."""
    _report_missing_libraries(records, say)
    _report_not_downloaded(records, say)
    _report_not_read(records, say)


def _report_missing_libraries(records: list[PhotoRecord], say: Callable[[str], None]) -> None:
    """A message for each missing library without which photos could not be read."""
    for detail, count in Counter(record.detail for record in records if record.problem == "no_library").items():
        photos, them = ("1 photo was", "it") if count == 1 else (f"{count:,} photos were", "them")
        say(
            f"{photos} not read, because {detail}, which cannot be imported: run {how_to_install(detail)} and then the "
            f"same command again, which reads only {them}."
        )


def _report_not_downloaded(records: list[PhotoRecord], say: Callable[[str], None]) -> None:
    """A message for each service from which photos must be downloaded."""
    for detail, count in Counter(record.detail for record in records if record.problem == "not_downloaded").items():
        where, remedy = detail.split(": ")
        photos = "1 photo is" if count == 1 else f"{count:,} photos are"
        say(f"{photos} {where}: {remedy}, and run the same command again.")


def _report_not_read(records: list[PhotoRecord], say: Callable[[str], None]) -> None:
    """A message for each reason why photos could not be read that may be gone the next time."""
    for detail, count in Counter(record.detail for record in records if record.problem == "not_read").items():
        photos = "1 photo was" if count == 1 else f"{count:,} photos were"
        say(f"{photos} not read ({detail}): the same command tries again.")


def _selected_before(out: Path) -> np.ndarray | None:
    """The rows, int64 (n,), that an earlier preparation selected; None if the file is missing or damaged."""
    try:
        return np.load(out / SELECTED, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None


def _open_faces(out: Path, size: int) -> np.ndarray:
    return map_faces(faces_file(out, size), size)


def _check_enough(
    verdicts: list[Verdict], usable: int, options: FaceOptions, force: bool, say: Callable[[str], None]
) -> None:
    if usable >= options.recommended_faces:
        return
    counts = _counts_in_words(verdicts)
    of_person = "" if options.person == ANYBODY else " of the person"
    need = (
        f"at least {options.min_faces:,} faces are needed to train, "
        f"{options.recommended_faces:,} or more are recommended"
    )
    if usable == 0:
        raise FaceGANError(f"There is no usable face{of_person} in the data: {counts}; {need}.")
    if usable < options.min_faces and not force:
        raise FaceGANError(
            f"There are only {usable:,} usable faces{of_person} in the data: {counts}; {need}, so add photos"
            f"{of_person and f'{of_person} from other days'} or use --force."
        )
    say(f"There are {usable:,} usable faces{of_person}: {need}.")


def _counts_in_words(verdicts: list[Verdict]) -> str:
    counts = {reason: sum(v.reason == reason for v in verdicts) for reason in (USED, *REASONS)}
    files = len({v.name for v in verdicts})
    words = [
        f"{count:,} {REASONS[reason].words if reason in REASONS else reason}"
        for reason, count in counts.items()
        if count
    ]
    return f"{files:,} files ({', '.join(words)})" if words else "the folder is empty"
