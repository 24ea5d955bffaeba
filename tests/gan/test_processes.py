"""Two real processes, started by `accelerate launch`, against one."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from facegan.gan.monitor.log import read_log
from facegan.gan.processes import Processes
from tests.programs import ROOT

PROGRAM = "tests/gan/two_processes.py"
LAUNCH = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1",
          "--mixed_precision", "no", "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1",
          "--main_process_port", "0"]  # fmt: skip


PRESETS = ("classic", "small")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory, programs):
    """(run, images seen, preset): the checkpoint, as (tensors, values). Run "one" begins with one process, "two" with
    two; from 160 images on it is the other way round. And the logs of "two" by preset.
    """
    folder = tmp_path_factory.mktemp("runs")
    found = {}

    def train(start, *jobs):
        jobs = [(*job, preset) for job in jobs for preset in PRESETS]
        start(*[str(word) for run, seen, preset in jobs for word in (folder / f"{run}-{preset}", seen, preset)])
        for run, seen, preset in jobs:
            newest = sorted((folder / f"{run}-{preset}" / "checkpoint").glob("*.safetensors"))[-1]
            with safe_open(newest, "pt") as file:
                found[run, seen, preset] = load_file(newest), json.loads(file.metadata()["values"])

    def alone(*words):
        done = programs.run(PROGRAM, *words)
        assert done.returncode == 0, done.stderr[-3000:]

    def together(*words):
        done = subprocess.run([*LAUNCH, PROGRAM, *words], cwd=ROOT, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]

    train(alone, ("start", 16), ("one", 160))
    train(together, ("two", 160), ("one", 240))
    train(alone, ("two", 240))
    return found, {preset: read_log(folder / f"two-{preset}" / "log.jsonl") for preset in PRESETS}


def assert_close(one, other, tolerance):
    assert one.keys() == other.keys()
    for name in one:
        if one[name].is_floating_point() and not name.startswith("adam"):
            torch.testing.assert_close(one[name], other[name], atol=tolerance, rtol=0.02, msg=lambda m, n=name: n + m)


@pytest.mark.parametrize("preset", PRESETS)
def test_two_processes_are_one_and_resume_across_a_change_of_their_number(checkpoints, preset):
    found, logs = checkpoints
    one, values = found["one", 160, preset]
    two, values_of_two = found["two", 160, preset]
    # Ten steps of Adam move a weight by up to 0.002: a wrong gradient, statistic or order of faces would show.
    assert_close(one, two, 1e-4)
    assert torch.equal(one["rng"], two["rng"])
    assert values["gan"] == pytest.approx(values_of_two["gan"])
    start, _ = found["start", 16, preset]
    assert (one["generator.project.weight"] - start["generator.project.weight"]).abs().max() > 1e-3

    assert_close(found["one", 240, preset][0], found["two", 240, preset][0], 2e-4)
    lines = [line for line in logs[preset] if "loss_d" in line]
    assert [line["images_seen"] for line in lines] == [64, 128, 192]  # one process writes


def test_a_process_alone_costs_nothing_and_changes_nothing():
    alone = Processes()
    assert alone.main
    assert alone.count == 1
    assert list(range(8))[alone.share(8)] == list(range(8))
    assert alone.part(100, 8, sharded=False) == (100, 8, slice(0, 8))
    value = torch.tensor([1.0, 3.0])
    alone.average([value])
    assert value.tolist() == [1.0, 3.0]
    assert alone.broadcast(0.25) == 0.25
    network = torch.nn.BatchNorm2d(3)
    assert type(alone.with_synced_batch_norm(network)) is torch.nn.BatchNorm2d


def test_machines_with_faces_of_their_own_each_go_through_them():
    fourth = Processes()
    fourth.rank, fourth.count, fourth.on_this_machine = 3, 4, 2
    assert fourth.part(100, 8, sharded=False) == (100, 8, slice(6, 8))
    assert fourth.part(100, 8, sharded=True) == (50, 4, slice(2, 4))
