"""One folder with everything at once that people, programs and disks put among photos, and the real command on it."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.base.stamp import stamp
from tests.end_to_end.conftest import FEW_GENERATED
from tests.faces.sources.broken import write_broken
from tests.faces.sources.odd_files import odd_colour_files, odd_grey_files, saved
from tests.programs import ROOT, Programs

MODEL = ROOT / "facegan" / "assets" / "default"
NAMES = [
    b"caf\xe9 in latin-1.jpg",
    b"two\nlines.jpg",
    b"a:colon.jpg",
    b"[brackets]{}*?.jpg",
    b"-x.jpg",
    "caf\u00e9.jpg".encode(),
    "cafe\u0301.jpg".encode(),
    b"n" * 240 + b".jpg",
    b"  spaces .JPG ",
    b"%s.jpg",
    b"<b>&amp;'.jpg",
]


def write_everything(folder: Path, faces: Path, portrait: np.ndarray) -> int:
    """Fills a folder; returns how many files the report has to name.

    `faces`: a folder of good photos.
    """
    shutil.copytree(faces, folder / "good" / "deep" / "er")
    (folder / "broken").mkdir()
    wanted = len(write_broken(folder / "broken", portrait))
    odd = folder / "odd"
    odd.mkdir()
    for kind, files in {"colour": odd_colour_files(), "grey": odd_grey_files()}.items():
        for name, content in files.items():
            (odd / f"{kind} {name}.jpg").write_bytes(content)
            wanted += 1
    jpeg = saved(Image.fromarray(portrait), "JPEG")
    named = folder / os.fsdecode(b"caf\xe9")
    named.mkdir()
    for i, name in enumerate(NAMES):
        (named / os.fsdecode(name)).write_bytes(jpeg + bytes([i]))
        wanted += 1
    for name in ("a.xmp", "a.aae", "a.txt", "a.json", "a.MOV", "Thumbs.db", "metadata.csv", "list_attr.csv"):
        (folder / name).write_bytes(b"sidecar " * 3)
        wanted += 1
    (folder / ".hidden.jpg").write_bytes(jpeg)
    circle = folder / "circle"
    circle.mkdir()
    (circle / "up").symlink_to(folder)  # a folder that was read already
    (circle / "itself").symlink_to(circle / "itself")
    wanted += 1
    (folder / "drawn.png").write_bytes(stamp(saved(Image.fromarray(portrait), "PNG"), {"seed": 1}))
    wanted += 1
    # None of these is named: they are told of as a run and a model.
    run = folder / "runs" / "before"
    (run / "samples").mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"options": {}, "train": {}, "versions": {}, "data_fingerprint": ""}))
    (run / "samples" / "000000000064.png").write_bytes(saved(Image.fromarray(portrait), "PNG"))
    shutil.copytree(MODEL, folder / "a model")
    return wanted


@pytest.mark.slow
def test_everything_wrong_at_once_becomes_a_model_and_a_row_for_each_file(
    few_photos, insightface_root, portrait, tmp_path
):
    folder = tmp_path / "photos"
    wanted = write_everything(folder, few_photos, portrait)
    good = sum(path.is_file() for path in few_photos.rglob("*"))
    options = ("--data", ".", "--out", os.fsdecode(b"run: caf\xe9"), "--no-sliders", "--images-seen", 64)
    options += ("--init", "none", "--framing", 1, "--force", "--insightface-root", insightface_root)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with Programs({**environment, "LC_ALL": "C"}, values=FEW_GENERATED) as programs:
        done = programs.run("train/train.py", *options, folder=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    run = folder / os.fsdecode(b"run: caf\xe9")
    report = json.loads((run / "faces" / "report.json").read_text())
    assert report["files"] == wanted + good == len({name for name, _, _ in report["rows"]})
    assert report["faces"]["used"] >= 50
    assert report["photos"]["own_product"] == 1
    assert "1 run and 1 model" in done.stdout
    model = FaceModel.load(run / "model")
    assert model.generate(model.latents([1])).shape == (1, 64, 64, 3)
