import unicodedata
from pathlib import Path

import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.labels.table import check_table, read_attributes

PHOTOS = ["a.jpg", "b.jpg", "c.jpg"]


class Lines(list):
    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def say() -> Lines:
    return Lines()


def table(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_csv_gives_each_face_its_row_in_the_order_of_the_faces(tmp_path, say):
    path = table(tmp_path, "file,Smiling,Age\nb.jpg,-1,31.5\na.jpg,1,20\nc.jpg,1,\n")
    found = read_attributes(path, ["c.jpg", "a.jpg", "b.jpg", "a.jpg"], say=say)
    assert found.names == ("Smiling", "Age")
    assert found.values == pytest.approx(np.array([[1, np.nan], [1, 20], [-1, 31.5], [1, 20]]), nan_ok=True)
    assert say == [f"{path} has 2 attributes for 4 of 4 faces.", "1 of its values are empty and are left out."]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_a_byte_order_mark_are_understood(tmp_path, say, delimiter):
    text = "\ufefffile,Male,Big Nose\na.jpg,1,0\nb.jpg,0,1\nc.jpg,0,0\n".replace(",", delimiter)
    found = read_attributes(table(tmp_path, text), PHOTOS, say=say)
    assert found.names == ("Male", "Big Nose")
    assert found.values.tolist() == [[1, 0], [0, 1], [0, 0]]


def test_celebas_own_format_is_understood(tmp_path, say):
    text = "3\n5_o_Clock_Shadow Male\na.jpg -1  1\nb.jpg  1 -1\nc.jpg -1 -1\n"
    found = read_attributes(table(tmp_path, text, "list_attr_celeba.txt"), PHOTOS, say=say)
    assert found.names == ("5_o_Clock_Shadow", "Male")
    assert found.values.tolist() == [[-1, 1], [1, -1], [-1, -1]]


def test_a_cut_off_celeba_list_is_used_and_told_of(tmp_path, say):
    found = read_attributes(table(tmp_path, "5\nMale\na.jpg 1\nb.jpg -1\n"), PHOTOS, say=say)
    assert found.values[:2].ravel().tolist() == [1, -1]
    assert "5" in say[0]
    assert "2" in say[0]


def test_rows_without_a_photo_and_photos_without_a_row_are_counted(tmp_path, say):
    path = table(tmp_path, "file,x\na.jpg,1\nz1.jpg,1\nz2.jpg,0\nz3.jpg,0\nz4.jpg,0\n")
    found = read_attributes(path, PHOTOS, say=say)
    assert found.values.ravel() == pytest.approx([1, np.nan, np.nan], nan_ok=True)
    assert say == [
        f"{path} has 1 attributes for 1 of 3 faces.",
        "4 rows of it name no usable photo: z1.jpg, z2.jpg, z3.jpg and 1 more.",
        "2 faces have no row in it and teach none of its attributes: b.jpg, c.jpg.",
    ]


def test_names_in_folders_and_other_suffixes_are_found(tmp_path, say):
    path = table(tmp_path, "file,x\na.jpg,1\nb.jpg,2\nin/c.jpg,3\n")
    found = read_attributes(path, ["photos/a.jpg", "photos/b.png", "in/c.jpg"], say=say)
    assert found.values.ravel().tolist() == [1, 2, 3]


def test_a_name_that_could_mean_two_photos_means_none(tmp_path, say):
    path = table(tmp_path, "file,x\na.jpg,1\nb.jpg,2\n")
    found = read_attributes(path, ["one/a.jpg", "two/a.jpg", "b.jpg"], say=say)
    assert found.values.ravel() == pytest.approx([np.nan, np.nan, 2], nan_ok=True)
    assert "2 faces have no row in it and teach none of its attributes: one/a.jpg, two/a.jpg." in say


def test_a_whole_name_wins_over_the_last_part_of_another(tmp_path, say):
    path = table(tmp_path, "file,x\none/a.jpg,1\ntwo/a.jpg,2\n")
    found = read_attributes(path, ["two/a.jpg", "one/a.jpg"], say=say)
    assert found.values.ravel().tolist() == [2, 1]


def test_equal_duplicates_count_once_and_are_told(tmp_path, say):
    path = table(tmp_path, "file,x\na.jpg,1\na.jpg,1\nb.jpg,0\nc.jpg,0\n")
    assert read_attributes(path, PHOTOS, say=say).values.ravel().tolist() == [1, 0, 0]
    assert say[0] == f"1 rows of {path} repeat an earlier one and count once: a.jpg."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,x\na.jpg,1\na.jpg,0\n", "two rows for a.jpg that contradict"),
        ("file,x,y\na.jpg,1,0\n\nb.jpg,yes,0\n", "Line 4 of .* says 'yes' for x, which is not a number"),
        ("file,x\na.jpg,inf\n", "Line 2 of .* says 'inf' for x"),
        ("file,x,y\na.jpg,1\n", "Line 2 of .* has 1 values for 2 attributes"),
        ("file,x,x\na.jpg,1,1\n", "names x twice"),
        ("file,x,\na.jpg,1,1\n", "a column without a name"),
        ("file\na.jpg\n", "a column without a name|no rows|without"),
        ("file,x\n", "has no rows"),
        ("", "has no rows"),
        ("file,x\nq.jpg,1\nr.jpg,0\n", "None of the 2 file names .* says 'q.jpg', a photo is called 'a.jpg'"),
        ('file,x\n"a.jpg,1\nb.jpg,0\n', "quote is never closed"),
    ],
)
def test_a_bad_table_gives_one_clear_line(tmp_path, text, message):
    with pytest.raises(FaceGANError, match=message) as caught:
        read_attributes(table(tmp_path, text), PHOTOS)
    assert "\n" not in str(caught.value)


def test_a_missing_table_and_one_that_is_no_text_are_told(tmp_path):
    with pytest.raises(FaceGANError, match="cannot be read"):
        read_attributes(tmp_path / "none.csv", PHOTOS)
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0" * 20)
    with pytest.raises(FaceGANError, match="cannot be read"):
        read_attributes(tmp_path / "photo.csv", PHOTOS)


def test_wanted_columns_are_taken_and_unknown_ones_named(tmp_path, say):
    path = table(tmp_path, "file,x,y\na.jpg,1,5\nb.jpg,0,6\nc.jpg,0,7\n")
    assert read_attributes(path, PHOTOS, columns=["y"], say=say).values.ravel().tolist() == [5, 6, 7]
    with pytest.raises(FaceGANError, match="no attribute called Smilng; it has x, y"):
        read_attributes(path, PHOTOS, columns=["Smilng"], say=say)


@pytest.mark.parametrize(
    "content",
    [
        "file,x\na.jpg,1\nb.jpg,0\nc.jpg,-1\n",
        "sep=;\r\nfile;x\r\na.jpg;1\r\nb.jpg;0\r\nc.jpg;-1\r\n",
        "\ufefffile,x,\na.jpg,1,\nb.jpg,0,\nc.jpg,-1,\n",
        ",file,x\n0,a.jpg,1\n1,b.jpg,0\n2,c.jpg,-1\n",
        ",x\na.jpg,1\nb.jpg,0\nc.jpg,-1\n",
        "3\nx\na.jpg 1\nb.jpg 0\nc.jpg -1\n",
        "9\nx \na.jpg  1\nb.jpg  0\nc.jpg -1\n",
        "x\na.jpg  1\nb.jpg  0\nc.jpg -1\n",
        "image_id x\na.jpg  1\nb.jpg  0\nc.jpg -1\n",
    ],
    ids=["plain", "excel", "empty column", "pandas", "pandas by name", "celeba", "wrong count", "no count", "kaggle"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tables_are_read_as_they_were_meant(tmp_path, say, content, encoding):
    path = tmp_path / "table.csv"
    path.write_bytes(content.encode(encoding))
    found = read_attributes(path, PHOTOS, say=say)
    assert found.names == ("x",)
    assert found.values.ravel().tolist() == [1, 0, -1]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_found_however_its_letters_are_written(tmp_path, say, encoding, form):
    path = tmp_path / "table.csv"
    path.write_bytes("file,x\nZo\u00eb.jpg,1\n".encode(encoding))
    assert read_attributes(path, [unicodedata.normalize(form, "Zo\u00eb.jpg")], say=say).values.ravel() == [1]


def test_a_bad_table_is_found_without_any_photo(tmp_path):
    with pytest.raises(FaceGANError, match="Line 3"):
        check_table(table(tmp_path, "file,x\na.jpg,1\nb.jpg,yes\n"))
    check_table(table(tmp_path, "file,x\na.jpg,1\nb.jpg,0\n"))
