"""Sliders into a model folder: what is written, printed and refused; fitting itself is in sliders/."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.model.folder import LEAKAGE, SLIDER_WEIGHTS, SLIDERS
from facegan.model.load import FaceModel as Model
from facegan.model.slider_files import write_sliders
from facegan.runs import model_sliders as sliders_module
from facegan.runs.model_sliders import add_sliders, add_surprises, as_table, attributes_of, complete_sliders
from facegan.sliders.limit import Limit
from tests.model.sliders import small_sliders

DEFAULT = Model.load().config


@pytest.fixture
def folder(tmp_path):
    """A copy of the default model, without sliders."""
    from facegan.model.folder import DEFAULT_FOLDER

    copy = tmp_path / "model"
    shutil.copytree(DEFAULT_FOLDER, copy)
    for name in (SLIDERS, SLIDER_WEIGHTS, LEAKAGE):
        (copy / name).unlink(missing_ok=True)
    return copy


@pytest.fixture
def fitted(monkeypatch):
    """What is fitted, without the minutes that it takes."""
    asked = {}

    def fit(generate, framing, **options):
        asked.update(options, framing=framing, faces=generate(np.zeros((2, 100), np.float32)))
        return small_sliders()

    monkeypatch.setattr(sliders_module, "fit_sliders", fit)
    monkeypatch.setattr(sliders_module, "judge", lambda model, sliders, *_, **__: sliders)
    monkeypatch.setattr(sliders_module, "with_surprises", lambda model, folder, sliders, **_: sliders)
    return asked


def test_sliders_are_written_with_their_picture_and_told_of_in_the_card(folder, fitted):
    said = []
    model = add_sliders(folder, samples=123, say=said.append)
    assert [slider.name for slider in model.sliders] == ["smile", "age"]
    assert fitted["samples"] == 123
    assert fitted["framing"] == DEFAULT.data["framing"]
    assert fitted["faces"].shape == (2, DEFAULT.image_size, DEFAULT.image_size, 3)
    with Image.open(folder / LEAKAGE) as picture:
        assert picture.width > 300
    assert "## Sliders" in (folder / "README.md").read_text()
    assert said[-1].startswith("2 sliders in ")


def test_surprises_are_found_anew_and_the_named_sliders_stay(folder, monkeypatch):
    monkeypatch.setattr("facegan.sliders.surprise.FACES", 2)
    monkeypatch.setattr("facegan.sliders.surprise.SCALED", 2)
    with pytest.raises(FaceGANError, match="has no sliders"):
        add_surprises(folder)
    write_sliders(small_sliders(), folder)
    before, said = FaceModel.load(folder), []
    model = add_surprises(folder, seeds=4, say=said.append)
    assert [slider.name for slider in model.surprises] == [f"surprise_{i}" for i in range(1, 7)]
    assert model.sliders == before.sliders
    assert before.surprises == ()
    assert all("Found without labels" in slider.note for slider in model.surprises)
    assert len(said) == 6
    assert "6 more were found without labels" in (folder / "README.md").read_text()
    latents = model.latents(range(3))
    assert np.array_equal(model.edit(latents, {"smile": 0.5}), before.edit(latents, {"smile": 0.5}))
    low, high = (model.generate(model.edit(latents, {"surprise_1": end})).astype(int) for end in (-1.0, 1.0))
    assert np.abs(high - low).mean() > 5


def test_sliders_are_completed_and_the_others_stay(folder, monkeypatch):
    with pytest.raises(FaceGANError, match="has no sliders"):
        complete_sliders(folder)
    write_sliders(small_sliders(), folder)
    network, asked = small_sliders().surrogate, {}
    monkeypatch.setattr(
        sliders_module, "limited", lambda sliders, generate: replace(sliders, limit=Limit(one_of(network), 0.0))
    )

    def judge(model, sliders, cache, **options):
        asked.update(options)
        return sliders

    monkeypatch.setattr(sliders_module, "judge", judge)
    model = complete_sliders(folder, seeds=7, say=lambda _: None)
    assert [slider.name for slider in model.sliders] == ["smile", "age"]
    assert model.slider_set.limit is not None
    assert asked["seeds"] == 7


def one_of(network):
    weight, bias = network.last
    return replace(network, linear=network.linear[:, :1], last=(weight[:, :1], bias[:1]))


def test_a_generator_without_any_keeps_none_of_an_earlier_one(folder, fitted, monkeypatch):
    write_sliders(small_sliders(), folder)
    monkeypatch.setattr(sliders_module, "fit_sliders", lambda *_, **__: None)
    assert add_sliders(folder, say=lambda _: None).sliders == ()
    assert not (folder / SLIDERS).exists()
    assert "## Sliders" not in (folder / "README.md").read_text()


def test_a_fit_that_is_interrupted_leaves_the_sliders_that_the_model_had(folder, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    write_sliders(small_sliders(), folder)
    monkeypatch.setattr(sliders_module, "fit_sliders", interrupted)
    with pytest.raises(KeyboardInterrupt):
        add_sliders(folder, say=lambda _: None)
    assert [slider.name for slider in FaceModel.load(folder).sliders] == ["smile", "age"]


def test_the_table_has_every_figure(folder):
    write_sliders(small_sliders(), folder)
    judged = FaceModel.load(folder).slider_set
    facts = {**judged.facts["judged"], "positions": 11, "ends_kid": 1.5, "leakage_agreed_before": 0.2}
    table = as_table(SimpleNamespace(sliders=judged.sliders, facts={"judged": facts}))
    assert "50 faces, 11 positions" in table
    assert "| smile | - | 95.0% | 90.0% | 0.10 |" in table
    assert "Mean leakage 0.10 (both readers agree on 0.05), by mean-difference directions 0.40 (0.20)." in table
    assert "| smile | 1.00 | 0.10 |" in table
    assert "| smile | 1.00 | 0.40 |" in table
    assert "Not judged" not in table


def test_the_table_names_sliders_that_were_not_judged(folder):
    write_sliders(small_sliders(), folder)
    judged = FaceModel.load(folder).slider_set
    facts = {
        **judged.facts["judged"],
        "positions": 11,
        "ends_kid": 1.5,
        "sliders": [],
        "cells": {},
        "leakage": [],
        "before": [],
    }
    table = as_table(SimpleNamespace(sliders=judged.sliders, facts={"judged": facts}))
    assert "Not judged, because the judge cannot read their attributes: smile" in table


CACHE = SimpleNamespace(names=["a.jpg", "b.jpg", "c.jpg"], selected=np.array([0, 2]))


def test_a_table_is_read_for_the_faces_that_passed(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("file,Smiling\nc.jpg,1\na.jpg,-1\nd.jpg,1\n")
    said = []
    assert attributes_of(table, CACHE, said.append).values.tolist() == [[-1], [1]]
    assert any("1 rows of it name no usable photo: d.jpg" in line for line in said)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,Smiling\nx.jpg,1\n", "None of the 1 file names"),
        ("file,Smiling\na.jpg,much\n", "Line 2 of .* says 'much' for Smiling, which is not a number"),
        ("file,Smiling\na.jpg,1\na.jpg,-1\n", "two rows for a.jpg that contradict"),
        ("file,Smiling\n", "has no rows"),
    ],
)
def test_a_bad_table_is_one_clear_line(tmp_path, text, sentence):
    (tmp_path / "table.csv").write_text(text)
    with pytest.raises(FaceGANError, match=sentence) as refused:
        attributes_of(tmp_path / "table.csv", CACHE, lambda _: None)
    assert "\n" not in str(refused.value)


def test_a_table_that_is_not_there_is_one_clear_line(tmp_path):
    with pytest.raises(FaceGANError, match="cannot be read .* check --attributes"):
        attributes_of(tmp_path / "nowhere.csv", CACHE)


def test_the_json_holds_no_path_of_this_machine(folder, fitted):
    add_sliders(folder, say=lambda _: None)
    text = json.dumps(json.loads((folder / SLIDERS).read_text()))
    assert str(folder.parent) not in text
