"""Networks that begin as narrower ones."""

import pytest
import torch

from facegan.gan.networks import Discriminator, Generator
from facegan.gan.widen import begin_as

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
    begin_as(wide, narrow.state_dict())
    torch.testing.assert_close(wide(LATENTS), narrow(LATENTS))


def test_a_wider_discriminator_says_the_same_and_its_new_readings_are_new():
    narrow, wide = Discriminator(32, 2, "none", False, 1), Discriminator(32, 3, "none", False, 4)
    new = wide.state_dict()["layers.6.weight"].clone()
    begin_as(wide, narrow.state_dict())
    logits, readings = wide(FACES)
    torch.testing.assert_close(logits, narrow(FACES)[0])
    torch.testing.assert_close(readings[:, :1], narrow(FACES)[1])
    assert torch.equal(wide.state_dict()["layers.6.weight"][2:], new[2:])


def test_where_a_batch_does_not_vary_one_that_sees_that_says_the_same_too():
    narrow, wide = Discriminator(32, 2, "none"), Discriminator(32, 3, "none")
    begin_as(wide, narrow.state_dict())
    alike = FACES[:1].expand(8, -1, -1, -1)
    torch.testing.assert_close(wide(alike)[0], narrow(alike)[0])
    # And how far it varies is seen by the same weights.
    assert torch.equal(wide.layers[-1].weight[:, -16:], narrow.layers[-1].weight[:, -16:])


def test_new_channels_of_a_discriminator_are_no_louder_than_trained_ones():
    """At the first steps all weights move alike: what leads from loud channels would drown what was learned."""
    narrow, wide = Discriminator(32, 4, "none", False), Discriminator(32, 8, "none", False)
    with torch.no_grad():
        narrow.layers[0].weight *= 0.05  # as trained ones are
    begin_as(wide, narrow.state_dict())
    assert wide.layers[0](FACES)[:, 4:].std() < 2 * narrow.layers[0](FACES).std()
    # And those that a network makes smaller than they were trained to be are not made louder.
    quiet = Discriminator(32, 8, "none", False)
    with torch.no_grad():
        narrow.layers[0].weight *= 1000
    before = quiet.layers[0].weight[4:].clone()
    begin_as(quiet, narrow.state_dict())
    assert torch.equal(quiet.layers[0].weight[4:], before)


@pytest.mark.parametrize(("kind", "seen"), [(Generator, LATENTS), (Discriminator, FACES)])
def test_two_steps_move_every_weight(kind, seen):
    wide = kind(32, 5) if kind is Generator else kind(32, 5, "none")
    narrow = kind(32, 2) if kind is Generator else kind(32, 2, "none")
    begin_as(wide, narrow.state_dict())
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
    begin_as(other, one.state_dict())
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
        begin_as(network, other.state_dict())
