"""The attributes that a run teaches its latents; what they are made of is in gan/test_attributes.py."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.gan import conditioning
from facegan.gan.attributes import FaceAttributes
from facegan.gan.conditioning import attributes_for
from facegan.gan.config import PRESETS, Start, TrainConfig
from facegan.gan.processes import Processes
from facegan.labels.label import label_faces
from facegan.labels.table import AttributeTable
from facegan.model.folder import DEFAULT_FOLDER, ModelConfig
from facegan.runs import plan as plan_module
from facegan.runs.run_config import RunOptions

TRAIN = TrainConfig(PRESETS["small"], 64, 0, "cpu", "float32")


@pytest.fixture(scope="module")
def cache():
    """Sixty faces of the default, every second of which passed."""
    model = FaceModel.load()
    images = model.base.generate(model.latents(range(60), truncation=0.8))
    return SimpleNamespace(images=images, selected=np.arange(0, 60, 2), report={"framing": 1.2})


def test_every_face_that_passed_gets_what_the_networks_read(cache, tmp_path):
    said = []
    found = attributes_for(tmp_path, cache, None, say=said.append)
    assert np.array_equal(found.rows, cache.selected)
    assert found.latents.shape == (30, len(found.names))
    assert {"smile", "gender", "age", "turn", "saturation"} <= set(found.names)
    assert "background_lightness" not in found.names  # which this framing does not show
    turn = label_faces(cache.images[cache.selected], 1.2, mirror=True)["turn"]
    assert np.corrcoef(turn, found.latents[:, found.names.index("turn")])[0, 1] > 0.8
    assert "smile, gender" in said[0]
    kept = FaceAttributes.load(tmp_path / conditioning.FILE)
    assert np.array_equal(kept.latents, found.latents)


def test_columns_of_a_table_are_learned_too_where_they_tell_faces_apart(cache, tmp_path):
    hats = np.arange(30) % 3 == 0
    rare = np.arange(30) == 7
    values = np.stack([hats, np.ones(30), np.where(np.arange(30) < 20, np.nan, hats), rare], axis=1).astype(float)
    said = []
    table = AttributeTable(("Wearing Hat", "Human", "Rarely_Known", "Rare"), values)
    found = attributes_for(tmp_path, cache, table, say=said.append)
    assert found.names[-1] == "wearing_hat"
    assert found.latents[hats, -1].min() > found.latents[~hats, -1].mean()
    assert "background_lightness, human, rarely_known, rare." in said[0]


def test_a_column_with_the_name_of_ours_is_another_one_and_mirroring_does_not_turn_it_round(cache, tmp_path):
    table = AttributeTable(("turn",), np.arange(30.0)[:, None])
    found = attributes_for(tmp_path, cache, table, say=lambda _: None)
    assert found.names[-1] == "turn_2"
    assert found.signs[[found.names.index("turn"), -1]].tolist() == [-1, 1]


def test_of_a_single_face_there_is_nothing_to_learn(cache, tmp_path):
    one = SimpleNamespace(images=cache.images, selected=np.array([4]), report=cache.report)
    assert attributes_for(tmp_path, one, None, say=lambda _: None) is None
    assert learned(tmp_path, one) is None


def test_a_wide_table_leaves_places_for_the_faces_themselves(cache, tmp_path):
    values = np.random.RandomState(0).rand(30, 90)
    found = attributes_for(
        tmp_path, cache, AttributeTable(tuple(f"a{i}" for i in range(90)), values), say=lambda _: None
    )
    assert len(found.names) == conditioning.MOST


def learned(tmp_path, cache, train=TRAIN, table=None, said=None, wanted=(), **options):
    options = RunOptions(data=(Path("photos"),), out=tmp_path, **options)
    say = said.append if said is not None else lambda _: None
    return plan_module.chosen_attributes(options, train, cache, Processes("cpu"), table, wanted, say)


def test_a_run_reads_them_once_and_goes_on_with_the_same(cache, tmp_path, monkeypatch):
    first = learned(tmp_path, cache)
    monkeypatch.setattr(conditioning, "label_faces", None)  # not again
    again = learned(tmp_path, cache, replace(TRAIN, attributes=first.names), resume=True)
    assert np.array_equal(again.latents, first.latents)
    assert learned(tmp_path, cache, resume=True) is None  # a run from before there were any
    (tmp_path / conditioning.FILE).unlink()
    with pytest.raises(FaceGANError, match="start a new run"):
        learned(tmp_path, cache, replace(TRAIN, attributes=first.names), resume=True)


@pytest.mark.parametrize(
    "train",
    [replace(TRAIN, recipe=PRESETS["classic"]), replace(TRAIN, start=Start("the default"))],
    ids=["classic", "from a model"],
)
def test_the_classic_recipe_and_a_start_from_a_model_have_none(train, cache, tmp_path):
    assert learned(tmp_path, cache, train) is None
    assert not (tmp_path / conditioning.FILE).exists()


def test_a_start_from_a_model_goes_on_with_its_attributes_in_its_order_or_not_at_all(cache, tmp_path, monkeypatch):
    own = tuple(ModelConfig.read(DEFAULT_FOLDER).training["attributes"].split(", "))
    train = replace(TRAIN, start=Start("the default"))
    table, said = AttributeTable(("Hat",), np.tile([[0.0], [1.0]], (15, 1))), []
    hat = "hat" if "hat" in conditioning.own_names(table.names) else conditioning.own_names(table.names)[0]
    for wanted in (own, own[::-1], own[:5], (*own[3:], hat)):
        assert learned(tmp_path, cache, train, table, said, wanted).names == wanted
    every = learned(tmp_path, cache, TRAIN)
    place = every.names.index(own[0])
    alone = learned(tmp_path, cache, train, wanted=own[:1])
    assert np.corrcoef(every.latents[:, place], alone.latents[:, 0])[0, 1] > 0.8  # the same scores
    assert not any("cannot be learned" in line for line in said)
    monkeypatch.setattr(conditioning, "label_faces", None)  # no face is read for nothing
    assert learned(tmp_path, cache, train, None, said, (*own, hat)) is None
    assert f"cannot be learned from these faces ({hat})" in said[-1]
    assert not (tmp_path / conditioning.FILE).exists()


def test_what_these_faces_do_not_show_is_not_learned_on(cache, tmp_path):
    said = []
    hidden = ("smile", "background_lightness")  # outside this framing
    assert learned(tmp_path, cache, replace(TRAIN, start=Start("a model")), None, said, hidden) is None
    assert "from these faces (background_lightness)" in said[-1]
