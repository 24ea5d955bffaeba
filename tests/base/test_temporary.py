import tempfile

import pytest

from facegan.base.errors import FaceGANError
from facegan.base.temporary import check_temporary_folder
from facegan.cli.command_line import exit_code


@pytest.fixture
def nowhere(monkeypatch):
    """A machine whose folders for temporary files cannot be written."""

    def full():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_get_default_tempdir", full)


def test_without_a_folder_for_temporary_files_a_command_ends_with_one_sentence(nowhere, capsys):
    worked = []
    assert exit_code(lambda: worked.append(1)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "TMPDIR" in line
    assert not worked


def test_it_is_an_error_that_a_user_can_put_right(nowhere):
    with pytest.raises(FaceGANError, match="TMPDIR"):
        check_temporary_folder()
