"""Every failure of a push is one clear line and exit code 1, and RUN/model is what it was."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.model.conftest import content_of


def nothing(run, hub):
    pass


def drop(path):
    return lambda run, hub: (run / "model" / path).unlink()


def add(path, content=b"\xff\xd8\xff\xe0"):
    return lambda run, hub: (run / "model" / path).write_bytes(content)


def link(run, hub):
    (run / "model" / "samples.png").unlink()
    (run / "model" / "samples.png").symlink_to(Path(__file__))


def config(**values):
    def change(run, hub):
        file = run / "model" / "config.json"
        content = json.loads(file.read_text())
        for section, inner in values.items():
            content[section] = {**content[section], **inner}
        file.write_text(json.dumps(content))

    return change


def not_a_number(run, hub):
    file = run / "model" / "gan" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    weights["project.weight"][0, 0] = np.nan
    save_file(weights, file)


def home_in_the_text(run, hub):
    config(data={"about": f"Photos of {run.parents[1] / 'home'}/pictures."})(run, hub)


def cut(run, hub):
    file = run / "model" / "generator.onnx"
    file.write_bytes(file.read_bytes()[:-100])


def refuse(method, part, code):
    return lambda run, hub: hub.refuse(method, part, code)


def taken(kind):
    return lambda run, hub: hub.create(kind, "user/faces")


def public(run, hub):
    hub.create("models", "user/faces")


def something_else(run, hub):
    model = hub.create("models", "user/faces", private=True)
    model.commit({"pytorch_model.bin": {"data": b"a language model"}}, [], "weights")


def gone(run, hub):
    hub.server.shutdown()
    hub.server.server_close()


# what happens, the token, the name, what the line says
FAILURES = {
    "no token": (nothing, None, "user/faces", "no token for the Hub: run `hf auth login`"),
    "a token that is refused": (nothing, "hf_wrong", "user/faces", "refuses the token"),
    "a token that may only read": (nothing, "hf_read", "user/faces", "may only read"),
    "a name of somebody else": (nothing, "hf_test", "outsider/faces", "may not write to outsider"),
    "an organisation without the right": (nothing, "hf_outsider", "club/faces", "may only read in club"),
    "a malformed name": (nothing, "hf_test", "us er/fa/ces", "give it as USER/NAME"),
    "a name that is a Space": (taken("spaces"), "hf_test", "user/faces", "is a space already"),
    "a name that is a data set": (taken("datasets"), "hf_test", "user/faces", "is a dataset already"),
    "a repository of something else": (something_else, "hf_test", "user/faces", "something else (pytorch_model.bin)"),
    "few faces for a public repository": (public, "hf_test", "user/faces", "say --public"),
    "a Hub that is not there": (gone, "hf_test", "user/faces", "cannot be reached"),
    "a Hub with trouble of its own": (refuse("GET", "whoami", 503), "hf_test", "user/faces", "trouble of its own"),
    "a commit that is forbidden": (refuse("POST", "/commit/", 403), "hf_test", "user/faces", "no right"),
    "a commit that somebody was ahead of": (refuse("POST", "/commit/", 412), "hf_test", "user/faces", "meanwhile"),
    "a card that the Hub does not take": (
        refuse("POST", "validate-yaml", 400),
        "hf_test",
        "user/faces",
        "refuses a file (Invalid metadata",
    ),
    "a file that is missing": (drop("samples.png"), "hf_test", "user/faces", "samples.png is missing"),
    "a photo among the files": (add("me.jpg"), "hf_test", "user/faces", "me.jpg is not part"),
    "a pickle among the files": (add("gan/weights.pt"), "hf_test", "user/faces", "weights.pt is not part"),
    "a link among the files": (link, "hf_test", "user/faces", "samples.png is a link"),
    "a picture that is none": (add("samples.png"), "hf_test", "user/faces", "samples.png is not what its name says"),
    "weights that are not finite": (not_a_number, "hf_test", "user/faces", "not finite"),
    "a network that is cut off": (cut, "hf_test", "user/faces", "generator.onnx"),
    "a config of nothing": (add("config.json", b"{}"), "hf_test", "user/faces", "config.json"),
    "a field that is empty": (config(data={"about": " "}), "hf_test", "user/faces", "field data.about"),
    "a field that is missing": (config(data={"detector": None}), "hf_test", "user/faces", "field data.detector"),
    "a path of this machine": (home_in_the_text, "hf_test", "user/faces", "a path of this machine"),
    "too many near copies": (
        config(training={"memorisation": {"near_copies": 0.02, "distance_ratio": 0.5, "protocol": "1,000 faces."}}),
        "hf_test",
        "user/faces",
        "2.0% of the generated faces are near copies",
    ),
    "copies that nobody measured": (
        config(training={"memorisation": None}),
        "hf_test",
        "user/faces",
        "field training.memorisation of the model's config.json is empty: have it measured",
    ),
    "a metric without a value": (
        config(training={"metrics": {"generated": 1000, "kid": None}}),
        "hf_test",
        "user/faces",
        "training.metrics.kid",
    ),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_push_is_one_line_and_the_model_stays_as_it_was(hub, push, run, failure):
    happens, token, name, said = FAILURES[failure]
    happens(run, hub)
    before, commits = content_of(run / "model"), {k: len(r.commits) for k, r in hub.repositories.items()}
    done = push(run, name, token=token)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert said in lines[0]
    assert f"push it later with: python train/push.py {run}" in lines[0]
    assert content_of(run / "model") == before
    for key, repository in hub.repositories.items():  # at most an empty repository was made
        assert len(repository.commits) == commits.get(key, 1)
        assert repository.tags == {}


def test_a_hub_that_accepts_and_never_answers_is_given_up(push, run, hub, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as hole:  # the system accepts, nobody reads
        hub.url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        done = push(run, "user/faces", patience=3.0)
    assert done.returncode == 1
    assert "has not answered for 3 seconds" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_is_no_run_is_one_line(push, tmp_path):
    done = push(tmp_path / "nowhere", "user/faces")
    assert done.returncode == 1
    assert "There is no model in" in done.stderr
