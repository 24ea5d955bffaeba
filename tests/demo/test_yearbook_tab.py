import asyncio
import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.pictures import enlarge
from facegan.base.stamp import read_stamp
from facegan.demo import lettering, sheet
from facegan.demo.render import Renderer
from facegan.demo.sheet import Sheet, read_names
from facegan.demo.yearbook_tab import Yearbooks
from facegan.model.face import Mixed, Seed
from facegan.model.face_text import as_text
from facegan.model.provenance import read_recipe


@pytest.fixture
def yearbooks(model, outbox):
    return Yearbooks(model, outbox, Renderer())


def call(yearbooks, *arguments):
    return asyncio.run(yearbooks.endpoint(*arguments))


def test_names_numbers_captions_and_made_faces_stand_in_one_list():
    mixed = Mixed(Seed(1), Seed(2), 0.5)
    found = read_names(f'Anna, 7\nGrandma = 9; Both = {as_text(mixed)}, a = b = 3, {{"mix": [1, 2], "amount": 0.5}}')
    assert found == (
        ("Anna", Seed.of("Anna")),
        ("7", Seed(7)),
        ("Grandma", Seed(9)),
        ("Both", mixed),
        ("a = b", Seed(3)),
        ("seed 1 and seed 2", mixed),
    )
    assert read_names("=, a=")[0][1] == Seed.of("=")


@pytest.mark.parametrize(("paper", "size"), [("a4", (210, 297)), ("letter", (215.9, 279.4))])
def test_a_page_is_as_large_as_its_paper_at_300_dpi(yearbooks, returned, paper, size):
    names = ", ".join(f"Pupil {i}" for i in range(36))
    content = returned(call(yearbooks, names, "Class 5b", paper))
    page = Image.open(io.BytesIO(content))
    page.load()
    assert [side / page.info["dpi"][0] * 25.4 for side in page.size] == pytest.approx(size, abs=0.2)
    told = read_stamp(content)
    assert told["seeds"] == [Seed.of(f"Pupil {i}").number for i in range(36)]
    assert "Pupil" not in str(told)


def test_every_face_is_on_the_page_in_order(model):
    one = sheet.draw(model, Sheet.checked("3, 4, 5, 6, 7", "", "a4", 0.7), dpi=75)
    columns, cell = sheet._layout(5, 620 - 75, 877 - 75 - 15, 45 / 4, 275)
    assert columns == 2
    for seed, (row, x) in zip((3, 4, 5, 6, 7), ((0, 0), (0, 1), (1, 0), (1, 1), (2, 0.5)), strict=True):
        expected = enlarge(model.generate(model.latents([seed], 0.7))[0], round(cell)).astype(int)
        left = (620 - 2 * cell - 45 / 4) / 2 + x * (cell + 45 / 4)
        tops = range(30, 300) if row == 0 else range(300, 600) if row == 1 else range(500, 800)
        near = [
            np.abs(one[top : top + round(cell), round(left) : round(left) + round(cell)].astype(int) - expected).mean()
            for top in tops
            if top + round(cell) <= 877
        ]
        assert min(near) == 0, seed


def test_a_pdf_is_one_page_of_the_paper(yearbooks, returned):
    content = returned(call(yearbooks, "Anna, Ben", "", "letter", "pdf"))
    assert content.startswith(b"%PDF")
    assert b"/MediaBox [ 0 0 612.0 792.0 ]" in content
    assert content.count(b"/Type /Page\n") == 1
    assert b"AI-generated" in content or "AI-generated".encode("utf-16-be") in content


def test_a_zip_has_a_picture_of_each_face_that_restores_it(yearbooks, returned, model):
    names = "Анна, Анна, con, a/b = 7, .. = 8"
    archive = zipfile.ZipFile(io.BytesIO(returned(call(yearbooks, names, "", "a4", "zip", 0.7))))
    assert archive.namelist() == ["Анна.png", "Анна-2.png", "con_.png", "a-b.png", "face.png"]
    content = archive.read("a-b.png")
    assert read_recipe(content).face == Seed(7, truncation=0.7)
    expected = enlarge(model.generate(model.latents([7], 0.7))[0], 384)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), expected)


def test_36_made_faces_are_a_page_too(yearbooks, returned):
    names = "\n".join(as_text(Mixed(Seed.of(f"{i} Anna"), Seed(i), 0.123456)) for i in range(36))
    assert Image.open(io.BytesIO(returned(call(yearbooks, names)))).size == (2480, 3508)


def test_a_name_whose_letters_no_font_has_is_its_number(model, monkeypatch):
    monkeypatch.setattr(lettering, "_fonts", lambda: (lettering.ImageFont.truetype(lettering._FONT, 24),))
    draw = {name: sheet.draw(model, Sheet.checked(name, "", "a4", 0.7), 75) for name in ("安娜", "Anna")}
    number = sheet.draw(model, Sheet.checked(f"{Seed.of('安娜').number}", "", "a4", 0.7), 75)
    assert np.array_equal(draw["安娜"], number)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "1 to 36 names"),
        ((", ".join(f"n{i}" for i in range(37)),), "not 37"),
        (("Anna", "x" * 81), "title must be"),
        (("Anna", "", "a5"), "paper must be one of a4, letter"),
        (("Anna", "", "a4", "gif"), "format must be one of png, pdf, zip"),
        (("Anna", "", "a4", "png", 9), "truncation must be"),
        ((7,), "names must be a text"),
    ],
)
def test_sheet_says_which_argument_is_wrong(yearbooks, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        call(yearbooks, *arguments)


def test_what_is_typed_is_seen_at_once_and_a_mistake_is_explained(yearbooks):
    assert "A page of 2 AI-generated faces" in yearbooks.preview("Anna, Ben", None, "a4", 0.8)
    assert "1 to 36 names" in yearbooks.preview("a," * 40, "", "a4", 0.8)
    assert "<img" not in yearbooks.preview("  ", "", "a4", 0.8)
