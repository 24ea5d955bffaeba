"""RUN/faces: the aligned faces of a run and their measurements. This file defines the formats.

photos.jsonl      the journal: the settings, then a line for each photo (records.py); with --person also embeddings
faces-SIZE.u8     all faces that were found, raw uint8 RGB, one after the other; a row is the index of a face
stream.json       how far a data set was read (sources/dataset_photos.py)
selected.npy      int64, the rows that passed the filters
held_out.npy      int64, the selected rows that are never trained on (held_out.py)
report.json       counts, reasons and figures (report/report.py)
"""

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path

import numpy as np

from facegan.base.disk import located
from facegan.base.errors import FaceGANError
from facegan.base.mapped import map_faces
from facegan.faces.align import Frame, apply_transform, face_transform
from facegan.faces.held_out import FILE as HELD_OUT
from facegan.faces.held_out import split_of
from facegan.faces.records import PhotoRecord, from_line, to_line

JOURNAL = "photos.jsonl"
SELECTED = "selected.npy"
REPORT = "report.json"
# To be raised when the meaning of a journal line or the decoding of photos changes: then old caches are read again. 3:
# keypoints refer to photos of 2,016 px, and TIFF and camera raw are upright and in full size.
FORMAT = 3


def faces_file(folder: Path, size: int) -> Path:
    """The file of the faces of a size."""
    return folder / f"faces-{size}.u8"


def settings_of(folder: Path) -> dict[str, object]:
    """The settings with which an earlier run made the faces in the folder; empty if there are none."""
    try:
        with (folder / JOURNAL).open("rb") as lines:
            head = _parse(lines.readline())
    except OSError:
        return {}
    return head if isinstance(head, dict) else {}


def framing_of(folder: Path) -> float | None:
    """The framing of the faces that an earlier run left in the folder, or None."""
    framing = settings_of(folder).get("framing")
    return float(framing) if isinstance(framing, int | float) else None


class FaceStore:
    """The journal and the faces file while they are written. Each photo is written before the next one is processed."""

    def __init__(self, folder: Path, settings: dict[str, object], *, say: Callable[[str], None] = print) -> None:
        """Opens RUN/faces, keeps the faces of an earlier run with the same settings, and drops unfinished ones.

        Args:
            folder: created if it is missing.
            settings: everything that the faces depend on, with "size" (pixels). Faces made with other settings are
                removed.
            say: takes a message if faces are removed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.size = int(settings["size"])  # type: ignore[call-overload]
        self.records: dict[str, PhotoRecord] = {}
        self._face_bytes = self.size * self.size * 3
        journal, faces = folder / JOURNAL, faces_file(folder, self.size)
        head = {"format": FORMAT, **settings}
        self._load(journal, faces, head, say)
        self._faces = faces.open("ab")
        self._journal = journal.open("ab")
        if self._journal.tell() == 0:
            self._journal.write(json.dumps(head).encode() + b"\n")
            self._journal.flush()

    @property
    def rows(self) -> int:
        """The number of faces in the file."""
        return self._faces.tell() // self._face_bytes

    def append(self, record: PhotoRecord, faces: np.ndarray) -> None:
        """Adds a photo whose faces are numbered from 0, and their pictures, uint8 (faces, size, size, 3)."""
        record = record.moved(self.rows)
        line = to_line(record)
        # The faces first, so that the rows of every line in the journal exist.
        for file, content in (
            (self._faces, np.ascontiguousarray(faces).tobytes()),
            (self._journal, line.encode() + b"\n"),
        ):
            with located(Path(file.name)):
                file.write(content)
                file.flush()
        # As it will be read from the journal: with rounded numbers, which must give the same result at a threshold.
        self.records[record.name] = from_line(line)

    def close(self) -> None:
        """Closes both files. Raises OSError if buffered data cannot be written."""
        try:
            with located(Path(self._faces.name)):
                self._faces.close()
        finally:
            with located(Path(self._journal.name)):
                self._journal.close()

    def _load(self, journal: Path, faces: Path, head: dict[str, object], say: Callable[[str], None]) -> None:
        if not journal.exists():
            self._remove(journal.parent, [faces])
            return
        rows_on_disk = faces.stat().st_size // self._face_bytes if faces.exists() else 0
        rows = good_bytes = 0
        with journal.open("rb") as lines:
            old_head = _parse(lines.readline())
            if old_head != head:
                say("The faces in the cache were made with other settings, so all photos are read again.")
            else:
                good_bytes = lines.tell()
                for line in lines:
                    record = _record(line)
                    end = max((face.row + 1 for face in record.faces), default=0) if record else 0
                    if record is None or end > rows_on_disk:
                        break
                    self.records[record.name] = record
                    rows = max(rows, end)
                    good_bytes += len(line)
        if not good_bytes:
            self._remove(journal.parent, journal.parent.glob("faces-*.u8"))
        elif faces.exists():
            _truncate(faces, rows * self._face_bytes)
        _truncate(journal, good_bytes)

    @staticmethod
    def _remove(folder: Path, faces: Iterable[Path]) -> None:
        """Remove faces that cannot be used, and the files that refer to their rows."""
        for old in (*faces, folder / SELECTED, folder / HELD_OUT):
            old.unlink(missing_ok=True)


class FaceCache:
    """The aligned faces of a finished preparation, read-only. ``len`` is the number of selected faces."""

    def __init__(self, folder: Path, report: dict, selected: np.ndarray, images: np.ndarray) -> None:
        self.folder = folder
        self.report = report  # the contents of report.json
        self.selected = selected  # int64 (n,), the rows that passed the filters, ascending
        self.images = images  # uint8 (rows, size, size, 3), RGB, including those that the filters rejected

    @classmethod
    def find(cls, folder: Path) -> "FaceCache | None":
        """The faces of the run in `folder`, or of `folder` as RUN/faces; None if there are none."""
        for place in (folder, folder / "faces"):
            if (place / SELECTED).is_file():
                return cls.open(place)
        return None

    @classmethod
    def open(cls, folder: Path) -> "FaceCache":
        """Opens RUN/faces.

        Raises:
            FaceGANError: there is no finished preparation in the folder.
        """
        folder = Path(folder)
        try:
            report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
            selected = np.load(folder / SELECTED, allow_pickle=False)
            size = int(report["size"])
            images = map_faces(faces_file(folder, size), size)
            if not len(images):
                raise ValueError("the file of faces is empty")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FaceGANError(
                f"There are no prepared faces in {folder}: run the training again, which prepares them."
            ) from error
        if selected.size and int(selected.max()) >= len(images):
            raise FaceGANError(f"The faces in {folder} are damaged: delete that folder and run again.")
        return cls(folder, report, selected, images)

    def __len__(self) -> int:
        return len(self.selected)

    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows to train on and those held out, int64, ascending; see held_out.py."""
        return split_of(self.folder, self.selected)

    @property
    def size(self) -> int:
        """Side of a face in pixels."""
        return int(self.images.shape[1])

    @cached_property
    def names(self) -> list[str]:
        """The photo that each row of ``images`` came from, relative to its data folder."""
        names = [""] * len(self.images)
        for record in self.records:
            for face in record.faces:
                names[face.row] = record.name
        return names

    @cached_property
    def keypoints(self) -> np.ndarray:
        """The five keypoints of each row, in pixels of the aligned face, float32 (rows, 5, 2); NaN if unknown."""
        frame = Frame(self.size, float(self.report["framing"]))
        points = np.full((len(self.images), 5, 2), np.nan, np.float32)
        for record in self.records:
            for face in record.faces:
                transform = face_transform(face.keypoints, frame)
                points[face.row] = apply_transform(transform, face.keypoints)
        return points

    @cached_property
    def records(self) -> list[PhotoRecord]:
        """All photos with all their faces, in the order in which they were read."""
        with (self.folder / JOURNAL).open("rb") as lines:
            lines.readline()
            found = (_record(line) for line in lines)
            return [record for record in found if record is not None]


def _parse(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _record(line: bytes) -> PhotoRecord | None:
    """The record of a line; None for one that is incomplete, because the process was killed, or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        return from_line(line.decode())
    except (ValueError, KeyError, TypeError):
        return None


def _truncate(path: Path, size: int) -> None:
    if path.stat().st_size > size:
        with path.open("r+b") as file:
            file.truncate(size)
