"""Killed at any moment and resumed, a run ends with the weights of the run that was never killed."""

import json
import multiprocessing
import random
import time

import torch
from safetensors import safe_open
from safetensors.torch import load_file

from facegan.gan.monitor.log import read_log
from tests.gan import killed

KILLS = 10


def checkpoints(run):
    return sorted((run / "checkpoint").glob("*.safetensors"))


def reached(run):
    return int(found[-1].stem) if (found := checkpoints(run)) else -1


def values_of(path):
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["values"])


def test_ten_kills_change_not_one_bit(tmp_path):
    # The server has loaded torch and what its first optimiser imports, and forks in milliseconds: most of the time is
    # training.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.gan.killed", "torch._dynamo"])

    def start(name):
        (tmp_path / name).mkdir(exist_ok=True)
        process = context.Process(target=killed.train, args=(tmp_path / name,))
        process.start()
        return process

    whole, run = tmp_path / "whole", tmp_path / "killed"
    process = start("whole")
    process.join()
    assert process.exitcode == 0

    rng = random.Random(0)
    kills = 0
    for target in sorted(rng.sample(range(-1, killed.IMAGES - 400), KILLS)):
        process = start("killed")
        while reached(run) < target and process.is_alive():
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.05))  # a step, a save, a picture, the log: whatever it is just at
        assert process.is_alive()
        process.kill()  # SIGKILL
        process.join()
        kills += 1
    process = start("killed")
    process.join()
    assert process.exitcode == 0
    assert kills == KILLS
    resumed = [line["images_seen"] for line in read_log(run / "log.jsonl") if line.get("event") == "resumed"]
    assert len(set(resumed)) > KILLS / 2  # they fell into different parts of the run

    one, other = (load_file(checkpoints(folder)[-1]) for folder in (whole, run))
    assert one.keys() == other.keys()
    assert {name.split(".")[0] for name in one} >= {"generator", "discriminator", "ema", "adam_g", "adam_d", "best"}
    for name in one:
        assert torch.equal(one[name], other[name]), name
    # and all else but the time that it took
    values = [{**values_of(checkpoints(folder)[-1]), "elapsed": 0} for folder in (whole, run)]
    assert values[0] == values[1]
    assert values[0]["gan"]["augment_p"] > 0
