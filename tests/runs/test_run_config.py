import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from facegan.base.errors import FaceGANError
from facegan.faces.options import FaceOptions
from facegan.faces.sources.dataset import DatasetChoice
from facegan.gan.budget import Budget
from facegan.gan.config import PRESETS, TrainConfig
from facegan.runs import run_config
from facegan.runs.run_config import RunOptions, budget_of, read_config, with_resumed_device, write_config
from facegan.runs.run_file import facts_of

OPTIONS = RunOptions(data=(Path("photos"),), out=Path("run"), faces=FaceOptions(framing=0.9), preset="small", seed=3)
TRAIN = TrainConfig(PRESETS["small"], 64, 3, "cpu", "float32", attributes=("smile", "age"))


@pytest.mark.parametrize(
    ("images", "minutes", "expected"),
    [
        (None, None, Budget(1_000_000, None)),  # the preset's
        (5000, None, Budget(5000, None)),
        (None, 2.0, Budget(2**62, 2.0)),
        (5000, 2.0, Budget(5000, 2.0)),
    ],
)
def test_the_budget_is_what_was_asked_for_else_the_presets(images, minutes, expected):
    options = replace(OPTIONS, images_seen=images, minutes=minutes)
    assert budget_of(options, PRESETS["small"]) == expected


def test_a_run_goes_on_with_its_own_options_and_only_the_budget_is_new(tmp_path):
    write_config(tmp_path, replace(OPTIONS, minutes=10.0), TRAIN, "abc")
    now = RunOptions(data=(), out=tmp_path, images_seen=7, resume=True, seed=99, preset="classic")
    options, train, fingerprint = read_config(tmp_path, now)
    assert train == TRAIN
    assert fingerprint == "abc"
    assert (options.data, options.faces, options.preset, options.seed) == (OPTIONS.data, OPTIONS.faces, "small", 3)
    assert (options.images_seen, options.minutes, options.out) == (7, None, tmp_path)


def test_a_run_on_a_data_set_remembers_which(tmp_path):
    choice = DatasetChoice("user/faces@v1", split="test", column="photo")
    write_config(tmp_path, replace(OPTIONS, data=(), dataset=choice, max_photos=500), TRAIN, "abc")
    options, *_ = read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True))
    assert (options.data, options.dataset, options.max_photos) == ((), choice, 500)


def test_the_name_on_the_hub_outlives_a_stretch_that_is_not_pushed(tmp_path):
    def then(name):
        write_config(tmp_path, replace(OPTIONS, push_to_hub=name), TRAIN, "abc")
        return facts_of(tmp_path).name

    assert [then(name) for name in (None, "user/me", None, "user/you", "")] == [
        "",
        "user/me",
        "user/me",
        "user/you",
        "",
    ]
    now = RunOptions(data=(), out=tmp_path, resume=True)
    assert read_config(tmp_path, now)[0].push_to_hub is None  # it is pushed when that is said


def test_a_run_remembers_the_person_and_an_older_run_kept_everybody(tmp_path):
    write_config(tmp_path, replace(OPTIONS, faces=replace(OPTIONS.faces, person="2")), TRAIN, "abc")
    now = RunOptions(data=(), out=tmp_path, resume=True)
    assert read_config(tmp_path, now)[0].faces.person == "2"
    content = json.loads((tmp_path / "config.json").read_text())
    del content["options"]["faces"]["person"], content["train"]["recipe"]["augment_target"]
    del content["train"]["recipe"]["attribute_weight"], content["train"]["attributes"]
    (tmp_path / "config.json").write_text(json.dumps(content))
    options, train, _ = read_config(tmp_path, now)
    assert (options.faces.person, train.recipe.augment_target) == ("any", 0.6)
    assert (train.recipe.attribute_weight, train.attributes) == (0.0, ())


def test_a_recipe_of_an_earlier_version_is_read_by_its_old_names(tmp_path):
    recipe = replace(TRAIN.recipe, augment_target=0.65)
    write_config(tmp_path, OPTIONS, replace(TRAIN, recipe=recipe), "abc")
    content = json.loads((tmp_path / "config.json").read_text())
    content["train"]["recipe"]["sureness"] = content["train"]["recipe"].pop("augment_target")
    (tmp_path / "config.json").write_text(json.dumps(content))
    assert read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True))[1].recipe == recipe


def test_without_a_new_budget_the_old_one_holds(tmp_path):
    write_config(tmp_path, replace(OPTIONS, minutes=10.0), TRAIN, "abc")
    options, *_ = read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True))
    assert (options.images_seen, options.minutes) == (None, 10.0)


@pytest.mark.parametrize("damage", ["", "{}", json.dumps({"options": {}, "train": asdict(TRAIN)})])
def test_a_config_of_something_else_is_one_sentence(tmp_path, damage):
    (tmp_path / "config.json").write_text(damage)
    with pytest.raises(FaceGANError, match="not written by a compatible version"):
        read_config(tmp_path, OPTIONS)


def test_a_run_remembers_its_table_of_attributes(tmp_path):
    write_config(tmp_path, replace(OPTIONS, attributes=Path("list_attr.csv")), TRAIN, "abc")
    options, *_ = read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True))
    assert options.attributes == Path("list_attr.csv")


@pytest.mark.parametrize(("then", "now", "expected"), [(True, True, True), (False, True, False), (True, False, False)])
def test_a_run_without_sliders_has_none_when_it_goes_on(tmp_path, then, now, expected):
    write_config(tmp_path, replace(OPTIONS, sliders=then), TRAIN, "abc")
    options, *_ = read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True, sliders=now))
    assert options.sliders is expected
    table = replace(RunOptions(data=(), out=tmp_path, resume=True, sliders=now), attributes=Path("list_attr.csv"))
    assert read_config(tmp_path, table)[0].sliders is now  # who names a table wants sliders for it


@pytest.mark.parametrize(
    ("begun", "now", "expected"), [("auto", "auto", "auto"), ("cuda", "auto", "cuda"), ("cuda", "cpu", "cpu")]
)
def test_the_device_that_is_asked_for_now_wins_over_that_of_before(tmp_path, begun, now, expected):
    write_config(tmp_path, replace(OPTIONS, device=begun), TRAIN, "abc")
    options, *_ = read_config(tmp_path, RunOptions(data=(), out=tmp_path, resume=True, device=now))
    assert options.device == expected


@pytest.mark.parametrize(
    ("there", "until_now", "asked", "begun", "expected"),
    [
        ("cpu", ("cuda", "bfloat16"), "auto", "auto", ("cpu", "float32")),
        ("cpu", ("cuda", "bfloat16"), "auto", "cuda", ("cpu", "float32")),  # it is not there, and nobody insists
        ("cpu", ("cuda", "bfloat16"), "cpu", "cuda", ("cpu", "float32")),
        ("cuda", ("cpu", "float32"), "cuda", "cpu", ("cuda", "bfloat16")),
        ("cuda", ("cpu", "float32"), "auto", "auto", ("cuda", "bfloat16")),
        ("cuda", ("cpu", "float32"), "auto", "cpu", ("cpu", "float32")),
        ("cuda", ("cuda", "float32"), "auto", "auto", ("cuda", "float32")),  # as it was, to the bit
        ("cpu", ("cpu", "bfloat16"), "auto", "auto", ("cpu", "float32")),  # another CPU, without its instructions
    ],
)
def test_a_run_goes_on_where_it_can_and_says_what_changes(monkeypatch, there, until_now, asked, begun, expected):
    """On a machine whose CPU calculates in float32 and whose GPU, if it has one, in bfloat16."""

    def choose(name):
        if name == "cuda" and there == "cpu":
            raise FaceGANError("--device cuda was asked for")
        return there if name == "auto" else name

    monkeypatch.setattr(run_config, "choose_device", choose)
    monkeypatch.setattr(run_config, "choose_precision", lambda device: "bfloat16" if device == "cuda" else "float32")
    said = []
    train = with_resumed_device(replace(TRAIN, device=until_now[0], precision=until_now[1]), asked, begun, said.append)
    assert (train.device, train.precision) == expected
    assert len(said) == (expected != until_now)
    assert all(word in line for line in said for word in (*until_now, *expected))


def test_a_device_that_is_asked_for_and_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(FaceGANError, match="--device cuda"):
        with_resumed_device(TRAIN, "cuda", "cpu", print)
