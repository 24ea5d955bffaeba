"""From photos to the Hub with the real commands, and a look at every byte that left."""

import io
import json
import re
import signal

import av
import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.faces.cache import FaceCache
from facegan.model.folder import PARTS
from facegan.model.provenance import recipe_of
from tests.end_to_end.conftest import ALONE, FEW_GENERATED
from tests.programs import ROOT, Programs, wait_until
from tests.publish.hub_server import running_hub

USER = "erika-musterfrau"  # of the machine, not of the Hub
SECRET = "holiday-in-vladivostok"  # the folder of the photos


@pytest.fixture(scope="module")
def hub():
    with running_hub() as hub:
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("homes") / USER
    home.mkdir()
    return home


@pytest.fixture(scope="module")
def programs(hub, home):
    with Programs(hub.environment(home), values=FEW_GENERATED) as programs:
        yield programs


@pytest.fixture(scope="module")
def train(programs):
    return lambda *arguments: programs.run("train/train.py", *arguments)


@pytest.fixture(scope="module")
def published(train, home, few_photos, insightface_root):
    """A short run on photos in a telling place that publishes model and demo: its folder, and what it printed."""
    data, run = home / SECRET, home / "runs" / "people"
    data.symlink_to(few_photos)
    about, name = ("--about-data", "AI-made people, MIT."), ("--push-to-hub", "user/people", "--space", "user/demo")
    budget = ("--images-seen", 64, "--insightface-root", insightface_root, "--force", *ALONE)
    done = train("--data", data, "--out", run, *budget, *about, *name)
    assert done.returncode == 0, done.stderr
    return run, done.stdout


@pytest.fixture(scope="module")
def left(hub, published):
    """Every byte that the Hub was sent, one request after the other."""
    return b"\n".join(hub.received)


def test_a_run_ends_on_the_hub_with_model_tag_and_space(hub, published):
    run, said = published
    assert "user/people holds the model (private, tag v1)" in said
    assert "user/demo shows user/people" in said
    # It is too short for sliders, and no encoder was asked for.
    made = {part.path for part in PARTS if not part.path.startswith(("slider", "encoder", "look_alikes"))}
    assert set(hub.files("models", "user/people")) == made
    assert hub.files("models", "user/people")["generator.onnx"] == (run / "model" / "generator.onnx").read_bytes()
    assert "app.py" in hub.files("spaces", "user/demo")


def test_the_card_tells_what_the_run_knows(hub, published):
    run, _ = published
    card = hub.files("models", "user/people")["README.md"].decode()
    report = json.loads((run / "faces" / "report.json").read_text())
    spread = report["eye_spread_px_of_128"]["after"]["mean"]
    for told in ("AI-made people, MIT.", "| images seen | 64 |", f"| photos | {report['files']:,} |", f"| {spread} |"):
        assert told in card
    assert "were compared with" in card  # the memorisation report
    assert "| gender | women |" in card
    assert re.search(r"\| hardware \| \d+ cores of ", card)
    assert "non-commercial" in card


def test_no_path_user_or_name_of_a_file_leaves(left, published, few_photos):
    run, _ = published
    assert len(left) > 1e6
    private = {USER, SECRET, str(run), str(ROOT), str(few_photos)}
    private |= {path.name for path in few_photos.rglob("*") if path.is_file() and len(path.name) > 8}
    private |= {str(path.relative_to(few_photos)) for path in few_photos.rglob("*") if path.is_file()}
    assert len(private) > 12
    for text in private:
        assert text.encode() not in left, text


def test_no_byte_run_of_a_photo_or_a_crop_leaves(left, published, few_photos):
    run, _ = published
    random = np.random.RandomState(0)
    cache = FaceCache.open(run / "faces")
    originals = {path.name: path.read_bytes() for path in few_photos.rglob("*.jp*g")}
    originals |= {str(row): cache.images[row].tobytes() for row in cache.selected}
    originals |= {path.name: path.read_bytes() for path in (run / "faces").iterdir() if path.is_file()}
    for report in ("report.html", "report.json"):  # their words stand in card and program; names are looked for above
        del originals[report]
    assert len(originals) > 50
    for name, content in originals.items():
        for start in random.randint(0, len(content) - 24, 4):
            piece = content[start : start + 24]
            # A run of one colour may lie in any picture.
            assert len(set(piece)) < 8 or piece not in left, (name, piece)


def test_no_landmark_leaves(left, published):
    run, _ = published
    lines = (run / "faces" / "photos.jsonl").read_text().splitlines()[1:]
    faces = [face["keypoints"] for line in lines for face in json.loads(line)["faces"]]
    assert len(faces) > 50
    for points in faces[::8]:
        for x, y in zip(points[::2], points[1::2], strict=True):
            written = [
                f"{x},{y}".encode(),
                f"{x}, {y}".encode(),
                *(np.array([x, y], kind).tobytes() for kind in ("<f4", "<f8")),
            ]
            for form in written:
                assert form not in left


def test_every_picture_that_leaves_is_the_models_own(hub, published):
    run, _ = published
    files = hub.files("models", "user/people")
    model = FaceModel.load(run / "model")
    faces = model.generate(model.latents(range(32), model.config.truncation))
    sheet = np.asarray(Image.open(io.BytesIO(files["samples.png"])))
    for number, face in enumerate(faces):
        y, x = number // 8 * 130, number % 8 * 130
        shown = Image.fromarray(sheet[y : y + 128, x : x + 128])
        small = np.asarray(shown.resize((model.size, model.size), Image.Resampling.BOX))
        assert np.abs(small.astype(int) - face).mean() < 8
    assert [path for path in files if path.endswith((".png", ".jpg", ".webp"))] == ["samples.png"]
    with Image.open(io.BytesIO(files["progress.gif"])) as gif:
        assert set(json.loads(gif.info["comment"])) == {"shows", "seeds", "truncation"}
    for name in ("morph.mp4", "progress.mp4"):
        with av.open(io.BytesIO(files[name])) as film:
            assert {stream.type for stream in film.streams} == {"video"}
            assert set(film.metadata) <= {"major_brand", "minor_version", "compatible_brands", "encoder", "comment"}
            assert set(json.loads(film.metadata["comment"])) <= {*vars(recipe_of(model, [0], 1)), "shows"}
    assert not Image.open(io.BytesIO(files["samples.png"])).getexif()


def test_a_pushed_run_goes_on_and_is_pushed_again(hub, train, published):
    run, _ = published
    done = train("--resume", "--out", run, "--images-seen", 128, "--push-to-hub", "user/people")
    assert done.returncode == 0, done.stderr
    assert "tag v2" in done.stdout
    assert len(hub.model("user/people").commits) == 3


def test_a_push_that_fails_at_the_end_leaves_the_model_and_says_how_to_push_it(hub, train, published):
    run, _ = published
    hub.refuse("POST", "/commit/", 500)
    try:
        budget = ("--images-seen", 192)
        done = train("--resume", "--out", run, *budget, "--push-to-hub", "user/people")
    finally:
        hub.recover()
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert f"push it later with: python train/push.py {run} user/people" in line
    assert "192 images seen" in done.stdout
    assert FaceModel.load(run / "model").size == FaceModel.load().size  # the default's, from which it started
    assert "Traceback" not in done.stderr


def test_a_training_that_is_stopped_is_not_published_before_somebody_says_so(hub, programs, published):
    run, _ = published
    commits, log = len(hub.model("user/people").commits), run / "log.jsonl"
    begun = log.read_text().count('"resumed"')
    options = ("--resume", "--out", run, "--minutes", 10, "--push-to-hub", "user/people")
    process = programs.start("train/train.py", *options)
    try:
        wait_until(lambda: log.read_text().count('"resumed"') > begun)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert len(hub.model("user/people").commits) == commits
    assert said.splitlines()[-1] == (
        "The model was not published, because it was stopped: look at it, and publish it with: "
        f"python train/push.py {run} user/people"
    )


@pytest.mark.parametrize(
    ("token", "arguments", "code", "said"),
    [
        ("hf_wrong", ["--push-to-hub", "user/x", "--about-data", "x"], 1, "refuses the token"),
        (None, ["--push-to-hub", "--about-data", "x"], 1, "no token"),
        ("hf_test", ["--push-to-hub", "outsider/x", "--about-data", "x"], 1, "may not write"),
        ("hf_test", ["--push-to-hub", "user/x", "--space", "outsider/y", "--about-data", "x"], 1, "may not write"),
        ("hf_test", ["--push-to-hub", "user/x"], 1, "--about-data"),
        ("hf_test", ["--space", "user/x"], 2, "--push-to-hub"),
        ("hf_test", ["--push-to-hub", "user/x", "--private", "--public"], 2, "not allowed with"),
    ],
)
def test_what_cannot_be_published_is_said_before_a_photo_is_read(
    hub, home, programs, token, arguments, code, said, tmp_path
):
    options = ("--data", tmp_path, "--out", tmp_path / "run", *arguments)
    done = programs.run("train/train.py", *options, environment=hub.environment(home, token))
    assert done.returncode == code
    assert said in done.stderr.splitlines()[-1]
    assert "photo" not in done.stdout
    assert not (tmp_path / "run").exists()
