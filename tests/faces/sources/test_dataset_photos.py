"""Photos out of data sets, streamed by the real datasets library from files that it wrote."""

import io
import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import datasets
import numpy as np
import pytest
from datasets import Dataset, Features, Image, List, Value
from datasets.exceptions import DatasetNotFoundError as NotFound
from PIL import Image as Pillow

from facegan.base.errors import FaceGANError
from facegan.faces import work
from facegan.faces.prepare import FaceOptions, prepare_faces
from facegan.faces.sources import dataset_photos
from facegan.faces.sources.dataset import DatasetChoice, open_dataset
from facegan.faces.sources.dataset_photos import POSITION_FILE, DatasetPhotos

ROOT = Path(__file__).parents[3]
GREY, CLEAR, BROKEN, NONE = 3, 4, 5, 6  # which rows are odd
ROWS = 9


def quiet(line: str) -> None:
    pass


@pytest.fixture
def options(insightface_root) -> FaceOptions:
    return FaceOptions(framing=0.8, insightface_root=insightface_root, workers=1)


@pytest.fixture(scope="module")
def pictures(people) -> list[bytes | None]:
    """Picture files of eight people: grey, with transparency, broken and missing ones among them."""
    files: list[bytes | None] = []
    for number in range(ROWS):
        with Pillow.open(people / f"P{number + 1:03}" / "assets" / "studio_portrait.jpg") as image:
            face = image.convert("RGB").resize((300, 300))
        mode = {GREY: "L", CLEAR: "RGBA"}.get(number, "RGB")
        written = io.BytesIO()
        face.convert(mode).save(written, "PNG" if mode == "RGBA" else "JPEG", quality=92)
        files.append(written.getvalue())
    files[BROKEN] = files[BROKEN][:2000]
    files[NONE] = None
    return files


@pytest.fixture(autouse=True)
def no_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def parquet(tmp_path, pictures) -> Path:
    """A data set in three files of three rows, with columns besides the photos."""
    folder = tmp_path / "parquet"
    folder.mkdir()
    features = Features({"label": Value("int64"), "photo": Image(), "about": Value("string")})
    for part in range(3):
        rows = range(3 * part, 3 * part + 3)
        photos = [{"bytes": pictures[row], "path": f"{row}.jpg"} if pictures[row] else None for row in rows]
        table = {"label": list(rows), "photo": photos, "about": ["x"] * 3}
        Dataset.from_dict(table, features=features).to_parquet(folder / f"train-{part}.parquet")
    return folder


@pytest.fixture
def folder(tmp_path, pictures) -> Path:
    """The same pictures as files."""
    path = tmp_path / "photos"
    path.mkdir()
    for row, data in enumerate(pictures):
        if data is not None:
            (path / f"{row}.jpg").write_bytes(data)
    return path


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """The names of the photos that are really read."""
    names: list[str] = []
    real = work.measure_photo

    def watched(photo, *args, **kwargs):
        names.append(photo.name)
        return real(photo, *args, **kwargs)

    monkeypatch.setattr(work, "measure_photo", watched)
    return names


def prepared(data, out, options, **kwargs):
    return prepare_faces(data, out, options, force=True, say=kwargs.pop("say", quiet), **kwargs)


def name(row: int) -> str:
    return f"train/{row:07}/{row}.jpg" if row != NONE else f"train/{row:07}"


def test_a_data_set_gives_the_faces_that_a_folder_gives(tmp_path, parquet, folder, options):
    streamed = prepared(DatasetChoice(str(parquet)), tmp_path / "a", options)
    from_files = prepared([folder], tmp_path / "b", options)
    assert len(streamed) == len(from_files) == ROWS - 2
    assert np.array_equal(streamed.images, from_files.images)
    assert np.array_equal(streamed.selected, from_files.selected)
    assert streamed.report["eye_spread_px_of_128"] == from_files.report["eye_spread_px_of_128"]
    rows = {row[0]: row[1:] for row in streamed.report["rows"]}
    assert list(rows) == [name(row) for row in range(ROWS)]
    assert rows[name(GREY)][0] == rows[name(CLEAR)][0] == "used"
    assert rows[name(BROKEN)][0] == "unreadable"
    assert rows[name(NONE)] == ["unreadable", "the row holds no picture"]
    for picture in ("before_after.gif", "average_before.png", "rejected.png", "report.html"):
        assert (tmp_path / "a" / picture).stat().st_size > 1000


def test_two_processes_give_what_one_gives(tmp_path, parquet, options):
    one = prepared(DatasetChoice(str(parquet)), tmp_path / "one", options)
    two = prepared(DatasetChoice(str(parquet)), tmp_path / "two", replace(options, workers=2))
    assert np.array_equal(one.images, two.images)
    assert one.report["rows"] == two.report["rows"]


def test_a_folder_of_images_is_a_data_set_too(tmp_path, folder, options):
    names = sorted(path.name for path in folder.glob("*.jpg"))
    (folder / "metadata.csv").write_text("file_name,age\n" + "".join(f"{name},30\n" for name in names))
    cache = prepared(DatasetChoice(str(folder)), tmp_path / "a", options)
    (folder / "metadata.csv").unlink()
    assert np.array_equal(cache.images, prepared([folder], tmp_path / "b", options).images)
    for file in ("report.json", "photos.jsonl"):
        content = (tmp_path / "a" / file).read_text()
        assert str(folder) not in content.split("\n", 1)[1]  # the journal's head names the data set as it was given


def test_nested_and_listed_pictures_are_found(tmp_path, pictures, options):
    face = (
        {"bytes": pictures[0], "path": None},
        {"bytes": pictures[1], "path": None},
        {"bytes": pictures[2], "path": None},
    )
    data = tmp_path / "nested"
    data.mkdir()
    features = Features({"person": {"name": Value("string"), "shots": List(Image())}})
    rows = [{"name": "a", "shots": [face[0], face[1]]}, {"name": "b", "shots": []}, {"name": "c", "shots": [face[2]]}]
    Dataset.from_dict({"person": rows}, features=features).to_parquet(data / "train.parquet")
    cache = prepared(DatasetChoice(str(data)), tmp_path / "faces", options)
    assert [cache.names[row] for row in cache.selected] == ["train/0000000", "train/0000001", "train/0000002"]


def test_bytes_that_nobody_calls_pictures_are_photos_when_named(tmp_path, pictures, options):
    data = tmp_path / "raw"
    data.mkdir()
    Dataset.from_dict(
        {"jpg": pictures[:3], "id": [1, 2, 3]}, Features({"jpg": Value("binary"), "id": Value("int64")})
    ).to_parquet(data / "train.parquet")
    with pytest.raises(FaceGANError, match="--image-column.*jpg"):
        prepared(DatasetChoice(str(data)), tmp_path / "faces", options)
    assert len(prepared(DatasetChoice(str(data), column="jpg"), tmp_path / "faces", options)) == 3


def test_no_original_is_written_anywhere(tmp_path, parquet, pictures, options):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    prepared(DatasetChoice(str(parquet)), tmp_path / "run" / "faces", options)
    written = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert written
    for path in written:
        content = path.read_bytes()
        assert not any(data and data[200:400] in content for data in pictures), path


@pytest.mark.parametrize("stopped_after", [0, 1, 4, 8])
def test_a_stopped_preparation_goes_on_without_reading_again(
    tmp_path, parquet, options, monkeypatch, measured, stopped_after
):
    monkeypatch.setattr(dataset_photos, "_SAVE_EVERY", 2)
    whole = prepared(DatasetChoice(str(parquet)), tmp_path / "whole", options)
    measured.clear()
    real = DatasetPhotos.mark_stored

    def stopping(self, record):
        real(self, record)
        if len(measured) == stopped_after:
            raise KeyboardInterrupt

    monkeypatch.setattr(DatasetPhotos, "mark_stored", stopping)
    if stopped_after:
        with pytest.raises(KeyboardInterrupt):
            prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
        noted = tmp_path / "faces" / POSITION_FILE
        assert not noted.exists() or json.loads(noted.read_text())["photos"] <= stopped_after
        assert noted.exists() == (stopped_after >= 3)
    monkeypatch.setattr(DatasetPhotos, "mark_stored", real)
    assert measured == [name(row) for row in range(stopped_after)]
    cache = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    assert measured == [name(row) for row in range(ROWS)]
    assert np.array_equal(cache.images, whole.images)
    assert cache.report["rows"] == whole.report["rows"]


def test_a_finished_data_set_is_not_streamed_again_but_reported(tmp_path, parquet, options, measured):
    first = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    measured.clear()
    again = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    assert measured == []
    assert again.report["rows"] == first.report["rows"]
    assert again.report["eye_spread_px_of_128"]["after"]["faces"] == ROWS - 2
    assert (tmp_path / "faces" / "before_after.gif").exists()


def test_a_place_that_the_journal_does_not_reach_is_not_believed(tmp_path, parquet, options, measured):
    """A power cut may take the journal's last lines after the place was noted."""
    prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    journal = tmp_path / "faces" / "photos.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:5]))
    measured.clear()
    assert len(prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)) == ROWS - 2
    assert measured == [name(row) for row in range(4, ROWS)]


def test_data_that_changed_are_read_anew(tmp_path, parquet, pictures, options, measured):
    prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    one = {"photo": [{"bytes": pictures[0], "path": "other.jpg"}]}
    (parquet / "train-0.parquet").unlink()
    Dataset.from_dict(one, features=Features({"photo": Image()})).to_parquet(parquet / "train-0.parquet")
    for part in (1, 2):
        (parquet / f"train-{part}.parquet").unlink()
    measured.clear()
    said = []
    cache = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options, say=said.append)
    assert measured == ["train/0000000/other.jpg"]
    assert len(cache) == 1
    assert any("other settings" in line for line in said)


def test_at_most_so_many_photos_and_more_later(tmp_path, parquet, folder, options, measured):
    few = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options, max_photos=4)
    assert few.report["files"] == len(measured) == 4
    more = prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options, max_photos=8)
    assert measured == [name(row) for row in range(8)]
    assert more.report["files"] == 8
    assert prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options, max_photos=3).report["files"] == 3
    assert len(measured) == 8
    assert prepared([folder], tmp_path / "folder", options, max_photos=2).report["files"] == 2


@pytest.mark.parametrize("nodes", [2, 3, 4])  # three files: shared out by row, by file, by row
def test_nodes_share_every_photo_exactly_once(parquet, tmp_path, nodes):
    def files(node, nodes, max_photos=None):
        photos = DatasetPhotos(
            DatasetChoice(str(parquet)), tmp_path / "faces", node=node, nodes=nodes, max_photos=max_photos
        )
        return [(photo.name, photo.name.rpartition("/")[2] if photo.data else "none") for photo in photos.pending({})]

    shares = [files(node, nodes) for node in range(nodes)]
    assert all(shares)
    assert sorted(file for share in shares for _, file in share) == sorted(file for _, file in files(0, 1))
    assert len({photo for share in shares for photo, _ in share}) == ROWS  # no two photos have one name
    assert sum(len(files(node, nodes, max_photos=5)) for node in range(nodes)) == 5


def test_nodes_choose_one_framing(tmp_path, parquet):
    for node in (0, 1):
        photos = DatasetPhotos(DatasetChoice(str(parquet)), tmp_path / "faces", node=node, nodes=2)
        assert [photo.name for photo in photos.sample(3)] == [
            f"train-{node + 1}-of-2/{row:07}/{row}.jpg" for row in range(3)
        ]


def test_a_stopped_node_goes_on_with_its_own_share(tmp_path, parquet, options, monkeypatch, measured):
    monkeypatch.setattr(dataset_photos, "_SAVE_EVERY", 1)
    choice, share = DatasetChoice(str(parquet)), {"node": 1, "nodes": 2}
    whole = prepared(choice, tmp_path / "whole", options, **share)
    prepared(choice, tmp_path / "faces", options, max_photos=5, **share)
    measured.clear()
    again = prepared(choice, tmp_path / "faces", options, **share)
    assert len(measured) == 2
    assert again.report["rows"] == whole.report["rows"]


def test_a_stream_that_breaks_keeps_what_came_before(tmp_path, parquet, options, monkeypatch, measured):
    real = DatasetPhotos._rows

    def breaking(self, rows):
        def some():
            for number, row in enumerate(rows):
                if number == 4:
                    raise ConnectionResetError("the line was cut\nmore words")
                yield row

        return real(self, some())

    monkeypatch.setattr(DatasetPhotos, "_rows", breaking)
    with pytest.raises(FaceGANError, match="cannot be read any further \\(the line was cut more words\\)"):
        prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    monkeypatch.setattr(DatasetPhotos, "_rows", real)
    prepared(DatasetChoice(str(parquet)), tmp_path / "faces", options)
    assert measured == [name(row) for row in range(ROWS)]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (NotFound("Dataset 'u/n' doesn't exist on the Hub or cannot be accessed."), "private.*hf auth login"),
        (NotFound("Dataset 'u/n' is a gated dataset on the Hub."), "gated.*https://huggingface.co/datasets/u/n"),
        (NotFound("Revision 'v9' doesn't exist for dataset 'u/n' on the Hub."), "no revision v9"),
        (ConnectionError("Couldn't reach 'u/n' on the Hub (ConnectError)"), "cannot be reached.*--data"),
        (FileNotFoundError("Couldn't find any data file at /x/u/n."), "neither a folder nor a data set"),
        (ValueError("BuilderConfig 'x' not found. Available: ['big', 'small']"), "one of big, small with --dataset-c"),
        (ValueError("Config name is missing.\nPlease pick one among: ['a', 'b']\nExample"), "choose one of a, b with"),
        (RuntimeError("Dataset scripts are no longer supported"), "cannot be opened \\(Dataset scripts"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(monkeypatch, error, sentence):
    def failing(*args, **kwargs):
        raise error

    monkeypatch.setattr(datasets, "load_dataset_builder", failing)
    with pytest.raises(FaceGANError, match=sentence) as failed:
        open_dataset(DatasetChoice("u/n@v9"))
    assert "\n" not in str(failed.value)


def test_what_the_library_itself_refuses_is_one_sentence(parquet, tmp_path):
    with pytest.raises(FaceGANError, match="has no split test: choose one of train with --dataset-split"):
        open_dataset(DatasetChoice(str(parquet), split="test"))
    with pytest.raises(FaceGANError, match="choose one of default with --dataset-config"):
        open_dataset(DatasetChoice(str(parquet), config="small"))
    with pytest.raises(FaceGANError, match="neither a folder nor a data set"):
        open_dataset(DatasetChoice(str(tmp_path / "nowhere")))
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("hello")
    with pytest.raises(FaceGANError, match="no column of pictures"):
        open_dataset(DatasetChoice(str(tmp_path / "texts")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FaceGANError, match="holds no file that"):
        open_dataset(DatasetChoice(str(tmp_path / "empty")))


def test_the_library_is_loaded_for_data_sets_only(monkeypatch, parquet):
    code = "import sys, facegan.faces.prepare, facegan.faces.sources.dataset_photos\n"
    code += "print({'datasets', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "set()", done.stderr
    monkeypatch.setitem(sys.modules, "datasets", None)  # as if it were not installed
    with pytest.raises(FaceGANError, match="pip install -r train/requirements.txt"):
        open_dataset(DatasetChoice(str(parquet)))


def test_a_revision_stands_behind_the_at_unless_it_is_a_folder(tmp_path):
    choice = DatasetChoice("user/name@v1.0")
    assert (choice.repo, choice.revision) == ("user/name", "v1.0")
    assert DatasetChoice("user/name").revision is None
    (tmp_path / "a@b").mkdir()
    assert DatasetChoice(str(tmp_path / "a@b")).revision is None
    assert DatasetChoice(**asdict(choice)) == choice
