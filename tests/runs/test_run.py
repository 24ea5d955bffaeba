"""What the run resolves before it calls the rooms; the way as a whole is in end_to_end/test_train.py."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.base.lock import locked
from facegan.faces.cache import FaceCache
from facegan.faces.options import FaceOptions
from facegan.faces.sources.dataset import DatasetChoice
from facegan.gan.budget import Budget
from facegan.gan.checkpoint import load_checkpoint, with_prefix
from facegan.gan.config import (
    PRESETS,
    Start,
    TrainConfig,
    choose_device,
    choose_precision,
    choose_preset,
    recipe_for,
    with_attributes,
)
from facegan.gan.processes import Processes
from facegan.model import save as save_module
from facegan.model.folder import DISCRIMINATOR, ModelConfig
from facegan.runs import plan as plan_module
from facegan.runs import run as run_module
from facegan.runs.plan import Plan
from facegan.runs.run_config import RunOptions

OPTIONS = RunOptions(data=(Path("photos"),), out=Path("run"), faces=FaceOptions(framing=0.9), preset="small", seed=3)


def test_whichever_budget_ends_first_ends_the_run():
    budget = Budget(images_seen=1000, minutes=10)
    assert budget.share(500, 60) == 0.5
    assert budget.share(100, 600) == 1.0
    assert Budget(1000).share(250, 10**6) == 0.25


def test_only_one_process_works_in_a_run_folder(tmp_path):
    options = replace(OPTIONS, data=(tmp_path / "photos",), out=tmp_path / "run", device="cpu")
    with locked(tmp_path / "run"):
        with pytest.raises(FaceGANError, match="Another process works in"):
            run_module.run(options)
        (tmp_path / "run" / "config.json").write_text("")
        with pytest.raises(FaceGANError, match="Another process works in"):
            run_module.run(replace(options, resume=True))
    with pytest.raises(FaceGANError, match="photos does not exist"):  # now it gets so far
        run_module.run(options)


def test_resume_of_a_run_whose_photos_were_still_being_read_goes_on_reading(tmp_path, capsys):
    options = replace(OPTIONS, data=(tmp_path / "photos",), out=tmp_path / "run", device="cpu", resume=True)
    with pytest.raises(FaceGANError, match="There is no run in"):
        run_module.run(options)  # nothing was done there
    (tmp_path / "run" / "faces").mkdir(parents=True)
    with pytest.raises(FaceGANError, match="photos does not exist"):  # it gets so far
        run_module.run(options)
    assert "had not begun" in capsys.readouterr().out
    with pytest.raises(FaceGANError, match="start it with --data"):
        run_module.run(replace(options, data=()))


@pytest.mark.parametrize(
    ("faces", "device", "expected"), [(300, "cpu", "small"), (20_000, "cpu", "small"), (20_000, "cuda", "large")]
)
def test_auto_chooses_by_faces_and_device_and_says_why(faces, device, expected):
    preset, why = choose_preset("auto", faces, device)
    assert preset == expected
    assert expected in why
    assert choose_preset("classic", faces, device)[0] == "classic"


def test_few_faces_are_augmented_sooner():
    assert recipe_for("small", 300).augment_target < recipe_for("small", 20_000).augment_target
    assert recipe_for("classic", 20_000) == PRESETS["classic"]


def test_only_few_faces_with_a_discriminator_of_a_model_freeze_its_beginning():
    assert recipe_for("small", 300, from_discriminator=True).frozen > 0
    assert recipe_for("small", 300).frozen == 0  # random weights must learn
    assert recipe_for("small", 20_000, from_discriminator=True).frozen == 0


def test_what_is_new_in_a_models_discriminator_learns_longer_alone():
    usual = recipe_for("medium", 20_000, True)
    assert recipe_for("medium", 20_000, True, larger=True).warm_up > usual.warm_up
    began, went_on = (TrainConfig(usual, 64, 0, "cpu", "float32", start) for start in (None, Start("a model")))
    assert with_attributes(went_on, ("smile",)).recipe.warm_up > usual.warm_up
    for train in (with_attributes(began, ("smile",)), with_attributes(went_on, ())):
        assert train.recipe == usual
    assert with_attributes(began, ("smile",)).attributes == ("smile",)


def test_few_faces_with_a_larger_preset_have_no_larger_budget_and_a_widened_beginning_learns():
    assert recipe_for("large", 300).images_seen == recipe_for("small", 300).images_seen
    assert recipe_for("large", 20_000).images_seen > recipe_for("small", 20_000).images_seen
    assert recipe_for("large", 300, from_discriminator=True, larger=True).frozen == 0


@pytest.mark.parametrize(
    ("amx", "avx512", "expected"),
    [(True, True, "bfloat16"), (True, False, "bfloat16"), (False, True, "bfloat16"), (False, False, "float32")],
)
def test_a_cpu_calculates_in_bfloat16_where_it_has_instructions_for_it(monkeypatch, amx, avx512, expected):
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: avx512)
    assert choose_precision("cpu") == expected


def test_a_device_that_is_not_there_is_refused_with_what_is_there(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("cpu") == "cpu"
    with pytest.raises(FaceGANError, match="--device cuda was asked for, but torch finds only: .*cpu"):
        choose_device("cuda")


@pytest.fixture
def exported(tmp_path, monkeypatch):
    """exported(report=..., start=...): the model folder of a run of 16 images on 30 pictures of noise."""

    def make(report=None, start=None, say=lambda _: None, findings=None):
        monkeypatch.setattr(run_module, "add_findings", findings or (lambda *_: None))
        monkeypatch.setattr("facegan.model.showcase.FRAMES_PER_LEG", 1)  # its morph is no test's subject
        images = np.random.RandomState(0).randint(0, 256, (30, 16, 16, 3)).astype(np.uint8)
        of_faces = {"framing": 0.8, "photos": {}, "files": 30, "detector": "yunet", **(report or {})}
        cache = FaceCache(tmp_path, {**of_faces, "eye_spread_px_of_128": {}}, np.arange(30), images)
        recipe = replace(PRESETS["small"], width=2, batch=8, warm_up=0, pretrained_weight=0.0)
        train = TrainConfig(recipe, 16, 0, "cpu", "float32", start, ("smile",))
        options = replace(OPTIONS, out=tmp_path / "run", images_seen=16, sliders=False)
        return run_module.train_and_export(Plan(options, train, Processes("cpu"), say, cache))[0]

    return make


def test_a_run_exports_the_discriminator_that_it_ends_with(exported):
    folder = exported()
    stored = load_file(folder / DISCRIMINATOR)
    trained = with_prefix(load_checkpoint(folder.parent / "checkpoint")[0], "discriminator")
    assert stored.keys() == trained.keys()
    for name, value in stored.items():
        assert torch.equal(value, trained[name][: len(value)].half()), name
    last = sorted(name for name in stored if name.endswith("weight"))[-1]
    assert (len(stored[last]), len(trained[last])) == (1, 2)  # what it reads of the attribute stays here


@pytest.mark.parametrize(("report", "asked"), [({}, True), ({"person": True}, False), ({"one_person": False}, False)])
def test_a_run_from_before_is_looked_at_when_it_goes_on(tmp_path, monkeypatch, report, asked):
    """An older report does not say whether its faces are one person's."""
    said, looked = [], []
    monkeypatch.setattr(plan_module, "installed_network", lambda root: None)
    monkeypatch.setattr(plan_module, "mostly_one_person", lambda *faces: looked.append(faces) or True)
    cache = FaceCache(tmp_path, {"framing": 0.8, **report}, np.arange(3), np.zeros((3, 16, 16, 3), np.uint8))
    plan_module.check_one_person(cache, OPTIONS, said.append)
    assert len(looked) == len(said) == asked
    assert bool(cache.report.get("one_person")) is asked
    if asked:
        assert looked[0][2].framing == 0.8


@pytest.mark.parametrize(("allow", "faces", "counted"), [(False, 300, True), (True, 300, False), (False, 9000, False)])
def test_near_copies_of_few_faces_are_counted_unless_they_are_allowed(allow, faces, counted):
    allowed = run_module.copies_allowed(replace(OPTIONS, allow_memorised=allow), faces)
    assert (allowed is not None) is counted
    assert allowed is None or allowed > 0.01  # what a push allows, and some chance


@pytest.mark.parametrize(
    ("report", "start"),
    [({"person": True}, None), ({"one_person": True}, None), ({}, Start("user/me", one_person=True))],
)
def test_a_run_that_draws_one_person_keeps_its_discriminator_to_itself(exported, report, start):
    folder = exported(report, start)
    assert ModelConfig.read(folder).data["one_person"] is True
    assert not (folder / DISCRIMINATOR).exists()


@pytest.mark.parametrize("broken", ["write_films", "write_findings", "write_page", "showcase", "card"])
def test_nothing_after_the_training_costs_the_model(exported, monkeypatch, broken):
    """Whatever fails is named at the end, with the command that makes it."""

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    place = {
        "write_films": (run_module.samples, "write_films"),
        "write_findings": (run_module, "add_findings"),
        "write_page": (run_module.Trainer, "write_page"),
        "showcase": (save_module, "write_showcase"),
        "card": (save_module, "write_card"),
    }[broken]
    if broken == "write_page":  # once in the training, and once with the film
        real, calls = run_module.Trainer.write_page, []
        monkeypatch.setattr(*place, lambda *a, **k: (calls.append(1), fails() if len(calls) > 1 else real(*a, **k)))
    elif broken != "write_findings":
        monkeypatch.setattr(*place, fails)
    said = []
    folder = exported(say=said.append, findings=fails if broken == "write_findings" else None)
    model = FaceModel.load(folder)
    assert model.generate(model.latents([1])).shape == (1, 16, 16, 3)
    assert f"--resume --out {folder.parent}" in said[-1]


@pytest.mark.parametrize(("rank", "reads"), [(0, True), (1, False), (2, True), (3, False)])
def test_one_process_of_each_machine_reads_its_part_of_a_data_set(rank, reads, tmp_path, monkeypatch):
    for name, value in (("RANK", rank), ("WORLD_SIZE", 4), ("LOCAL_WORLD_SIZE", 2)):
        monkeypatch.setenv(name, str(value))
    processes = Processes.__new__(Processes)  # without starting the communication
    processes.rank, processes.count, processes.on_this_machine = rank, 4, 2
    monkeypatch.setattr(processes, "wait", lambda: None, raising=False)
    calls = []
    monkeypatch.setattr(plan_module, "prepare_faces", lambda *args, **more: calls.append((args[1], more)) or "cache")
    monkeypatch.setattr(plan_module.FaceCache, "open", lambda folder: f"opened {folder.name}")
    options = replace(OPTIONS, data=(), dataset=DatasetChoice("user/faces"), out=tmp_path)
    found = plan_module.prepare_or_open(options, processes, print)
    machine = rank // 2
    folder = tmp_path / ("faces-1" if machine else "faces")
    assert found == ("cache" if reads else f"opened {folder.name}")
    assert [(path, more["node"], more["nodes"]) for path, more in calls] == ([(folder, machine, 2)] if reads else [])
