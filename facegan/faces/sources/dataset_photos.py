"""The photos of a data set, as a source of photos: streamed once, resumable, never stored."""

import copy
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.faces.cache import settings_of
from facegan.faces.records import PhotoRecord
from facegan.faces.sources.columns import pictures_in
from facegan.faces.sources.dataset import DatasetChoice, OpenDataset, open_dataset
from facegan.faces.sources.even_sample import EvenSample
from facegan.faces.sources.photos import Photo, Records, is_done
from facegan.faces.sources.streamed_photo import StreamedPhoto

POSITION_FILE = "stream.json"
_SAVE_EVERY = 500  # photos; a resumed stream skips at most as many again, in seconds
# Photos kept for the report: with faces more than it draws, because the filters reject some, and some without a face.
_WITH_FACES, _WITHOUT = 256, 64
_SAMPLE_BYTES = 64_000_000  # of each of the two samples


@dataclass(frozen=True)
class Position:
    """A position between two rows of a stream, as RUN/faces/stream.json stores it."""

    photos: int = 0  # before this position
    state: dict[str, Any] | None = None  # datasets.IterableDataset.state_dict(); None at the start
    ended: bool = False  # whether it is the end of the stream


class DatasetPhotos:
    """The photos of a data set, or of one machine's share of it, see photos.Photos.

    Their names are SPLIT/NUMBER, or SPLIT/NUMBER/FILE if the data set has the image's file name.
    """

    def __init__(
        self,
        choice: DatasetChoice,
        out: Path,
        *,
        max_photos: int | None = None,
        node: int = 0,
        nodes: int = 1,
        say: Callable[[str], None] = print,
    ) -> None:
        """Opens the data set, at the commit that an interrupted preparation in ``out`` started with.

        Args:
            choice: which data set.
            out: RUN/faces, where the position in the stream is saved.
            max_photos: take only the first photos; the number for all machines together.
            node: the number of this machine, from 0.
            nodes: the number of machines that share the photos.
            say: takes one message for the user.

        Raises:
            FaceGANError: see dataset.open_dataset.
        """
        asked = {**asdict(choice), "node": node, "nodes": nodes}
        before = settings_of(out).get("dataset")
        same = isinstance(before, dict) and {key: before.get(key) for key in asked} == asked
        self._choice, self._position_file, self._nodes, self._say = choice, out / POSITION_FILE, nodes, say
        self._prefix = choice.split if nodes == 1 else f"{choice.split}-{node + 1}-of-{nodes}"
        self._max_photos = None if max_photos is None else max_photos // nodes + (node < max_photos % nodes)
        self._share = open_dataset(choice, revision=before["version"] if same else None, node=node, nodes=nodes)
        if self._share.left_out:
            say(
                f"The datasets library assigns {self._share.left_out:,} pictures in {choice.name} to other splits than "
                f"{choice.split}, so they are not used: --data uses all of them."
            )
        self.settings: dict[str, object] = {"dataset": {**asked, "version": self._share.version}}
        rows = self._share.rows and self._share.rows // nodes
        self.total = rows if self._max_photos is None or (rows and rows < self._max_photos) else self._max_photos
        # Photos that are being processed, and positions between them. A position is saved once all photos before it are
        # stored.
        self._in_flight: deque[StreamedPhoto | Position] = deque()
        self._with_faces = EvenSample(_WITH_FACES, _SAMPLE_BYTES)
        self._without = EvenSample(_WITHOUT, _SAMPLE_BYTES)

    def sample(self, count: int) -> Iterator[Photo]:
        """The first photos of the whole data set, not of the share: all machines must choose the same framing."""
        whole = self._share if self._nodes == 1 else open_dataset(self._choice, revision=self._share.version)
        return islice(self._photos_of(whole), count)

    def pending(self, records: Records) -> Iterator[Photo]:
        """Streams the photos that have no record yet.

        Raises:
            FaceGANError: the stream failed; the photos before that are stored.
        """
        place = self._saved_position(records)
        if place.ended or (self._max_photos is not None and len(records) >= self._max_photos):
            return
        if place.photos:
            self._say(f"{place.photos:,} photos of {self._choice.name} were read before.")
        for item in self._read(self._share, place, self._max_photos):
            if isinstance(item, StreamedPhoto) and is_done(item, records):
                continue
            self._in_flight.append(item)
            if isinstance(item, StreamedPhoto):
                yield item
            self._save_positions()

    def check_disk(self, record: PhotoRecord) -> None:
        """Does nothing: a stream that fails raises by itself."""

    def mark_stored(self, record: PhotoRecord) -> None:
        """Saves the position in the stream, and keeps a few photos in memory for the report."""
        photo = self._in_flight.popleft()
        assert isinstance(photo, StreamedPhoto) and photo.name == record.name
        self._offer(photo, record)
        self._save_positions()

    def records(self, records: Records) -> list[PhotoRecord]:
        """In the order of the stream, in which the journal has them."""
        return list(islice(records.values(), self._max_photos))

    def rereadable(self, records: Records) -> dict[str, Photo]:
        """An even sample of the photos that this process has streamed; if those are too few, the first photos."""
        wanted = min(_WITH_FACES // 2, sum(bool(record.faces) for record in islice(records.values(), _WITH_FACES)))
        if len(self._with_faces.photos) < wanted:
            try:
                for photo in islice(self._photos_of(self._share), _WITH_FACES):
                    if photo.name in records:
                        self._offer(photo, records[photo.name])
            except FaceGANError as error:
                self._say(f"The report shows fewer photos, because they could not be streamed a second time. {error}")
        return {photo.name: photo for photo in (*self._with_faces.photos, *self._without.photos)}

    def _offer(self, photo: StreamedPhoto, record: PhotoRecord) -> None:
        if record.faces:
            self._with_faces.offer(photo)
        elif not record.problem:
            self._without.offer(photo)

    # -- the stream --------------------------------------------------------------------------------------------

    def _photos_of(self, dataset: OpenDataset) -> Iterator[StreamedPhoto]:
        return (item for item in self._read(dataset, Position(), None) if isinstance(item, StreamedPhoto))

    def _read(
        self, dataset: OpenDataset, start: Position, max_photos: int | None
    ) -> Iterator[StreamedPhoto | Position]:
        """The photos from a position on, and every _SAVE_EVERY photos the position between two rows."""
        stream = copy.copy(dataset.stream)  # reading changes a stream's state, and it is read more than once
        if start.state is not None:
            stream.load_state_dict(start.state)
        number = noted = start.photos
        for row in self._rows(stream):
            for picture in pictures_in(row[dataset.column[0]], dataset.column[1:]):
                if number == max_photos:
                    return
                yield self._photo(number, picture)
                number += 1
            if number - noted >= _SAVE_EVERY:
                noted = number
                yield Position(number, stream.state_dict())
        yield Position(number, ended=True)

    def _rows(self, stream: Any) -> Iterator[dict[str, Any]]:
        rows = iter(stream)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except Exception as error:  # the library raises its own errors, pyarrow's, httpx's and Python's
                words = " ".join(str(error).split())[:200] or type(error).__name__
                raise FaceGANError(
                    f"The data set {self._choice.name} cannot be read any further ({words}): check the network and "
                    "run the same command again, which continues where it stopped."
                ) from error
            yield row

    def _photo(self, number: int, picture: dict[str, Any]) -> StreamedPhoto:
        data, path = picture["bytes"], picture["path"]
        # "zip://a/b.jpg::hf://datasets/...": the name of the file inside the archive.
        file = re.split(r"[\\/]", path.partition("::")[0])[-1] if path else ""
        name = f"{self._prefix}/{number:07}" + (f"/{file}" if file else "")
        return StreamedPhoto(name, data, path if data is None else None)

    # -- RUN/faces/stream.json ---------------------------------------------------------------------------------

    def _save_positions(self) -> None:
        while self._in_flight and isinstance(self._in_flight[0], Position):
            content = json.dumps(asdict(self._in_flight.popleft()))  # type: ignore[call-overload]
            atomic_write(self._position_file, content)

    def _saved_position(self, records: Records) -> Position:
        """The end of the photos in the journal, or a position before it."""
        try:
            place = Position(**json.loads(self._position_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Position()
        # If the journal has fewer photos, it lost lines after the position was saved: start again, to read those.
        return place if place.photos <= len(records) else Position()
