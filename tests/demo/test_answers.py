"""What visitors read when an answer fails."""

import errno

import av
import pytest

from facegan.demo.answers import sentence


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), av.error.OSError(27, "Too large")])
def test_a_full_disk_is_named_and_logged_in_one_line(error, caplog):
    said = sentence(error)
    assert error.strerror in said
    (record,) = caplog.records
    assert record.exc_info is None and "\n" not in record.getMessage()


def test_any_other_error_is_logged_with_its_traceback(caplog):
    assert "secret" not in sentence(ValueError("secret"))
    assert caplog.records[0].exc_info
