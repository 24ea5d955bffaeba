import argparse
import errno

import pytest

from facegan.command_line import exit_code, number, with_config
from facegan.errors import FaceGANError


def failing(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (FaceGANError("Do this."), 1, "error: Do this.\n"),
        (KeyboardInterrupt(), 130, "Bye.\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/run/film.mp4"),
            1,
            "error: The disk cannot be written at /run/film.mp4 (No space left on device): free some space there.\n",
        ),
    ],
)
def test_what_a_user_can_put_right_is_one_line(error, code, said, capsys):
    assert exit_code(failing(error), "Bye.") == code
    assert capsys.readouterr().err == said


def test_other_errors_are_ours_and_keep_their_traceback():
    with pytest.raises(PermissionError):
        exit_code(failing(PermissionError(errno.EACCES, "Permission denied")))
    assert exit_code(lambda: None) == 0


def test_a_number_outside_its_range_names_the_range():
    parse = number(int, 1, 9)
    assert parse("9") == 9
    with pytest.raises(argparse.ArgumentTypeError, match="10 is not from 1 to 9"):
        parse("10")


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "config.json"
        path.write_text(text)
        return str(path)

    return write


def test_a_config_is_what_could_have_been_typed_and_the_command_line_wins(config):
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    parser.add_argument("--data", action="append")
    parser.add_argument("--size", type=int)
    parser.add_argument("--about-data")
    parser.add_argument("--no-sliders", action="store_true")
    parser.add_argument("--force", action="store_true")
    path = config('{"data": ["a", "b"], "size": 64, "about-data": "-x y", "no-sliders": true, "force": false}')
    found = parser.parse_args(with_config(["--config", path, "--size", "128"]))
    assert (found.data, found.size, found.about_data) == (["a", "b"], 128, "-x y")
    assert (found.no_sliders, found.force) == (True, False)
    assert with_config(["--size", "64"]) == ["--size", "64"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not JSON"),
        ("[1]", "must be an object of options"),
        ('{"size": null}', "size must be a text, a number, true or a list"),
        ('{"size": {"a": 1}}', "size must be a text, a number, true or a list"),
    ],
)
def test_a_broken_config_is_one_sentence(config, text, sentence):
    with pytest.raises(FaceGANError, match=sentence):
        with_config([f"--config={config(text)}"])


def test_a_config_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(FaceGANError, match="cannot be read"):
        with_config(["--config", str(tmp_path / "none.json")])
