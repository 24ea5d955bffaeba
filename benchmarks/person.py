"""How well --person auto finds one person's photos, and how rarely it puts good ones aside.

    python -m benchmarks.person --photos ONE_PERSON --who George_W_Bush
    python -m benchmarks.person --celeba CELEBA --celeba-table list_attr.csv

ONE_PERSON holds photos of one person among photos of others; the names of the person's files begin with --who. Prints
precision and recall of the kept group over photos in which a face is found, then the same for the photos shuffled and
renamed, with the person's name on a tenth of the others' and a stranger's on a tenth of the person's.

CELEBA holds photos and a table with CelebA's column Eyeglasses: prints which share of the faces with and without
glasses counts as sunglasses and as closed eyes. Faces that the other filters refuse are left out.
"""

import argparse
import csv
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from facegan.faces.align import Frame
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.filters import why_rejected
from facegan.faces.person.recognise import choose_recogniser
from facegan.faces.prepare import FaceOptions, prepare_faces
from facegan.faces.reasons import USED
from facegan.faces.sources.find import find_files
from facegan.faces.work import Job, measure_photos

OPTIONS = FaceOptions(framing=0.8, person="auto")
WITHOUT_A_FACE = {"not_a_picture", "unreadable", "duplicate", "no_face"}
NOT_KEPT = WITHOUT_A_FACE | {"too_small", "other_person"}  # every other reason is given to faces of the person only


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--photos", type=Path)
    arguments.add_argument("--who", default="George_W_Bush")
    arguments.add_argument("--celeba", type=Path)
    arguments.add_argument("--celeba-table", type=Path)
    arguments.add_argument("--count", type=int, default=2000, help="of CelebA's photos without glasses")
    chosen = arguments.parse_args()
    if chosen.photos:
        one_person(chosen.photos, chosen.who)
    if chosen.celeba:
        eyes(chosen.celeba, chosen.celeba_table, chosen.count)


def one_person(photos: Path, who: str) -> None:
    """Precision and recall of the kept group, with the files as they are and with names that lie."""
    with tempfile.TemporaryDirectory() as temporary:
        files = find_files([photos])
        truth = {file.name: Path(file.name).name.startswith(who) for file in files}
        began = time.monotonic()
        first = kept(photos, Path(temporary) / "first", truth)
        print(f"{(time.monotonic() - began):.0f} s for {len(files):,} photos")

        rng = np.random.RandomState(0)
        renamed = Path(temporary) / "renamed"
        renamed.mkdir()
        old_names = {}
        for number, place in enumerate(rng.permutation(len(files))):
            says = truth[files[place].name] ^ (rng.rand() < 0.1)
            name = f"{number:05}_{who if says else 'somebody'}.jpg"
            shutil.copy(files[place].path, renamed / name)
            old_names[name] = files[place].name
        second = kept(renamed, Path(temporary) / "second", {name: truth[old] for name, old in old_names.items()})
        print(f"the same photos kept: {first == {old_names[name] for name in second}}")


def kept(photos: Path, out: Path, truth: dict[str, bool]) -> set[str]:
    """The photos of the kept group, after their precision and recall are printed."""
    report = prepare_faces([photos], out, OPTIONS, force=True).report
    group = {name for name, reason, _ in report["rows"] if reason not in NOT_KEPT}
    with_face = {name for name, reason, _ in report["rows"] if reason not in WITHOUT_A_FACE}
    theirs = {name for name in with_face if truth[name]}
    right = len(group & theirs)
    print(f"kept group: {len(group)} photos, precision {right / len(group):.2%}, recall {right / len(theirs):.2%}")
    print(f"of the others: {sorted(group - theirs)}")
    used = {name for name, reason, _ in report["rows"] if reason == USED}
    print(
        f"used for training: {len(used)}, of them the person's {len(used & theirs) / len(used):.2%}; {report['photos']}"
    )
    return group


def eyes(photos: Path, table: Path, count: int) -> None:
    """Which share of faces with and without glasses counts as sunglasses, and as closed eyes."""
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    key = next(iter(rows[0]))
    glasses = {row[key]: row["Eyeglasses"] == "1" for row in rows}
    without = [name for name, has in glasses.items() if not has][:count]
    wanted = {*without, *(name for name, has in glasses.items() if has)}
    choice = choose_detector(OPTIONS)
    job = Job(choice, Frame(64), choose_recogniser(OPTIONS, choice))
    found: dict[bool, Counter] = {True: Counter(), False: Counter()}
    files = [file for file in find_files([photos]) if Path(file.name).name in wanted]
    for record, _ in measure_photos(files, job, OPTIONS.workers):
        for face in record.faces:
            if why_rejected(face, OPTIONS)[0] == USED and face.examined:
                counts = found[glasses[Path(record.name).name]]
                counts["faces"] += 1
                counts["sunglasses"] += face.examined.shades > OPTIONS.max_shades
                counts["closed eyes"] += face.examined.closed_eyes > OPTIONS.max_closed_eyes
    for has, counts in found.items():
        shares = ", ".join(f"{counts[name] / counts['faces']:.2%} {name}" for name in ("sunglasses", "closed eyes"))
        print(f"{counts['faces']:,} faces {'with' if has else 'without'} glasses: {shares}")


if __name__ == "__main__":
    main()
