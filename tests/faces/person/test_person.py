"""One person kept, on photos of AI-made people: expressions, group photos, a mirror, a picture in the picture."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.cache import JOURNAL
from facegan.faces.detectors.registry import choose_detector
from facegan.faces.options import FaceOptions
from facegan.faces.person.identity import People
from facegan.faces.person.person import find_people, mostly_one_person
from facegan.faces.person.recognise import choose_recogniser
from facegan.faces.prepare import prepare_faces
from facegan.faces.records import PhotoRecord, from_line
from tests.faces.test_eyes import with_shades

COLUMNS, ROWS = 4, 4  # of the sheets of expressions
SIDE = 300  # px of a photo


def quiet(line: str) -> None:
    pass


def photo_of(people: Path, person: str, name: str = "studio_portrait") -> Image.Image:
    with Image.open(people / person / "assets" / f"{name}.jpg") as image:
        side = min(image.size)
        return image.convert("RGB").crop((0, 0, side, side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def expressions_of(people: Path, person: str) -> list[Image.Image]:
    with Image.open(people / person / "assets" / "emotions_sheet.jpg") as image:
        sheet = image.convert("RGB").resize((COLUMNS * SIDE, ROWS * SIDE), Image.Resampling.LANCZOS)
    cells = [(x * SIDE, y * SIDE) for y in range(ROWS) for x in range(COLUMNS)]
    return [sheet.crop((x, y, x + SIDE, y + SIDE)) for x, y in cells]


def beside(*photos: Image.Image) -> Image.Image:
    row = Image.new("RGB", (SIDE * len(photos), SIDE), (120, 120, 120))
    for place, photo in enumerate(photos):
        row.paste(photo, (SIDE * place + (SIDE - photo.width) // 2, (SIDE - photo.height) // 2))
    return row


@pytest.fixture(scope="module")
def album(tmp_path_factory, people, scrfd) -> Path:
    """P002 in ten photos, one in sunglasses; P003 in five; four others once. The names tell nothing true.

    None of the others is P004, P006 or P010: to the network those three are one person, and P002 is her sister.
    """
    folder = tmp_path_factory.mktemp("album")
    wanted, other = expressions_of(people, "P002"), expressions_of(people, "P003")
    portrait = photo_of(people, "P002")
    rgb = np.asarray(portrait)
    pictures = {
        **{f"smile_{n}": picture for n, picture in enumerate(wanted[:6])},
        "group": beside(photo_of(people, "P005"), photo_of(people, "P003"), portrait),
        "mirror": beside(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((150, 150)), wanted[7]),
        "poster": beside(photo_of(people, "P002", "amateur_selfie"), wanted[9].resize((120, 120))),
        "shades": Image.fromarray(with_shades(rgb, scrfd.detect(rgb)[0].keypoints)),
        **{f"P002_{n}": picture for n, picture in enumerate(other[:4])},
        **{f"P002_{person}": photo_of(people, person) for person in ("P001", "P007", "P009")},
    }
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.jpg", quality=92)
    return folder


@pytest.fixture(scope="module")
def options(insightface_root) -> FaceOptions:
    return FaceOptions(framing=0.8, insightface_root=insightface_root, workers=1, person="auto")


@pytest.fixture(scope="module")
def prepared(album, options, tmp_path_factory) -> Path:
    """RUN/faces of the album with --person auto."""
    out = tmp_path_factory.mktemp("run") / "faces"
    prepare_faces([album], out, options, force=True, say=quiet)
    return out


@pytest.fixture
def out(prepared, tmp_path) -> Path:
    """A copy of it, whose photos need not be read again."""
    return shutil.copytree(prepared, tmp_path / "faces")


def reasons(report: dict) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason, _ in report["rows"]:
        found.setdefault(name.removesuffix(".jpg"), []).append(reason)
    return {name: sorted(values) for name, values in found.items()}


def test_the_most_frequent_person_is_kept_and_names_say_nothing(prepared):
    report = json.loads((prepared / "report.json").read_text())
    found = reasons(report)
    of_the_person = {"used", "near_duplicate", "eyes_closed", "covered"}  # an expression may close the eyes
    for name in ("smile_0", "smile_1", "smile_2", "smile_3", "smile_4", "smile_5"):
        assert set(found[name]) <= of_the_person, (name, found[name])
    assert sum(found[f"smile_{n}"] == ["used"] for n in range(6)) >= 4
    for name in found:
        if name.startswith("P002_"):
            assert found[name] == ["other_person"], name
    assert (report["people"][0]["photos"], report["people"][1]["photos"]) == (10, 5)


def test_of_a_group_photo_only_the_person_is_kept(prepared):
    found = reasons(json.loads((prepared / "report.json").read_text()))
    assert sorted(found["group"]) == ["other_person", "other_person", "used"]


@pytest.mark.parametrize("name", ["mirror", "poster"])
def test_nobody_is_twice_in_one_photo(prepared, name):
    report = json.loads((prepared / "report.json").read_text())
    assert reasons(report)[name] == ["same_photo", "used"]
    lines = [json.loads(line) for line in (prepared / JOURNAL).read_text().splitlines()[1:]]
    faces = next(line for line in lines if line["name"] == f"{name}.jpg")["faces"]
    larger = max(faces, key=lambda face: face["eye_distance"])["row"]
    selected = np.load(prepared / "selected.npy").tolist()
    assert [face["row"] in selected for face in faces] == [face["row"] == larger for face in faces]


def test_sunglasses_are_put_aside(prepared):
    assert reasons(json.loads((prepared / "report.json").read_text()))["shades"] == ["sunglasses"]


def test_the_report_shows_the_people_and_says_that_it_is_one(prepared):
    report = json.loads((prepared / "report.json").read_text())
    assert report["person"] is report["one_person"] is True
    assert report["person_faces"] == report["usable_faces"] == report["faces"]["used"]
    assert report["person_number"] == 1
    page = (prepared / "report.html").read_text()
    assert 'src="people.png"' in page
    assert "who is in 10 photos" in " ".join(page.split())
    with Image.open(prepared / "people.png") as sheet:
        assert sheet.height > 2 * 112


def test_everybody_is_kept_without_it(album, options, tmp_path):
    report = prepare_faces([album], tmp_path / "faces", replace(options, person="any"), force=True, say=quiet).report
    assert report["person"] is False
    assert not {"other_person", "same_photo", "sunglasses"} & set(report["faces"])
    assert not (tmp_path / "faces" / "people.png").exists()
    assert '"identity"' not in (tmp_path / "faces" / JOURNAL).read_text()


class Lookalikes:
    """A recognition network of faces that tell themselves who they are: their first value is the person's number."""

    def open(self):
        return self

    def embed(self, rgb, keypoints):
        assert keypoints.shape == (5, 2)
        return np.eye(100, dtype=np.float32)[rgb[0, 0, 0]] * 20


@pytest.mark.parametrize(
    ("people", "one"),
    [
        ([0] * 55 + [*range(1, 46)], True),
        ([0] * 45 + [*range(1, 56)], False),
        ([0] * 45 + [1] * 55, True),  # the second is
        ([3], True),  # with --force
        ([], False),
        ([0, 1], False),
    ],
)
def test_one_person_is_who_half_of_the_faces_look_like(people, one):
    images = np.zeros((len(people) + 1, 64, 64, 3), np.uint8)
    images[1:] = np.array(people, np.uint8)[:, None, None, None]
    rows = np.arange(1, len(people) + 1)
    assert mostly_one_person(images, rows, FaceOptions(framing=1.0), Lookalikes()) is one
    assert mostly_one_person(images, rows, FaceOptions(framing=1.0), None) is False


@pytest.mark.parametrize(
    ("names", "detector", "one"),
    [
        ("smile_?.jpg", "auto", True),
        ("smile_?.jpg", "yunet", False),  # which cannot know
        ("P002_P*.jpg", "auto", False),
    ],
)
def test_photos_of_one_person_are_known_without_asking(album, options, tmp_path, names, detector, one):
    (tmp_path / "photos").mkdir()
    for photo in album.glob(names):
        shutil.copy(photo, tmp_path / "photos")
    said: list[str] = []
    options = replace(options, person="any", detector=detector)
    report = prepare_faces([tmp_path / "photos"], tmp_path / "faces", options, force=True, say=said.append).report
    assert report["usable_faces"] >= 2
    assert (report["person"], report["one_person"]) == (False, one)
    assert any("look like one person" in line and "--person auto" in line for line in said) == one


@pytest.fixture(scope="module")
def records(prepared) -> list[PhotoRecord]:
    return [from_line(line) for line in (prepared / JOURNAL).read_text().splitlines()[1:]]


@pytest.fixture(scope="module")
def find(records, options):
    """find_people for a --person, on the album or on other records."""
    choice = choose_detector(options, say=quiet)
    recogniser = choose_recogniser(options, choice)
    assert recogniser is not None

    def find(person: str, of: list[PhotoRecord] = records, say=quiet) -> People:
        return find_people(of, replace(options, person=person), choice, recogniser, say=say)

    return find


def names_of(people: People, records: list[PhotoRecord]) -> set[str]:
    return {record.name for record in records for face in record.faces if people.is_wanted(face)}


def test_a_number_chooses_another_person(find, records):
    said: list[str] = []
    second = find("2", say=said.append)
    assert names_of(second, records) == {"group.jpg", "P002_0.jpg", "P002_1.jpg", "P002_2.jpg", "P002_3.jpg"}
    assert said == ["Person 2 of 2 is kept, and is in 5 of 17 photos (the most frequent people are in 10, 5)."]
    with pytest.raises(FaceGANError, match="There is no person 9: only 2 people"):
        find("9")


def test_another_person_needs_no_photo_again(album, options, out, monkeypatch):
    monkeypatch.setattr("facegan.faces.work.measure_photo", None)
    report = prepare_faces([album], out, replace(options, person="2"), force=True, say=quiet).report
    assert report["person_number"] == 2
    assert reasons(report)["smile_1"] == ["other_person"]


def test_a_photo_says_who_it_is(find, people, tmp_path):
    photo_of(people, "P003", "amateur_selfie").save(tmp_path / "me.png")
    assert find(str(tmp_path / "me.png")).wanted == 1
    photo_of(people, "P008").save(tmp_path / "stranger.png")
    with pytest.raises(FaceGANError, match="Nobody in the photos looks like the person in stranger.png"):
        find(str(tmp_path / "stranger.png"))
    Image.new("RGB", (200, 200), (90, 120, 90)).save(tmp_path / "wall.png")
    with pytest.raises(FaceGANError, match="wall.png given with --person shows no face"):
        find(str(tmp_path / "wall.png"))


def test_neither_order_nor_names_nor_copies_matter(find, records):
    order = np.random.RandomState(0).permutation(len(records))
    new_names = {f"{number:03}.jpg": records[i].name for number, i in enumerate(order)}
    shuffled = [replace(records[i], name=name) for i, name in zip(order, new_names, strict=True)]
    copies = [replace(record, name=f"copy of {record.name}") for record in shuffled if "P002" in new_names[record.name]]
    assert len(copies) == 7
    again = find("auto", [*shuffled, *copies, *(replace(copy, name=f"another {copy.name}") for copy in copies)])
    assert {new_names[name] for name in names_of(again, shuffled)} == names_of(find("auto"), records)
    assert [group.photos for group in again.groups] == [10, 5]


def test_what_is_neither_a_word_nor_a_photo(album, options, tmp_path):
    with pytest.raises(FaceGANError, match="There is no photo atuo: give --person any, auto"):
        prepare_faces([album], tmp_path / "faces", replace(options, person="atuo"), say=quiet)
    for nonsense in ("0", ""):
        with pytest.raises(FaceGANError, match="--person takes any, auto, a number from 1"):
            replace(options, person=nonsense)


def test_too_few_photos_of_the_person_say_what_to_do(album, options, prepared):
    with pytest.raises(FaceGANError, match="usable faces of the person.*100.*add photos of the person from other days"):
        prepare_faces([album], prepared, options, say=quiet)


def test_nobody_is_in_two_photos(find, records):
    strangers = [record for record in records if record.name in ("P002_P001.jpg", "P002_P007.jpg")]
    with pytest.raises(FaceGANError, match="nobody is in two of the 2 photos"):
        find("auto", strangers)


def test_yunet_cannot_tell_people_apart(album, options, tmp_path):
    with pytest.raises(FaceGANError, match="yunet has none"):
        prepare_faces([album], tmp_path / "faces", replace(options, detector="yunet"), say=quiet)


def test_machines_that_share_the_photos_out_cannot_group_them(album, options, tmp_path):
    with pytest.raises(FaceGANError, match="one machine"):
        prepare_faces([album], tmp_path / "faces", options, nodes=2, say=quiet)


def test_lenses_are_drawn_where_the_eyes_are(scrfd, portrait):
    keypoints = scrfd.detect(portrait)[0].keypoints
    painted = with_shades(portrait, keypoints)
    assert all(cv2.norm(painted[round(float(y)), round(float(x))]) < 40 for x, y in keypoints[:2])
