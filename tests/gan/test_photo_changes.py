import numpy as np
import pytest
import torch
from scipy.fft import dctn

from facegan.gan.photo_changes import blurred, change, compressed, reframed, relit


@pytest.fixture
def faces():
    smooth = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8
    return torch.nn.functional.interpolate(smooth, (64, 64), mode="bilinear")


@pytest.mark.parametrize(
    ("made", "numbers"), [(reframed, (6, 4)), (relit, (6, 6)), (blurred, (6,)), (compressed, (6,))]
)
def test_nothing_is_changed_by_nothing(faces, made, numbers):
    assert torch.allclose(made(faces, torch.zeros(numbers)), faces, atol=2e-5)


def test_the_changes_of_a_seed_are_the_same_and_differ_between_faces(faces):
    same = faces[:1].expand(6, -1, -1, -1).contiguous()
    one, two = (change(same, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, two)
    assert len({float(face.sum()) for face in one}) == 6
    assert one.abs().max() <= 1


def test_compression_rounds_the_cosine_transform_of_each_block(faces):
    found = compressed(faces, torch.ones(6))
    block = dctn(found[2, 1, 8:16, 24:32].numpy(), norm="ortho")
    row, column = np.mgrid[:8, :8]
    steps = block / ((row + column + 1) / 15 * 0.5)
    assert np.abs(steps - steps.round()).max() < 1e-3
    assert np.abs(dctn(faces[2, 1, 8:16, 24:32].numpy(), norm="ortho") - block).max() > 1e-3


def test_a_shift_is_a_share_of_the_side(faces):
    amounts = torch.zeros(6, 4)
    amounts[:, 2] = 1.0
    moved = reframed(faces, amounts)
    pixels = 0.03 * 64
    low, part = int(pixels), pixels - int(pixels)
    wanted = faces[..., low:-2] * (1 - part) + faces[..., low + 1 : -1] * part
    assert torch.allclose(moved[..., : wanted.shape[-1]], wanted, atol=1e-4)
