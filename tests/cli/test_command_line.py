import argparse
import errno
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.cli import push
from facegan.cli.command_line import (
    add_data_options,
    add_visibility,
    check_writable,
    exit_code,
    number,
    parsed,
    short_text,
    write_result,
)


def failing(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FaceGANError("Do this."), 1, "error: Do this.\n"),
        (FaceGANError("No a\nb\x1b[1m.jpg: rename it."), 1, "error: No a\\nb\\x1b[1m.jpg: rename it.\n"),
        (KeyboardInterrupt(), 130, "Bye.\n"),
        (KeyboardInterrupt("Go on with this."), 130, "Go on with this.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/run/film.mp4"),
            1,
            "error: The disk cannot be used at /run/film.mp4 (No space left on device): free some space there. "
            "What was saved is kept.\n",
        ),
    ],
)
def test_what_a_user_can_put_right_is_one_line(error, code, said, capsys):
    assert exit_code(failing(error), "Bye.") == code
    assert capsys.readouterr().err == said


def test_other_errors_are_ours_and_keep_their_traceback():
    with pytest.raises(FileNotFoundError):
        exit_code(failing(FileNotFoundError(errno.ENOENT, "No such file or directory")))
    assert exit_code(lambda: None) == 0


@pytest.mark.parametrize(
    ("number", "cause"),
    [(errno.EACCES, "permissions"), (errno.EROFS, "read-only"), (errno.EFBIG, "FAT32"), (errno.EMFILE, "ulimit")],
)
def test_a_disk_that_is_not_full_is_not_called_full(number, cause, capsys):
    assert exit_code(failing(OSError(number, "Cannot", "/run"))) == 1
    said = capsys.readouterr().err
    assert cause in said
    assert "free some space" not in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("where", ["nowhere/figures.json", "file/figures.json", "."])
def test_a_file_for_a_result_that_cannot_be_written_is_said_before_the_work(tmp_path, where):
    (tmp_path / "file").touch()
    with pytest.raises(FaceGANError, match="--json"):
        check_writable(tmp_path / where, "--json")


def test_the_check_of_a_file_for_a_result_changes_nothing(tmp_path):
    check_writable(tmp_path / "new", "--json")
    (tmp_path / "old").write_text("{}")
    check_writable(tmp_path / "old", "--json")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old", "{}")]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_result_that_finds_no_space_says_where():
    with pytest.raises(FaceGANError, match="/dev/full .*free some space"):
        write_result(Path("/dev/full"), "{}")


def test_a_number_outside_its_range_names_the_range():
    parse = number(int, 1, 9)
    assert parse("9") == 9
    with pytest.raises(argparse.ArgumentTypeError, match="10 is not from 1 to 9"):
        parse("10")


def test_a_text_for_the_card_is_one_line_of_letters():
    assert short_text("Photos of\n my caf\u00e9,  \u7530\u4e2d \U0001f469\u200d\U0001f466") == (
        "Photos of my caf\u00e9, \u7530\u4e2d \U0001f469\u200d\U0001f466"
    )
    for text in ("Caf\udce9", "a\x1b[1mb", "a\0b"):
        with pytest.raises(argparse.ArgumentTypeError, match="not UTF-8, or contains control characters"):
            short_text(text)
    with pytest.raises(argparse.ArgumentTypeError, match="more than 2,000 characters"):
        short_text("a" * 2001)


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "config.json"
        path.write_text(text)
        return str(path)

    return write


@pytest.fixture
def parser():
    p = argparse.ArgumentParser()
    add_data_options(p)
    add_visibility(p, "private")
    p.add_argument("--size", type=int, choices=(64, 128), default=64)
    p.add_argument("--about-data")
    p.add_argument("--no-sliders", dest="sliders", action="store_false")
    return p


def test_a_config_is_what_could_have_been_typed_and_the_command_line_wins(config, parser):
    path = config('{"data": ["a", "b"], "size": 128, "about-data": "-x y", "no-sliders": true, "private": true}')
    found = parsed(parser, ["--config", path])
    assert found["data"] == [Path("a"), Path("b")]
    assert (found["size"], found["about_data"], found["sliders"], found["private"]) == (128, "-x y", False, True)
    assert "config" not in found


def test_the_command_line_wins_over_a_config(config, parser):
    path = config('{"data": "a", "size": 128, "private": true, "max-photos": 7}')
    found = parsed(parser, ["--conf", path, "--data", "b", "--size", "64", "--public"])
    assert (found["data"], found["size"], found["private"], found["max_photos"]) == ([Path("b")], 64, False, 7)


def test_a_data_set_takes_the_place_of_a_configs_photos(config, parser):
    found = parsed(parser, ["--config", config('{"data": "a"}'), "--dataset", "user/name"])
    assert (found["data"], found["dataset"]) == ([], "user/name")


def test_without_a_config_it_is_the_parsers_own_answer(parser):
    assert parsed(parser, ["--size", "128"])["size"] == 128


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[1]", "must be an object of options"),
        ('{"config": "b.json"}', "must be an object of options"),
        ('{"size": null}', "must give size a text, a number, true, or a list"),
        ('{"no-sliders": false}', "must give no-sliders a text, a number, true"),
        ('{"max_photos": 5}', "has an option that does not exist: --max_photos=5"),
        ('{"size": 65}', "argument --size: invalid choice: 65"),
    ],
)
def test_a_broken_config_is_one_sentence(config, parser, text, sentence, capsys):
    with pytest.raises(SystemExit, match="2"):
        parsed(parser, [f"--config={config(text)}"])
    assert sentence in capsys.readouterr().err


def test_a_config_that_is_not_there_is_one_sentence(tmp_path, parser, capsys):
    with pytest.raises(SystemExit):
        parsed(parser, ["--config", str(tmp_path / "none.json")])
    assert "none.json cannot be read" in capsys.readouterr().err


def test_options_may_stand_between_the_run_and_the_name(monkeypatch):
    pushed = []
    monkeypatch.setattr("sys.argv", ["push.py", "RUN", "--about-data", "drawn", "me/faces"])
    monkeypatch.setattr("facegan.publish.push.push_run", lambda run, options, facts: pushed.append((run, options.name)))
    monkeypatch.setattr("facegan.runs.run_file.facts_of", lambda run: None)
    assert push.main() == 0
    assert pushed == [(Path("RUN"), "me/faces")]
