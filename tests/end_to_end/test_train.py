"""The real command on real photos (of AI-made people), at a budget that ends in seconds."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.gan.known_latents import LatentsOfPictures
from facegan.gan.monitor.log import read_log
from facegan.model.measurements import memorisation_of
from tests.end_to_end.conftest import ALONE
from tests.programs import ROOT, wait_until


def train_anew(*args, **kwargs):
    """The command as a user starts it, without a server of tests/programs.py."""
    command = [sys.executable, "train/train.py", *map(str, args)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, **kwargs)


@pytest.fixture(scope="module")
def train(programs):
    return lambda *args, **kwargs: programs.run("train/train.py", *args, **kwargs)


@pytest.fixture(scope="module")
def evaluate(programs):
    return lambda *args: programs.run("train/evaluate.py", *args)


def the_only_line(done):
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def run(train, photos, insightface_root, tmp_path_factory):
    """One finished run of 320 images, as (folder, what it printed)."""
    out = tmp_path_factory.mktemp("runs") / "people"
    budget = ("--images-seen", 320, "--init", "none")
    done = train("--data", photos, "--out", out, *budget, "--insightface-root", insightface_root)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_photos_become_a_model_and_a_report(run):
    out, said = run
    report = json.loads((out / "faces" / "report.json").read_text())
    assert report["faces"]["used"] >= 100
    assert "InsightFace" in said
    assert "non-commercial" in said
    assert "Preset small" in said
    assert (out / "faces" / "report.html").stat().st_size > 1000
    model = FaceModel.load(out / "model")
    faces = model.generate(model.latents([1, 2]))
    assert faces.shape == (2, 64, 64, 3)
    assert faces.std() > 2
    assert np.abs(faces[0].astype(int) - faces[1]).max() > 0
    assert model.config.training["images_seen"] == 320
    report = memorisation_of(model.config)
    assert 0 <= report.near_copies <= 1
    assert "compared with" in report.protocol
    assert Image.open(out / "closest.png").size[0] > 4 * 128
    for film in ("progress.mp4", "progress.gif"):
        assert (out / "samples" / film).read_bytes() == (out / "model" / film).read_bytes()
    recipe = json.loads((out / "config.json").read_text())["train"]["recipe"]
    assert (recipe["width"], recipe["augment_target"]) == (32, 0.6)  # they are few
    assert "attributes by name: smile, gender, age" in said
    assert "smile, gender, age" in (out / "model" / "README.md").read_text()


def test_resume_goes_on_from_where_the_run_stopped_and_ctrl_c_saves_a_checkpoint_and_exports(run, programs, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    log, options = out / "log.jsonl", ("--resume", "--out", out, "--minutes", 10)
    process = programs.start("train/train.py", *options, values={"facegan.gan.trainer.CHECK_EVERY": 64})
    try:
        wait_until(lambda: read_log(log)[-1]["images_seen"] > 320)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Continuing at 320 images seen" in said
    assert "Stopping" in said
    # What is exported are the best weights, which after so few images may be the earlier ones.
    seen = FaceModel.load(out / "model").config.training["images_seen"]
    newest = max(int(path.stem) for path in (out / "checkpoint").glob("*.safetensors"))
    assert newest >= read_log(log)[-1]["images_seen"] >= 384
    assert seen in (320, newest)


def test_a_model_is_grown_and_learns_pictures_from_their_latents(run, train, few_photos, insightface_root, tmp_path):
    names = sorted(path.relative_to(few_photos).as_posix() for path in few_photos.rglob("*.*"))
    latents = np.random.RandomState(0).randn(len(names), 100).astype(np.float32)
    curves = ((0.5, 4.0), (0.0, 1.0))
    LatentsOfPictures(tuple(names), latents, ("smile", "age"), curves).save(tmp_path / "latents.safetensors")
    out = tmp_path / "grown"
    start = ("--init", run[0] / "model", "--size", 128, "--latents", tmp_path / "latents.safetensors")
    options = ("--images-seen", 128, "--insightface-root", insightface_root, "--force", *ALONE)
    done = train("--data", few_photos, "--out", out, *start, *options, values={"facegan.gan.trainer.CHECK_EVERY": 64})
    assert done.returncode == 0, done.stderr
    assert ", grown: as --init says" in done.stdout
    assert "Every face is learned together with its known latent" in done.stdout
    model = FaceModel.load(out / "model")
    assert model.generate(model.latents([1])).shape == (1, 128, 128, 3)
    assert model.config.channels == (256, 128, 64, 32, 16)
    assert model.config.training["attributes"] == "smile, age"
    assert model.config.curves == curves
    checks = [line for line in read_log(out / "log.jsonl") if "loss_g" in line]
    assert checks
    assert all("distance" in line for line in checks)
    done = train("--resume", "--out", out, "--images-seen", 192)
    assert done.returncode == 0, done.stderr
    assert "192 images seen" in done.stdout


def test_a_run_is_not_overwritten_by_mistake(run, train, photos):
    out, _ = run
    before = (out / "config.json").read_bytes()
    done = train("--data", photos, "--out", out, "--images-seen", 64)
    assert done.returncode == 1
    assert "--resume" in the_only_line(done)
    assert (out / "config.json").read_bytes() == before


def test_resume_refuses_faces_that_are_not_those_the_run_began_with(run, train, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(run[0], out)
    selected = np.load(out / "faces" / "selected.npy")
    np.save(out / "faces" / "selected.npy", selected[1:])
    done = train("--resume", "--out", out, "--images-seen", 5000)
    assert done.returncode == 1
    assert "not those that the run was started with" in done.stderr.splitlines()[-1]
    assert FaceModel.load(out / "model").config.training["images_seen"] < 5000


def test_a_dry_run_prints_the_options_and_leaves_nothing(photos, tmp_path):
    done = train_anew("--data", photos, "--out", tmp_path / "run", "--minutes", 5, "--dry-run")
    assert done.returncode == 0, done.stderr
    options = json.loads(done.stdout)
    assert (options["minutes"], options["faces"]["size"]) == (5, 64)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "--data"),
        (["--data", "nowhere-at-all"], 1, "nowhere-at-all"),
        (["--data", "docs", "--size", "65"], 2, "--size"),
        (["--data", "docs", "--minutes", "-1"], 2, "--minutes"),
        (["--data", "docs", "--minutes", "soon"], 2, "--minutes"),
        (["--data", "docs", "--images-seen", "0"], 2, "--images-seen"),
        (["--data", "docs", "--framing", "7"], 2, "--framing"),
        (["--data", "docs", "--seed", "-1"], 2, "--seed"),
        (["--resume", "--out", "nowhere-at-all"], 1, "no run in nowhere-at-all to resume"),
    ],
)
def test_bad_input_is_one_clear_line(train, arguments, code, sentence, tmp_path):
    out = [] if "--out" in arguments else ["--out", tmp_path / "run"]
    done = train(*arguments, *out)
    assert done.returncode == code
    assert sentence in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_too_few_faces_are_an_error_that_says_what_was_found(train, photos, insightface_root, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for path in sorted(photos.rglob("*.jpg"))[:2]:
        shutil.copy(path, few)
    done = train("--data", few, "--out", tmp_path / "run", "--insightface-root", insightface_root, *ALONE)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert "at least 100" in line
    assert "--force" in line


def test_without_the_training_requirements_one_line_says_which_command_installs_them(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n_find = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name == 'torch' else _find(name, package)\n"
    )
    done = train_anew("--data", "docs", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert "pip install -r train/requirements.txt" in the_only_line(done)


def test_evaluate_prints_the_figures_of_the_run_as_a_table_and_as_json(run, evaluate, tmp_path):
    out, _ = run
    done = evaluate(out, "--data", out, "--generated", 100, "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert json.loads(done.stdout.splitlines()[-1]) == figures
    printed = re.search(r"\| KID x 100 to held-out faces \| (\S+) ± (\S+) \|", done.stdout)
    # The JSON has five digits, so that rounding it again may end one hundredth apart.
    assert [float(one) for one in printed.groups()] == pytest.approx([figures["kid"], figures["kid_spread"]], abs=0.011)
    # The same protocol as in training: the best line of the log is about the same weights (shipped in 16 bits).
    best = [line for line in read_log(out / "log.jsonl") if line.get("best")][-1]
    assert figures["kid"] == pytest.approx(best["kid"], rel=0.01)
    assert figures["kid_train"] == pytest.approx(best["kid_train"], rel=0.01)
    # A generator of 320 images draws fog: far from faces, which are near each other.
    # Not so many times the figure of real faces: that of sixteen faces is 0 within some units, by chance.
    assert figures["kid"] > abs(figures["kid_of_real_faces"]) + 5 * figures["kid_spread"]
    assert 0 <= figures["precision"] <= 1


def test_evaluate_on_photos_that_training_never_saw(run, evaluate, photos):
    out, _ = run
    done = evaluate(out / "model", "--data", out / "faces", "--unseen", "--generated", 100)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert "kid_train" not in figures
    assert figures["held_out"] == len(np.load(out / "faces" / "selected.npy")) // 2


@pytest.mark.parametrize(
    ("model", "data", "said"),
    [("no_such_model", ".", "no_such_model"), ("facegan/assets/default", "no_such_photos", "no_such_photos")],
)
def test_evaluate_says_what_is_missing_in_one_line(evaluate, model, data, said):
    done = evaluate(model, "--data", data)
    assert done.returncode == 1
    assert said in the_only_line(done)
