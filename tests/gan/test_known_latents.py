"""Learning pictures from their own latents."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from facegan.base.errors import FaceGANError
from facegan.gan.adversaries import FIGURES, Adversaries
from facegan.gan.config import PRESETS, TrainConfig, with_known_latents
from facegan.gan.data import FaceBatches
from facegan.gan.known_latents import KnownLatents, LatentsOfPictures
from facegan.gan.losses import feature_distance, picture_distance

DISTANCE = FIGURES.index("distance")


def latents_for(count):
    return np.random.RandomState(3).randn(count, 100).astype(np.float32)


def test_every_row_gets_the_latents_of_its_photo(tmp_path):
    latents = latents_for(3)
    whole = LatentsOfPictures(("b.jpg", "a.jpg", "sub/c.jpg"), latents, ("smile",), ((0.5, 4.0),))
    whole.save(tmp_path / "latents.safetensors")
    pictures = LatentsOfPictures.load(tmp_path / "latents.safetensors")
    known = pictures.for_rows(np.array([2, 5, 9]), ["sub/c.jpg", "unknown.jpg", "b.jpg"])
    assert known.rows.tolist() == [2, 9]
    assert known.curves == ((0.5, 4.0),)
    np.testing.assert_array_equal(known.of([9, 2, 9]), latents[[0, 2, 0]])
    known.save(tmp_path / "run.safetensors")
    again = KnownLatents.load(tmp_path / "run.safetensors")
    np.testing.assert_array_equal(again.of([9, 2]), latents[[0, 2]])
    assert again.attributes == ("smile",)
    read = again.of_attributes()
    assert read.names == ("smile",)
    assert read.of(9, mirrored=False) == latents[0, 99]
    assert KnownLatents(known.rows, known.latents).of_attributes() is None


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"latents": np.zeros((2, 100), np.float32)}, {}),
        ({"latents": np.zeros((2, 100), np.float32)}, {"files": '["a.jpg"]'}),
        ({"latents": np.zeros((1, 50), np.float32)}, {"files": '["a.jpg"]'}),
        ({"latents": np.zeros((1, 100), np.float64)}, {"files": '["a.jpg"]'}),
        ({"latents": np.full((1, 100), np.nan, np.float32)}, {"files": '["a.jpg"]'}),
        ({"other": np.zeros((1, 100), np.float32)}, {"files": '["a.jpg"]'}),
        ({"latents": np.zeros((1, 100), np.float32)}, {"files": "no JSON"}),
        ({"latents": np.zeros((1, 100), np.float32)}, {"files": '["a.jpg"]', "curves": "[[0.0, 1.0]]"}),
        ({"latents": np.zeros((1, 100), np.float32)}, {"files": '["a.jpg"]', "attributes": '["a"]', "curves": "[1]"}),
        # It could be trained with, but no model could be exported.
        (
            {"latents": np.zeros((1, 100), np.float32)},
            {"files": '["a.jpg"]', "attributes": '["a"]', "curves": "[[0.0, 99.0]]"},
        ),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path, tensors, metadata):
    save_file(tensors, tmp_path / "odd.safetensors", metadata)
    with pytest.raises(FaceGANError, match="odd.safetensors"):
        LatentsOfPictures.load(tmp_path / "odd.safetensors")


def test_a_missing_file_and_latents_of_other_photos_are_refused(tmp_path):
    with pytest.raises(FaceGANError, match="missing.safetensors"):
        LatentsOfPictures.load(tmp_path / "missing.safetensors")
    with pytest.raises(FaceGANError, match="photo.jpg.*drawn.jpg"):
        LatentsOfPictures(("drawn.jpg",), latents_for(1)).for_rows(np.array([0]), ["photo.jpg"])


def test_no_face_with_known_latents_is_mirrored(tiny_images):
    rows = np.arange(40)
    batches = FaceBatches(tiny_images, rows, 0, latents=KnownLatents(rows, latents_for(40)))
    for position in range(0, 200, 8):
        images, _, latents = batches.batch(position, 8)
        for image, latent in zip(images, latents.numpy(), strict=True):
            row = int(np.flatnonzero((latents_for(40) == latent).all(axis=1))[0])
            assert np.array_equal(image.permute(1, 2, 0).numpy(), tiny_images[row])


def test_the_distance_of_pictures_is_the_mean_over_scales():
    one, other = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    wanted = []
    for side in (1, 2, 4, 8):
        blocks = (one - other).unfold(2, side, side).unfold(3, side, side).mean((-1, -2))
        wanted.append(blocks.abs().mean().item())
    assert picture_distance(one, other).item() == pytest.approx(np.mean(wanted), rel=1e-5)
    assert picture_distance(one, one).item() == 0


def test_the_distance_of_maps_does_not_depend_on_their_scale():
    ones = [torch.rand(2, 4, 8, 8), torch.rand(2, 8, 4, 4)]
    others = [torch.rand(2, 4, 8, 8) - 0.5, torch.rand(2, 8, 4, 4)]
    wanted = np.mean([float((a - b).abs().sum() / b.abs().sum()) for a, b in zip(ones, others, strict=True)])
    assert feature_distance(ones, others).item() == pytest.approx(wanted, rel=1e-5)
    louder = feature_distance([10 * ones[0], ones[1]], [10 * others[0], others[1]])
    assert louder.item() == pytest.approx(wanted, rel=1e-5)


# What the pre-trained network adds is in test_pretrained.py.
RECIPE = replace(PRESETS["small"], width=2, batch=8, pretrained_weight=0.0)


def trained(tiny_images, steps, **changes):
    recipe = replace(RECIPE, lr_generator=5e-3, **changes)
    gan = Adversaries(with_known_latents(TrainConfig(recipe, 16, 0, "cpu", "float32")))
    rows = np.arange(len(tiny_images))
    batches = FaceBatches(tiny_images, rows, 0, latents=KnownLatents(rows, latents_for(len(tiny_images))))
    return gan, [gan.step(*batches.batch(gan.images_seen, 8)) for _ in range(steps)]


def test_pictures_are_learned_from_their_latents(tiny_images):
    """After as many steps the pairs are nearer than without a word on them, and nearer than at first."""
    _, with_pairs = trained(tiny_images, 150)
    _, without = trained(tiny_images, 150, match_pictures=0.0, match_features=0.0)
    late, late_without = (torch.stack(figures[-20:])[:, DISTANCE].mean().item() for figures in (with_pairs, without))
    assert late < 0.8 * torch.stack(with_pairs[:10])[:, DISTANCE].mean().item()
    assert late < 0.9 * late_without


def test_the_weight_of_pairs_falls_by_its_half_life(tiny_images):
    gan, _ = trained(tiny_images, 1, match_half_life=100, match_least=0.2)
    shares = []
    for seen in (0, 100, 200, 1000):
        gan.images_seen = seen
        shares.append(gan._known_latents_weight())
    assert shares == pytest.approx([1.0, 0.5, 0.25, 0.2])


@pytest.mark.parametrize("share, known", [(0.0, 8), (0.5, 4), (1.0, 0)])
def test_a_share_of_each_batch_is_drawn_from_new_latents(tiny_images, share, known):
    recipe = replace(RECIPE, new_latents=share)
    gan = Adversaries(with_known_latents(TrainConfig(recipe, 16, 0, "cpu", "float32")))
    rows = np.arange(len(tiny_images))
    latents = KnownLatents(rows, latents_for(len(tiny_images)))
    batch = FaceBatches(tiny_images, rows, 0, latents=latents).batch(0, 8)
    used = []
    gan.generator.register_forward_pre_hook(lambda _, args: used.append(args[0]))
    distance = gan.step(*batch)[DISTANCE]
    same = (used[0] == batch.latents).all(dim=1)
    assert same.tolist() == [place < known for place in range(8)]
    assert (distance > 0) == (known > 0)


def test_a_generated_face_and_its_real_one_are_augmented_alike(tiny_images, monkeypatch):
    """Their feature maps are compared place by place."""
    recipe = replace(RECIPE, new_latents=0.5)
    gan = Adversaries(with_known_latents(TrainConfig(recipe, 16, 0, "cpu", "float32")))
    gan.probability.value = 1.0
    gan.generator.forward = lambda _: batch.images / 127.5 - 1 + 0 * gan.generator.to_rgb.weight.sum()  # perfect
    compared = []

    def keep(*maps):
        compared.append(maps)
        return maps[0][0].sum()

    monkeypatch.setattr("facegan.gan.adversaries.feature_distance", keep)
    rows = np.arange(len(tiny_images))
    latents = KnownLatents(rows, latents_for(len(tiny_images)))
    batch = FaceBatches(tiny_images, rows, 0, latents=latents).batch(0, 8)
    gan.step(*batch)
    ((generated, real),) = compared
    for one, other in zip(generated, real, strict=True):
        torch.testing.assert_close(one, other)


def test_a_run_takes_the_curves_of_its_latents_or_keeps_those_of_its_start():
    train = TrainConfig(PRESETS["small"], 16, 0, "cpu", "float32", curves=((0.0, 2.0),))
    assert with_known_latents(train).curves == ((0.0, 2.0),)
    assert with_known_latents(train, ((0.5, 4.0),)).curves == ((0.5, 4.0),)
    assert Adversaries(train).generator.curves == Adversaries(train).ema.generator.curves == ((0.0, 2.0),)
