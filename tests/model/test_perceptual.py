"""The maps of a pre-trained network and the gradient of their loss, against torch."""

import numpy as np
import onnxruntime
import pytest
import torch

from facegan import FaceModel
from facegan.gan.pretrained import PretrainedMaps
from facegan.labels.crop import crop_matrices
from facegan.model.diffusers_model import load_generator
from facegan.model.folder import DEFAULT_FOLDER
from facegan.model.onnx_writer import to_onnx
from facegan.model.perceptual import INPUT_SIDE, ROUNDING, LossWeights, forward_steps, map_names
from facegan.model.pixel_loss import SIDE
from facegan.model.refine import refined

FRAMING = 0.8


@pytest.fixture(scope="module")
def model():
    return FaceModel.load().base


@pytest.fixture(scope="module")
def maps_of():
    """Images (n, 3, 128, 128) to maps by torch, with the weights rounded as those in the asset are."""
    maps = PretrainedMaps()
    for p in maps.parameters():
        p.data = p.data.half().float()
    across, down = (torch.from_numpy(matrix) for matrix in crop_matrices(128, FRAMING, INPUT_SIDE))
    return lambda images: [9 * level for level in maps((down @ (images + 1) @ across.T) - 1)]  # 9: its scale


@pytest.fixture(scope="module")
def face(model):
    """An image float32 (1, 3, 128, 128)."""
    image = model.generate(model.latents([5], 0.8)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(image, np.float32) / 127.5 - 1


def test_the_maps_are_those_of_torch(maps_of, face):
    steps, constants = forward_steps(128, FRAMING)
    session = onnxruntime.InferenceSession(to_onnx(steps, constants, ("images",), map_names()))
    found = session.run(map_names(), {"images": face})
    with torch.no_grad():
        expected = maps_of(torch.from_numpy(face))
    assert [level.shape for level in found] == [
        (1, channels, INPUT_SIDE // step, INPUT_SIDE // step) for channels, step in ((24, 4), (40, 8), (80, 16))
    ]
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other.numpy(), abs=1e-3)


def test_value_and_gradient_are_those_of_torch(model, maps_of, face):
    rng = np.random.RandomState(0)
    wanted, weights = rng.uniform(-1, 1, (3, SIDE, SIDE)).astype(np.float32), rng.rand(SIDE, SIDE).astype(np.float32)
    start, loss_weights = model.latents([1], 0.8), LossWeights(pixels=300.0, maps=2000.0)
    value, gradient = model.encoder.perceptual_loss(
        start, wanted, weights, model.encoder.perceptual_loss.maps(face), loss_weights
    )

    latent = torch.from_numpy(start).requires_grad_()
    images = load_generator(DEFAULT_FOLDER)(latent)
    small = torch.nn.functional.avg_pool2d(images, 128 // SIDE)
    pixels = ((small - torch.from_numpy(wanted)).square() * torch.from_numpy(weights)).sum()
    with torch.no_grad():
        goals = maps_of(torch.from_numpy(face))
    pairs = zip(maps_of(images), goals, strict=True)
    apart = torch.stack([(one - goal).square().sum() / goal.square().sum() for one, goal in pairs]).mean()
    total = loss_weights.pixels * torch.log(pixels + ROUNDING.item()) + loss_weights.maps * torch.log(
        apart + ROUNDING.item()
    )
    total.backward()
    assert value == pytest.approx(total.item(), rel=1e-3)
    exact = latent.grad.numpy()
    assert np.abs(gradient - exact).max() < 0.01 * np.abs(exact).max()


def _apart(model, latent, maps):
    found = model.encoder.perceptual_loss.maps(
        model.generate(latent[None]).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    )
    return sum(np.square(one - other).sum() / np.square(other).sum() for one, other in zip(found, maps, strict=True))


def test_maps_bring_the_look_alike_of_a_face_that_cannot_be_drawn_nearer(model, face):
    """The face is a mixture of two: no latent draws it."""
    other = model.generate(model.latents([8], 0.8))[0]
    mixed = (((face[0].transpose(1, 2, 0) + 1) * 127.5 + other) / 2).round().astype(np.uint8)
    maps = model.encoder.perceptual_loss.maps(
        np.ascontiguousarray(mixed.transpose(2, 0, 1)[None], np.float32) / 127.5 - 1
    )
    start = np.zeros(100, np.float32)
    by_pixels = refined(mixed, start, model.encoder.pixel_loss, FRAMING)
    by_both = refined(mixed, start, model.encoder.pixel_loss, FRAMING, perceptual_loss=model.encoder.perceptual_loss)
    assert _apart(model, by_both, maps) < 0.95 * _apart(model, by_pixels, maps)


def test_maps_are_not_used_where_a_part_of_the_face_is_missing(model, face):
    image = ((face[0].transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    shown = np.ones((32, 32), bool)
    shown[:, :16] = False
    start = np.zeros(100, np.float32)
    found = [
        refined(image, start, model.encoder.pixel_loss, FRAMING, shown, perceptual_loss=loss)
        for loss in (None, model.encoder.perceptual_loss)
    ]
    assert np.array_equal(*found)
