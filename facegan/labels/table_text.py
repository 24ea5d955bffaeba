"""The text of an attribute table: its encoding, its cells, and what programs put around them."""

import csv
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # byte order marks
_DELIMITERS = ",;\t"
_LEAST_ASCII = 0.5  # of the letters of a table in an old Western encoding; a picture has fewer
_INDEX_NAMES = ("", "index", "Unnamed: 0")  # of the column that pandas writes before the table


@dataclass(frozen=True)
class TableText:
    """A table as text."""

    header: list[str]  # the names of the columns behind the file name
    rows: list[tuple[int, list[str]]]  # the number of the line, and its cells, the file name first
    notes: list[str]  # what was passed over, a sentence each


def read_table_text(path: Path) -> TableText:
    """The cells of CSV (commas, semicolons or tabs) or of CelebA's list_attr_celeba.txt.

    Read as they were meant: UTF-8, UTF-16 and Windows' Western encoding, Excel's line "sep=;" and its empty columns at
    the end, pandas' index before the file names, and CelebA's text with a wrong number of rows or none.

    Raises:
        FaceGANError: it is no text, has no rows, or has a quote that is never closed.
    """
    lines = _decoded(path).splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    delimiter, promised, notes = None, None, []
    if numbered and numbered[0][1].lower().startswith("sep=") and len(numbered[0][1].strip()) == 5:
        delimiter = numbered.pop(0)[1].strip()[-1]
    elif numbered and numbered[0][1].strip().isdigit():  # CelebA's format begins with the number of rows
        promised = int(numbered.pop(0)[1])
    if len(numbered) < 2:
        raise FaceGANError(f"The attribute table {path} has no rows: it needs a header and a line for each photo.")
    if promised is not None or (delimiter is None and not any(mark in numbered[0][1] for mark in _DELIMITERS)):
        cells = [line.split() for _, line in numbered]
        # With a name for the file names, as copies of the table on the web have it, or without, as the original.
        header = cells[0][1:] if len(cells[0]) == len(cells[1]) else cells[0]
    else:
        delimiter = delimiter or max(_DELIMITERS, key=numbered[0][1].count)
        cells = list(csv.reader([line for _, line in numbered], delimiter=delimiter))
        header = cells[0][1:]
        if len(cells) != len(numbered):
            raise FaceGANError(
                f"A quoted cell of {path} has a line break in it or its quote is never closed: correct it."
            )
    body = cells[1:]
    if _begins_with_an_index(cells):
        header, body = header[1:], [row[1:] for row in body]
    while (
        header and not header[-1].strip() and all(len(row) == len(header) + 1 and not row[-1].strip() for row in body)
    ):
        header, body = header[:-1], [row[:-1] for row in body]
    if promised is not None and promised != len(body):
        notes.append(f"{path} says that it has {promised:,} rows and has {len(body):,}; these are used.")
    rows = [(number, row) for (number, _), row in zip(numbered[1:], body, strict=True)]
    return TableText([name.strip() for name in header], rows, notes)


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FaceGANError(
            f"The attribute table {path} cannot be read ({error.strerror or error}): check --attributes."
        ) from error
    try:
        return content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
        if "\0" not in text and sum(letter.isascii() for letter in text) >= _LEAST_ASCII * len(text):
            return text
    raise FaceGANError(f"The attribute table {path} cannot be read, for it is no text: check --attributes.")


def _begins_with_an_index(cells: list[list[str]]) -> bool:
    """Whether the first column counts the rows, and the file names come second."""
    header, *body = cells
    counted = [row[0].strip() for row in body if row]
    starts = [[str(first + i) for i in range(len(body))] for first in (0, 1)]
    named = len(header) > 1 and header[0].strip() in _INDEX_NAMES
    return named and counted in starts and not all(len(row) > 1 and _is_number(row[1]) for row in body)


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True
