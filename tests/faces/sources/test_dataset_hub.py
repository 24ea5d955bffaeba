"""Data sets of a Hub, which speaks the real protocol on this machine, in a process of their own."""

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from datasets import Dataset, Features, Image
from PIL import Image as Pillow

from tests.programs import ROOT, Programs
from tests.publish.hub_server import Hub, running_hub

READ = """
import json, os, sys
from pathlib import Path
from facegan.base.errors import FaceGANError
from facegan.faces.sources.dataset import DatasetChoice
from facegan.faces.sources.dataset_photos import DatasetPhotos
try:
    photos = DatasetPhotos(DatasetChoice(sys.argv[1]), Path(sys.argv[2]))
    read = [[photo.name, photo.read()[1]] for photo in photos.pending({})]
    print(json.dumps([read, photos.settings["dataset"]["version"]]))
except FaceGANError as error:
    print(json.dumps(str(error)))
# Without the end of all threads: those of pyarrow abort the process now and then when the cores are busy.
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def one_hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


@pytest.fixture
def hub(one_hub) -> Hub:
    """Without anything of an earlier test."""
    one_hub.repositories.clear()
    return one_hub


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def programs(one_hub, home) -> Iterator[Programs]:
    """They have the library loaded, which reads the Hub's address and its own folder when it is imported."""
    preload = ("datasets", "facegan.faces.sources.dataset_photos")
    with Programs(one_hub.environment(home, token=None), preload) as programs:
        yield programs


@pytest.fixture
def read(hub, home, programs, tmp_path):
    """read(name, token=...): what a program reads, the photos and the version, or the sentence of its error."""
    program = tmp_path / "read.py"
    program.write_text(READ)

    def run(name: str, token: str | None = "hf_read"):
        done = programs.run(str(program), name, tmp_path / "faces", environment=hub.environment(home, token))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def picture(colour: int) -> bytes:
    written = io.BytesIO()
    Pillow.new("RGB", (16, 16), (colour, 0, 0)).save(written, "PNG")
    return written.getvalue()


def put(hub: Hub, name: str, files: dict[str, bytes]) -> str:
    """Commits large files to a data set and returns the commit."""
    entries = {}
    for path, content in files.items():
        oid = hashlib.sha256(content).hexdigest()
        hub.objects[oid] = content
        entries[path] = {"lfs": oid}
    return hub.repositories["datasets", name].commit(entries, [], "photos")


def parquet(folder: Path, colours: list[int]) -> bytes:
    photos = [{"bytes": picture(colour), "path": f"{colour}.png"} for colour in colours]
    Dataset.from_dict({"image": photos}, features=Features({"image": Image()})).to_parquet(folder / "one.parquet")
    return (folder / "one.parquet").read_bytes()


def sha1(colour: int) -> str:
    return hashlib.sha1(picture(colour), usedforsecurity=False).hexdigest()


def test_a_data_set_is_streamed_and_no_file_of_it_is_kept(hub, home, read, tmp_path):
    hub.create("datasets", "user/faces")
    first = put(hub, "user/faces", {"data/train-0.parquet": parquet(tmp_path, [1, 2])})
    last = put(hub, "user/faces", {"data/train-1.parquet": parquet(tmp_path, [3])})
    (tmp_path / "one.parquet").unlink()
    photos, version = read("user/faces")
    assert photos == [[f"train/{number:07}/{number + 1}.png", sha1(number + 1)] for number in range(3)]
    assert version == last
    photos, version = read(f"user/faces@{first}")
    assert [name for name, _ in photos] == ["train/0000000/1.png", "train/0000001/2.png"]
    assert version == first
    for path in home.rglob("*"):
        assert not path.is_file() or picture(1)[:40] not in path.read_bytes(), path


def test_a_data_set_of_single_files_is_fetched_file_by_file(hub, home, read):
    hub.create("datasets", "user/faces")
    put(hub, "user/faces", {f"train/{colour}.png": picture(colour) for colour in (1, 2)})
    photos, _ = read("user/faces")
    assert photos == [["train/0000000/1.png", sha1(1)], ["train/0000001/2.png", sha1(2)]]
    for path in home.rglob("*"):
        assert not path.is_file() or picture(1)[:40] not in path.read_bytes(), path


def test_a_private_data_set_needs_a_token(hub, read, tmp_path):
    hub.create("datasets", "user/faces", private=True)
    put(hub, "user/faces", {"train.parquet": parquet(tmp_path, [1])})
    assert "private" in (said := read("user/faces", token=None))
    assert "hf auth login" in said
    assert len(read("user/faces")[0]) == 1


def test_a_missing_data_set_and_a_missing_revision_are_sentences(hub, read, tmp_path):
    assert "user/nothing is not on the Hugging Face Hub" in read("user/nothing")
    hub.create("datasets", "user/faces")
    put(hub, "user/faces", {"train.parquet": parquet(tmp_path, [1])})
    assert "has no revision v7" in read("user/faces@v7")


def test_without_a_network_one_sentence_says_what_else_to_do(hub, tmp_path):
    command = [sys.executable, "-c", READ, "user/faces", tmp_path / "faces"]
    environment = {**hub.environment(tmp_path), "HF_HUB_OFFLINE": "1"}  # which is read when the library is imported
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    said = json.loads(done.stdout.splitlines()[-1])
    assert "cannot be reached" in said
    assert "--data" in said
