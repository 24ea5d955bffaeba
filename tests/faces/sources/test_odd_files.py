"""What other programs read is read, and is as bright."""

import numpy as np
import pytest
from PIL import Image

from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.unreadable import UnreadablePhotoError
from tests.faces.sources.odd_files import QUARTERS, odd_colour_files, odd_grey_files, quarters, saved, tiff

COLOUR, GREY = odd_colour_files(), odd_grey_files()


def middles(rgb: np.ndarray) -> np.ndarray:
    height, width = rgb.shape[:2]
    return rgb[[height // 4, height // 4, 3 * height // 4, 3 * height // 4], [width // 4, 3 * width // 4] * 2]


@pytest.mark.parametrize("name", COLOUR)
def test_an_odd_file_shows_its_colours(name):
    np.testing.assert_allclose(middles(decode_photo(COLOUR[name]).rgb), QUARTERS, atol=16)


@pytest.mark.parametrize("name", GREY)
def test_an_odd_grey_file_is_as_bright_as_it_was_meant(name):
    wanted = np.asarray(Image.fromarray(np.array([QUARTERS], np.uint8)).convert("L"))[0]
    np.testing.assert_allclose(middles(decode_photo(GREY[name]).rgb), wanted[:, None].repeat(3, 1), atol=4)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_file_that_lost_a_third_of_its_rows_is_damaged(kind):
    noise = Image.fromarray(np.random.RandomState(0).randint(0, 256, (120, 160, 3)).astype(np.uint8))
    data = saved(noise, kind)
    assert decode_photo(data[: len(data) * 97 // 100]).rgb.shape == (120, 160, 3)
    with pytest.raises(UnreadablePhotoError, match="damaged"):
        decode_photo(data[: len(data) * 2 // 3])


def test_of_the_pages_of_a_tiff_the_largest_is_taken():
    small, large = Image.fromarray(quarters()[::2, ::2]), Image.fromarray(quarters(4))
    data = saved(small, "TIFF", save_all=True, append_images=[large])
    assert decode_photo(data).rgb.shape == (128, 192, 3)


def test_a_profile_of_a_grey_picture_is_applied():
    from tests.faces.sources.profiles import grey_profile

    flat = Image.new("L", (48, 32), 100)
    dark = decode_photo(saved(flat, "PNG", icc_profile=grey_profile(gamma=1.0))).rgb
    assert dark[0, 0, 0] == pytest.approx(168, abs=3)  # 100 of 255 of light, as sRGB writes it


def test_a_dark_photo_of_16_bits_stays_dark():
    """Only a picture with no bright sample at all is taken for one of fewer bits."""
    dark = np.full((32, 48, 3), 2000, np.uint16)
    dark[0, 0] = 40_000
    assert decode_photo(tiff(dark)).rgb[16, 16, 0] == 8
