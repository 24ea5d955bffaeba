import numpy as np
import torch

from facegan.gan.face_features import FaceFeatures
from facegan.labels.crop import face_crops
from facegan.labels.networks import inner_features

FRAMING = 0.8


def faces(count=3, size=64):
    smooth = np.random.RandomState(0).randint(0, 255, (count, 8, 8, 3)).astype(np.uint8)
    return smooth.repeat(size // 8, axis=1).repeat(size // 8, axis=2)


def as_floats(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def test_they_are_the_features_of_the_label_networks():
    images = faces()
    wanted = inner_features(face_crops(images, FRAMING))
    found = FaceFeatures(64, FRAMING)(as_floats(images)).numpy()
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()


def test_their_gradient_leads_to_a_face_with_other_features():
    features = FaceFeatures(64, FRAMING)
    image, other = as_floats(faces(2)).split(1)
    with torch.no_grad():
        wanted = features(other)
    image = image.requires_grad_()
    before = (features(image) - wanted).square().mean()
    before.backward()
    with torch.no_grad():
        after = (features(image - 1e-3 * image.grad / image.grad.abs().mean()) - wanted).square().mean()
    assert after < 0.99 * before
    assert not list(features.parameters())
