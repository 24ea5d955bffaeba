import pytest

from facegan.faces.sources.read import read_bytes
from facegan.faces.sources.unreadable import UnreadablePhotoError


def test_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name, words in (("empty.jpg", "empty"), ("link.jpg", "link"), ("folder.jpg", "folder"), ("gone.jpg", "gone")):
        with pytest.raises(UnreadablePhotoError, match=words):
            read_bytes(tmp_path / name)


def test_the_sha1_of_the_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert read_bytes(tmp_path / "abc") == (b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d")  # FIPS 180
