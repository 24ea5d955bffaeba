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
