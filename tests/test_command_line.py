import argparse
import errno

import pytest

from facegan.command_line import exit_code, number
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
