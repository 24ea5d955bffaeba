import os
import signal
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from facegan.gan import trainer as trainer_module
from facegan.gan.log import read_log
from facegan.gan.trainer import Budget


def weights(trainer):
    parts = {"g": trainer.generator, "d": trainer.discriminator, "ema": trainer.ema.generator}
    return {f"{part}.{name}": value.clone() for part, net in parts.items() for name, value in net.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


@pytest.mark.parametrize("preset", ["classic", "small"])
def test_a_step_moves_every_weight_of_both_networks(make_trainer, preset):
    trainer = make_trainer(preset)
    before = {
        name: p.detach().clone()
        for net in (trainer.generator, trainer.discriminator)
        for name, p in net.named_parameters()
    }
    trainer.step()
    after = {name: p for net in (trainer.generator, trainer.discriminator) for name, p in net.named_parameters()}
    still = [name for name in before if torch.equal(before[name], after[name])]
    # Inside its margin a hinge pulls real logits up as much as generated ones down: the last bias has no gradient.
    assert set(still) <= ({"layers.8.bias"} if preset == "small" else set())
    assert trainer.images_seen == 8


def test_the_discriminator_learns_to_tell_real_from_generated(make_trainer):
    trainer = make_trainer("classic")
    trainer.adam_g.param_groups[0]["lr"] = 0.0  # a generator that stands still

    def distance():
        with torch.no_grad():
            real = trainer.discriminator(trainer.faces.batch(0, 32))
            fake = trainer.discriminator(trainer.generator(trainer._noise(32)))
        return (real.mean() - fake.mean()).item()

    assert abs(distance()) < 0.2
    for _ in range(60):
        trainer.step()
    assert distance() > 0.5


def test_the_generator_learns_the_colours_of_its_data(make_trainer, tiny_images):
    trainer = make_trainer(batch=16)
    for adam in (trainer.adam_g, trainer.adam_d):  # networks this narrow bear ten times the rate
        adam.param_groups[0]["lr"] *= 10
    truth = tiny_images.mean((0, 1, 2)) / 127.5 - 1

    def distance():
        with torch.no_grad():
            drawn = trainer.exported_generator()(torch.randn(64, 100, generator=torch.Generator().manual_seed(0)))
        return np.abs(drawn.mean((0, 2, 3)).numpy() - truth).max()

    before = distance()
    for _ in range(400):
        trainer.step()
    assert distance() < before / 2


def test_one_seed_is_one_run(make_trainer, tmp_path):
    runs = [make_trainer(run=tmp_path / str(i), seed=s) for i, s in enumerate((3, 3, 4))]
    for trainer in runs:
        for _ in range(5):
            trainer.step()
    assert_same(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(runs[0].generator.project.weight, runs[2].generator.project.weight)


@pytest.mark.parametrize("preset", ["classic", "small"])
def test_resume_goes_on_bit_for_bit(make_trainer, tmp_path, preset):
    whole = make_trainer(preset, tmp_path / "whole")
    whole.probability.value = 0.3
    whole.train(Budget(images_seen=240))
    first = make_trainer(preset, tmp_path / "parts")
    first.probability.value = 0.3
    first.train(Budget(images_seen=104))
    second = make_trainer(preset, tmp_path / "parts", seed=0)
    assert second.resume()
    assert second.images_seen == 104
    second.train(Budget(images_seen=240))
    assert_same(weights(whole), weights(second))
    assert whole.probability.value == second.probability.value
    for a, b in ((whole.adam_g, second.adam_g), (whole.adam_d, second.adam_d)):
        for i, slots in a.state_dict()["state"].items():
            for name, value in slots.items():
                assert torch.equal(value, b.state_dict()["state"][i][name]), (i, name)


def test_there_is_nothing_to_resume_in_an_empty_folder(make_trainer):
    assert not make_trainer().resume()


def test_minutes_end_a_run_and_count_over_its_stretches(make_trainer):
    trainer = make_trainer()
    trainer.train(Budget(images_seen=10**9, minutes=0.01))
    assert 0.6 <= trainer.elapsed < 10
    again = make_trainer()
    again.resume()
    seen = again.images_seen
    again.train(Budget(images_seen=10**9, minutes=0.01))
    assert again.images_seen == seen


def test_ctrl_c_ends_with_a_checkpoint(make_trainer):
    trainer = make_trainer()
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    trainer.train(Budget(images_seen=10**9, minutes=1))
    assert trainer.elapsed < 30
    again = make_trainer()
    assert again.resume()
    assert_same(weights(trainer), weights(again))


def test_the_log_tells_of_every_image_once_however_the_run_was_cut(make_trainer, monkeypatch):
    monkeypatch.setattr(trainer_module, "_LOG_EVERY", 16)
    trainer = make_trainer()
    trainer.train(Budget(images_seen=64))
    log = trainer.run / "log.jsonl"
    with log.open("a") as file:  # what a run killed after its checkpoint leaves
        file.write('{"images_seen": 80, "elapsed_s": 1}\n{"images_se')
    again = make_trainer()
    again.resume()
    again.train(Budget(images_seen=96))
    lines = read_log(log)
    assert [line["images_seen"] for line in lines] == [16, 32, 48, 64, 80, 96]
    for line in lines:
        assert {"elapsed_s", "images_per_s", "loss_d", "loss_g", "real_sign", "augment_p"} <= line.keys()


def test_samples_are_the_averaged_generators_and_end_with_the_last_state(make_trainer):
    trainer = make_trainer()
    trainer.train(Budget(images_seen=1040))
    grids = sorted((trainer.run / "samples").glob("*.png"))
    assert [int(path.stem) for path in grids] == [0, 504, 1008, 1040]
    with torch.no_grad():
        drawn = trainer.ema.generator(trainer.sample_latents)
    expected = ((drawn[7].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    found = np.asarray(Image.open(grids[-1]))[:16, 7 * 16 : 8 * 16]
    np.testing.assert_array_equal(found, expected)
