import numpy as np
import pytest
from scipy import ndimage, optimize

from facegan.faces import align
from facegan.faces.align import (
    ARCFACE_KEYPOINTS,
    KEYPOINT_WEIGHTS,
    Frame,
    apply_transform,
    face_transform,
    invert_transform,
    share_inside,
    similarity_transform,
    warp,
)

rng = np.random.RandomState(0)


def similarity(degrees: float, scale: float, shift: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, shift])


def test_a_known_similarity_is_recovered_exactly():
    wanted = similarity(33, 1.7, (12, -5))
    points = rng.randn(5, 2)
    assert similarity_transform(points, apply_transform(wanted, points), KEYPOINT_WEIGHTS) == pytest.approx(wanted)


def test_the_closed_form_is_the_least_squares_minimum():
    source, target, weights = rng.randn(5, 2), rng.randn(5, 2), rng.rand(5) + 0.1

    def loss(parameters):
        a, b, x, y = parameters
        residual = apply_transform(np.array([[a, -b, x], [b, a, y]]), source) - target
        return float(weights @ (residual**2).sum(axis=1))

    found = similarity_transform(source, target, weights)
    by_search = optimize.minimize(loss, np.zeros(4), method="BFGS").x
    assert found[:, 0] == pytest.approx(by_search[:2], abs=1e-4)
    assert found[:, 2] == pytest.approx(by_search[2:], abs=1e-4)


def test_it_agrees_with_insightface_on_the_arcface_template():
    face_align = pytest.importorskip("insightface.utils.face_align")
    keypoints = ARCFACE_KEYPOINTS * 1.9 + rng.randn(5, 2) * 3
    theirs = face_align.estimate_norm(keypoints.astype(np.float32), 112)
    ours = similarity_transform(keypoints, face_align.arcface_dst.astype(float), np.ones(5))
    assert ours == pytest.approx(theirs, abs=2e-4)


def test_points_in_one_place_are_an_error():
    with pytest.raises(ValueError, match="one place"):
        face_transform(np.ones((5, 2)), Frame(64))


@pytest.mark.parametrize("frame", [Frame(64), Frame(128, 1.0), Frame(96, 0.65)])
def test_a_flipped_template_is_the_template_of_the_flipped_face(frame):
    points = frame.template()
    flipped = points[[1, 0, 2, 4, 3]] * (-1, 1) + (frame.size - 1, 0)
    assert flipped == pytest.approx(points)


def test_the_reference_framing_is_arcfaces_crop_shrunk_about_its_centre():
    centre = 55.5
    assert Frame(112, 0.8).template() - centre == pytest.approx((ARCFACE_KEYPOINTS - centre) * 0.8)


def test_framing_scales_the_face_and_keeps_the_point_below_the_mouth():
    far, near = Frame(100, 0.8).template(), Frame(100, 1.2).template()
    assert near[1, 0] - near[0, 0] == pytest.approx(1.5 * (far[1, 0] - far[0, 0]))

    def anchor(points):
        return points[:2].mean(axis=0) + (0, 1.35 * (points[1, 0] - points[0, 0]))

    assert anchor(near) == pytest.approx(anchor(far))
    assert near[0, 1] < far[0, 1] - 15  # hair is what a closer crop gives up


def test_the_default_frame_shows_the_chin_and_the_hair():
    # 1.9 eye distances from the eyes down to the chin and 1.3 up to the hairline, as in adults (Farkas 1994)
    points = Frame(64).template()
    unit = points[1, 0] - points[0, 0]
    assert points[0, 1] + 1.9 * unit < 63
    assert points[0, 1] - 1.3 * unit > 0


def test_inverse():
    transform = similarity(20, 0.4, (3, 8))
    points = rng.randn(7, 2)
    assert apply_transform(invert_transform(transform), apply_transform(transform, points)) == pytest.approx(points)


def smooth_picture(size: int) -> np.ndarray:
    picture = ndimage.gaussian_filter(np.random.RandomState(1).rand(size, size, 3), (6, 6, 0))
    return (255 * (picture - picture.min()) / np.ptp(picture)).astype(np.uint8)


@pytest.mark.parametrize("degrees, scale", [(0, 1.0), (25, 1.0), (-40, 0.45), (10, 0.11), (15, 1.6)])
def test_warp_against_scipy(degrees, scale):
    """Samples on a grid eight times finer than the output by scipy's splines, averaged, are the same picture."""
    photo, size, fine = smooth_picture(400), 32, 8
    middle = np.array([199.5, 199.5])
    transform = similarity(degrees, scale, (0, 0))
    transform[:, 2] = (size - 1) / 2 - transform[:, :2] @ middle
    grid = (np.arange(size * fine) + 0.5) / fine - 0.5
    x, y = np.meshgrid(grid, grid)
    back = apply_transform(invert_transform(transform), np.stack([x, y], axis=-1))
    places = [back[..., 1], back[..., 0]]
    sampled = [ndimage.map_coordinates(photo[..., c].astype(float), places, order=3, mode="mirror") for c in range(3)]
    wanted = np.stack(sampled, axis=-1).reshape(size, fine, size, fine, 3).mean(axis=(1, 3))
    error = np.abs(warp(photo, transform, size) - wanted)
    assert error.mean() < 1.0
    assert error.max() < 6.0


def test_identity_is_the_photo_itself():
    photo = smooth_picture(64)
    assert np.array_equal(warp(photo, similarity(0, 1, (0, 0)), 64), photo)


def test_halving_is_the_mean_of_four_pixels():
    photo = np.random.RandomState(2).randint(0, 256, (64, 64, 3)).astype(np.uint8)
    wanted = photo.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    transform = similarity(0, 0.5, (-0.25, -0.25))  # pixel centres: output 0 lies between photo 0 and 1
    assert np.abs(warp(photo, transform, 32) - wanted).max() <= 1


@pytest.mark.parametrize("shrink", [3, 5.3, 9.7, 20])
def test_frequencies_that_the_output_cannot_show_vanish(shrink):
    size = 32
    side = int(size * shrink * 1.5)
    # stripes 1.3 times too fine for the output: sampling alone would turn them into coarse ones at full contrast
    stripes = 127.5 + 127.5 * np.sin(2 * np.pi * np.arange(side) / (shrink * 2 / 1.3 / 2))
    photo = np.repeat(stripes[None, :, None], side, axis=0).repeat(3, axis=2).astype(np.uint8)
    middle = (side - 1) / 2
    scale = 1 / shrink
    out = warp(photo, similarity(0, scale, ((size - 1) / 2 - scale * middle,) * 2), size).astype(float)
    assert out.std() < 0.3 * photo.std()


def test_beyond_the_border_is_the_mirror_image():
    photo = smooth_picture(40)
    out = warp(photo, similarity(0, 1, (8, 0)), 40)
    assert np.array_equal(out[:, 8:], photo[:, :32])
    assert np.array_equal(out[:, :8], photo[:, 8:0:-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 2000), (2000, 1), (2, 2)])
def test_photos_of_a_single_row_or_column(shape):
    photo = np.full((*shape, 3), 77, np.uint8)
    assert (warp(photo, similarity(10, 30, (5, 5)), 16) == 77).all()


def test_all_pictures_of_a_photo_share_its_halves(monkeypatch):
    photo, made = smooth_picture(900), []
    real = align._halved
    monkeypatch.setattr(align, "_halved", lambda rgb: made.append(rgb.shape) or real(rgb))
    halves = align.Halves(photo)
    moves = [similarity(degrees, 0.05, (3, 4)) for degrees in (0, 12, 80)]
    pictures = [warp(halves, move, 32) for move in moves]
    assert made == [(900, 900, 3), (450, 450, 3), (225, 225, 3)]
    for picture, move in zip(pictures, moves, strict=True):
        np.testing.assert_array_equal(picture, warp(photo, move, 32))


def test_a_corner_of_a_large_photo_is_the_same_as_of_a_small_one():
    photo = smooth_picture(900)
    transform = similarity(12, 0.3, (-150, -90))
    part = photo[100:, 200:]
    moved = transform.copy()
    moved[:, 2] += transform[:, :2] @ (200, 100)
    assert np.abs(warp(photo, transform, 32).astype(int) - warp(part, moved, 32)).max() <= 2


def test_share_inside():
    frame = Frame(100, 1.0)
    keypoints = frame.template()  # the photo is the frame itself
    assert share_inside(keypoints, frame, (0, 0, 99, 99), 100, 100) == 1.0
    assert share_inside(keypoints, frame, (0, 0, 99, 99), 50, 100) == pytest.approx(0.5)
    assert share_inside(keypoints - (0, 25), frame, (0, 0, 99, 99), 100, 100) == pytest.approx(0.75, abs=0.03)
