"""The two short trainings and what they leave; how faces are cut out is in faces/test_unaligned.py."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.faces.cache import FaceCache
from facegan.faces.sources.dataset import DatasetChoice
from facegan.gan.config import PRESETS
from facegan.gan.judge import Judgement
from facegan.gan.monitor.log import read_log
from facegan.runs import compare
from facegan.runs.run_config import RunOptions

ONE = SimpleNamespace(count=1)


class Judge:
    """Likes pictures the better the nearer they are to its held-out ones in brightness."""

    seen: list = []

    def __init__(self, images, training, held_out):
        self.seen.append((images, training, held_out))
        self.wanted = images[held_out].mean()

    def judge(self, images):
        return Judgement(abs(images.mean() - self.wanted), 0.5, 1.0, 0.5, 0.5)


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A comparison of dark aligned and bright unaligned pictures: its folder, and what was said."""
    tmp_path, rng = tmp_path_factory.mktemp("compared"), np.random.RandomState(0)
    dark, bright = (rng.randint(low, low + 40, (60, 16, 16, 3)).astype(np.uint8) for low in (100, 200))
    cache = FaceCache(tmp_path, {"framing": 0.8}, np.arange(10, 60), dark)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr(compare, "unaligned_faces", lambda *_: (np.arange(11, 60), bright[11:]))
    monkeypatch.setattr(compare, "choose_detector", lambda *_, **__: SimpleNamespace(open=lambda: None))
    monkeypatch.setattr(compare, "Judge", Judge)
    monkeypatch.setattr(compare, "Trainer", partial(compare.Trainer, judged_faces=20))
    monkeypatch.setitem(PRESETS, "small", replace(PRESETS["small"], width=2, batch=8, pretrained_weight=0.0))
    (tmp_path / "photos").mkdir()
    (tmp_path / "run" / "compare" / "old").mkdir(parents=True)
    options = RunOptions(data=(tmp_path / "photos",), out=tmp_path / "run", images_seen=520)
    said = []
    yield compare.compare_unaligned(options, cache, "cpu", said.append), said
    monkeypatch.undo()


def test_both_learn_the_same_faces_for_the_same_images(compared):
    folder, _ = compared
    (images, training, held_out), (others, other_training, other_held_out) = Judge.seen
    assert (training - 11).tolist() == other_training.tolist()
    assert (held_out - 11).tolist() == other_held_out.tolist()
    assert len(held_out) == 5
    assert others.mean() > images.mean() + 50
    logs = [read_log(folder / kind / "log.jsonl") for kind in compare.KINDS]
    assert [log[-1]["images_seen"] for log in logs] == [520, 520]


def test_the_report_tells_each_kid_and_their_ratio(compared):
    folder, said = compared
    report = json.loads((folder / "report.json").read_text())
    kids = [report[kind]["kid"] for kind in compare.KINDS]
    assert report["kid_ratio"] == pytest.approx(kids[0] / kids[1], abs=1e-3)
    assert (report["faces"], report["images_seen"]) == (49, {"aligned": 520, "unaligned": 520})
    page = (folder / "report.html").read_text()
    assert f"{kids[0]:.2f} &plusmn; 0.50" in page
    assert f"ratio is {report['kid_ratio']:.2f}" in said[-1]


def test_both_stand_side_by_side_in_picture_and_film(compared):
    folder, _ = compared
    with Image.open(folder / "side_by_side.png") as picture:
        assert picture.size == (2 * 512 + 16, 512 + 32)
    with av.open(str(folder / "side_by_side.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 3 + 12  # at 0, 504 and 520 images, the last one held
    assert frames[0].shape == (512 + 32, 2 * 512 + 16, 3)


def test_an_earlier_comparison_and_the_checkpoints_are_gone(compared):
    folder, _ = compared
    assert sorted(path.name for path in folder.iterdir()) == [
        "aligned", "report.html", "report.json", "side_by_side.mp4", "side_by_side.png", "unaligned",
    ]  # fmt: skip
    assert not list(folder.rglob("*.safetensors"))


def test_what_cannot_be_compared_is_told_at_once():
    options = RunOptions(data=(), out=Path("run"), dataset=DatasetChoice("user/faces"))
    with pytest.raises(FaceGANError, match="use --data"):
        compare.check_comparison(options, ONE)
    with pytest.raises(FaceGANError, match="without accelerate"):
        compare.check_comparison(replace(options, dataset=None), SimpleNamespace(count=2))
