"""Networks that begin as narrower ones."""

import pytest
import torch
import torch.nn.functional as F

from facegan.gan.networks import Discriminator, Generator
from facegan.gan.widen import grown_discriminator, grown_generator, initialise_from

RNG = torch.Generator().manual_seed(0)
LATENTS = torch.randn(8, 100, generator=RNG)
FACES = torch.rand(8, 3, 32, 32, generator=RNG) * 2 - 1


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(7)


def trained_a_little(generator: Generator) -> Generator:
    """With statistics, scales and shifts of its own."""
    for _ in range(3):
        generator(torch.randn(16, 100))
    for norm in generator.norms:
        torch.nn.init.normal_(norm.bias, 0.0, 0.3)
    torch.nn.init.normal_(generator.to_rgb.bias)
    return generator


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("upsample", ["resize", "transposed"])
def test_a_wider_generator_draws_the_same(training, upsample):
    narrow = trained_a_little(Generator(32, 2, upsample)).train(training)
    wide = Generator(32, 5, upsample).train(training)
    assert not torch.allclose(wide(LATENTS), narrow(LATENTS), atol=0.1)
    initialise_from(wide, narrow.state_dict())
    torch.testing.assert_close(wide(LATENTS), narrow(LATENTS))


def test_a_wider_discriminator_says_the_same_and_its_new_readings_are_new():
    narrow, wide = Discriminator(32, 2, "none", False, 1), Discriminator(32, 3, "none", False, 4)
    new = wide.state_dict()["layers.6.weight"].clone()
    initialise_from(wide, narrow.state_dict())
    logits, readings = wide(FACES)
    torch.testing.assert_close(logits, narrow(FACES)[0])
    torch.testing.assert_close(readings[:, :1], narrow(FACES)[1])
    assert torch.equal(wide.state_dict()["layers.6.weight"][2:], new[2:])


def test_where_a_batch_does_not_vary_one_that_sees_that_says_the_same_too():
    narrow, wide = Discriminator(32, 2, "none"), Discriminator(32, 3, "none")
    initialise_from(wide, narrow.state_dict())
    alike = FACES[:1].expand(8, -1, -1, -1)
    torch.testing.assert_close(wide(alike)[0], narrow(alike)[0])
    # And how far it varies is seen by the same weights.
    assert torch.equal(wide.layers[-1].weight[:, -16:], narrow.layers[-1].weight[:, -16:])


def test_new_channels_of_a_discriminator_are_no_louder_than_trained_ones():
    """At the first steps all weights move alike: what leads from loud channels would drown what was learned."""
    narrow, wide = Discriminator(32, 4, "none", False), Discriminator(32, 8, "none", False)
    with torch.no_grad():
        narrow.layers[0].weight *= 0.05  # as trained ones are
    initialise_from(wide, narrow.state_dict())
    assert wide.layers[0](FACES)[:, 4:].std() < 2 * narrow.layers[0](FACES).std()
    # And those that a network makes smaller than they were trained to be are not made louder.
    quiet = Discriminator(32, 8, "none", False)
    with torch.no_grad():
        narrow.layers[0].weight *= 1000
    before = quiet.layers[0].weight[4:].clone()
    initialise_from(quiet, narrow.state_dict())
    assert torch.equal(quiet.layers[0].weight[4:], before)


@pytest.mark.parametrize(("kind", "seen"), [(Generator, LATENTS), (Discriminator, FACES)])
def test_two_steps_move_every_weight(kind, seen):
    wide = kind(32, 5) if kind is Generator else kind(32, 5, "none")
    narrow = kind(32, 2) if kind is Generator else kind(32, 2, "none")
    initialise_from(wide, narrow.state_dict())
    before = {name: p.detach().clone() for name, p in wide.named_parameters()}
    adam = torch.optim.Adam(wide.parameters(), 1e-3)
    for _ in range(2):
        adam.zero_grad()
        out = wide(seen)
        (out if kind is Generator else out[0]).sin().sum().backward()
        adam.step()
    for name, p in wide.named_parameters():
        # But those to the dead: a unit that shows nothing at any place has no gradient.
        assert (p != before[name]).float().mean() > 0.9, name


def test_of_the_same_width_it_is_a_copy():
    one, other = Generator(32, 2), Generator(32, 2)
    initialise_from(other, one.state_dict())
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize(
    ("network", "other"),
    [
        (Generator(32, 2), Generator(32, 3)),
        (Generator(32, 3), Generator(64, 2)),
        (Discriminator(32, 3, "none"), Discriminator(32, 2, "batch")),
    ],
)
def test_what_is_wider_or_has_other_layers_is_refused(network, other):
    with pytest.raises(ValueError):
        initialise_from(network, other.state_dict())


@pytest.mark.parametrize("upsample", ["resize", "transposed"])
def test_a_grown_generator_draws_the_old_picture_enlarged(upsample):
    small = trained_a_little(Generator(32, 6, upsample)).eval()
    grown = Generator(64, upsample=upsample, channels=[24, 12, 6, 7])
    before = {name: value.clone() for name, value in small.state_dict().items()}
    grown.load_state_dict(grown_generator(before, 7, upsample))
    colours = small(LATENTS).double().atanh()  # enlarged before the hyperbolic tangent
    wanted = F.interpolate(colours, scale_factor=2, mode="bilinear").tanh().float()
    inside = (..., slice(2, -2), slice(2, -2))  # at the border the kernel sees zeros
    torch.testing.assert_close(grown.eval()(LATENTS)[inside], wanted[inside], atol=1e-4, rtol=0)


def test_a_grown_generator_begins_training_with_the_old_picture():
    """In training the batch's own statistics take the place of those that were measured."""
    curves = ((0.5, 5.0), (0.0, 1.75))
    small = trained_a_little(Generator(32, 6, curves=curves))
    for _ in range(30):
        small(torch.randn(64, 100))
    grown = Generator(64, channels=[24, 12, 6, 7], curves=curves)
    grown.load_state_dict(grown_generator(small.eval().state_dict(), 7, "resize", curves))
    latents = torch.randn(256, 100)
    wanted = F.interpolate(small(latents), scale_factor=2, mode="bilinear")
    assert (grown.train()(latents) - wanted).abs().mean() < 0.1 * wanted.abs().mean()


def test_a_grown_discriminator_judges_a_picture_as_the_old_one_its_half():
    small = Discriminator(32, 8, "none", attributes=2)
    grown = Discriminator(64, 8, "none", attributes=2)  # at this size the level below the first has as many channels
    state = grown_discriminator(small.state_dict(), 8)
    layers = {name: value.shape for name, value in state.items()}
    assert layers["layers.0.weight"] == (8, 3, 4, 4)
    assert len(state) == len(grown.state_dict())
    first, second = state["layers.0.weight"], state["layers.2.weight"]
    faces = torch.rand(4, 3, 64, 64) * 2 - 1
    inner = F.leaky_relu(F.conv2d(faces, first, stride=2, padding=1), 0.2)
    found = F.conv2d(inner, second, state["layers.2.bias"], stride=2, padding=1)
    old = small.layers[0]
    torch.testing.assert_close(found, old(F.avg_pool2d(faces, 2)), atol=1e-5, rtol=1e-5)
    # And everything after it is the old network.
    assert torch.equal(state["layers.4.weight"], small.layers[2].weight)


def test_what_cannot_be_grown_is_refused():
    with pytest.raises(ValueError, match="three colours"):
        grown_generator(Generator(32, 2).state_dict(), 5, "resize")
    for norm in ("spectral", "batch"):
        with pytest.raises(ValueError, match="without normalisation"):
            grown_discriminator(Discriminator(32, 2, norm).state_dict(), 8)
