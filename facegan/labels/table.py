"""Attribute tables: a column of file names and one for each attribute, as CSV or in CelebA's own format."""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.labels.attributes import NAMES, OVERALL
from facegan.labels.names import RESERVED
from facegan.labels.table_text import read_table_text

MISSING = frozenset(("", "nan", "na", "n/a", "none", "null", "?"))  # the spellings of an unknown value
MIN_OF_A_CLASS = 20  # faces on either side of a boundary; with fewer an AUC is a matter of luck
_SHOWN = 3  # examples in a message


@dataclass(frozen=True)
class AttributeTable:
    """Attributes of faces, a row a face."""

    names: tuple[str, ...]  # of the columns
    values: np.ndarray  # float64 (faces, columns); NaN where the table says nothing


@dataclass(frozen=True)
class _Rows:
    """A table as it was read."""

    names: tuple[str, ...]
    files: list[str]
    values: np.ndarray  # float64 (rows, columns)


def read_attributes(
    path: Path, photos: Sequence[str], *, columns: Sequence[str] = (), say: Callable[[str], None] = print
) -> AttributeTable:
    """The attributes of some photos, in their order.

    A table's file name is a photo's whole name, or its last part, or that without the suffix, as long as that means
    one photo only. Nothing is dropped silently: rows without a photo and photos without a row are counted.

    Args:
        path: CSV (commas, semicolons or tabs, with a header) or CelebA's list_attr_celeba.txt.
        photos: the name of each face's photo, such as FaceCache.names; a photo with two faces is named twice.
        columns: the columns that are wanted; all if empty.
        say: takes each line for the user.

    Raises:
        FaceGANError: the table cannot be read, holds text or contradictions, or names none of the photos.
    """
    rows = _chosen(path, _read(Path(path), say), columns)
    row_of = _unique_rows(path, rows, say)
    values = np.full((len(photos), len(rows.names)), np.nan)
    used, without = set(), []
    find = _finder(photos, row_of)
    for i, photo in enumerate(photos):
        name = find(photo)
        if name is None:
            without.append(photo)
        else:
            used.add(name)
            values[i] = rows.values[row_of[name]]
    if not used:
        raise FaceGANError(
            f"None of the {len(row_of):,} file names in {path} is one of the {len(set(photos)):,} photos: the table "
            f"says {next(iter(row_of))!r}, a photo is called {next(iter(photos), '(there is none)')!r}."
        )
    say(f"{path} has {len(rows.names):,} attributes for {len(photos) - len(without):,} of {len(photos):,} faces.")
    missing = [name for name in row_of if name not in used]
    if missing:
        say(f"{len(missing):,} rows of it name no usable photo: {_examples(missing)}.")
    if without:
        say(f"{len(without):,} faces have no row in it and teach none of its attributes: {_examples(without)}.")
    unknown = int(np.isnan(rows.values[[row_of[name] for name in used]]).sum())
    if unknown:
        say(f"{unknown:,} of its values are empty and are left out.")
    return AttributeTable(rows.names, values)


def own_names(columns: Iterable[str]) -> tuple[str, ...]:
    """The columns of a user's table, each as one word that no other score has.

    "Big Nose" becomes "big_nose", "5_o_Clock" "has_5_o_clock", a "Smile" that is not ours "smile_2", and a "Class",
    which no call could name, "class_2".
    """
    found: list[str] = []
    taken = {*NAMES, *OVERALL, *RESERVED}
    for column in columns:
        name = re.sub(r"[^a-z0-9_]+", "_", column.lower()).strip("_")[:50] or "attribute"
        name = name if name[0].isalpha() else f"has_{name}"
        words = itertools.chain([name], (f"{name}_{n}" for n in itertools.count(2)))
        free = next(word for word in words if word not in taken)
        found.append(free)
        taken.add(free)
    return tuple(found)


def check_table(path: Path) -> None:
    """Raises FaceGANError for a table that cannot be used whatever the photos, before any of these is read."""
    _unique_rows(path, _read(Path(path)), lambda _: None)


def _read(path: Path, say: Callable[[str], None] = lambda _: None) -> _Rows:
    table = read_table_text(path)
    for note in table.notes:
        say(note)
    names = tuple(table.header)
    if not names or "" in names:
        raise FaceGANError(f"The header of {path} has a column without a name: give every attribute one.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FaceGANError(f"The header of {path} names {_examples(twice)} twice: rename or remove one of them.")
    files, values = [], np.empty((len(table.rows), len(names)))
    for i, (number, cells) in enumerate(table.rows):
        if len(cells) != len(names) + 1:
            raise FaceGANError(
                f"Line {number} of {path} has {max(len(cells) - 1, 0)} values for {len(names)} attributes: correct it."
            )
        files.append(cells[0].strip())
        values[i] = [_number(path, number, name, cell) for name, cell in zip(names, cells[1:], strict=True)]
    return _Rows(names, files, values)


def _number(path: Path, line: int, name: str, cell: str) -> float:
    text = cell.strip()
    if text.lower() in MISSING:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("inf")
    if not np.isfinite(value):
        raise FaceGANError(
            f"Line {line} of {path} says {text!r} for {name}, which is not a number: "
            "write 1 and -1 (or 0), a number, or nothing."
        )
    return value


def _chosen(path: Path, rows: _Rows, columns: Sequence[str]) -> _Rows:
    if not columns:
        return rows
    unknown = [name for name in columns if name not in rows.names]
    if unknown:
        raise FaceGANError(f"{path} has no attribute called {_examples(unknown)}; it has {', '.join(rows.names)}.")
    places = [rows.names.index(name) for name in columns]
    return _Rows(tuple(columns), rows.files, rows.values[:, places])


def _unique_rows(path: Path, rows: _Rows, say: Callable[[str], None]) -> dict[str, int]:
    """Every file name's row."""
    row_of: dict[str, int] = {}
    repeated = []
    for i, name in enumerate(rows.files):
        first = row_of.setdefault(name, i)
        if first == i:
            continue
        if not np.array_equal(rows.values[first], rows.values[i], equal_nan=True):
            raise FaceGANError(f"{path} has two rows for {name} that contradict each other: remove one of them.")
        repeated.append(name)
    if repeated:
        say(f"{len(repeated):,} rows of {path} repeat an earlier one and count once: {_examples(repeated)}.")
    return row_of


def _finder(photos: Sequence[str], row_of: dict[str, int]) -> Callable[[str], str | None]:
    """Finds the table's name for a photo."""
    forms = (lambda name: name, lambda name: PurePosixPath(name).name, lambda name: PurePosixPath(name).stem)
    indices = []
    for form in forms:
        of_table = _by_form(row_of, form)
        of_photos = _by_form(dict.fromkeys(photos), form)
        indices.append((form, of_table, of_photos))

    def find(photo: str) -> str | None:
        for form, of_table, of_photos in indices:
            key = _key(form, photo)
            if len(of_table.get(key, ())) == 1 and len(of_photos[key]) == 1:
                return of_table[key][0]
        return None

    return find


def _by_form(names: dict[str, object], form: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_key(form, name), []).append(name)
    return found


def _key(form: Callable[[str], str], name: str) -> str:
    """What two names have in common that mean the same file: macOS takes letters apart that others write as one."""
    return unicodedata.normalize("NFC", form(name.replace("\\", "/")))


def _examples(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown
