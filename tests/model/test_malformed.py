"""Broken and hostile model folders are refused by name, and none runs code."""

import os
import shutil
import time

import pytest

from facegan import FaceGANPipeline, FaceModel
from facegan.base.errors import FaceGANError
from facegan.model.folder import ModelConfig
from facegan.model.tensors import read_discriminator
from facegan.publish.machine_paths import machine_paths
from facegan.publish.push import check_folder
from tests.model.malformed import (
    CANARY,
    CASES,
    DISCRIMINATOR,
    FACE,
    PIPE,
    PUSH,
    START,
    WEIGHTS,
    Bomb,
    config,
    network,
    sliders,
    tensors,
)

READERS = {
    FACE: FaceModel.load,
    PIPE: FaceGANPipeline.from_pretrained,
    START: read_discriminator,
    PUSH: lambda folder: check_folder(folder, ModelConfig.read(folder), machine_paths(folder.parent)),
}


@pytest.fixture
def folder(model_folder, tmp_path):
    return shutil.copytree(model_folder, tmp_path / "model")


@pytest.fixture
def canary(tmp_path, monkeypatch):
    path = tmp_path / "canary"
    monkeypatch.setenv(CANARY, str(path))
    return path


def test_the_canary_sings():
    """Else the tests below could not fail."""
    import pickle

    with pytest.raises(KeyError, match=CANARY):
        pickle.loads(pickle.dumps(Bomb()))


def test_the_good_folder_is_taken(folder):
    for read in READERS.values():
        assert read(folder)


@pytest.mark.parametrize(
    "same",
    [
        config(),
        network(lambda _: None),
        *(tensors(path, lambda _: None) for path in (WEIGHTS, DISCRIMINATOR)),
        sliders(),
    ],
)
def test_the_way_of_damaging_is_not_the_damage(folder, same):
    same(folder)
    for read in READERS.values():
        assert read(folder)


def test_there_are_two_hundred_cases():
    assert len(CASES) >= 200


@pytest.mark.parametrize("name", CASES)
def test_a_malformed_folder_is_refused_and_runs_nothing(folder, canary, name):
    damage, readers = CASES[name]
    damage(folder)
    for reader in readers:
        start = time.process_time()
        with pytest.raises(FaceGANError) as refused:
            READERS[reader](folder)
        assert time.process_time() - start < 5
        assert str(folder) in str(refused.value)  # with the file's name
        assert "\n" not in str(refused.value)
        assert len(str(refused.value)) < 1000
    assert not canary.exists()


def test_code_in_a_folder_is_neither_run_nor_published(folder, canary):
    for path in ("pipeline.py", "gan/generator.py", "gan/__init__.py", "__init__.py"):
        (folder / path).write_text(f"import os; open(os.environ[{CANARY!r}], 'w').close()")
    FaceModel.load(folder)
    FaceGANPipeline.from_pretrained(folder)
    with pytest.raises(FaceGANError, match="__init__.py is not part"):
        READERS[PUSH](folder)
    assert not canary.exists()


@pytest.mark.parametrize(
    "source",
    [
        "../x/y",
        "user/..",
        "../user",
        "user/name@../../x",
        "user/name@a/../../b",
        "a/b/c",
        "user\\name",
        "",
        ".",
        "~nobody/x",
    ]
    + [
        "user/na me",
        "user/name@",
        "user/name@-x",
        "file:///etc/passwd",
        "http://hub/user/name",
        "\x00",
        "CON",
        "/" * 300,
    ],
)
def test_names_that_play_tricks_with_paths_are_no_models(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for read in (FaceModel.load, FaceGANPipeline.from_pretrained):
        with pytest.raises(FaceGANError):
            read(source)
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_of_the_hubs_cache_is_taken_though_it_is_made_of_links(folder, tmp_path):
    cache = tmp_path / "models--user--faces"
    (cache / "blobs").mkdir(parents=True)
    snapshot = cache / "snapshots" / "0123"
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if p.is_file())):
        link = snapshot / path.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, cache / "blobs" / str(number))
        link.symlink_to(os.path.relpath(cache / "blobs" / str(number), link.parent))
    assert FaceModel.load(snapshot).size == 16
    assert FaceGANPipeline.from_pretrained(snapshot)
