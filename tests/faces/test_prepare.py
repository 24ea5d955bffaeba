import errno
import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces import prepare, work
from facegan.faces.cache import FaceCache
from facegan.faces.prepare import FaceOptions, prepare_faces
from tests.faces.sources.broken import write_broken


def quiet(line: str) -> None:
    pass


@pytest.fixture
def options(insightface_root) -> FaceOptions:
    """One process, so that a run takes milliseconds (work.py's tests start processes), and no look at the framing."""
    return FaceOptions(framing=0.8, insightface_root=insightface_root, workers=1)


@pytest.fixture
def photos(tmp_path, people) -> Path:
    """Three people in a nested folder."""
    folder = tmp_path / "photos"
    for number in (1, 2, 3):
        target = folder / f"album {number}" / "portrait.jpg"
        target.parent.mkdir(parents=True)
        with Image.open(people / f"P00{number}" / "assets" / "studio_portrait.jpg") as image:
            image.convert("RGB").resize((400, 400)).save(target, quality=92)
    return folder


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """The names of the photos that are really read."""
    names: list[str] = []
    real = work.measure_photo

    def watched(file, *args, **kwargs):
        names.append(file.name)
        return real(file, *args, **kwargs)

    monkeypatch.setattr(work, "measure_photo", watched)
    return names


def test_photos_to_a_cache(tmp_path, photos, options):
    said = []
    cache = prepare_faces([photos], tmp_path / "run" / "faces", options, force=True, say=said.append)
    assert len(cache) == 3
    assert cache.images.shape == (3, 64, 64, 3)
    assert [cache.names[row] for row in cache.selected] == [f"album {n}/portrait.jpg" for n in (1, 2, 3)]
    assert cache.report["photos"] == {"used": 3}
    assert any("InsightFace" in line for line in said)
    assert any("at least 100" in line for line in said)
    again = FaceCache.open(tmp_path / "run" / "faces")
    assert np.array_equal(again.images[again.selected], cache.images[cache.selected])


def test_several_faces_of_one_photo_are_all_used(tmp_path, people, options):
    (tmp_path / "photos").mkdir()
    sheet = people / "P002" / "assets" / "emotions_sheet.jpg"
    (tmp_path / "photos" / "sheet.jpg").write_bytes(sheet.read_bytes())
    cache = prepare_faces([tmp_path / "photos"], tmp_path / "faces", options, force=True, say=quiet)
    assert len(cache.images) == 16
    faces = cache.report["faces"]  # one person before one background: some expressions are nearly the same picture
    assert faces["used"] + faces.get("near_duplicate", 0) >= 13
    assert faces["used"] >= 8
    assert cache.report["photos"] == {"used": 1}
    assert sum(cache.report["faces"].values()) == 16


def test_resume_reads_only_what_is_new_or_changed(tmp_path, photos, options, measured):
    out = tmp_path / "faces"
    first = prepare_faces([photos], out, options, force=True, say=quiet)
    before = first.images[first.selected].copy()
    assert len(measured) == 3

    measured.clear()
    again = prepare_faces([photos], out, options, force=True, say=quiet)
    assert measured == []
    assert np.array_equal(again.images[again.selected], before)

    changed, gone = photos / "album 2" / "portrait.jpg", photos / "album 3" / "portrait.jpg"
    Image.open(changed).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(changed, quality=92)
    os.utime(changed, (time.time() + 5, time.time() + 5))
    gone.rename(photos / "new.jpg")
    cache = prepare_faces([photos], out, options, force=True, say=quiet)
    assert sorted(measured) == ["album 2/portrait.jpg", "new.jpg"]
    assert sorted(cache.names[row] for row in cache.selected) == [
        "album 1/portrait.jpg",
        "album 2/portrait.jpg",
        "new.jpg",
    ]
    assert cache.report["files"] == 3

    measured.clear()
    prepare_faces([photos], out, replace(options, framing=1.0), force=True, say=quiet)
    assert len(measured) == 3  # faces of another framing are of no use


def test_the_framing_of_tight_photos_is_chosen_and_kept(tmp_path, photos, options, measured):
    for path in photos.rglob("*.jpg"):
        with Image.open(path) as image:
            image.crop((105, 80, 295, 350)).save(path, quality=92)
    said = []
    options = replace(options, framing=None)
    cache = prepare_faces([photos], tmp_path / "faces", options, force=True, say=said.append)
    framing = cache.report["framing"]
    assert framing > 0.9
    assert any(f"Framing {framing:g}" in line for line in said)
    measured.clear()
    assert prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet).report["framing"] == framing
    assert measured == []


def test_thresholds_alone_read_nothing_again(tmp_path, photos, options, measured):
    prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    measured.clear()
    with pytest.raises(FaceGANError, match="no usable face"):
        prepare_faces([photos], tmp_path / "faces", replace(options, min_brightness=254.0), force=True, say=quiet)
    assert measured == []


def test_an_interrupted_run_keeps_what_was_done(tmp_path, photos, options, monkeypatch, measured):
    real = prepare.measure_photos

    def interrupted(files, job, workers, *, say):
        results = real(files, job, workers, say=say)
        yield next(results)
        yield next(results)
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "measure_photos", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    monkeypatch.setattr(prepare, "measure_photos", real)
    measured.clear()
    assert len(prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)) == 3
    assert measured == ["album 3/portrait.jpg"]


def test_everything_that_lies_among_photos_is_a_row_and_nothing_crashes(tmp_path, portrait, options):
    folder = tmp_path / "photos"
    folder.mkdir()
    expected = write_broken(folder, portrait)
    assert len(expected) >= 20
    cache = prepare_faces([folder], tmp_path / "faces", options, force=True, say=quiet)
    rows = cache.report["rows"]
    assert sorted(name for name, _, _ in rows) == sorted(expected)
    for name, reason, detail in rows:
        if expected[name] == "read":
            # most of them show the same face, so all but the best are copies of each other
            assert reason in ("used", "near_duplicate"), (name, reason, detail)
        else:
            assert reason == expected[name], (name, reason, detail)
            assert detail or reason == "no_face"
    assert sum(cache.report["photos"].values()) == len(expected) == cache.report["files"]
    page = (tmp_path / "faces" / "report.html").read_text()
    assert all(name in page for name, reason in expected.items() if reason != "read")


def test_identical_files_count_once(tmp_path, photos, options):
    source = photos / "album 1" / "portrait.jpg"
    (photos / "copy.jpg").write_bytes(source.read_bytes())
    cache = prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    assert ["copy.jpg", "duplicate", "as album 1/portrait.jpg"] in cache.report["rows"]
    assert len(cache) == 3


@pytest.mark.parametrize("content", ["nothing", "texts"])
def test_no_usable_face_says_what_was_found_and_what_is_needed(tmp_path, options, content):
    folder = tmp_path / "photos"
    folder.mkdir()
    if content == "texts":
        (folder / "a.txt").write_text("x")
    with pytest.raises(FaceGANError) as failed:
        prepare_faces([folder], tmp_path / "faces", options, force=True, say=quiet)
    message = str(failed.value)
    assert "100" in message
    assert "1,000" in message
    assert ("empty" in message) if content == "nothing" else ("1 not a picture" in message)
    assert "\n" not in message
    assert (tmp_path / "faces" / "report.html").exists()


def test_too_few_faces_need_force(tmp_path, photos, options):
    with pytest.raises(FaceGANError, match="only 3 usable faces.*--force"):
        prepare_faces([photos], tmp_path / "faces", options, say=quiet)
    assert len(prepare_faces([photos], tmp_path / "faces", replace(options, min_faces=3), say=quiet)) == 3


def test_nothing_tells_where_the_photos_lie(tmp_path, photos, options):
    prepare_faces([photos], tmp_path / "run" / "faces", options, force=True, say=quiet)
    for name in ("report.json", "report.html", "photos.jsonl"):
        assert str(tmp_path) not in (tmp_path / "run" / "faces" / name).read_text(), name


def test_a_run_inside_the_photos_does_not_eat_itself(tmp_path, photos, options):
    for _ in range(2):
        cache = prepare_faces([photos], photos / "run" / "faces", options, force=True, say=quiet)
    assert cache.report["files"] == 3


def test_the_report_has_all_its_parts(tmp_path, photos, options):
    (photos / "bad.jpg").write_bytes(b"")
    out = tmp_path / "faces"
    report = prepare_faces([photos], out, options, force=True, say=quiet).report
    page = (out / "report.html").read_text()
    for name in ("rejected.png", "before_after.gif", "average_before.png", "average_after.png"):
        with Image.open(out / name) as image:
            image.load()
        assert f'src="{name}"' in page
    assert "http://" not in page
    assert "<script" not in page
    with Image.open(out / "before_after.gif") as animation:
        assert animation.n_frames > 10
    spread = report["eye_spread_px_of_128"]
    assert spread["after"]["mean"] < spread["before"]["mean"]
    assert json.loads((out / "report.json").read_text()) == report


def test_yunet_prepares_the_same_faces(tmp_path, photos, options):
    by_scrfd = prepare_faces([photos], tmp_path / "a", options, force=True, say=quiet)
    by_yunet = prepare_faces([photos], tmp_path / "b", replace(options, detector="yunet"), force=True, say=quiet)
    assert by_yunet.report["detector"] == "yunet"
    assert np.abs(by_scrfd.keypoints - by_yunet.keypoints).max() < 3
    difference = by_scrfd.images[by_scrfd.selected].astype(float) - by_yunet.images[by_yunet.selected]
    assert np.abs(difference).mean() < 12


def test_two_processes_give_what_one_gives(tmp_path, photos, options):
    one = prepare_faces([photos], tmp_path / "one", options, force=True, say=quiet)
    two = prepare_faces([photos], tmp_path / "two", replace(options, workers=2), force=True, say=quiet)
    assert np.array_equal(one.images, two.images)
    assert one.report["rows"] == two.report["rows"]


def test_the_pictures_of_a_report_are_no_photos(tmp_path, photos, options):
    out = tmp_path / "elsewhere"
    (photos / "bad.jpg").write_bytes(b"")
    prepare_faces([photos], out, options, force=True, say=quiet)
    pictures = [path for path in out.iterdir() if path.suffix in (".png", ".gif")]
    assert len(pictures) == 4
    for path in pictures:
        (photos / path.name).write_bytes(path.read_bytes())
    report = prepare_faces([photos], tmp_path / "second", options, force=True, say=quiet).report
    assert report["photos"] == {"used": 3, "unreadable": 1, "own_product": 4}


def test_photos_without_their_library_are_told_of_once_and_read_when_it_is_there(
    tmp_path, photos, options, monkeypatch, measured
):
    pytest.importorskip("pillow_heif").register_heif_opener()
    for number in (1, 2):
        with Image.open(photos / f"album {number}" / "portrait.jpg") as image:
            image.save(photos / f"{number}.heic", quality=90)
        (photos / f"album {number}" / "portrait.jpg").unlink()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pillow_heif", None)
        without.delitem(Image.OPEN, "HEIF")
        said = []
        cache = prepare_faces([photos], tmp_path / "faces", options, force=True, say=said.append)
    assert cache.report["photos"] == {"used": 1, "no_library": 2}
    assert ["2 photos" in line and "pip install pillow-heif" in line for line in said].count(True) == 1
    measured.clear()
    said.clear()
    assert len(prepare_faces([photos], tmp_path / "faces", options, force=True, say=said.append)) == 3
    assert measured == ["1.heic", "2.heic"]
    assert not any("pillow-heif" in line for line in said)


def test_photos_that_are_not_downloaded_are_told_of_once(tmp_path, photos, options):
    for number in (1, 2):
        (photos / f"{number}.jpg").write_text(f"version https://git-lfs.github.com/spec/v1\nsize {number}\n")
    said = []
    cache = prepare_faces([photos], tmp_path / "faces", options, force=True, say=said.append)
    assert cache.report["photos"]["not_downloaded"] == 2
    assert ["2 photos" in line and "git lfs pull" in line for line in said].count(True) == 1


def test_without_shared_locks_one_process_reads_the_photos(tmp_path, photos, options, monkeypatch):
    """As in a container whose /dev/shm is read-only or missing."""

    def refused():
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(work.multiprocessing, "get_context", lambda kind: SimpleNamespace(Lock=refused))
    said = []
    cache = prepare_faces([photos], tmp_path / "faces", replace(options, workers=2), force=True, say=said.append)
    assert len(cache) == 3
    assert sum("/dev/shm" in line for line in said) == 1


def test_rows_that_a_full_disk_cut_off_are_chosen_anew(tmp_path, photos, options):
    before = prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    path = tmp_path / "faces" / "selected.npy"
    path.write_bytes(path.read_bytes()[:40])
    again = prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    assert np.array_equal(again.selected, before.selected)


@pytest.mark.parametrize("how", ["unplugged", "unmounted", "stale"])
def test_photos_that_vanish_in_the_middle_are_said_and_nothing_is_lost(
    tmp_path, photos, options, monkeypatch, measured, how
):
    away, stat, real = tmp_path / "away", os.stat, work.measure_photo

    def stale(path, *args, **kwargs):
        if os.fspath(path).startswith(str(photos)):
            raise OSError(errno.ESTALE, "Stale file handle", path)
        return stat(path, *args, **kwargs)

    with monkeypatch.context() as in_the_middle:

        def measure(file, *args, **kwargs):
            result = real(file, *args, **kwargs)
            if file.name != "album 1/portrait.jpg":
                return result
            if how == "stale":
                in_the_middle.setattr(os, "stat", stale)
                in_the_middle.setattr(os, "scandir", stale)
                return result
            photos.rename(away)
            if how == "unmounted":  # what remains is an empty folder of the disk below
                photos.mkdir()
                in_the_middle.setattr("facegan.faces.sources.folder_photos._device_of", lambda folder: -1)
            return result

        in_the_middle.setattr(work, "measure_photo", measure)
        with pytest.raises(FaceGANError) as failed:
            prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)
    assert str(photos) in str(failed.value)
    assert "same command" in str(failed.value)
    if away.exists():
        shutil.rmtree(photos, ignore_errors=True)
        away.rename(photos)
    measured.clear()
    assert len(prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)) == 3
    assert measured == ["album 2/portrait.jpg", "album 3/portrait.jpg"]


def test_a_photo_that_the_disk_refuses_once_is_a_row_and_read_by_the_next_run(
    tmp_path, photos, options, monkeypatch, measured
):
    read = Path.read_bytes

    def refused(path):
        if "album 2" in str(path):
            raise OSError(errno.EIO, "Input/output error", str(path))
        return read(path)

    said = []
    with monkeypatch.context() as bad_sector:
        bad_sector.setattr(Path, "read_bytes", refused)
        cache = prepare_faces([photos], tmp_path / "faces", options, force=True, say=said.append)
    assert cache.report["photos"] == {"used": 2, "not_read": 1}
    assert sum("Input/output error" in line for line in said) == 1
    measured.clear()
    assert len(prepare_faces([photos], tmp_path / "faces", options, force=True, say=quiet)) == 3
    assert measured == ["album 2/portrait.jpg"]
