"""Files that are never half written."""

import errno
import os

import pytest

from facegan.base.files import atomic_write, atomic_write_all


@pytest.mark.parametrize("flush", [False, True])
def test_new_content_replaces_the_old_and_leaves_nothing_beside_it(tmp_path, flush):
    path = tmp_path / "config.json"
    atomic_write(path, "old")
    atomic_write(path, b"new \xc3\xbc", flush=flush)
    assert path.read_text(encoding="utf-8") == "new ü"
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "config.json"
    atomic_write(path, "old")
    (tmp_path / "config.json.unfinished").mkdir()  # cannot be written
    with pytest.raises(OSError):
        atomic_write(path, "new")
    assert path.read_text() == "old"


def test_a_write_that_breaks_off_removes_its_half(tmp_path, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError):
        atomic_write(tmp_path / "log", "text")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS])
def test_a_file_system_that_cannot_flush_gets_the_file(tmp_path, monkeypatch, number):
    def refused(_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refused)
    atomic_write(tmp_path / "checkpoint", b"content", flush=True)
    assert (tmp_path / "checkpoint").read_bytes() == b"content"


@pytest.mark.skipif(os.name == "nt", reason="a limit of POSIX")
def test_of_files_that_belong_together_none_is_replaced_where_one_finds_no_space(tmp_path):
    import resource

    first, second = tmp_path / "first", tmp_path / "second"
    atomic_write_all({first: "old", second: "old"})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError) as failed:
            atomic_write_all({first: "new", second: bytes(2000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (failed.value.errno, failed.value.filename) == (errno.EFBIG, str(second))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"first": "old", "second": "old"}
