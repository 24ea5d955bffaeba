import os
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.publish.machine_paths import machine_paths, refuse_machine_paths


def test_a_path_of_this_machine_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    private = machine_paths(tmp_path / "photos")
    for hidden in (tmp_path / "photos", tmp_path / "me" / "notes"):
        with pytest.raises(FaceGANError, match="a.json holds"):
            refuse_machine_paths({"a.json": f"at {hidden}".encode()}, private)
    refuse_machine_paths({"a.json": b"nothing"}, private)


def test_a_user_id_without_a_name_or_home_still_publishes(tmp_path, monkeypatch):
    """As containers give one."""

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert machine_paths(tmp_path / "photos") == [str(tmp_path / "photos")]
    assert os.sep not in machine_paths()
