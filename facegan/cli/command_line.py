"""What the commands share: argument types, common options, and error messages on one line."""

import argparse
import json
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from facegan.base.disk import is_disk_error, remedy
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.output import robust_output
from facegan.base.temporary import check_temporary_folder

_MAX_CHARACTERS = 2000  # of a text that config.json stores
PRIVATE_BY_DEFAULT = "private for a model of fewer than 1,000 faces or of one person"  # for add_visibility


def number(kind: type, least: float, most: float = 1e12) -> Callable[[str], float]:
    """An argparse type: a number from `least` to `most`."""

    def parse(text: str):
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    parse.__name__ = kind.__name__  # for argparse's "invalid int value"
    return parse


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> dict[str, object]:
    """The options of the command line; those that it lacks come from the file that --config names.

    The file is a JSON object from option names, without dashes, to values. A list repeats its option; true stands for
    an option without a value. Values are checked as if they had been typed. An error ends the program with one
    sentence.
    """
    parser.add_argument("--config", type=Path, metavar="FILE", help="options as JSON; those of the command line win")
    typed = vars(parser.parse_args(arguments))
    path = typed.pop("config")
    if path is None:
        return typed
    try:
        found, unknown = parser.parse_known_args(_as_typed(path))
    except FaceGANError as error:
        parser.error(f"--config {path} {error}")
    if unknown:
        parser.error(f"--config {path} has an option that does not exist: {unknown[0]}")
    if typed.get("data") or typed.get("dataset"):  # the command line's choice replaces both in the file
        found.data, found.dataset = [], None
    options = vars(parser.parse_args(arguments, found))
    del options["config"]
    return options


def _as_typed(path: Path) -> list[str]:
    """The options of a JSON file as command-line arguments. Raises FaceGANError with the end of a sentence."""
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FaceGANError(f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise FaceGANError(f"is not JSON ({error})") from error
    if not isinstance(options, dict) or "config" in options:
        raise FaceGANError('must be an object of options, such as {"preset": "small"}')
    arguments = []
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            if one is False or not isinstance(one, bool | int | float | str):
                raise FaceGANError(f"must give {name} a text, a number, true, or a list of these")
            arguments.append(f"--{name}" if one is True else f"--{name}={one}")
    return arguments


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add --data, --dataset, and the options that select photos."""
    where = parser.add_mutually_exclusive_group()
    add = where.add_argument
    add("--data", type=Path, action="append", default=[], metavar="DIR", help="folder of photos; repeatable")
    add(
        "--dataset",
        metavar="USER/NAME",
        help="data set on the Hub, USER/NAME@REVISION for one of its versions, or a local one; instead of --data",
    )
    add = parser.add_argument
    add("--dataset-config", metavar="NAME", help="part (config) of a data set that has several")
    add("--dataset-split", default="train", metavar="NAME", help="default: train")
    add(
        "--image-column",
        metavar="NAME",
        help="column of the pictures, with dots if nested (default: by its type)",
    )
    add("--max-photos", type=number(int, 1), metavar="N", help="read only the first N photos")


def add_visibility(parser: argparse.ArgumentParser, default: str) -> None:
    """Add --private and --public, as one value `private`: True, False, or None for the `default`, a text for --help."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--private", action="store_true", default=None, help=f"only you see it (default: {default})")
    group.add_argument("--public", dest="private", action="store_false", default=None, help="everybody sees it")


def add_card_options(parser: argparse.ArgumentParser) -> None:
    """Add --about-data, --contact and --allow-memorised, which the model card shows."""
    about, contact = "a sentence on the photos and their licence, for the card", "whom to ask to take the model down"
    parser.add_argument("--about-data", type=short_text, default="", metavar="TEXT", help=about)
    parser.add_argument(
        "--contact", type=short_text, default="", metavar="TEXT", help=f"{contact} (default: its page on the Hub)"
    )
    parser.add_argument(
        "--allow-memorised", action="store_true", help="publish even a model that reproduces training faces"
    )


def short_text(text: str) -> str:
    """An argparse type: a text for config.json, whose line breaks become spaces."""
    if len(text) > _MAX_CHARACTERS:
        raise argparse.ArgumentTypeError(f"the text has more than {_MAX_CHARACTERS:,} characters")
    text = " ".join(text.split())  # so that a command with it can be printed on one line
    if any(unicodedata.category(letter) in ("Cs", "Cc") for letter in text):  # undecodable bytes, controls
        raise argparse.ArgumentTypeError("the text is not UTF-8, or contains control characters: type it again")
    return text


def model_folder_of(path: Path) -> Path:
    """The model folder of a run; any other path is a model folder itself."""
    return path / "model" if (path / "model").is_dir() else path


def check_writable(path: Path, option: str) -> None:
    """Raises FaceGANError if the file of an option cannot be written, before the work whose result goes there."""
    if not path.absolute().parent.is_dir():
        raise FaceGANError(
            f"There is no folder {path.absolute().parent} for {option}: create it, or name another file."
        )
    new = not path.exists()
    try:
        path.open("ab").close()
        if new:
            path.unlink()
    except OSError as error:
        raise FaceGANError(f"{path} cannot be written ({error.strerror}): name another file with {option}.") from error


def write_result(path: Path, content: str) -> None:
    """Write a result, which has been printed already, to a file. Raises FaceGANError."""
    try:
        if path.exists() and not path.is_file():  # such as a device or a pipe, which cannot be replaced
            path.write_text(content, encoding="utf-8")
        else:
            atomic_write(path, content)
    except OSError as error:
        raise FaceGANError(
            f"The result printed above could not be written to {path} ({error.strerror}): {remedy(error)}."
        ) from error


def exit_code(work: Callable[[], object], stopped: str = "Stopped.") -> int:
    """Run `work`, which also does the slow imports, and return the exit code.

    0: success. 1: a FaceGANError or an error of the disk, with its message. 130: Ctrl-C, with the message of the
    KeyboardInterrupt, or `stopped` if it has none.
    """
    robust_output()
    try:
        check_temporary_folder()
        work()
    except FaceGANError as error:
        print(f"error: {_on_one_line(str(error))}", file=sys.stderr)
        return 1
    except OSError as error:
        if not is_disk_error(error):
            raise
        where = _on_one_line(f" at {error.filename}") if error.filename else ""
        message = f"error: The disk cannot be used{where} ({error.strerror}): {remedy(error)}. What was saved is kept."
        print(message, file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(_on_one_line(str(stop)) or stopped, file=sys.stderr)
        return 130
    return 0


def _on_one_line(text: str) -> str:
    """Control characters, which a file name may contain, as Python escapes: a line feed becomes \\n."""
    return "".join(repr(c)[1:-1] if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
