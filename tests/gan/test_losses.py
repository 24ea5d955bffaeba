import math

import pytest
import torch

from facegan.gan.losses import BinaryCrossEntropy, Hinge

REAL, FAKE = torch.tensor([2.0, -0.5]), torch.tensor([-3.0, 0.25])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_binary_cross_entropy_is_the_papers():
    real = -(math.log(sigmoid(2.0)) + math.log(sigmoid(-0.5))) / 2
    fake = -(math.log(1 - sigmoid(-3.0)) + math.log(1 - sigmoid(0.25))) / 2
    assert BinaryCrossEntropy().discriminator(REAL, FAKE).item() == pytest.approx(real + fake, abs=1e-6)
    generator = -(math.log(sigmoid(-3.0)) + math.log(sigmoid(0.25))) / 2
    assert BinaryCrossEntropy().generator(FAKE).item() == pytest.approx(generator, abs=1e-6)


def test_hinge_asks_no_more_of_what_is_beyond_its_margin():
    # real: max(0, 1-2), max(0, 1+0.5); fake: max(0, 1-3), max(0, 1+0.25)
    assert Hinge().discriminator(REAL, FAKE).item() == pytest.approx(1.5 / 2 + 1.25 / 2)
    assert Hinge().generator(FAKE).item() == pytest.approx(2.75 / 2)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), Hinge()])
def test_gradients_agree_with_finite_differences(loss):
    real = REAL.double().requires_grad_()
    fake = FAKE.double().requires_grad_()
    value = loss.discriminator(real, fake) + loss.generator(fake)
    value.backward()
    step = 1e-3  # float32 inside the loss
    for logits in (real, fake):
        for i in range(2):
            moved = [t.detach().clone() for t in (real, fake)]
            which = 0 if logits is real else 1
            values = []
            for sign in (1, -1):
                moved[which][i] = logits[i].detach() + sign * step
                values.append((loss.discriminator(*moved) + loss.generator(moved[1])).item())
            assert logits.grad[i].item() == pytest.approx((values[0] - values[1]) / (2 * step), abs=2e-3)


def test_losses_are_float32_whatever_the_logits():
    for loss in (BinaryCrossEntropy(), Hinge()):
        assert loss.discriminator(REAL.bfloat16(), FAKE.bfloat16()).dtype == torch.float32
        assert loss.generator(FAKE.bfloat16()).dtype == torch.float32
