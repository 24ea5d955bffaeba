import pytest
import torch

from facegan.gan.augment import AdaptiveProbability, Augmentation, colour, scale_and_shift


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def faces(n=64, size=16):
    return torch.rand(n, 3, size, size, generator=rng(1)) * 2 - 1


def augment(images, probability, rng, *how, **more):
    return Augmentation.draw(len(images), images.shape[-1], probability, rng, *how, **more).apply(images)


def test_probability_zero_changes_nothing():
    images = faces()
    drawn = rng()
    assert augment(images, 0, drawn) is images
    assert torch.equal(drawn.get_state(), rng().get_state())  # no random number was drawn


def test_probability_is_the_share_of_changed_images():
    images = torch.full((4000, 3, 8, 8), 0.5)  # flat: only brightness shows
    changed = (augment(images, 0.3, rng()) - images).abs().amax((1, 2, 3)) > 1e-6
    assert changed.float().mean().item() == pytest.approx(0.3, abs=0.03)


def test_brightness_moves_by_up_to_a_half():
    images = torch.zeros(4000, 3, 8, 8)
    shift = augment(images, 1, rng()).mean((1, 2, 3))
    assert shift.min().item() == pytest.approx(-0.5, abs=0.01)
    assert shift.max().item() == pytest.approx(0.5, abs=0.01)
    assert shift.mean().item() == pytest.approx(0, abs=0.02)


def test_colour_and_contrast_keep_the_mean_and_scale_the_rest(monkeypatch):
    monkeypatch.setattr("facegan.gan.augment.scale_and_shift", lambda images, *_: images)  # or others come into view
    images = faces(2000)
    grey = images.mean(1, keepdim=True)
    found = augment(images, 1, rng())
    found_grey = found.mean(1, keepdim=True)
    # Per image, grey deviation scales by the contrast only, colour deviation by saturation times contrast.
    contrast = found_grey.std((1, 2, 3)) / grey.std((1, 2, 3))
    both = (found - found_grey).std((1, 2, 3)) / (images - grey).std((1, 2, 3))
    assert (contrast.min().item(), contrast.max().item()) == pytest.approx((0.5, 1.5), abs=0.01)
    saturation = both / contrast
    assert (saturation.min().item(), saturation.max().item()) == pytest.approx((0, 2), abs=0.01)


def test_colour_is_its_three_changes_one_after_the_other():
    images = faces(5)
    brightness, saturation, contrast = (2 * torch.rand(3, 5, 1, 1, 1, generator=rng(2)) - 1).unbind()
    expected = images + 0.5 * brightness
    grey = expected.mean(1, keepdim=True)
    expected = grey + (expected - grey) * (1 + saturation)
    level = expected.mean((1, 2, 3), keepdim=True)
    expected = level + (expected - level) * (1 + 0.5 * contrast)
    torch.testing.assert_close(colour(images, brightness, saturation, contrast), expected, atol=1e-5, rtol=1e-5)


def test_translation_moves_whole_pixels_and_reflects_the_border():
    images = torch.arange(16.0).expand(5, 3, 16, 16).contiguous()  # value = column
    offsets = torch.tensor([[0.0, d] for d in (-2, -1, 0, 1, 2)])
    moved = scale_and_shift(images, torch.ones(5, 2), offsets)
    columns = torch.arange(16)
    for image, (_, offset) in zip(moved[:, 0, 0], offsets, strict=True):
        source = columns - offset
        source = torch.where(source < 0, -source, source)
        source = torch.where(source > 15, 30 - source, source)
        assert torch.equal(image, source)
    rows = images.transpose(2, 3).contiguous()
    assert torch.equal(scale_and_shift(rows, torch.ones(5, 2), offsets.flip(1)), moved.transpose(2, 3))


def test_size_and_place_are_those_of_an_affine_map():
    """Against torch's own sampler, which reflects at the centres of the outermost pixels like ours."""
    images = faces(6)
    offsets = torch.tensor([[0, 0], [1, -2], [2, 2], [0, 1], [-2, 0], [-1, -1]]).float()
    zoom = torch.tensor([[1.2, 1.2], [0.8, 0.8], [1.0, 1.3], [0.75, 1.0], [0.8, 1.27], [1.0, 1.0]])
    scale = 1 / zoom.flip(1)  # torch's maps begin with x
    shift = -2 * offsets.flip(1) / 15 * scale
    maps = torch.cat([torch.diag_embed(scale), shift[..., None]], dim=2)
    grid = torch.nn.functional.affine_grid(maps, list(images.shape), align_corners=True)
    expected = torch.nn.functional.grid_sample(images, grid, padding_mode="reflection", align_corners=True)
    torch.testing.assert_close(scale_and_shift(images, zoom, offsets), expected, atol=1e-5, rtol=1e-5)


def test_places_and_sizes_reach_as_far_as_they_say(monkeypatch):
    asked = []
    monkeypatch.setattr("facegan.gan.augment.scale_and_shift", lambda images, *how: asked.append(how) or images)
    augment(torch.zeros(4000, 3, 16, 16), 1.0, rng())
    ((zoom, offsets),) = asked
    assert sorted(set(offsets.flatten().tolist())) == [-2, -1, 0, 1, 2]  # an eighth either way
    area, shape = zoom.prod(1).sqrt(), zoom[:, 0] / zoom[:, 1]
    assert (area.min().item(), area.max().item()) == pytest.approx((0.785, 1.275), abs=0.005)  # 2^(+- 0.35)
    assert (shape.min().item(), shape.max().item()) == pytest.approx((0.901, 1.110), abs=0.005)  # 2^(+- 0.15)
    augment(torch.zeros(4000, 3, 16, 16), 0.3, rng())
    zoom, offsets = asked[1]
    changed = 4000 * (1 - 0.7**5)  # images with any of the five changes; the others do not come here
    assert len(zoom) == pytest.approx(changed, rel=0.03)
    assert (zoom != 1).any(1).float().mean().item() == pytest.approx(0.3 / (1 - 0.7**5), abs=0.03)


def test_without_scale_nothing_is_enlarged(monkeypatch):
    asked = []
    monkeypatch.setattr("facegan.gan.augment.scale_and_shift", lambda images, *how: asked.append(how) or images)
    augment(torch.zeros(50, 3, 16, 16), 1.0, rng(), scale=False)
    assert (asked[0][0] == 1).all()
    assert (asked[0][1] != 0).any()


def test_processes_share_one_batch():
    images = faces(8)
    whole = augment(images, 0.7, rng())
    for rank in (0, 1):
        share = slice(4 * rank, 4 * rank + 4)
        torch.testing.assert_close(augment(images[share], 0.7, rng(), share, 2), whole[share])


def test_gradients_pass_through_to_the_images():
    images = faces(3, 8).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: augment(x, 1.0, rng()), images)


def test_the_controller_climbs_to_its_cap_when_the_discriminator_is_sure_and_falls_to_zero_when_it_is_not():
    controller = AdaptiveProbability(target=0.6, images_to_cap=1000)
    for _ in range(10):
        controller.update(1.0, batch=50)
    assert controller.value == pytest.approx(0.3)  # half the images, half the cap
    for _ in range(30):
        controller.update(1.0, batch=50)
    assert controller.value == pytest.approx(0.6)
    for _ in range(40):
        controller.update(0.0, batch=50)
    assert controller.value == 0
