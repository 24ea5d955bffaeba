"""Folders of photos to a FaceCache: the one call of this room."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from facegan.errors import FaceGANError
from facegan.faces.cache import SELECTED, FaceCache, FaceStore, faces_file, framing_of
from facegan.faces.detect import DetectorChoice, choose_detector
from facegan.faces.filters import REASONS, USED, Verdict, judge
from facegan.faces.find import FoundFile, find_files
from facegan.faces.framing import choose_framing
from facegan.faces.measure import file_state
from facegan.faces.options import FaceOptions
from facegan.faces.records import PhotoRecord
from facegan.faces.report import write_report
from facegan.faces.work import Job, measure_files

__all__ = ["FaceOptions", "prepare_faces"]


def prepare_faces(
    folders: list[Path],
    out: Path,
    options: FaceOptions,
    *,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> FaceCache:
    """Finds, aligns, judges and reports the faces of all photos below some folders.

    What an earlier call with the same settings did in ``out`` is not done again; photos that changed are.
    The work can be interrupted at any time and goes on where it was.

    Args:
        folders: the data folders, read with all folders in them.
        out: the folder for the faces and their report, RUN/faces.
        options: see FaceOptions.
        force: go on with fewer than ``options.min_faces`` faces.
        say: takes each line for the user.

    Returns:
        The cache, with at least one face.

    Raises:
        FaceGANError: a folder is missing, the detector cannot be had, or there are too few usable faces.
    """
    out = Path(out)
    files = find_files([Path(folder) for folder in folders], leave_out=out)
    choice = choose_detector(options, say=say)
    say(choice.reason)
    if options.framing is None:
        # New photos must not change the framing of those that are done.
        options = replace(options, framing=framing_of(out))
    options = choose_framing(files, choice, options, say=say)
    records = _measure(files, out, options, choice, say)
    images = _open_faces(out, options.size)
    verdicts = judge(records, images, options)
    selected = np.array(sorted(v.face.row for v in verdicts if v.reason == USED and v.face), np.int64)
    np.save(out / SELECTED, selected)
    write_report(out, records, verdicts, images, {file.name: file.path for file in files}, options, choice)
    _check_enough(verdicts, len(selected), options, force, say)
    say(f"{len(selected):,} faces are ready; {out / 'report.html'} shows which photos were left out and why.")
    return FaceCache.open(out)


def _measure(
    files: list[FoundFile],
    out: Path,
    options: FaceOptions,
    choice: DetectorChoice,
    say: Callable[[str], None],
) -> list[PhotoRecord]:
    """The record of every file, from the journal where the file has not changed."""
    settings = {
        "size": options.size,
        "framing": options.framing,
        "detector": choice.version,
    }
    store = FaceStore(out, settings, say=say)
    try:
        todo = [file for file in files if not _is_done(file, store.records)]
        if len(todo) < len(files):
            say(f"{len(files) - len(todo):,} of {len(files):,} files were read before and have not changed.")
        results = measure_files(todo, Job(choice, options.frame), options.workers)
        for record, faces in tqdm(results, total=len(todo), unit="photo", desc="faces", disable=not todo):
            store.append(record, faces)
    finally:
        store.close()
    return [store.records[file.name] for file in files]


def _is_done(file: FoundFile, records: dict[str, PhotoRecord]) -> bool:
    record = records.get(file.name)
    return record is not None and (record.size, record.mtime_ns) == file_state(file)


def _open_faces(out: Path, size: int) -> np.ndarray:
    path = faces_file(out, size)
    rows = path.stat().st_size // (size * size * 3)
    if not rows:  # an empty file cannot be mapped
        return np.empty((0, size, size, 3), np.uint8)
    return np.memmap(path, np.uint8, mode="r", shape=(rows, size, size, 3))


def _check_enough(
    verdicts: list[Verdict], usable: int, options: FaceOptions, force: bool, say: Callable[[str], None]
) -> None:
    if usable >= options.recommended_faces:
        return
    found = _findings(verdicts)
    need = (
        f"at least {options.min_faces:,} faces are needed to train, "
        f"{options.recommended_faces:,} or more are recommended"
    )
    if usable == 0:
        raise FaceGANError(f"There is no usable face in the data: {found}; {need}.")
    if usable < options.min_faces and not force:
        raise FaceGANError(
            f"There are only {usable:,} usable faces in the data: {found}; {need}, so add photos or use --force."
        )
    say(f"There are {usable:,} usable faces: {need}.")


def _findings(verdicts: list[Verdict]) -> str:
    counts = {reason: sum(v.reason == reason for v in verdicts) for reason in (USED, *REASONS)}
    files = len({v.name for v in verdicts})
    words = [f"{count:,} {REASONS.get(reason, reason)}" for reason, count in counts.items() if count]
    return f"{files:,} files ({', '.join(words)})" if words else "the folder is empty"
