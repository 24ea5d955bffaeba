import errno
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.align import Frame
from facegan.faces.cache import JOURNAL, REPORT, SELECTED, FaceCache, FaceStore, faces_file
from facegan.faces.records import Examination, FaceRecord, PhotoRecord, from_line, to_line

SETTINGS = {"size": 16, "framing": 0.8, "detector": "test-1"}
rng = np.random.RandomState(0)


def photo(name: str, faces: int = 1) -> tuple[PhotoRecord, np.ndarray]:
    keypoints = (Frame(200, 0.4).template() + rng.rand(5, 2)).astype(np.float32).round(2)
    records = tuple(
        FaceRecord(row, 0.9, keypoints, 30.0, 1.0, 2.0, 3.0, 100.0, 40.0, 0.8, 1.0, 0.79, (15.0, 16.0))
        for row in range(faces)
    )
    pictures = rng.randint(0, 256, (faces, 16, 16, 3)).astype(np.uint8)
    return PhotoRecord(name, 10, 20, sha1=name, width=200, height=200, faces=records), pictures


def same(a: PhotoRecord, b: PhotoRecord) -> bool:
    return to_line(a) == to_line(b)


def filled(folder, *photos, settings=SETTINGS):
    store = FaceStore(folder, settings, say=lambda line: None)
    for record, pictures in photos:
        store.append(record, pictures)
    store.close()
    return store


@pytest.mark.parametrize(
    "record",
    [
        photo("a/b.jpg", 2)[0],
        PhotoRecord("broken.jpg", 5, 6, problem="unreadable", detail="the file is empty"),
        PhotoRecord("caf\u00e9 \udcff.jpg", 5, 6),  # a name that is not UTF-8
    ],
    ids=["faces", "problem", "odd name"],
)
def test_a_line_gives_the_record_back(record):
    line = to_line(record)
    assert "\n" not in line
    assert line.isascii()
    again = from_line(line)
    assert same(again, record)
    assert (again.name, again.problem, again.detail) == (record.name, record.problem, record.detail)
    for one, other in zip(record.faces, again.faces, strict=True):
        assert np.allclose(one.keypoints, other.keypoints, atol=0.006)


def test_a_line_gives_the_examination_back_to_the_bit():
    record, _ = photo("a")
    identity = rng.randn(512).astype(np.float16)
    examined = Examination(identity, clearness=23.456, closed_eyes=-3.21, shades=-10.0)
    again = from_line(to_line(replace(record, faces=(replace(record.faces[0], examined=examined),))))
    found = again.faces[0].examined
    assert found is not None
    assert np.array_equal(found.identity, identity)
    assert (found.clearness, found.closed_eyes, found.shades) == (23.46, -3.21, -10.0)
    assert from_line(to_line(record)).faces[0].examined is None


def test_what_was_appended_is_there_again(tmp_path):
    photos = [photo("a", 2), photo("b", 0), photo("c", 1)]
    filled(tmp_path, *photos)
    store = FaceStore(tmp_path, SETTINGS)
    assert list(store.records) == ["a", "b", "c"]
    assert store.rows == 3
    assert [face.row for face in store.records["c"].faces] == [2]
    stored = np.fromfile(faces_file(tmp_path, 16), np.uint8).reshape(-1, 16, 16, 3)
    assert np.array_equal(stored, np.concatenate([pictures for _, pictures in photos]))
    store.close()


def test_what_is_judged_now_is_what_will_be_judged_when_the_faces_are_opened_again(tmp_path):
    """30.04 degrees are written as 30.0, which passes a limit of 30."""
    record, pictures = photo("a")
    exact = replace(record, faces=(replace(record.faces[0], yaw=30.04, certainty=0.70951),))
    now = filled(tmp_path, (exact, pictures)).records["a"]
    then = FaceStore(tmp_path, SETTINGS).records["a"]
    assert [(face.yaw, face.certainty) for face in now.faces] == [(face.yaw, face.certainty) for face in then.faces]
    assert same(now, exact)


@pytest.mark.parametrize("cut", range(1, 40, 6))
def test_a_kill_while_a_line_is_written_loses_that_photo_only(tmp_path, cut):
    filled(tmp_path, photo("a", 2), photo("b", 1))
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-cut])
    store = FaceStore(tmp_path, SETTINGS)
    assert list(store.records) == ["a"]
    assert store.rows == 2  # the face of the lost photo has gone too
    record, pictures = photo("b", 1)
    store.append(record, pictures)
    store.close()
    assert list(FaceStore(tmp_path, SETTINGS).records) == ["a", "b"]
    stored = np.fromfile(faces_file(tmp_path, 16), np.uint8).reshape(-1, 16, 16, 3)
    assert np.array_equal(stored[2:], pictures)


def test_a_kill_while_a_face_is_written_leaves_no_odd_bytes(tmp_path):
    filled(tmp_path, photo("a", 1))
    with faces_file(tmp_path, 16).open("ab") as file:
        file.write(b"half a face")
    store = FaceStore(tmp_path, SETTINGS)
    assert store.rows == 1
    assert faces_file(tmp_path, 16).stat().st_size == 16 * 16 * 3
    store.close()


def test_lines_whose_faces_are_missing_are_dropped(tmp_path):
    filled(tmp_path, photo("a", 1), photo("b", 2))
    with faces_file(tmp_path, 16).open("r+b") as file:
        file.truncate(2 * 16 * 16 * 3)
    assert list(FaceStore(tmp_path, SETTINGS).records) == ["a"]


def test_the_last_line_of_a_photo_counts(tmp_path):
    filled(tmp_path, photo("a", 1), photo("a", 2))
    store = FaceStore(tmp_path, SETTINGS)
    assert [face.row for face in store.records["a"].faces] == [1, 2]
    store.close()


@pytest.mark.parametrize("other", [{"framing": 1.0}, {"detector": "test-2"}, {"size": 32}])
def test_other_settings_start_anew_and_say_so(tmp_path, other):
    filled(tmp_path, photo("a", 1))
    said = []
    store = FaceStore(tmp_path, {**SETTINGS, **other}, say=said.append)
    assert store.records == {}
    assert store.rows == 0
    assert "other settings" in said[0]
    store.close()
    assert [path.name for path in tmp_path.glob("faces-*")] == [f"faces-{store.size}.u8"]


def finish(folder, selected) -> None:
    np.save(folder / SELECTED, np.array(selected, np.int64))
    (folder / REPORT).write_text(json.dumps({"size": 16, "framing": 0.8}))


def test_open_gives_images_names_and_keypoints(tmp_path):
    photos = [photo("a", 2), photo("b", 1)]
    filled(tmp_path, *photos)
    finish(tmp_path, [0, 2])
    cache = FaceCache.open(tmp_path)
    assert len(cache) == 2
    assert cache.size == 16
    assert isinstance(cache.images, np.memmap)
    assert not cache.images.flags.writeable
    assert np.array_equal(cache.images[2], photos[1][1][0])
    assert cache.names == ["a", "a", "b"]
    # keypoints near the template, because the transform was made from them
    assert np.abs(cache.keypoints - Frame(16).template()).max() < 1.0
    assert cache.report["framing"] == 0.8


def test_open_says_what_is_missing(tmp_path):
    with pytest.raises(FaceGANError, match="no prepared faces"):
        FaceCache.open(tmp_path)
    filled(tmp_path, photo("a", 1))
    finish(tmp_path, [7])
    with pytest.raises(FaceGANError, match="damaged"):
        FaceCache.open(tmp_path)


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from facegan.cli.command_line import exit_code
from facegan.faces.cache import FaceStore
from facegan.faces.records import PhotoRecord
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
def work():
    store = FaceStore(Path(sys.argv[1]), {"size": 64}, say=print)
    for i in range(9):
        store.append(PhotoRecord(f"{i}.jpg", 1, 1, "x"), np.zeros((1, 64, 64, 3), np.uint8))
sys.exit(exit_code(work))
"""


def test_a_file_that_may_not_grow_is_named_with_its_cause_and_what_was_kept_goes_on(tmp_path):
    pytest.importorskip("resource")
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "faces")]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "faces-64.u8" in line
    assert "40,000 bytes" in line
    assert "ulimit" in line
    store = FaceStore(tmp_path / "faces", {"size": 64}, say=print)
    assert list(store.records) == ["0.jpg", "1.jpg", "2.jpg"]
    store.close()


def test_faces_of_photos_that_were_read_otherwise_are_made_anew(tmp_path):
    """Format 2 had keypoints in photos of 2,048 px, and TIFF that was turned twice."""
    filled(tmp_path, photo("a", 1))
    journal = tmp_path / "photos.jsonl"
    head, rest = journal.read_bytes().split(b"\n", 1)
    journal.write_bytes(json.dumps({**json.loads(head), "format": 2}).encode() + b"\n" + rest)
    said = []
    store = FaceStore(tmp_path, SETTINGS, say=said.append)
    assert not store.records
    assert len(said) == 1
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of POSIX")
def test_a_file_that_may_not_grow_is_named_and_the_photos_before_it_stay(tmp_path):
    """As FAT32 at 4 GB, and a full disk, do it: closing the file fails once more."""
    import resource

    faces = np.zeros((1, 16, 16, 3), np.uint8)
    store = FaceStore(tmp_path, {"size": 16}, say=lambda line: None)
    store.append(PhotoRecord("a.jpg", 1, 1), faces)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (faces.nbytes + 100, limits[1]))
    try:
        for work in (lambda: store.append(PhotoRecord("b.jpg", 1, 1), faces), store.close):
            with pytest.raises(OSError) as failed:
                work()
            assert failed.value.errno == errno.EFBIG
            assert Path(failed.value.filename).parent == tmp_path
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    again = FaceStore(tmp_path, {"size": 16}, say=lambda line: None)
    assert list(again.records) == ["a.jpg"]
    again.close()
