import json
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.sources.find import find_files


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
    assert names([tmp_path], leave_out=tmp_path / "run") == ["a.jpg"]


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
