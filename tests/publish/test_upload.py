"""What can happen to the large files on their way: to the storage, that is, which is not the Hub itself."""

import signal
import subprocess
import sys
import time

import pytest

from tests.model.conftest import ROOT, content_of

IMPATIENT = """
import runpy, sys, time
from facegan.publish import commit
commit.PATIENCE = float(sys.argv[1])
time.sleep = lambda seconds: None  # which the client does before it tries again
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def impatient(hub, run, tmp_path):
    """impatient(patience): train/push.py of the run, which takes so many seconds of silence for a dead network."""

    def start(patience, name="user/faces"):
        command = [sys.executable, "-c", IMPATIENT, str(patience), "train/push.py", str(run), name]
        environment = hub.environment(tmp_path / "home")
        return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)

    return start


def refuse(method, part, code):
    return lambda hub: hub.refuse(method, part, code)


FAILURES = {
    "storage that refuses": (refuse("PUT", "/_lfs/", 403), "no right to do this"),
    "storage in trouble": (refuse("PUT", "/_lfs/", 503), "trouble of its own (it answers 503)"),
    "storage that hangs up": (lambda hub: hub.hang_up("PUT", "/_lfs/"), "cannot be reached: the connection broke off"),
    "storage that falls silent": (lambda hub: hub.stall("PUT", "/_lfs/"), "has not answered for 3 seconds"),
    "a file that is not there after all": (refuse("POST", "/verify", 403), "no right to do this"),
    "a Hub that is silent about the file": (lambda hub: hub.stall("POST", "/verify"), "has not answered for 3 seconds"),
    "a list that is refused": (refuse("POST", "/objects/batch", 403), "no right to do this"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_an_upload_that_fails_is_one_sentence_and_the_model_stays_as_it_was(hub, impatient, run, failure):
    happens, said = FAILURES[failure]
    happens(hub)
    before = content_of(run / "model")
    process = impatient(3)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 1
    assert len(told.splitlines()) == 1, told
    assert said in told
    assert f"push it later with: python train/push.py {run} user/faces" in told
    assert content_of(run / "model") == before
    assert len(hub.model().commits) == 1  # the Hub's own


def test_ctrl_c_ends_an_upload_at_once(hub, impatient, run):
    hub.stall("PUT", "/_lfs/")
    process = impatient(600)
    assert hub.stalled.wait(300)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=300)  # half of its patience
    assert process.returncode == 130
    assert told == "Stopped. The model is untouched; the same command pushes it.\n"


SLOW = """
import time
from facegan.publish import commit
from facegan.publish.target import Target
class Slow(commit.Watched):
    def read(self, size=-1):
        time.sleep(0.1)
        return super().read(size)
commit.PATIENCE, commit.Watched = 1.0, Slow
target = Target("user/faces", private=False)
commit.ensure_repository(target)
commit.put_files(target, {"generator.onnx": bytes(3_000_000)}, lambda path: True, "slowly")
"""


def test_an_upload_that_takes_long_and_goes_on_is_not_cut(hub, tmp_path):
    environment = hub.environment(tmp_path / "home")
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", SLOW], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start > 3
    assert hub.files() == {"generator.onnx": bytes(3_000_000)}


def test_large_files_go_by_http_even_where_there_is_xet(hub, push, run):
    """Xet would ask the Hub for a token of its own, which this one has none of."""
    done = push(run, "user/faces", HF_HUB_DISABLE_XET="0")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert set(hub.files()) == set(content_of(run / "model"))
