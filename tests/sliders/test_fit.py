"""Fitting and judging on pictures whose scores are read off the latent: what is learned is known beforehand."""

from types import SimpleNamespace

import numpy as np
import pytest

from facegan.labels.probe import AttributeProbe, ProbeColumn
from facegan.labels.table import own_names
from facegan.sliders import fit, judge
from facegan.sliders.fit import Samples, balance, fit_sliders, mean_differences
from tests.sliders.toy import NAMES, D, scores, toy_set


def drawn(latents):
    """Pictures that hold nothing but the latent: a number in a pixel, to within a hundredth."""
    images = np.zeros((len(latents), 8, 8, 3), np.uint8)
    images.reshape(len(latents), -1)[:, :D] = np.clip(np.rint(latents * 30 + 128), 0, 255)
    return images


def latents_in(images):
    return (images.reshape(len(images), -1)[:, :D].astype(np.float32) - 128) / 30


@pytest.fixture
def toy_scores(monkeypatch):
    """fit's scores of those pictures: the toy's, and one that no latent decides."""
    noise = np.random.RandomState(9)

    def score(generate, latents, framing, probe):
        found = scores(latents_in(generate(latents)))
        return Samples(latents, (*NAMES, "glasses"), np.concatenate([found, noise.randn(len(found), 1)], axis=1))

    monkeypatch.setattr(fit, "score_faces", score)
    monkeypatch.setattr(fit, "certainties_by", lambda generate: lambda latents: latents[:, -1])  # which no slider moves


def test_fitted_sliders_move_one_attribute_and_leave_out_what_cannot_be_read(toy_scores):
    said = []
    sliders = fit_sliders(drawn, 1.2, latent_size=D, samples=2500, epochs=8, say=said.append)
    assert [slider.name for slider in sliders.sliders] == list(NAMES)
    assert "predicted from the latent" in sliders.facts["left_out"]["glasses"]
    assert any(line.startswith("There is no slider glasses, because") for line in said)
    g = np.random.RandomState(5).randn(60, D).astype(np.float32)
    for column, name in enumerate(NAMES):
        change = scores(sliders.edit(g, {name: 1.0})) - scores(sliders.edit(g, {name: -1.0}))
        before = scores(sliders.edit_by_difference(g, name, 1.0)) - scores(sliders.edit_by_difference(g, name, -1.0))
        rest = [j for j in range(3) if j != column]
        assert change[:, column].mean() > 2
        assert np.abs(change[:, rest]).mean() < 0.12 * change[:, column].mean()
        assert np.abs(before[:, rest]).mean() > 2 * np.abs(change[:, rest]).mean()


def test_a_generator_that_says_nothing_has_no_sliders(monkeypatch):
    noise = np.random.RandomState(0)
    monkeypatch.setattr(fit, "score_faces", lambda generate, latents, framing, probe: Samples(
        latents, NAMES, noise.randn(len(latents), 3)))  # fmt: skip
    assert fit_sliders(drawn, 1.2, latent_size=D, samples=300, epochs=2, say=lambda _: None) is None


def test_every_cell_counts_the_same():
    rng = np.random.RandomState(0)
    gender = np.where(rng.rand(4000) < 0.7, 1.0, -1.0)
    skin, age = rng.randn(4000) + 0.3 * gender, rng.randn(4000)
    weight = balance(Samples(np.zeros((4000, 2), np.float32), ("gender", "skin_lightness", "age"),
                             np.stack([gender, skin, age], axis=1)))  # fmt: skip
    assert weight.mean() == pytest.approx(1)
    assert weight[gender > 0].sum() == pytest.approx(weight[gender < 0].sum(), rel=0.15)


def test_the_mean_difference_is_as_long_as_two_standard_deviations():
    g = np.random.RandomState(0).randn(20_000, 3).astype(np.float32)
    score = g @ np.array([0.6, 0.8, 0.0])  # of standard deviation 1
    direction = mean_differences(g, score[:, None])[0]
    assert direction == pytest.approx(np.array([1.2, 1.6, 0]), abs=0.06)  # so that the score moves by 2


def probe_of(*names):
    columns = tuple(ProbeColumn(name, True, 0.9, 0.5, 100, 50, 1.0) for name in names)
    return AttributeProbe(columns, np.zeros((1, len(names)), np.float32), np.zeros(len(names), np.float32))


def test_a_users_columns_become_words_that_nothing_else_is_called():
    assert own_names(("Big Nose", "5_o_Clock_Shadow", "Smile", "big_nose", "ß")) == (
        "big_nose", "has_5_o_clock_shadow", "smile_2", "big_nose_2", "attribute",
    )  # fmt: skip


def test_a_users_columns_are_no_words_that_calls_and_links_need():
    assert own_names(("class", "Seed", "LOCK", "is", "None")) == ("class_2", "seed_2", "lock_2", "is_2", "none")


def test_no_two_of_a_users_columns_become_one_word():
    names = own_names(("a_2", "a", "A", "class_2", "class"))
    assert names == ("a_2", "a", "a_3", "class_2", "class_3")


def test_a_users_column_takes_the_place_of_ours_and_a_bad_one_is_left_out(monkeypatch):
    good, bad = probe_of("Smiling").columns[0], ProbeColumn("Wavy", True, 0.7, 0.2, 100, 50, 1.0)
    probe = AttributeProbe((good, bad), np.zeros((1, 2), np.float32), np.zeros(2, np.float32))

    def score(generate, latents, framing, probe):
        found = scores(latents)
        same = found[:, :1] + 0.1 * found[:, 2:]
        return Samples(latents, (*NAMES, "smiling", "wavy"), np.concatenate([found, same, found[:, 1:2]], axis=1))

    monkeypatch.setattr(fit, "score_faces", score)
    monkeypatch.setattr(fit, "certainties_by", lambda generate: lambda latents: latents[:, -1])
    sliders = fit_sliders(drawn, 1.2, latent_size=D, samples=1500, epochs=4, probe=probe, say=lambda _: None)
    assert [slider.name for slider in sliders.sliders] == ["smiling", "gender", "age"]
    assert sliders.sliders[0].label == "Smiling"
    assert "cannot be read well" in sliders.facts["left_out"]["wavy"]
    assert "a column of the table says the same" in sliders.facts["left_out"]["smile"]


@pytest.fixture
def toy_judge(monkeypatch):
    """A judge that reads the toy's latents with errors of its own, and never sees a network."""
    names = (*NAMES, "glasses", "skin_lightness", "skin_hue")
    noise, asked = np.random.RandomState(4), []

    def read(images, framing, mirror=True, people=True):
        asked.append(people)
        return seen(images)

    def seen(images):
        found = scores(latents_in(images)) * [1.0, 2.0, 3.0]  # in other units
        rest = np.tile([0.3, 50.0, 40.0], (len(found), 1))
        return np.concatenate([found + noise.randn(*found.shape) * 0.02, rest], axis=1).astype(np.float32)

    monkeypatch.setattr(judge, "readings", SimpleNamespace(names=lambda: names, read_faces=read, asked=asked))
    monkeypatch.setattr(judge, "can_recognise", lambda: True)
    monkeypatch.setattr(judge, "features", lambda images: latents_in(images))
    monkeypatch.setattr(judge.Reader, "labels", lambda self, latents: seen(drawn(latents)))
    return judge.Reader(drawn, 1.2)


def test_the_judge_finds_what_the_toy_does(toy_judge):
    said = []
    judged = judge.judge_sliders(toy_set(), toy_judge, latent_size=D, seeds=60, positions=5, say=said.append)
    facts = judged.facts["judged"]
    assert facts["sliders"] == list(NAMES)
    assert np.diag(np.array(facts["leakage"])[:, :3]) == pytest.approx(1)
    assert facts["leakage_mean"] < 0.15 < facts["leakage_mean_before"]
    # The first column of W moves the second reading by 0.8 of 1.64 = |W0|^2 + ..., as before does.
    g = np.random.RandomState(0).randn(4000, D).astype(np.float32)
    expected = np.abs(scores(g + toy_set().differences[0]) - scores(g - toy_set().differences[0])).mean(axis=0)
    expected = expected / scores(g).std(axis=0)
    assert facts["before"][0][1] == pytest.approx(expected[1] / expected[0], rel=0.15)
    for slider in judged.sliders:
        assert slider.quality["monotone"] > 0.9
        assert slider.quality["skin_change"] == 0
        assert slider.note.startswith(("Pure", "Fairly pure"))
    assert facts["recognition"]
    # Two looks at the faces as they are; then the ends, with the network, and two places between, and the ends before.
    asked = judge.readings.asked[: 2 + 3 * 6]
    assert asked[:2] == [True, True]
    assert asked[2:8] == [True, True, False, False, True, True]  # smile
    assert asked[8:] == [True] * 12  # gender and age are read with it all the way
    assert judged.sliders[1].quality["gender_flips"] > 0.7 > judged.sliders[0].quality["gender_flips"]
    assert len(said) == 3


def test_a_slider_that_the_judge_cannot_read_says_so(toy_judge):
    strange = toy_set(names=("beard", "gender", "age"))
    said = []
    judged = judge.judge_sliders(strange, toy_judge, latent_size=D, seeds=30, positions=3, say=said.append)
    assert said[0].startswith("beard: not judged")
    assert judged.sliders[0].note == "How much else it changes on this model was not measured."
    assert judged.facts["judged"]["sliders"] == ["gender", "age"]


def test_pairs_are_judged_as_sliders_are(toy_judge):
    """Pairs that are the ends of a slider have the slider's figures."""
    unedited = judge.Unedited.of(toy_judge, judge.latents_of(range(60), D))
    sliders = toy_set()
    judged = judge.judge_sliders(sliders, toy_judge, latent_size=D, seeds=60, positions=3, say=lambda _: None)
    ends = {name: tuple(drawn(sliders.edit(unedited.latents, {name: end})) for end in (-1.0, 1.0)) for name in NAMES}
    figures = judge.judge_pairs(ends, 1.2, unedited)
    for slider in judged.sliders:
        found = figures[slider.name]
        for name in ("moved", "crossing", "gender_flips", "age_flips", "glasses_flips", "skin_change", "hue_change"):
            assert found[name] == pytest.approx(slider.quality[name], abs=0.05), (slider.name, name)
        # Skin and glasses count in pairs, and not for sliders that have none of them; they stay still in both.
        others = np.delete(
            np.array(judged.facts["judged"]["leakage"])[NAMES.index(slider.name)], NAMES.index(slider.name)
        )
        assert found["leakage_mean"] == pytest.approx(np.mean(others[:-1]), abs=0.02)
        assert found["leakage_worst"] == pytest.approx(np.max(others), abs=0.03)
    # Faces that do not change are moved by nothing but the judge's errors, and flip no class.
    same = judge.judge_pairs({"smile": ends["smile"][:1] * 2}, 1.2, unedited)["smile"]
    assert abs(same["moved"]) < 0.05
    assert same["crossing"] == 0


def test_what_pairs_show_is_kept_beside_the_slider_and_replaced_by_newer_pairs():
    figures = {name: dict.fromkeys((*judge.FLOOR, "crossing"), value) for name, value in (("smile", 0.1), ("age", 0.2))}
    first = judge.with_floor(toy_set(), figures, {"smile": 60, "age": 20})
    floors = {slider.name: slider.quality.get("floor") for slider in first.sliders}
    assert floors["smile"] == {"pairs": 60, **dict.fromkeys(judge.FLOOR, 0.1)}
    assert floors["gender"] is None
    second = judge.with_floor(first, {"smile": figures["age"]}, {"smile": 70})
    floors = {slider.name: slider.quality.get("floor") for slider in second.sliders}
    assert floors["smile"]["pairs"] == 70
    assert floors["smile"]["leakage_mean"] == 0.2
    assert floors["age"] is None
