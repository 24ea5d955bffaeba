"""The card is filled from the run, and what the Hub reads of it is valid."""

import re
from dataclasses import asdict, replace

import pytest
from huggingface_hub import ModelCard

from facegan.base.errors import FaceGANError
from facegan.gan.judge import Judgement
from facegan.model.card import render_card, render_licence
from facegan.model.facts import FACTS, check_facts
from facegan.model.folder import ModelConfig
from facegan.model.measurements import Memorisation, allow_memorised, check_memorisation

JUDGEMENT = Judgement(kid=9.4321, kid_spread=0.31, kid_train=8.9, precision=0.61, recall=0.23)
METRICS = {"images_seen": 5, **JUDGEMENT.to_dict(), "best": True, "generated": 1000}
COPIES = Memorisation(0.004, 0.98, "1,000 generated faces, by EfficientNet features.")


def with_training(config, **values):
    return replace(config, training={**config.training, **values})


def with_data(config, **values):
    return replace(config, data={**config.data, **values})


def test_what_the_hub_reads_is_valid_and_true(config):
    card = ModelCard(render_card(with_training(config, metrics=METRICS), "user/faces"))
    data = card.data
    assert (data.library_name, data.pipeline_tag) == ("diffusers", "unconditional-image-generation")
    assert (data.license, data.license_link) == ("other", "LICENSE.md")
    assert data.model_name == config.name
    measured = {result.metric_type: result.metric_value for result in data.eval_results}
    assert measured == {"kid": 9.4321, "kid_train": 8.9, "precision": 0.61, "recall": 0.23}
    sets = {result.metric_type: (result.dataset_name, result.dataset_split) for result in data.eval_results}
    held_out = "held-out faces", "held-out"
    assert sets == {
        "kid": held_out,
        "kid_train": ("training faces", "train"),
        "precision": held_out,
        "recall": held_out,
    }
    assert {result.task_type for result in data.eval_results} == {data.pipeline_tag}
    assert set(data.metrics) == set(measured)


def test_without_metrics_there_is_no_model_index(config):
    text = render_card(with_training(config, metrics=None), "user/faces")
    assert ModelCard(text).data.eval_results is None
    assert "model-index" not in text
    assert "No metric was measured" in text


def test_a_model_of_one_person_says_so_and_asks_for_consent(config):
    assert "None of these people exists" in render_card(config, "user/faces")
    text = render_card(with_data(config, one_person=True), "user/faces")
    assert "one real person" in text
    assert "consent" in text
    assert "None of these people exists" not in text


def test_every_fact_of_the_run_is_told(config):
    full = with_training(config, hardware="2 cores of x86_64", metrics=METRICS, memorisation=asdict(COPIES))
    full = with_data(full, photos=70, left_out="30 blurred", eye_spread_before=24.5, eye_spread_after=0.7)
    text = render_card(full, "user/faces")
    for told in (
        "2 cores of x86_64",
        "| photos | 70 |",
        "30 blurred",
        "24.5",
        "| 0.7 |",
        "123,456",
        "Drawn by a test.",
    ):
        assert told in text
    assert "| KID x 100 to held-out faces, lower is better | 9.432 ± 0.31 |" in text
    assert "1,000 generated faces" in text
    assert "0.40% of the generated faces are near copies" in text
    assert "0.98 times as far" in text


def test_no_blank_of_the_template_is_left(config):
    text = render_card(config, "user/faces")
    assert not re.search(r"\{\w*\}|\bNone\b(?! of these people)|More Information Needed|TODO", text)


def test_the_three_ways_to_load_name_the_repository(config):
    text = render_card(config, "user/faces")
    for call in ("FaceModel.load", "FaceGANPipeline.from_pretrained", "DiffusionPipeline.from_pretrained"):
        assert f'{call}("user/faces"' in text
    assert 'FaceModel.load("path/to/this/folder")' in render_card(config)


@pytest.mark.parametrize("way", range(2))
def test_the_examples_run(config, model_folder, way):
    """The first two; the third is run from the Hub in test_pull.py."""
    code = re.findall(r"```python\n(.*?)```", render_card(config, str(model_folder)), re.DOTALL)[way]
    names = {}
    exec(code, names)
    assert len(names["images"]) == 3


def test_the_chain_of_licences_names_its_links(config):
    for text in (render_card(config), render_licence(config)):
        assert "Drawn by a test." in text
        assert "non-commercial research only" in text
        assert "MIT" in text
    assert "InsightFace" not in render_licence(with_data(config, detector="yunet"))


@pytest.mark.parametrize(
    ("contact", "repository", "said"),
    [
        ("me@example.org", "user/faces", "write to me@example.org"),
        ("", "user/faces", "Community tab of this repository"),
        ("", None, "whoever gave you this folder"),
    ],
)
def test_there_is_always_somebody_to_turn_to(config, contact, repository, said):
    assert said in render_card(with_data(config, contact=contact), repository)


def test_a_text_cannot_begin_the_metadata_or_a_table_anew(config):
    hostile = "x\n---\nlicense: mit\n---\n# Other | text"
    text = render_card(replace(with_data(config, about=hostile, contact=hostile), name="a: b\t# c"), "user/faces")
    assert ModelCard(text).data.license == "other"
    assert "\n# Other" not in text
    assert text.count("\n---\n") == 1


@pytest.mark.parametrize("fact", [fact for fact in FACTS if fact.needed and "." in fact.path], ids=lambda f: f.path)
@pytest.mark.parametrize("empty", [None, "", "  ", {}, "absent"])
def test_an_empty_field_is_refused_by_name(config, fact, empty):
    section, name = fact.path.split(".")
    if fact.nothing and empty == fact.nothing[0]:
        empty = "  "  # the next test has what a run may write
    broken = replace(config, **{section: {**getattr(config, section), name: empty}})
    if empty == "absent":
        del getattr(broken, section)[name]
    with pytest.raises(FaceGANError, match=re.escape(f"field {fact.path} ") + ".* is .*: "):
        check_facts(broken)


def test_where_nothing_was_left_out_or_seen_again_the_card_says_so(config):
    empty = with_data(config, left_out="", eye_spread_after=None)
    check_facts(empty)
    text = render_card(empty)
    assert "| left out | none |" in text
    assert "| spread of the eyes after alignment (px of 128) | not measured, because too few" in text


def test_of_too_few_faces_no_metric_is_needed(config):
    unjudged = with_training(config, metrics=None)
    check_facts(with_data(unjudged, faces_held_out=3))
    assert "No metric was measured: it takes at least four faces" in render_card(unjudged)
    with pytest.raises(FaceGANError, match="training.metrics"):
        check_facts(with_data(unjudged, faces_held_out=4))


@pytest.mark.parametrize("section", ["training", "data"])
@pytest.mark.parametrize(
    "broken",
    [{"faces": "many"}, {"gender": {}}, {"gender": {"women": None}}, {"gender": {"women": 1.5}}, {"faces": None}],
)
def test_shares_that_are_not_whole_are_refused_by_name(config, section, broken):
    with pytest.raises(FaceGANError, match=f"{section}.shares"):
        shares = {**config.data["shares"], **broken}
        check_facts(replace(config, **{section: {**getattr(config, section), "shares": shares}}))


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("data", {"faces_used": "many"}),
        ("training", {"images_seen": True}),
        ("data", {"framing": []}),
        ("data", {"about": 5}),
        ("data", {"one_person": "no"}),
        ("data", {"one_person": 1}),
        ("training", {"shares": [1]}),
    ],
)
def test_a_field_of_another_type_is_refused_by_name(config, section, values):
    broken = replace(config, **{section: {**getattr(config, section), **values}})
    with pytest.raises(FaceGANError, match=re.escape(f"field {section}.{next(iter(values))} ") + ".* is not "):
        check_facts(broken)


def test_zero_is_a_value(config):
    check_facts(with_training(config, minutes=0, seed=0))


@pytest.mark.parametrize("field", ["kid", "precision", "generated"])
def test_a_metric_that_is_empty_is_refused_by_name(config, field):
    for empty in (None, "", True):
        with pytest.raises(FaceGANError, match=re.escape(f"training.metrics.{field} ")):
            render_card(with_training(config, metrics={**METRICS, field: empty}))


def test_a_spread_that_nobody_could_estimate_is_left_out(config, tmp_path):
    with_training(config, metrics={**METRICS, "kid_spread": float("nan")}).save(tmp_path)
    assert "| 9.432 |" in render_card(ModelConfig.read(tmp_path))


def test_a_report_that_is_not_whole_is_refused_by_name(config):
    with pytest.raises(FaceGANError, match=re.escape("field training.metrics ")):
        render_card(with_training(config, metrics=["kid"]))
    wrong = {"near_copies": (None, -1, 55, True), "allowed": ("no", 1, None), "distance_ratio": ("1", -1)}
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(FaceGANError, match=re.escape(f"training.memorisation.{name}")):
                check_memorisation(with_training(config, memorisation={**asdict(COPIES), name: value}))


@pytest.mark.parametrize(
    ("share", "allowed", "stops"), [(0.01, False, False), (0.011, False, True), (0.5, True, False)]
)
def test_above_one_percent_near_copies_nothing_is_published_unless_it_is_allowed(config, share, allowed, stops):
    report = asdict(replace(COPIES, near_copies=share, allowed=allowed))
    config = with_training(config, memorisation=report)
    if stops:
        with pytest.raises(FaceGANError, match="near copies"):
            check_memorisation(config)
    else:
        check_memorisation(config)
    assert ("chose to publish it in spite" in render_card(config)) is allowed


def test_allowing_says_so_in_the_config_and_nothing_about_a_model_that_copies_nothing(config):
    copies = with_training(config, memorisation=asdict(replace(COPIES, near_copies=0.5)))
    check_memorisation(allow_memorised(copies))
    assert copies.training["memorisation"]["allowed"] is False
    harmless = allow_memorised(with_training(config, memorisation=asdict(COPIES)))
    assert "in spite" not in render_card(harmless)


def test_without_held_out_faces_no_ratio_is_told(config):
    text = render_card(with_training(config, memorisation=asdict(replace(COPIES, distance_ratio=None))))
    assert "0.40% of the generated faces" in text
    assert "times as far" not in text


def shares(faces, women):
    return {"faces": faces, "gender": {"women": women, "men": 1 - women}}


def test_the_shares_of_training_and_generated_faces_stand_side_by_side(config):
    text = render_card(with_data(with_training(config, shares=shares(1000, 0.6)), shares=shares(900, 0.5)))
    assert "| gender | women | 50% | 60% |" in text
    assert "| gender | men | 50% | 40% |" in text
    assert "1,000 generated faces" in text


@pytest.mark.parametrize("drawn", [None, {}, {"faces": 10, "gender": "many"}, {"faces": 10, "age": {"x": None}}])
def test_shares_that_are_not_whole_are_left_out(config, drawn):
    text = render_card(with_data(with_training(config, shares=drawn), shares=shares(900, 0.5)))
    assert "Who is among the faces" not in text


@pytest.mark.parametrize(
    ("name", "listed"), [("user/photos", ["user/photos"]), ("/home/me/photos", None), ("a b", None), (None, None)]
)
def test_a_data_set_of_the_hub_is_linked(config, name, listed):
    assert ModelCard(render_card(with_data(config, dataset=name))).data.datasets == listed


def test_the_card_says_which_model_it_was_trained_on_from(config):
    assert "trained on from" not in render_card(config)
    text = render_card(with_training(config, started_from="user/many@abc", start_learned_from="Photos | of many."))
    assert "| trained on from | user/many@abc |" in text
    assert r"| which had learned from | Photos \| of many. |" in text


LOOK_ALIKES = {
    "random": 2000,
    "shown": "held_out",
    "held_out": {"faces": 60, "distance": [0.874, 1.0], "gender": [0.9, 0.85]},
    "generated": {"faces": 60, "distance": [0.35, 1.0], "gender": [0.95, 0.7]},
}


def test_the_look_alikes_are_told_in_figures_and_shown(config):
    text = render_card(with_training(config, look_alikes=LOOK_ALIKES), encoder=True, examples=True)
    assert "![Twenty drawn faces" in text and "(look_alikes.webp)" in text
    assert "0.87 | 1.00 | 0.35 | 1.00 |" in text and "90% | 85% | 95% | 70% |" in text
    assert "2,000 random faces" in text
    assert ModelCard(text)
    of_photos = with_training(config, look_alikes={**LOOK_ALIKES, "shown": "generated"})
    assert "no photo" in (text := " ".join(render_card(of_photos, encoder=True, examples=True).split())).lower()
    assert "Twenty drawn" not in text


@pytest.mark.parametrize(
    "broken", [None, 5, [], {}, {"held_out": 5}, {"held_out": {"faces": "x"}}, {"held_out": {"faces": 3, "age": [1]}}]
)
def test_look_alikes_that_were_not_measured_are_not_told(config, broken):
    text = render_card(with_training(config, look_alikes=broken), encoder=True, examples=True)
    assert "## Look-alikes" in text and "webp" not in text and "feature distance" not in text
    assert "## Look-alikes" not in render_card(with_training(config, look_alikes=LOOK_ALIKES))
