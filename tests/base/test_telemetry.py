"""What leaves this machine, watched from inside a network of its own whose only name server is the test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Brings the namespace's loopback up, answers no name but notes each, runs `python -c CODE`, prints the names.
WATCH = r"""
import fcntl, os, socket, struct, subprocess, sys, tempfile, threading
name = struct.pack("16sh22x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, name)  # SIOCSIFFLAGS
own = tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False)
own.write("nameserver 127.0.0.1\n")
own.close()
subprocess.run(["mount", "--bind", own.name, os.path.realpath("/etc/resolv.conf")], check=True)
asked, server = [], socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
def listen():
    while True:
        question, client = server.recvfrom(512)
        asked.append(question[12:question.index(b"\0", 12)].decode("latin1"))
        server.sendto(question[:2] + b"\x81\x83" + question[4:6] + bytes(6) + question[12:], client)  # no such name
threading.Thread(target=listen, daemon=True).start()
done = subprocess.run([sys.executable, "-c", sys.argv[1]], capture_output=True, text=True)
print(done.returncode, done.stderr[-500:] if done.returncode else "", asked)
"""
MODEL = "import time, onnxruntime; onnxruntime.InferenceSession(open(%r, 'rb').read()); time.sleep(8)"
NETWORK = str(ROOT / "facegan" / "assets" / "default" / "generator.onnx")
DEMO = """
import time
from facegan import FaceModel
from facegan.demo.build import build_demo
model = FaceModel.load()
model.generate(model.latents([1]))
demo = build_demo(model)
# _frontend: gradio does not ask itself whether it answers within 3 s, which a busy machine may not.
demo.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, _frontend=False)
time.sleep(8)
"""
# As a training's workers are started, in a process that has imported nothing else.
WORKER = f"""
import multiprocessing, sys
sys.path.insert(0, {str(ROOT)!r})
import facegan
if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=exec, args=({MODEL % NETWORK!r},))
    worker.start()
    worker.join()
    sys.exit(worker.exitcode)
"""


def watched(code, home):
    """A process that prints the exit status of `code` and the names that were looked up."""
    environment = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT)}
    for name in ("ORT_DISABLE_TELEMETRY", "GRADIO_ANALYTICS_ENABLED", "CI", "XDG_CACHE_HOME", "PYTEST_CURRENT_TEST"):
        environment.pop(name, None)
    command = ["unshare", "--net", "--mount", sys.executable, "-c", WATCH, code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=home, env=environment, text=True, **pipes)


def can_watch():
    return shutil.which("unshare") and not subprocess.run(["unshare", "--net", "--mount", "true"]).returncode


needs_namespaces = pytest.mark.skipif(not can_watch(), reason="no right to make a network namespace")


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """Both at once, since most of their time is waiting: (process, its home)."""
    started = {}
    for name, code in (("demo", DEMO), ("worker", WORKER)):
        home = tmp_path_factory.mktemp(name)
        started[name] = watched(code, home), home
    yield started
    for process, _ in started.values():
        process.kill()
        process.communicate()


@needs_namespaces
@pytest.mark.parametrize("name", ["demo", "worker"])
def test_no_name_is_looked_up_and_no_device_id_is_left(programs, name):
    process, home = programs[name]
    said, errors = process.communicate(timeout=300)
    assert said.strip() == "0  []", said + errors
    left = [path.name for path in home.rglob("*") if "deviceid" in path.name or path.name == ".ses"]
    assert left == []


@needs_namespaces
def test_the_watching_sees_what_is_sent(tmp_path):
    code = "import socket\ntry:\n socket.getaddrinfo('somewhere.test', 80)\nexcept OSError: pass"
    said, _ = watched(code, tmp_path).communicate(timeout=300)
    assert "somewhere" in said
