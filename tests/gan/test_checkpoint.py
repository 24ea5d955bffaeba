import errno
import os

import pytest
import torch

from facegan.base.errors import FaceGANError
from facegan.gan.checkpoint import forget_after, load_checkpoint, save_checkpoint


def state(n):
    return {"weight": torch.full((3,), float(n)), "rng": torch.arange(4, dtype=torch.uint8)}


def test_what_was_saved_is_loaded(tmp_path):
    save_checkpoint(tmp_path, 96, state(1), {"images_seen": 96, "elapsed": 1.5})
    tensors, values = load_checkpoint(tmp_path)
    assert values == {"images_seen": 96, "elapsed": 1.5}
    for name, value in state(1).items():
        assert torch.equal(tensors[name], value)
        assert tensors[name].dtype == value.dtype


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    for n in (1, 2, 3, 20):
        save_checkpoint(tmp_path, n, state(n), {"n": n})
    assert [int(path.stem) for path in sorted(tmp_path.iterdir())] == [3, 20]
    assert load_checkpoint(tmp_path)[1] == {"n": 20}


def test_good_ones_are_kept_beside_the_newest(tmp_path):
    for n in range(1, 7):
        save_checkpoint(tmp_path, n, state(n), {"n": n}, keep=[1, 3])
    assert [int(path.stem) for path in sorted(tmp_path.iterdir())] == [1, 3, 5, 6]
    assert load_checkpoint(tmp_path, newest=4)[1] == {"n": 3}
    assert load_checkpoint(tmp_path, newest=0) is None
    forget_after(tmp_path, 3)
    assert load_checkpoint(tmp_path)[1] == {"n": 3}


@pytest.mark.parametrize("damage", ["half", "empty", "garbage"])
def test_a_broken_checkpoint_is_named_and_the_one_before_is_used(tmp_path, damage):
    save_checkpoint(tmp_path, 1, state(1), {"n": 1})
    newest = save_checkpoint(tmp_path, 2, state(2), {"n": 2})
    content = newest.read_bytes()
    newest.write_bytes({"half": content[: len(content) // 2], "empty": b"", "garbage": os.urandom(500)}[damage])
    said = []
    tensors, values = load_checkpoint(tmp_path, said.append)
    assert values == {"n": 1}
    assert tensors["weight"][0] == 1
    assert newest.name in said[0]


def test_no_checkpoint_is_none(tmp_path):
    assert load_checkpoint(tmp_path) is None


def test_a_full_disk_is_one_sentence_and_loses_nothing(tmp_path, monkeypatch):
    save_checkpoint(tmp_path, 1, state(1), {"n": 1})

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FaceGANError, match="No space left on device.*--resume"):
        save_checkpoint(tmp_path, 2, state(2), {"n": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["000000000001.safetensors"]
    assert load_checkpoint(tmp_path)[1] == {"n": 1}


def test_a_checkpoint_is_read_where_the_name_is_no_text(tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    save_checkpoint(folder, 96, state(1), {"n": 1})
    assert load_checkpoint(folder)[1] == {"n": 1}
