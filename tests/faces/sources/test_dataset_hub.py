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

from tests.publish.hub_server import Hub, running_hub

ROOT = Path(__file__).parents[3]
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


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as hub:
        yield hub


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


def read(hub: Hub, name: str, folder: Path, token: str | None = "hf_read", **environment: str):
    """What a program of its own reads: the photos and the version, or the sentence of its error."""
    command = [sys.executable, "-c", READ, name, folder / "faces"]
    variables = {**hub.environment(folder / "home", token), **environment}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def sha1(colour: int) -> str:
    return hashlib.sha1(picture(colour), usedforsecurity=False).hexdigest()


def test_a_data_set_is_streamed_and_no_file_of_it_is_kept(hub, tmp_path):
    hub.create("datasets", "user/faces")
    first = put(hub, "user/faces", {"data/train-0.parquet": parquet(tmp_path, [1, 2])})
    last = put(hub, "user/faces", {"data/train-1.parquet": parquet(tmp_path, [3])})
    (tmp_path / "one.parquet").unlink()
    photos, version = read(hub, "user/faces", tmp_path)
    assert photos == [[f"train/{number:07}/{number + 1}.png", sha1(number + 1)] for number in range(3)]
    assert version == last
    photos, version = read(hub, f"user/faces@{first}", tmp_path)
    assert [name for name, _ in photos] == ["train/0000000/1.png", "train/0000001/2.png"]
    assert version == first
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or picture(1)[:40] not in path.read_bytes(), path


def test_a_data_set_of_single_files_is_fetched_file_by_file(hub, tmp_path):
    hub.create("datasets", "user/faces")
    put(hub, "user/faces", {f"train/{colour}.png": picture(colour) for colour in (1, 2)})
    photos, _ = read(hub, "user/faces", tmp_path)
    assert photos == [["train/0000000/1.png", sha1(1)], ["train/0000001/2.png", sha1(2)]]
    for path in (tmp_path / "home").rglob("*"):
        assert not path.is_file() or picture(1)[:40] not in path.read_bytes(), path


def test_a_private_data_set_needs_a_token(hub, tmp_path):
    hub.create("datasets", "user/faces", private=True)
    put(hub, "user/faces", {"train.parquet": parquet(tmp_path, [1])})
    assert "private" in (said := read(hub, "user/faces", tmp_path, token=None))
    assert "hf auth login" in said
    assert len(read(hub, "user/faces", tmp_path)[0]) == 1


def test_a_missing_data_set_and_a_missing_revision_are_sentences(hub, tmp_path):
    assert "user/nothing is not on the Hugging Face Hub" in read(hub, "user/nothing", tmp_path)
    hub.create("datasets", "user/faces")
    put(hub, "user/faces", {"train.parquet": parquet(tmp_path, [1])})
    assert "has no revision v7" in read(hub, "user/faces@v7", tmp_path)


def test_without_a_network_one_sentence_says_what_else_to_do(hub, tmp_path):
    said = read(hub, "user/faces", tmp_path, HF_HUB_OFFLINE="1")
    assert "cannot be reached" in said
    assert "--data" in said
