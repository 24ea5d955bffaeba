"""Commands of the checkout in processes of their own that do not import everything anew.

    with Programs(environment, preload=("facegan.runs.run",)) as programs:
        done = programs.run("train/train.py", "--data", folder)  # a CompletedProcess with texts

A server imports the modules once and forks for each command, which then runs as `python SCRIPT ARGUMENTS` would: with
its own working directory, environment, standard streams and signals, in a process that a test may interrupt or kill.
Only what is read when a module is imported is that of the server: give such variables (HF_ENDPOINT) to Programs.
"""

import copy
import gc
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What a training imports, some of it in the middle: the first optimiser of torch takes seconds.
TRAINING = ("facegan.runs.run", "facegan.runs.evaluate", "torch._dynamo")


class Programs:
    """A server that starts commands. `values`: module attributes to set before each, such as {"a.b.LIMIT": 3}."""

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        preload: Sequence[str] = TRAINING,
        values: Mapping[str, object] | None = None,
    ) -> None:
        self.environment = {**(os.environ if environment is None else environment), "OMP_NUM_THREADS": "1"}
        self.values = dict(values or {})
        command = [sys.executable, "-m", "tests.programs", *preload]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        # In a session of its own, without the terminal: whom a Ctrl-C reaches is for the tests to say.
        server = {"cwd": ROOT, "env": self.environment, "text": True, "bufsize": 1, "start_new_session": True}
        self._server = subprocess.Popen(command, **server, **pipes)

    def __enter__(self) -> "Programs":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stdin.close()  # ends it
        self._server.wait(120)
        self._server.stdout.close()

    def where(self, values: Mapping[str, object]) -> "Programs":
        """The same server for commands that have these module attributes set, too."""
        same = copy.copy(self)
        same.values = {**self.values, **values}
        return same

    def start(
        self,
        script: str,
        *arguments: object,
        environment: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
        folder: Path = ROOT,
    ) -> "Program":
        """A command that runs in `folder`; one at a time. `values` in addition to those of all commands."""
        order = {
            "arguments": [script, *map(str, arguments)],
            "folder": str(folder),
            "environment": dict(self.environment if environment is None else environment),
            "values": {**self.values, **(values or {})},
        }
        return Program(self, order)

    def run(self, script: str, *arguments: object, **more: object) -> subprocess.CompletedProcess:
        """A command that has ended."""
        program = self.start(script, *arguments, **more)
        try:
            out, err = program.communicate(900)
        finally:
            program.kill()
        return subprocess.CompletedProcess(program.arguments, program.returncode, out, err)

    def _ask(self, order: dict) -> None:
        self._server.stdin.write(json.dumps(order) + "\n")

    def _answer(self, timeout: float) -> int | None:
        """The server's next number; None after `timeout` seconds without one."""
        if not select.select([self._server.stdout], [], [], timeout)[0]:
            return None
        line = self._server.stdout.readline()
        assert line, "the server of the commands has ended"
        return int(line)


class Program:
    """One command, with the part of subprocess.Popen that the tests need."""

    def __init__(self, programs: Programs, order: dict) -> None:
        self.arguments, self.returncode, self._programs = order["arguments"], None, programs
        self._folder = tempfile.TemporaryDirectory()
        self._streams = [Path(self._folder.name) / name for name in ("out", "err")]
        programs._ask({**order, "streams": list(map(str, self._streams))})
        self.pid = programs._answer(300)  # the server's imports, the first time
        assert self.pid is not None, "the server of the commands did not start"

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """The exit status, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self.returncode = self._programs._answer(timeout)
            if self.returncode is None:
                raise subprocess.TimeoutExpired(self.arguments, timeout)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it printed, when it has ended. Raises subprocess.TimeoutExpired."""
        self.wait(timeout)
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in self._streams)
        return out, err

    def kill(self) -> None:
        """Ends it if need be, and forgets what it printed."""
        if self.returncode is None:
            self.send_signal(signal.SIGKILL)
            self.wait(60)
        self._folder.cleanup()


def wait_until(condition, timeout: float = 300, process: Program | subprocess.Popen | None = None) -> None:
    """Returns when `condition()` holds. Fails after `timeout` seconds, which only a fault takes."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen within {timeout:g} s"
        time.sleep(0.05)


def _serve() -> None:
    """Reads orders from standard input; answers each with the process's id, and with its status when it has ended."""
    for name in sys.argv[1:]:
        import_module(name)
    gc.collect()
    gc.freeze()  # else each command would look through all that was imported when it ends: a second and more
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    orders = os.fdopen(os.dup(0), "r")
    while line := orders.readline():
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            orders.close()
            answers.close()
            _become(order)
            return
        print(pid, file=answers)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), file=answers)


def _become(order: dict) -> None:
    """Runs a script in this process, which ends with it, as `python SCRIPT ARGUMENTS` would."""
    out, err = order["streams"]
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        file = os.open(path, flags | (os.O_CREAT if number else 0))
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(order["environment"])
    for name, value in order["values"].items():
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name
        setattr(import_module(module), attribute, value)
    sys.argv = order["arguments"]
    os.chdir(order["folder"])
    script = ROOT / sys.argv[0]
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    _serve()
