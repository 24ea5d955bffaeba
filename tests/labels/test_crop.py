import numpy as np
import pytest

from facegan.faces.align import Frame, warp
from facegan.labels.crop import CROP_CENTRE, CROP_WIDTH, SIDE, face_crops, places, resampling, thumbnails


def test_the_eyes_are_half_an_eye_distance_from_the_middle_at_every_framing():
    for size, framing in ((64, 0.8), (128, 1.2), (64, 1.3)):
        x, y = places(size, framing)
        left, right = Frame(size, framing).template()[:2]
        column = np.arange(size)
        assert np.interp(left[0], column, x[0]) == pytest.approx(-0.5, abs=1e-5)
        assert np.interp(right[0], column, x[0]) == pytest.approx(0.5, abs=1e-5)
        assert np.interp(left[1], column, y[:, 0]) == pytest.approx(0, abs=1e-5)


def test_resampling_keeps_ramps_and_means():
    ramp = np.arange(64) + 0.5  # the value of a pixel is where its middle is
    stretch = resampling(64, 112, 10.0, 50.0) @ ramp
    assert stretch == pytest.approx(10 + (np.arange(112) + 0.5) * 40 / 112, abs=1e-4)
    assert resampling(64, 64, 0, 64) == pytest.approx(np.eye(64), abs=1e-6)
    noise = np.random.RandomState(0).rand(128)
    assert (resampling(128, 12, 0, 128) @ noise).mean() == pytest.approx(noise.mean(), abs=0.01)


def test_beyond_the_border_its_last_pixel_goes_on():
    drawn = resampling(8, 8, -4.0, 4.0) @ np.arange(8.0)
    assert drawn[:4] == pytest.approx(np.zeros(4))
    assert drawn[4:] == pytest.approx(np.arange(4))


def test_a_crop_shows_the_place_that_it_says():
    size, framing = 128, 0.8
    x, y = places(size, framing)
    # A picture whose red says where each pixel is across and whose green says where it is down, in eye distances.
    image = np.stack([100 + 30 * x, 100 + 30 * y, np.zeros_like(x)], axis=-1)
    crop = face_crops(np.rint(image).astype(np.uint8)[None], framing)[0]
    step = CROP_WIDTH / SIDE
    across = CROP_CENTRE[0] - CROP_WIDTH / 2 + (np.arange(SIDE) + 0.5) * step
    down = CROP_CENTRE[1] - CROP_WIDTH / 2 + (np.arange(SIDE) + 0.5) * step
    assert crop[50, :, 0] == pytest.approx(100 + 30 * across, abs=0.6)
    assert crop[:, 50, 1] == pytest.approx(100 + 30 * down, abs=0.6)


def test_one_photo_gives_the_same_crop_at_every_size_and_framing():
    y, x = np.mgrid[:400, :400] / 400
    photo = np.stack([np.sin(7 * x + 3 * y), np.cos(5 * y - x), np.sin(9 * x * y)], axis=-1)
    photo = np.rint(127 + 120 * photo).astype(np.uint8)
    crops = []
    for size, framing in ((64, 0.8), (64, 1.2), (128, 1.0)):
        template = Frame(size, framing).template()
        scale = (template[1, 0] - template[0, 0]) / 60  # the eyes of this "face" are 60 px apart around (200, 180)
        shift = template[:2].mean(axis=0) - scale * np.array([200, 180])
        picture = warp(photo, np.column_stack([np.eye(2) * scale, shift]), size)
        crops.append(face_crops(picture[None], framing)[0])
    assert np.abs(crops[0] - crops[1]).mean() < 1.5
    assert np.abs(crops[2] - crops[1]).mean() < 1.5


def test_thumbnails_are_the_means_of_squares():
    images = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3), np.uint8)
    flat = np.full((1, 64, 64, 3), 80, np.uint8)
    assert thumbnails(flat, 12) == pytest.approx(np.full((1, 432), 80), abs=1e-3)
    means = thumbnails(images, 12).reshape(2, 12, 12, 3)
    assert means.mean(axis=(1, 2)) == pytest.approx(images.mean(axis=(1, 2)), abs=2)
