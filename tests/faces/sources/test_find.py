import errno
import json
import os
import subprocess
from functools import partial
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.sources.find import find_files
from facegan.faces.sources.unreadable import UnreadablePhotoError


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")


def names(folders: list[Path], **kwargs) -> list[str]:
    return [file.name for file in find_files(folders, **kwargs)]


def test_nested_folders_in_a_fixed_order_without_hidden_files(tmp_path):
    for name in ("b.jpg", "a/z.png", "a/deep/er/c.txt", ".hidden.jpg", ".git/config", "A.JPG"):
        touch(tmp_path / name)
    assert names([tmp_path]) == ["A.JPG", "a/deep/er/c.txt", "a/z.png", "b.jpg"]


def test_a_link_to_a_folder_above_is_read_once(tmp_path):
    touch(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    assert names([tmp_path]) == ["in/a.jpg"]


def test_a_folder_called_like_a_picture_is_listed_and_read(tmp_path):
    touch(tmp_path / "x.jpg" / "inside.png")
    assert names([tmp_path]) == ["x.jpg", "x.jpg/inside.png"]


def test_several_folders_of_one_name_stay_apart(tmp_path):
    touch(tmp_path / "one" / "photos" / "a.jpg")
    touch(tmp_path / "two" / "photos" / "a.jpg")
    assert names([tmp_path / "one" / "photos", tmp_path / "two" / "photos"]) == ["photos/a.jpg", "photos-2/a.jpg"]


def test_the_run_folder_among_the_photos_is_left_out(tmp_path):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "run" / "faces" / "rejected.png")
    assert names([tmp_path], exclude=tmp_path / "run") == ["a.jpg"]


@pytest.mark.parametrize("make", [lambda p: None, touch], ids=["missing", "file"])
def test_what_is_no_folder_is_named_in_the_error(tmp_path, make):
    make(tmp_path / "photos")
    with pytest.raises(FaceGANError, match="photos"):
        find_files([tmp_path / "photos"])


def test_links_in_a_circle_are_files_that_cannot_be_opened(tmp_path):
    touch(tmp_path / "a.jpg")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "there").symlink_to(tmp_path / "back")
    (tmp_path / "back").symlink_to(tmp_path / "there")
    assert names([tmp_path]) == ["a.jpg", "back", "self", "there"]


RUN = {"options": {}, "train": {}, "versions": {}, "data_fingerprint": ""}
MODEL = {"image_size": 64, "latent_size": 100, "channels": [8], "format_version": 3}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", json.dumps(RUN)),
        ("config.json", json.dumps(MODEL)),
        ("photos.jsonl", json.dumps({"format": 2, "size": 64, "framing": 0.8}) + "\n"),
    ],
    ids=["run", "model", "faces"],
)
def test_runs_and_models_among_the_photos_are_left_out_and_named(tmp_path, file, content):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "deep" / "in" / "samples.png")
    (tmp_path / "deep" / "in" / file).write_text(content)
    said = []
    assert names([tmp_path], say=said.append) == ["a.jpg"]
    assert len(said) == 1
    assert "deep/in" in said[0]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"options": 1}', "[" * 100_000])
def test_anybody_elses_config_leaves_nothing_out(tmp_path, content):
    touch(tmp_path / "album" / "a.jpg")
    (tmp_path / "album" / "config.json").write_text(content)
    said = []
    assert names([tmp_path], say=said.append) == ["album/a.jpg", "album/config.json"]
    assert said == []


@pytest.mark.parametrize("name", ["@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "lost+found"])
def test_thumbnails_and_recycle_bins_are_left_out_and_named(tmp_path, name):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "album" / name / "a.jpg" / "SYNOPHOTO_THUMB_M.jpg")
    said = []
    assert names([tmp_path], say=said.append) == ["a.jpg"]
    assert len(said) == 1
    assert f"album/{name}" in said[0]


def test_a_folder_that_may_not_be_read_is_listed_and_the_others_are_read(tmp_path, monkeypatch):
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "private" / "b.jpg")
    scandir, stat = os.scandir, os.stat

    def refused(there, *args, do, **kwargs):  # as for everybody but root
        if os.fspath(there).startswith(str(tmp_path / "private") + ("" if do is scandir else os.sep)):
            raise PermissionError(errno.EACCES, "Permission denied", there)
        return do(there, *args, **kwargs)

    monkeypatch.setattr(os, "scandir", partial(refused, do=scandir))
    monkeypatch.setattr(os, "stat", partial(refused, do=stat))
    found = find_files([tmp_path])
    assert [file.name for file in found] == ["a.jpg", "private"]
    with pytest.raises(UnreadablePhotoError, match="no permission to read the folder"):
        found[1].read()


def test_a_folder_deeper_than_a_path_can_be_is_listed_and_the_others_are_read(tmp_path, monkeypatch):
    touch(tmp_path / "a.jpg")
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        Path("d" * 240).mkdir()
        os.chdir("d" * 240)
    found = find_files([tmp_path])
    assert found[0].name == "a.jpg"
    assert len(found) == 2
    with pytest.raises(UnreadablePhotoError):
        found[1].read()
    os.chdir(tmp_path)
    subprocess.run(["rm", "-r", "d" * 240], cwd=tmp_path, check=True)  # deeper than shutil.rmtree goes


def test_photos_in_icloud_only_are_listed(tmp_path):
    touch(tmp_path / ".IMG_1.jpg.icloud")
    touch(tmp_path / ".hidden.jpg")
    (file,) = find_files([tmp_path])
    with pytest.raises(UnreadablePhotoError, match="download it") as error:
        file.read()
    assert error.value.reason == "not_downloaded"
