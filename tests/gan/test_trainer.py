import errno
import os
import signal

import numpy as np
import pytest
import torch
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.gan import checkpoint as ckpt
from facegan.gan import trainer as trainer_module
from facegan.gan.budget import STOPPED_EARLY, Budget
from facegan.gan.config import PRESETS, recipe_for
from facegan.gan.judge import Judgement
from facegan.gan.monitor.log import read_log


def weights(trainer):
    parts = {"g": trainer.gan.generator, "d": trainer.gan.discriminator, "ema": trainer.gan.ema.generator}
    return {f"{part}.{name}": value.clone() for part, net in parts.items() for name, value in net.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


@pytest.mark.parametrize("preset", ["classic", "small"])
def test_resume_goes_on_bit_for_bit(make_trainer, tmp_path, preset):
    whole = make_trainer(preset, tmp_path / "whole")
    whole.gan.probability.value = 0.3
    assert whole.train(Budget(images_seen=240)) == "finished"
    first = make_trainer(preset, tmp_path / "parts")
    first.gan.probability.value = 0.3
    first.train(Budget(images_seen=104))
    second = make_trainer(preset, tmp_path / "parts", seed=0)
    assert second.resume()
    assert second.images_seen == 104
    second.train(Budget(images_seen=240))
    assert_same(weights(whole), weights(second))
    assert whole.gan.probability.value == second.gan.probability.value
    for a, b in ((whole.gan.adam_g, second.gan.adam_g), (whole.gan.adam_d, second.gan.adam_d)):
        for i, slots in a.state_dict()["state"].items():
            for name, value in slots.items():
                assert torch.equal(value, b.state_dict()["state"][i][name]), (i, name)


def test_there_is_nothing_to_resume_in_an_empty_folder(make_trainer):
    assert not make_trainer().resume()


def without_networks(tensors, values):
    values.pop("gan")


def with_another_width(tensors, values):
    tensors["generator.project.weight"] = tensors["generator.project.weight"][:, :-1].contiguous()


def with_other_health(tensors, values):
    values["health"]["pulse"] = 60


@pytest.mark.parametrize(
    ("change", "said"),
    [(without_networks, "it has no 'gan'"), (with_another_width, ""), (with_other_health, "pulse")],
)
def test_a_checkpoint_of_another_version_is_one_sentence(make_trainer, change, said):
    trainer = make_trainer()
    trainer.train(Budget(images_seen=16))
    folder = trainer.run / "checkpoint"
    tensors, values = ckpt.load_checkpoint(folder)
    change(tensors, values)
    ckpt.save_checkpoint(folder, 16, tensors, values)
    with pytest.raises(FaceGANError, match=rf"incompatible version of FaceGAN \(.*{said}.*\): start a new run") as told:
        make_trainer().resume()
    assert "\n" not in str(told.value)


def test_minutes_end_a_run_and_count_over_its_stretches(make_trainer):
    trainer = make_trainer()
    trainer.train(Budget(images_seen=10**9, minutes=0.01))
    assert trainer.elapsed >= 0.6
    again = make_trainer()
    again.resume()
    seen = again.images_seen
    again.train(Budget(images_seen=10**9, minutes=0.01))
    assert again.images_seen == seen


def test_ctrl_c_ends_with_a_checkpoint(make_trainer):
    trainer = make_trainer()
    sabotage(trainer, 80, 1, lambda _: os.kill(os.getpid(), signal.SIGINT))
    assert trainer.train(Budget(images_seen=800)) == trainer_module.STOPPED
    assert trainer.images_seen == 88  # the step that it was in is kept
    again = make_trainer()
    assert again.resume()
    assert_same(weights(trainer), weights(again))


def test_the_log_tells_of_every_image_once_however_the_run_was_cut(make_trainer, monkeypatch):
    monkeypatch.setattr(trainer_module, "CHECK_EVERY", 16)
    trainer = make_trainer()
    trainer.train(Budget(images_seen=64))
    log = trainer.run / "log.jsonl"
    with log.open("a") as file:  # what a run killed after its checkpoint leaves
        file.write('{"images_seen": 80, "elapsed_s": 1}\n{"images_se')
    again = make_trainer()
    again.resume()
    again.train(Budget(images_seen=96))
    lines = [line for line in read_log(log) if "loss_d" in line]
    assert [line["images_seen"] for line in lines] == [16, 32, 48, 64, 80, 96]
    for line in lines:
        wanted = {"elapsed_s", "images_per_s", "loss_d", "loss_g", "sureness", "accuracy", "diversity", "augment_p"}
        assert wanted <= line.keys()


def test_samples_are_the_averaged_generators_and_end_with_the_last_state(make_trainer):
    trainer = make_trainer()
    trainer.train(Budget(images_seen=1040))
    grids = sorted((trainer.run / "samples").glob("*.png"))
    assert [int(path.stem) for path in grids] == [0, 504, 1008, 1040]
    with torch.no_grad():
        drawn = trainer.gan.ema.generator(trainer.sample_latents)
    expected = ((drawn[7].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    found = np.asarray(Image.open(grids[-1]))[:16, 7 * 16 : 8 * 16]
    np.testing.assert_array_equal(found, expected)


# -- the best weights ------------------------------------------------------------------------------------------


@pytest.fixture
def judged_often(monkeypatch):
    """Checks and evaluations 80 images apart."""
    for name in ("CHECK_EVERY", "JUDGE_EVERY"):
        monkeypatch.setattr(trainer_module, name, 80)


class Oracle:
    """A judge with a mind of its own: the KIDs that it will give, in order, and who repeats training faces."""

    def __init__(self, *kids, repeats=()):
        self.kids, self.repeats = list(kids), list(repeats)

    def judge(self, images):
        assert images.shape == (10, 16, 16, 3)
        repeats = self.repeats.pop(0) if self.repeats else None
        return Judgement(self.kids.pop(0), 0.1, 1.0, 0.5, 0.5, repeats and 0.5, repeats)


def test_the_best_weights_by_held_out_kid_are_exported_not_the_last(make_trainer, judged_often):
    trainer = make_trainer(judge=Oracle(30.0, 20.0, 25.0))
    trainer.train(Budget(images_seen=160))
    at_best = weights(trainer)
    trainer.train(Budget(images_seen=240))
    assert trainer.best.figures["kid"] == 20.0
    assert trainer.best.figures["images_seen"] == 160
    exported = trainer.exported_generator().state_dict()
    for name, _ in trainer.gan.generator.named_parameters():
        assert torch.equal(exported[name], at_best[f"ema.{name}"]), name
    assert not torch.equal(exported["project.weight"], trainer.gan.ema.generator.project.weight)
    lines = [line for line in read_log(trainer.run / "log.jsonl") if "kid" in line]
    assert [(line["images_seen"], line["kid"], line["best"]) for line in lines] == [
        (80, 30.0, True), (160, 20.0, True), (240, 25.0, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kids", "repeats", "best"),
    [
        ((30.0, 20.0, 10.0), (False, False, True), 160),  # what repeats its photos may not be published
        ((30.0, 20.0, 25.0), (True, True, False), 240),
        ((30.0, 20.0, 25.0), (True, True, True), 160),
    ],
)
def test_weights_that_repeat_training_faces_are_the_last_choice(make_trainer, judged_often, kids, repeats, best):
    trainer = make_trainer(judge=Oracle(*kids, repeats=repeats))
    trainer.train(Budget(images_seen=240))
    assert trainer.best.figures["images_seen"] == best


def test_the_best_weights_outlive_a_resume(make_trainer, judged_often):
    trainer = make_trainer(judge=Oracle(20.0, 30.0))
    trainer.train(Budget(images_seen=160))
    exported = trainer.exported_generator().state_dict()
    again = make_trainer(judge=Oracle(25.0))
    again.resume()
    again.train(Budget(images_seen=240))
    assert again.best.figures["kid"] == 20.0
    for name, value in again.exported_generator().state_dict().items():
        assert torch.equal(value, exported[name]), name


def test_a_run_ends_when_the_held_out_faces_come_no_closer(make_trainer, judged_often):

    def patient(*kids):
        return make_trainer(judge=Oracle(*kids), patience=160)

    trainer = patient(30.0, 20.0, 21.0, 22.0)
    said = []
    trainer.say = said.append
    trainer.train(Budget(images_seen=720))
    assert trainer.images_seen == 320
    assert all(told in said[-1] for told in ("since 160 images", "--resume"))
    assert read_log(trainer.run / "log.jsonl")[-1]["event"] == STOPPED_EARLY
    same = patient()
    same.resume()
    same.train(Budget(images_seen=720))  # such as after a kill before the export
    assert same.images_seen == 320
    more = patient(23.0, 24.0)
    more.resume()
    more.train(Budget(images_seen=800))
    assert more.images_seen == 480
    assert more.best.figures["images_seen"] == 160


def test_few_faces_have_patience_and_many_have_their_budget():
    assert 0 < recipe_for("small", 300).patience < PRESETS["small"].images_seen
    assert recipe_for("small", 12_000).patience == 0


@pytest.mark.parametrize(("patience", "judged"), [(10**6, [80, 160, 240, 320, 640]), (0, [320, 640])])
def test_of_a_run_with_patience_judgements_are_denser_at_first(make_trainer, monkeypatch, patience, judged):
    monkeypatch.setattr(trainer_module, "CHECK_EVERY", 80)
    monkeypatch.setattr(trainer_module, "JUDGE_EVERY", 320)
    trainer = make_trainer(judge=Oracle(*range(20)), patience=patience)
    trainer.train(Budget(images_seen=640))
    assert [line["images_seen"] for line in read_log(trainer.run / "log.jsonl") if "kid" in line] == judged


# -- when it goes wrong ----------------------------------------------------------------------------------------


@pytest.fixture
def quick_checks(monkeypatch):
    """The rules of the real run at a hundredth of its distances."""
    for name, value in (("CHECK_EVERY", 16), ("GOOD_EVERY", 200), ("OLD_ENOUGH", 40)):
        monkeypatch.setattr(trainer_module, name, value)
    monkeypatch.setattr("facegan.gan.health.GRACE_PERIOD", 200)


def sabotage(trainer, at, times, harm):
    """Before the step at `at` images, and again whenever the run comes back there, `times` times in all."""
    step, left = trainer.gan.step, [times]

    def harmed(*faces):
        if trainer.images_seen == at and left[0]:
            left[0] -= 1
            harm(trainer.gan)
        return step(*faces)

    trainer.gan.step = harmed


def no_number(gan):
    with torch.no_grad():
        gan.generator.project.weight[0, 0] = float("nan")


def one_face_for_all(gan):
    """What a collapse is: the latents no longer matter."""
    with torch.no_grad():
        gan.generator.project.weight.zero_()
    gan.adam_g.param_groups[0]["lr"] = 0.0


def events(trainer):
    return [line for line in read_log(trainer.run / "log.jsonl") if line.get("event") == "rollback"]


@pytest.mark.parametrize(("harm", "word"), [(no_number, "finite"), (one_face_for_all, "alike")])
def test_a_run_that_goes_wrong_goes_back_and_ends_well(make_trainer, quick_checks, harm, word):
    trainer = make_trainer()
    rates = trainer.gan.recipe.lr_generator, trainer.gan.recipe.lr_discriminator
    sabotage(trainer, 480, 1, harm)
    trainer.train(Budget(images_seen=800))
    (event,) = events(trainer)
    assert word in event["message"]
    assert event["images_seen"] - 480 <= 2 * 16
    assert event["back_to"] == 400
    assert trainer.images_seen == 800
    assert trainer.gan.finite()
    assert trainer.gan.adam_g.param_groups[0]["lr"] == rates[0] / 2
    assert trainer.gan.adam_d.param_groups[0]["lr"] == rates[1] / 2
    drawn = trainer.exported_generator()(torch.randn(16, 100, generator=torch.Generator().manual_seed(0)))
    assert drawn.isfinite().all()
    assert drawn.std(0).mean() > 0.01  # faces, and not one face
    again = make_trainer()
    again.resume()
    assert again.rollbacks == 1
    assert again.gan.adam_g.param_groups[0]["lr"] == rates[0] / 2


def test_the_way_on_after_a_rollback_is_another_one(make_trainer, quick_checks):
    trainer, straight = make_trainer(), make_trainer()
    straight.train(Budget(images_seen=480))
    trainer = make_trainer(run=trainer.run.with_name("other"))
    sabotage(trainer, 440, 1, no_number)
    trainer.train(Budget(images_seen=480))
    assert not torch.equal(trainer.gan.generator.project.weight, straight.gan.generator.project.weight)


def test_after_three_rollbacks_the_run_ends_with_its_good_state(make_trainer, quick_checks):
    trainer = make_trainer()
    sabotage(trainer, 480, 9, no_number)
    trainer.train(Budget(images_seen=800))
    assert [event["back_to"] for event in events(trainer)] == [400] * 4
    assert trainer.images_seen == 400
    assert trainer.gan.finite()
    last = read_log(trainer.run / "log.jsonl")[-1]
    assert last["event"] == "gave up"


def test_trouble_before_the_first_good_state_goes_back_to_the_start(make_trainer, quick_checks):
    trainer = make_trainer()
    sabotage(trainer, 24, 1, no_number)
    trainer.train(Budget(images_seen=64))
    assert events(trainer)[0]["back_to"] == 0
    assert trainer.images_seen == 64
    assert trainer.gan.finite()


def test_trouble_without_a_checkpoint_left_is_one_sentence(make_trainer, quick_checks):
    trainer = make_trainer()

    def also_lose_the_files(gan):
        no_number(gan)
        for path in (trainer.run / "checkpoint").glob("*"):
            path.unlink()

    sabotage(trainer, 240, 1, also_lose_the_files)
    with pytest.raises(FaceGANError, match="no checkpoint to go back to"):
        trainer.train(Budget(images_seen=800))


def test_a_rollback_leaves_no_newer_checkpoint_or_picture(make_trainer, quick_checks, monkeypatch):
    monkeypatch.setattr(trainer_module, "SAVE_EVERY", 0)
    trainer = make_trainer()
    sabotage(trainer, 496, 1, no_number)
    seen = []
    roll_back = trainer.roll_back

    def watched(trouble):
        done = roll_back(trouble)
        seen.extend(int(path.stem) for path in (trainer.run / "checkpoint").glob("*.safetensors"))
        seen.extend(int(path.stem) for path in (trainer.run / "samples").glob("*.png"))
        return done

    trainer.roll_back = watched
    trainer.train(Budget(images_seen=560))
    assert max(seen) == 400
    assert ckpt.load_checkpoint(trainer.run / "checkpoint")[1]["rollbacks"] == 1


def test_a_disk_too_full_for_pictures_costs_the_pictures_only(make_trainer, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    said = []
    trainer = make_trainer()
    trainer.say = said.append
    monkeypatch.setattr(trainer_module.samples, "save_grid", full)
    trainer.train(Budget(images_seen=64))
    assert trainer.images_seen == 64
    assert "No space left on device" in said[0]
    assert make_trainer().resume()
