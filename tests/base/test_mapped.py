import errno
from pathlib import Path

import numpy as np
import pytest

from facegan.base.mapped import map_faces, release

SHAPE = (2000, 64, 64, 3)  # 25 MB


def file_pages() -> int:
    """Bytes of mapped files that count as this process's memory."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssFile"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process of Linux")
def test_pages_are_given_back_and_read_again(tmp_path):
    images = np.random.RandomState(0).randint(0, 256, SHAPE).astype(np.uint8)
    images.tofile(tmp_path / "faces.u8")
    mapped = np.memmap(tmp_path / "faces.u8", np.uint8, mode="r", shape=SHAPE)
    before = file_pages()
    assert np.array_equal(mapped, images)
    assert file_pages() - before > 20e6
    release(mapped)
    assert file_pages() - before < 5e6
    assert np.array_equal(mapped[::-1], images[::-1])


def test_an_ordinary_array_is_left_alone():
    images = np.ones((2, 4, 4, 3), np.uint8)
    release(images)
    assert images.all()


@pytest.mark.parametrize("refused", [("r",), ("r", "c")], ids=["only private copies", "nothing"])
def test_faces_are_read_where_the_file_system_maps_nothing(tmp_path, monkeypatch, refused):
    images = np.random.RandomState(0).randint(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    images.tofile(tmp_path / "faces-8.u8")
    memmap = np.memmap

    def as_on_fuse(*args, mode, **kwargs):
        if mode in refused:
            raise OSError(errno.ENODEV, "No such device")
        return memmap(*args, mode=mode, **kwargs)

    monkeypatch.setattr(np, "memmap", as_on_fuse)
    read = map_faces(tmp_path / "faces-8.u8", 8)
    assert np.array_equal(read, images)
    release(read)
    assert np.array_equal(read, images)
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 0
