import pytest
from datasets import ClassLabel, Features, Image, List, Value

from facegan.base.errors import FaceGANError
from facegan.faces.sources.columns import choose_column, pictures_in

ENCODED = {"bytes": Value("binary"), "path": Value("string")}


@pytest.mark.parametrize(
    ("features", "wanted", "expected"),
    [
        ({"photo": Image(), "label": Value("int64")}, None, "photo"),
        ({"id": Value("string"), "image": Image(), "mask": Image()}, None, "image"),
        ({"image": Image(), "mask": Image()}, "mask", "mask"),
        ({"person": {"name": Value("string"), "shots": {"front": Image()}}}, None, "person.shots.front"),
        ({"album": List(Image())}, None, "album"),
        ({"people": List({"face": Image(), "age": Value("int64")})}, None, "people.face"),
        ({"jpg": Value("binary"), "smile": ClassLabel(names=["no", "yes"])}, "jpg", "jpg"),
        ({"picture": ENCODED}, "picture", "picture"),
        ({"image": {"file": ENCODED}}, "image.file", "image.file"),
    ],
)
def test_the_column_is_found_by_its_type_or_by_its_name(features, wanted, expected):
    assert choose_column(Features(features), wanted, "user/name") == expected


@pytest.mark.parametrize(
    ("features", "wanted", "sentence"),
    [
        ({"text": Value("string")}, None, "no column of pictures: .*--image-column.*text \\(string\\)"),
        ({"raw": Value("binary")}, None, "no column of pictures: .*raw \\(bytes\\)"),
        ({"front": Image(), "side": Image()}, None, "several columns of pictures: choose one of front, side"),
        ({"image": Image()}, "photo", "no column of pictures called photo: .*image \\(pictures\\)"),
        ({"url": Value("string")}, "url", "no column of pictures called url"),
        (None, None, "Its columns are none that has a type"),
    ],
)
def test_a_column_that_cannot_be_had_is_one_sentence(features, wanted, sentence):
    with pytest.raises(FaceGANError, match=sentence) as failed:
        choose_column(features, wanted, "user/name")
    assert "user/name" in str(failed.value)
    assert "\n" not in str(failed.value)


def test_every_picture_of_a_row_is_found():
    one, two = {"bytes": b"1", "path": "a.png"}, {"bytes": None, "path": "b.png"}
    nothing = {"bytes": None, "path": None}
    assert list(pictures_in(one, ())) == [one]
    assert list(pictures_in({"bytes": b"1"}, ())) == [{"bytes": b"1", "path": None}]
    assert list(pictures_in(b"1", ())) == [{"bytes": b"1", "path": None}]
    assert list(pictures_in({"shots": {"front": two}}, ("shots", "front"))) == [two]
    assert list(pictures_in([one, two, None], ())) == [one, two, nothing]
    assert list(pictures_in([{"face": one}, {"face": None}], ("face",))) == [one, nothing]
    assert list(pictures_in(None, ("shots", "front"))) == [nothing]
    assert list(pictures_in([], ())) == []
