"""The photos of a data set as a source of photos: streamed once, gone on with where a run stopped, never stored."""

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
from facegan.faces.sources.find import Photo
from facegan.faces.sources.photos import Records, is_done
from facegan.faces.sources.sample import EvenSample
from facegan.faces.sources.streamed import StreamedPhoto

PLACE = "stream.json"
_PLACE_EVERY = 500  # photos: passing over again what lies between costs seconds
# For the report: more with faces than it draws, because some of them will be refused, and enough without.
_WITH_FACES, _WITHOUT = 256, 64
_SAMPLE_BYTES = 64_000_000  # of either


@dataclass(frozen=True)
class Place:
    """A place between two rows of a stream: ``photos`` come before it, ``state`` tells the library where it is."""

    photos: int = 0
    state: dict[str, Any] | None = None  # of datasets.IterableDataset.state_dict; None at the start
    ended: bool = False


class DatasetPhotos:
    """The photos of a data set, or of one machine's share in it, see photos.Photos.

    They are called SPLIT/NUMBER, with the picture's file name behind it if it has one.
    """

    def __init__(
        self,
        choice: DatasetChoice,
        out: Path,
        *,
        most: int | None = None,
        node: int = 0,
        nodes: int = 1,
        say: Callable[[str], None] = print,
    ) -> None:
        """Opens the data set, at the commit that an earlier preparation in ``out`` began with.

        Args:
            choice: which data set.
            out: RUN/faces, which holds how far it was read.
            most: take only the first photos, so many of all machines together.
            node: the number of this machine, from 0.
            nodes: how many machines share the photos.
            say: takes each line for the user.

        Raises:
            FaceGANError: see dataset.open_dataset.
        """
        asked = {**asdict(choice), "node": node, "nodes": nodes}
        before = settings_of(out).get("dataset")
        same = isinstance(before, dict) and {key: before.get(key) for key in asked} == asked
        self._choice, self._place_file, self._nodes, self._say = choice, out / PLACE, nodes, say
        self._prefix = choice.split if nodes == 1 else f"{choice.split}-{node + 1}-of-{nodes}"
        self._most = None if most is None else most // nodes + (node < most % nodes)
        self._share = open_dataset(choice, revision=before["version"] if same else None, node=node, nodes=nodes)
        if self._share.left_out:
            say(
                f"{self._share.left_out:,} pictures in {choice.name} are not in the split {choice.split}, as the "
                "datasets library divides the folder: --data takes all of them."
            )
        self.settings: dict[str, object] = {"dataset": {**asked, "version": self._share.version}}
        rows = self._share.rows and self._share.rows // nodes
        self.expected = rows if self._most is None or (rows and rows < self._most) else self._most
        # Photos on their way, and the places between them, which are noted when all before them is on disk.
        self._flying: deque[StreamedPhoto | Place] = deque()
        self._with_faces = EvenSample(_WITH_FACES, _SAMPLE_BYTES)
        self._without = EvenSample(_WITHOUT, _SAMPLE_BYTES)

    def sample(self, count: int) -> Iterator[Photo]:
        """The first photos of the whole data set, so that every machine chooses by the same ones."""
        whole = self._share if self._nodes == 1 else open_dataset(self._choice, revision=self._share.version)
        return islice(self._photos_of(whole), count)

    def todo(self, records: Records) -> Iterator[Photo]:
        """The photos that are not done yet, as they come.

        Raises:
            FaceGANError: the stream broke; what came before is kept.
        """
        place = self._noted_place(records)
        if place.ended or (self._most is not None and len(records) >= self._most):
            return
        if place.photos:
            self._say(f"{place.photos:,} photos of {self._choice.name} were read before.")
        for item in self._read(self._share, place, self._most):
            if isinstance(item, StreamedPhoto) and is_done(item, records):
                continue
            self._flying.append(item)
            if isinstance(item, StreamedPhoto):
                yield item
            self._note_places()

    def check_disk(self, record: PhotoRecord) -> None:
        """Nothing to ask: a stream that breaks says so itself."""

    def kept(self, record: PhotoRecord) -> None:
        """Notes how far the stream was read, and keeps a few photos in memory for the report."""
        photo = self._flying.popleft()
        assert isinstance(photo, StreamedPhoto) and photo.name == record.name
        self._offer(photo, record)
        self._note_places()

    def records(self, records: Records) -> list[PhotoRecord]:
        """In the order of the stream, which is that of the journal."""
        return list(islice(records.values(), self._most))

    def again(self, records: Records) -> dict[str, Photo]:
        """An even sample of what was streamed now; of a stream that was read before, its first photos."""
        wanted = min(_WITH_FACES // 2, sum(bool(record.faces) for record in islice(records.values(), _WITH_FACES)))
        if len(self._with_faces.photos) < wanted:
            try:
                for photo in islice(self._photos_of(self._share), _WITH_FACES):
                    if photo.name in records:
                        self._offer(photo, records[photo.name])
            except FaceGANError as error:
                self._say(f"The report shows fewer photos, for they cannot be read once more. {error}")
        return {photo.name: photo for photo in (*self._with_faces.photos, *self._without.photos)}

    def _offer(self, photo: StreamedPhoto, record: PhotoRecord) -> None:
        if record.faces:
            self._with_faces.offer(photo)
        elif not record.problem:
            self._without.offer(photo)

    # -- the stream --------------------------------------------------------------------------------------------

    def _photos_of(self, dataset: OpenDataset) -> Iterator[StreamedPhoto]:
        return (item for item in self._read(dataset, Place(), None) if isinstance(item, StreamedPhoto))

    def _read(self, dataset: OpenDataset, start: Place, most: int | None) -> Iterator[StreamedPhoto | Place]:
        """The photos from a place on, and now and then the place between two of them."""
        stream = copy.copy(dataset.stream)  # a stream keeps its state, and is read more than once here
        if start.state is not None:
            stream.load_state_dict(start.state)
        number = noted = start.photos
        for row in self._rows(stream):
            for picture in pictures_in(row[dataset.column[0]], dataset.column[1:]):
                if number == most:
                    return
                yield self._photo(number, picture)
                number += 1
            if number - noted >= _PLACE_EVERY:
                noted = number
                yield Place(number, stream.state_dict())
        yield Place(number, ended=True)

    def _rows(self, stream: Any) -> Iterator[dict[str, Any]]:
        rows = iter(stream)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except Exception as error:  # the library raises its own, pyarrow's, httpx's and Python's
                words = " ".join(str(error).split())[:200] or type(error).__name__
                raise FaceGANError(
                    f"The data set {self._choice.name} cannot be read any further ({words}): check the network and "
                    "run the same command again, it goes on where it was."
                ) from error
            yield row

    def _photo(self, number: int, picture: dict[str, Any]) -> StreamedPhoto:
        data, path = picture["bytes"], picture["path"]
        # The innermost file of an archive, whose name tells most; "zip://a/b.jpg::hf://datasets/..."
        file = re.split(r"[\\/]", path.partition("::")[0])[-1] if path else ""
        name = f"{self._prefix}/{number:07}" + (f"/{file}" if file else "")
        return StreamedPhoto(name, data, path if data is None else None)

    # -- RUN/faces/stream.json ---------------------------------------------------------------------------------

    def _note_places(self) -> None:
        while self._flying and isinstance(self._flying[0], Place):
            content = json.dumps(asdict(self._flying.popleft()))  # type: ignore[call-overload]
            atomic_write(self._place_file, content)

    def _noted_place(self, records: Records) -> Place:
        """Where the photos in the journal end, or a place before that."""
        try:
            place = Place(**json.loads(self._place_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Place()
        # The journal lost lines after the place was noted (or began anew): those photos must be read again.
        return place if place.photos <= len(records) else Place()
