import math

import pytest
import torch

from facegan.gan.losses import BinaryCrossEntropy, Hinge, LeCam, Relativistic, gradient_penalty

REAL, FAKE = torch.tensor([2.0, -0.5]), torch.tensor([-3.0, 0.25])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_binary_cross_entropy_is_the_papers():
    real = -(math.log(sigmoid(2.0)) + math.log(sigmoid(-0.5))) / 2
    fake = -(math.log(1 - sigmoid(-3.0)) + math.log(1 - sigmoid(0.25))) / 2
    assert BinaryCrossEntropy().discriminator(REAL, FAKE).item() == pytest.approx(real + fake, abs=1e-6)
    generator = -(math.log(sigmoid(-3.0)) + math.log(sigmoid(0.25))) / 2
    assert BinaryCrossEntropy().generator(FAKE, REAL).item() == pytest.approx(generator, abs=1e-6)


def test_hinge_asks_no_more_of_what_is_beyond_its_margin():
    # real: max(0, 1-2), max(0, 1+0.5); fake: max(0, 1-3), max(0, 1+0.25)
    assert Hinge().discriminator(REAL, FAKE).item() == pytest.approx(1.5 / 2 + 1.25 / 2)
    assert Hinge().generator(FAKE, REAL).item() == pytest.approx(2.75 / 2)


def test_relativistic_compares_each_generated_face_with_its_real_one():
    # real - fake: 5 and -0.75
    expected = -(math.log(sigmoid(5.0)) + math.log(sigmoid(-0.75))) / 2
    assert Relativistic().discriminator(REAL, FAKE).item() == pytest.approx(expected, abs=1e-6)
    expected = -(math.log(sigmoid(-5.0)) + math.log(sigmoid(0.75))) / 2
    assert Relativistic().generator(FAKE, REAL).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), Hinge(), Relativistic()])
def test_gradients_agree_with_finite_differences(loss):
    real = REAL.double().requires_grad_()
    fake = FAKE.double().requires_grad_()
    value = loss.discriminator(real, fake) + loss.generator(fake, real)
    value.backward()
    step = 1e-3  # float32 inside the loss
    for logits in (real, fake):
        for i in range(2):
            moved = [t.detach().clone() for t in (real, fake)]
            which = 0 if logits is real else 1
            values = []
            for sign in (1, -1):
                moved[which][i] = logits[i].detach() + sign * step
                values.append((loss.discriminator(*moved) + loss.generator(moved[1], moved[0])).item())
            assert logits.grad[i].item() == pytest.approx((values[0] - values[1]) / (2 * step), abs=2e-3)


def test_losses_are_float32_whatever_the_logits():
    for loss in (BinaryCrossEntropy(), Hinge(), Relativistic()):
        assert loss.discriminator(REAL.bfloat16(), FAKE.bfloat16()).dtype == torch.float32
        assert loss.generator(FAKE.bfloat16(), REAL.bfloat16()).dtype == torch.float32


def network(images):
    """A small smooth discriminator with a gradient that differs from pixel to pixel."""
    weights = torch.linspace(-1, 1, images[0].numel(), dtype=images.dtype).view(images.shape[1:])
    return torch.tanh((images * weights).sum((1, 2, 3))) + 0.1 * images.pow(3).sum((1, 2, 3))


def test_the_penalty_is_the_mean_squared_gradient_norm_by_finite_differences():
    images = torch.randn(3, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    step = 1e-5
    squares = torch.zeros(3, dtype=torch.float64)
    for place in range(12):
        moved = torch.zeros_like(images).flatten(1)
        moved[:, place] = step
        moved = moved.view_as(images)
        squares += ((network(images + moved) - network(images - moved)) / (2 * step)) ** 2
    images.requires_grad_()
    assert gradient_penalty(network(images), images).item() == pytest.approx(squares.mean().item(), rel=1e-5)


def test_the_penalty_teaches_the_network():
    weight = torch.tensor(2.0, requires_grad=True)
    images = torch.ones(4, 3, 2, 2, requires_grad=True)
    # d(weight * sum of 12 pixels) is weight at each pixel: penalty 12 weight^2, its gradient 24 weight
    penalty = gradient_penalty(weight * images.sum((1, 2, 3)), images)
    penalty.backward()
    assert penalty.item() == pytest.approx(48)
    assert weight.grad.item() == pytest.approx(48)


def test_lecam_is_the_papers_with_its_running_means():
    lecam = LeCam(decay=0.9)
    lecam.update(REAL, FAKE)  # a tenth of the way from 0 to the means 0.75 and -1.375
    assert lecam.means.tolist() == pytest.approx([0.075, -0.1375])
    real = ((2.0 + 0.1375) ** 2 + 0.0) / 2  # -0.5 lies below the generated mean: nothing to hold
    fake = ((0.075 + 3.0) ** 2 + 0.0) / 2
    assert lecam.penalty(REAL, FAKE).item() == pytest.approx(real + fake, rel=1e-6)


def test_the_overfitting_heuristic_is_the_mean_sign_of_the_logits_of_real_images():
    for loss in (BinaryCrossEntropy(), Hinge()):
        assert loss.overfitting_heuristic(REAL, FAKE).item() == pytest.approx(0)  # 2.0 and -0.5
    far = REAL + 100, FAKE + 100  # the same differences, all of them positive
    assert (
        Relativistic().overfitting_heuristic(*far).item()
        == Relativistic().overfitting_heuristic(REAL, FAKE).item()
        == pytest.approx(0)
    )
    assert Relativistic().overfitting_heuristic(FAKE + 9, FAKE).item() == 1
