"""The Space: its folder, its publication, and the page that it shows."""

import os
import re
import socket
import subprocess
import sys
import time
import venv
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from huggingface_hub import SpaceCard
from PIL import Image

from facegan import FaceModel
from facegan.demo.zero_gpu import declare_gpu_use
from facegan.publish.space import space_files

PEAK = 600e6  # bytes
NOTICE = r"class=\"fg-notice\" role=\"status\""  # as the page's JSON carries it


def write(files, folder):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@contextmanager
def started(folder, python, environment):
    """The Space as Spaces start it: its requirements are there, its folder is the current one, its port is given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"SYSTEM": "spaces", "SPACE_ID": "user/space", "GRADIO_SERVER_NAME": "0.0.0.0"}
    own |= {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(folder.parent / "gradio")}
    log = (folder.parent / "log.txt").open("w+")
    process = subprocess.Popen(
        [str(python), "app.py"], cwd=folder, env={**environment, **own}, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    yield process, f"http://127.0.0.1:{port}/"
                    return
            time.sleep(0.2)
        log.seek(0)
        pytest.fail("The Space did not start:\n" + log.read())
    finally:
        process.kill()
        process.wait(120)
        log.close()


def peak_of(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def draws(address, model, downloads):
    """Whether the Space's endpoint draws what the model draws."""
    client = Client(address, verbose=False, download_files=str(downloads))
    (picture,) = client.predict(5, 1, 0.7, api_name="/generate")
    drawn = np.asarray(Image.open(picture["image"] if isinstance(picture, dict) else picture).convert("RGB"))
    return np.array_equal(drawn, model.generate(model.latents([5], 0.7))[0])


def page_of(address):
    import httpx

    return httpx.get(f"{address}config").text


def test_the_folder_holds_what_the_demo_needs_and_nothing_of_training():
    files = space_files("user/faces")
    for path in ("app.py", "README.md", "requirements.txt", "facegan/demo/theme/page.js"):
        assert path in files
    assert "facegan/assets/default/generator.onnx" in files  # to fall back on
    for path in files:
        assert not re.match(r"facegan/(gan|publish|runs|cli|faces/(person|report))/|train/|tests/", path), path
        assert not path.endswith((".pyc", ".mp4"))
    assert not {"facegan/faces/prepare.py", "facegan/model/export.py", "facegan/publish/space.py"} & set(files)
    networks = {path.split("/")[2] for path in files if path.startswith("facegan/assets/")}
    assert networks == {"default", "yunet", "face_api", "label_heads", "efficientnet_lite1"}
    bytes_of_assets = sum(len(content) for path, content in files.items() if path.startswith("facegan/assets/"))
    assert bytes_of_assets < 12e6  # the weights and sliders of the default, without its films, and small networks
    assert sum(map(len, files.values())) - bytes_of_assets < 1e6
    needed = {re.split(r"[<>=]", line)[0] for line in files["requirements.txt"].decode().splitlines()}
    assert needed >= {"gradio", "onnxruntime", "spaces"}  # the last for ZeroGPU
    assert not needed & {"torch", "diffusers", "insightface", "opencv-python"}


def test_the_front_matter_pins_what_runs_it():
    data = SpaceCard(space_files("user/faces")["README.md"].decode()).data
    assert (data.sdk, data.app_file, data.python_version) == ("gradio", "app.py", "3.12")
    assert data.sdk_version == version("gradio")
    assert data.models == ["user/faces"]
    assert data.preload_from_hub == ["user/faces config.json,generator.onnx"]
    assert len(data.short_description) <= 60  # the Hub's limit
    assert "preload" not in space_files("user/faces", preload=False)["README.md"].decode()


def test_publishing_creates_and_updates_one_space(hub, push, run):
    assert push(run, "user/faces", "--public").returncode == 0
    done = push("user/space", "--model", "user/faces", script="publish_space.py")
    assert done.returncode == 0, done.stderr
    assert "user/space shows user/faces (public)" in done.stdout
    space = hub.repositories["spaces", "user/space"]
    assert (len(space.commits), space.private, space.variables) == (2, False, {"FACEGAN_MODEL": "user/faces"})
    assert hub.files("spaces", "user/space") == space_files("user/faces")
    space.trees[space.head]["facegan/demo/old_tab.py"] = {"data": b"gone in this version"}
    space.trees[space.head]["notes.txt"] = {"data": b"its owner's"}
    assert push("user/space", "--model", "user/faces", script="publish_space.py").returncode == 0
    assert len(space.commits) == 3
    assert set(hub.files("spaces", "user/space")) == {*space_files("user/faces"), "notes.txt"}
    log = len(hub.log)
    assert push("user/space", "--model", "user/faces", script="publish_space.py").returncode == 0
    assert len(space.commits) == 3
    assert not [path for method, path, _ in hub.log[log:] if method == "POST" and "/variables" in path]  # no restart


def test_a_private_model_makes_a_private_space_that_says_what_it_needs(hub, push, run):
    assert push(run, "user/faces", "--space", "user/space").returncode == 0
    done = push("user/space", "--model", "user/faces", script="publish_space.py")
    assert "secret HF_TOKEN" in done.stdout
    assert hub.repositories["spaces", "user/space"].private
    assert "preload_from_hub" not in hub.files("spaces", "user/space")["README.md"].decode()


@pytest.mark.parametrize(
    ("space", "model", "token", "said"),
    [
        ("user/space", "user/nothing", "hf_test", "knows no user/nothing"),
        ("user/space", "user/language", "hf_test", "not a FaceGAN model"),
        ("a space", "user/faces", "hf_test", "USER/NAME"),
        ("user/taken", "user/faces", "hf_test", "something else (main.py)"),
        ("user/space", "user/faces", "hf_read", "may only read"),
        ("user/space", "user/faces", None, "no token"),
    ],
)
def test_a_space_that_cannot_be_published_is_one_line(hub, push, space, model, token, said):
    hub.create("models", "user/language")
    hub.create("models", "user/faces").commit({"generator.onnx": {"data": b"x"}}, [], "a model")
    hub.create("spaces", "user/taken").commit({"main.py": {"data": b"x"}}, [], "another program")
    done = push(space, "--model", model, token=token, script="publish_space.py")
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert ("spaces", "user/space") not in hub.repositories or len(
        hub.repositories["spaces", "user/space"].commits
    ) == 1


def test_a_space_whose_model_cannot_be_had_shows_the_default_and_says_so(hub, tmp_path):
    """Started with this Python, so that a run without the slow tests sees a Space start as well."""
    folder = write(space_files("user/gone"), tmp_path / "space")
    environment = {**hub.environment(tmp_path / "visitor", token=None), "FACEGAN_MODEL": "user/gone"}
    with started(folder, sys.executable, environment) as (process, address):
        assert draws(address, FaceModel.load(), tmp_path)
        assert peak_of(process) < PEAK
        page = page_of(address)
        assert NOTICE in page
        assert "knows no user/gone" in page
        assert str(tmp_path) not in page


@pytest.mark.slow
def test_the_space_starts_in_a_new_environment_and_shows_the_model_of_the_hub(hub, push, run, tmp_path):
    assert push(run, "user/faces", "--public", "--space", "user/space").returncode == 0
    folder = write(hub.files("spaces", "user/space"), tmp_path / "space")
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    # Our own pip, which need not be installed first; and of a hundred packages few modules are ever compiled.
    pip = [sys.executable, "-m", "pip", "--python", str(python)]
    install = [*pip, "install", "-q", "--no-compile", "-r", "requirements.txt"]
    installed = subprocess.run(install, cwd=folder, capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    listed = subprocess.run([*pip, "list"], capture_output=True, text=True).stdout
    assert re.search(r"^spaces ", listed, re.MULTILINE)
    assert not re.search(r"^(torch|diffusers|insightface) ", listed, re.MULTILINE)
    environment = hub.environment(tmp_path / "visitor", token=None)
    environment |= hub.repositories["spaces", "user/space"].variables
    environment["PATH"] = f"{python.parent}{os.pathsep}{environment['PATH']}"
    with started(folder, python, environment) as (process, address):
        assert draws(address, FaceModel.load(run / "model"), tmp_path)
        assert NOTICE not in page_of(address)
        assert peak_of(process) < PEAK


def test_what_zero_gpu_asks_for_is_declared_where_its_package_is(tmp_path, monkeypatch):
    """With the package's own decorator replaced by one that notes what it is given."""
    (tmp_path / "spaces.py").write_text(
        "found = []\ndef GPU(function):\n    found.append(function)\n    return function\n"
    )
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    declare_gpu_use()
    assert len(sys.modules.pop("spaces").found) == 1
