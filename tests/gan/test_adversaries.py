from dataclasses import replace

import numpy as np
import pytest
import torch

from facegan.gan.adversaries import FIGURES, Adversaries
from facegan.gan.attributes import FaceAttributes
from facegan.gan.config import PRESETS, TrainConfig
from facegan.gan.data import FaceBatches, as_floats

VARIANTS = {
    "classic": PRESETS["classic"],
    "small": PRESETS["small"],
    "plain": replace(PRESETS["small"], pretrained_weight=0.0),  # ten times as fast, for tests of many steps
    "relativistic": replace(PRESETS["small"], penalty_every=2, pretrained_weight=0.0),
    "everything": replace(PRESETS["small"], loss="bce", lecam=0.3, excite=True, gamma=0.1, upsample="transposed"),
    "frozen": replace(PRESETS["small"], frozen=1),
    "classic, frozen": replace(PRESETS["classic"], frozen=2),
}


@pytest.fixture
def make_gan(tiny_images):
    def make(variant="small", seed=0, batch=8):
        config = TrainConfig(replace(VARIANTS[variant], width=2, batch=batch), 16, seed, "cpu", "float32")
        gan = Adversaries(config)
        gan.faces = FaceBatches(tiny_images, np.arange(len(tiny_images)), seed)
        return gan

    return make


def run(gan, steps):
    return [gan.step(*gan.faces.batch(gan.images_seen, gan.recipe.batch)) for _ in range(steps)]


def parameters(gan):
    return {n: p.detach().clone() for net in (gan.generator, gan.discriminator) for n, p in net.named_parameters()}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_step_moves_every_weight_of_both_networks(make_gan, variant):
    gan = make_gan(variant)
    before = parameters(gan)
    run(gan, 1)
    after = parameters(gan)
    still = {name for name in before if torch.equal(before[name], after[name])}
    # Inside its margin a hinge pulls real logits up as much as generated ones down, and pairs compare differences:
    # the last bias has no gradient.
    last = {f"layers.{len(gan.discriminator.layers) - 1}.bias"} if gan.recipe.loss == "relativistic" else set()
    frozen = {"frozen": ("layers.0.",), "classic, frozen": ("layers.0.", "layers.2.", "layers.3.")}.get(variant, ())
    held = {name for name in before if name.startswith(frozen)} if frozen else set()
    assert held <= still <= held | last
    assert gan.images_seen == 8
    assert gan.steps == 1


def test_bfloat16_moves_the_weights_about_as_float32_does(make_gan):
    """With the penalties of the first step; width 16, where both kinds of weight gradient are used."""
    moved = []
    for precision in ("float32", "bfloat16"):
        gan = make_gan("relativistic")
        recipe = replace(gan.recipe, width=16)
        gan = Adversaries(TrainConfig(recipe, 32, 0, "cpu", precision))
        before = parameters(gan)
        gan.step(torch.randint(0, 256, (8, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)))
        moved.append({name: value - before[name] for name, value in parameters(gan).items()})
    for name, exact in moved[0].items():
        if exact.numel() > 1000:  # Adam's first step has the sign of the gradient, and small ones may change theirs
            assert torch.cosine_similarity(exact.flatten(), moved[1][name].flatten(), 0) > 0.8, name
    assert gan.probability.target == recipe.augment_target


def test_both_networks_are_shown_faces_of_full_precision(make_gan, monkeypatch):
    """Autocast turns the products in augment into bfloat16, and on CUDA it then fails."""
    seen = []

    def apply(_, images):
        seen.append((images.dtype, torch.is_autocast_enabled("cpu")))
        return images

    monkeypatch.setattr("facegan.gan.augment.Augmentation.apply", apply)
    gan = make_gan()
    gan.config = replace(gan.config, precision="bfloat16")
    run(gan, 1)
    assert seen == [(torch.float32, False)] * 4  # D: real, generated; G: generated, paired


def test_a_step_tells_its_losses_and_how_sure_the_discriminator_is(make_gan):
    gan = make_gan("classic", batch=32)
    gan.scale_learning_rates(0.0)  # the same networks before and after
    loss_d, loss_g, sign, accuracy, distance = dict(zip(FIGURES, run(gan, 1)[0].tolist(), strict=True)).values()
    assert distance == 0  # nobody knows latents
    assert loss_d == pytest.approx(2 * np.log(2), abs=0.3)  # it knows nothing yet
    assert loss_g == pytest.approx(np.log(2), abs=0.3)
    assert -1 <= sign <= 1
    assert 0 <= accuracy <= 1
    real, fake = gan.newest
    assert real.shape == fake.shape == (32, 3, 16, 16)


def test_the_discriminator_learns_to_tell_real_from_generated(make_gan):
    gan = make_gan("classic")
    gan.adam_g.param_groups[0]["lr"] = 0.0  # a generator that stands still
    figures = run(gan, 80)
    assert figures[-1][0] < 0.8 * figures[0][0]
    assert torch.stack(figures[-10:])[:, 3].mean() > 0.9


@pytest.mark.parametrize("variant", ["plain", "relativistic"])
def test_the_generator_learns_the_colours_of_its_data(make_gan, tiny_images, variant):
    gan = make_gan(variant, batch=16)
    for adam in (gan.adam_g, gan.adam_d):  # networks this narrow bear ten times the rate
        adam.param_groups[0]["lr"] *= 10
    truth = tiny_images.mean((0, 1, 2)) / 127.5 - 1

    def distance():
        with torch.no_grad():
            drawn = gan.ema.generator(torch.randn(64, 100, generator=torch.Generator().manual_seed(0)))
        return np.abs(drawn.mean((0, 2, 3)).numpy() - truth).max()

    before = distance()
    run(gan, 400)
    assert distance() < before / 2


def test_penalties_are_taken_every_so_many_steps_and_weighted_up(make_gan, monkeypatch):
    from facegan.gan import adversaries

    taken = []

    def penalty(logits, images):
        taken.append(gan.steps)
        return logits.sum() * 0

    monkeypatch.setattr(adversaries, "gradient_penalty", penalty)
    gan = make_gan("relativistic")
    run(gan, 5)
    assert taken == [0, 2, 4]  # R1 and R2 in one pass


def test_a_strong_penalty_flattens_the_discriminator(make_gan):
    def steepness(gamma):
        gan = make_gan("relativistic")
        gan.recipe = replace(gan.recipe, gamma=gamma)
        gan.scale_learning_rates(5.0)
        run(gan, 150)
        images = as_floats(gan.faces.batch(0, 32).images).requires_grad_()
        (gradient,) = torch.autograd.grad(gan.discriminator(images)[0].sum(), images)
        return gradient.square().sum((1, 2, 3)).mean().item()

    assert steepness(20.0) < 0.2 * steepness(1e-9)


def test_an_attribute_is_drawn_as_the_latent_says(tiny_images):
    """The brightness of the pictures: the place of a latent that is named for it decides it."""
    known = tiny_images.mean((1, 2, 3))
    attributes = FaceAttributes.of_scores(("brightness",), np.arange(len(known)), known[:, None])
    recipe = replace(VARIANTS["plain"], width=2, batch=16, attribute_weight=1.0, augment=False)
    gan = Adversaries(TrainConfig(recipe, 16, 0, "cpu", "float32", attributes=attributes.names))
    gan.faces = FaceBatches(tiny_images, np.arange(len(tiny_images)), 0, attributes)
    gan.scale_learning_rates(10.0)  # networks this narrow bear ten times the rate
    run(gan, 600)
    latents = torch.randn(300, 100, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        drawn = gan.ema.generator(latents).mean((1, 2, 3))
    correlation = [np.corrcoef(latents[:, place], drawn)[0, 1] for place in range(100)]
    assert correlation[-1] > 0.6
    assert np.abs(correlation[:-1]).max() < 0.5 * correlation[-1]


def test_a_face_whose_attribute_is_not_known_teaches_none(make_gan):
    def moved(attributes):
        gan = Adversaries(TrainConfig(replace(VARIANTS["small"], width=2, batch=8), 16, 0, "cpu", "float32",
                                      attributes=("smile", "age")))  # fmt: skip
        before = gan.discriminator.layers[-1].weight.detach().clone()
        gan.step(make_gan().faces.batch(0, 8).images, torch.tensor(attributes))
        return (gan.discriminator.layers[-1].weight - before).abs().amax(1).tolist()

    nan = float("nan")
    real, smile, age = moved([[0.5, nan]] * 8)
    assert min(real, smile) > 0
    assert age == 0
    assert moved([[nan, nan]] * 8)[1:] == [0, 0]
    assert moved([[nan, nan]] * 7 + [[nan, 1.0]])[2] > 0


def test_one_seed_is_one_run(make_gan):
    runs = [make_gan(seed=seed) for seed in (3, 3, 4)]
    for gan in runs:
        run(gan, 5)
    same, other = parameters(runs[0]), parameters(runs[1])
    assert all(torch.equal(same[name], other[name]) for name in same)
    assert not torch.equal(runs[0].generator.project.weight, runs[2].generator.project.weight)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_restored_state_goes_on_bit_for_bit(make_gan, variant):
    gan = make_gan(variant)
    gan.probability.value = 0.4
    run(gan, 3)
    tensors, values = gan.state()
    tensors = {name: value.clone() for name, value in tensors.items()}
    run(gan, 3)
    other = make_gan(variant, seed=0)
    other.restore(tensors, values)
    run(other, 3)
    mine, others = gan.state(), other.state()
    assert mine[1] == others[1]
    assert mine[0].keys() == others[0].keys()
    for name in mine[0]:
        assert torch.equal(mine[0][name], others[0][name]), name


def test_a_weight_that_is_no_number_shows(make_gan):
    gan = make_gan()
    assert gan.finite()
    with torch.no_grad():
        gan.discriminator.layers[-1].bias.fill_(float("nan"))
    assert not gan.finite()
