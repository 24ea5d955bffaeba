"""Data sets that are folders on this computer."""

from pathlib import Path

import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.sources.dataset import DatasetChoice, open_dataset, plain_pictures


def pictures(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".jpg":
            Image.new("RGB", (8, 8)).save(path)
        else:
            path.write_text("x")
    return folder


@pytest.mark.parametrize(
    ("names", "split", "expected"),
    [
        (("a.jpg", "b test.jpg", "train.jpg", "dev_c.jpg"), "train", "."),
        (("a.jpg", "a.txt", "a.MOV", "list_attr.csv", "README.md"), "train", "."),
        (("album/a.jpg", "test/b.jpg"), "train", "."),
        (("train/a.jpg", "test/b.jpg"), "train", "train"),
        (("train/a.jpg", "test/b.jpg"), "test", "test"),
        (("a.jpg",), "test", None),
        (("a.jpg", "metadata.csv"), "train", None),
        (("a.jpg", "data/0.parquet"), "train", None),
        (("a.csv",), "train", None),
    ],
)
def test_a_folder_of_plain_pictures_is_told_from_a_data_set(tmp_path, names, split, expected):
    folder = pictures(tmp_path / "in [brackets]", *names)
    found = plain_pictures(DatasetChoice(str(folder), split=split))
    assert found == (None if expected is None else folder / expected)


def test_a_data_set_of_the_hub_or_with_a_part_is_no_folder(tmp_path):
    folder = pictures(tmp_path, "a.jpg")
    assert plain_pictures(DatasetChoice("user/name")) is None
    assert plain_pictures(DatasetChoice(str(folder), config="small")) is None
    assert plain_pictures(DatasetChoice(str(folder), column="image")) is None


def test_pictures_that_the_library_gives_to_another_split_are_counted(tmp_path):
    folder = pictures(tmp_path, "a_train.jpg", "b_test.jpg", "c.jpg")
    assert open_dataset(DatasetChoice(str(folder))).left_out == 2


def test_brackets_in_the_path_are_named(tmp_path):
    folder = pictures(tmp_path / "in [brackets]", "a.jpg")
    with pytest.raises(FaceGANError, match="rename the folder, or .*--data"):
        open_dataset(DatasetChoice(str(folder)))
