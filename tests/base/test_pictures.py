import io

import av
import numpy as np
import pytest
from PIL import Image

from facegan.base import pictures


def test_a_grid_is_filled_row_by_row_and_padded_white():
    images = np.stack([np.full((4, 6, 3), value, np.uint8) for value in (10, 20, 30)])
    sheet = pictures.grid(images, columns=2, gap=1)
    assert sheet.shape == (9, 13, 3)
    assert (sheet[0, 0], sheet[0, 7], sheet[5, 0]) == (
        pytest.approx([10] * 3),
        pytest.approx([20] * 3),
        pytest.approx([30] * 3),
    )
    assert (sheet[5:, 7:] == 255).all()
    assert (sheet[4] == 255).all()


def test_enlarging_keeps_flat_colours_and_edges():
    image = np.zeros((8, 8, 3), np.uint8)
    image[:, 4:] = 200
    large = pictures.enlarge(image, 64)
    assert large.shape == (64, 64, 3)
    assert large[32, 4, 0] <= 2
    assert abs(int(large[32, 60, 0]) - 200) <= 2


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (64, 64, 3)])
def test_a_png_holds_every_pixel_unchanged(shape):
    image = np.random.RandomState(0).randint(0, 256, shape).astype(np.uint8)
    with Image.open(io.BytesIO(pictures.encode_png(image))) as read:
        assert (read.format, read.mode) == ("PNG", "RGB")
        assert np.array_equal(np.asarray(read), image)


def frames(n=5):
    return [np.full((16, 16, 3), 40 * i, np.uint8) for i in range(n)]


def test_an_mp4_plays_the_frames_in_order(tmp_path):
    pictures.write_mp4(tmp_path / "film.mp4", frames(), 10)
    with av.open(str(tmp_path / "film.mp4")) as film:
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(video=0)]
        assert film.streams.video[0].average_rate == 10
    assert levels == pytest.approx([0, 40, 80, 120, 160], abs=6)


def test_a_film_can_be_enlarged_on_the_way(tmp_path):
    ramp = np.linspace(20, 230, 16).astype(np.uint8)
    image = np.stack([np.tile(ramp, (16, 1)), np.tile(ramp[:, None], (1, 16)), np.full((16, 16), 90, np.uint8)], axis=2)
    pictures.write_mp4(tmp_path / "film.mp4", [image] * 3, size=64)
    with av.open(str(tmp_path / "film.mp4")) as film:
        found = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(found) == 3
    assert np.abs(found[0] - pictures.enlarge(image, 64)).mean() < 4


def test_a_gif_plays_the_frames_in_order_for_ever(tmp_path):
    pictures.write_gif(tmp_path / "film.gif", frames(), 10)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 5
        assert (film.info["duration"], film.info["loop"]) == (100, 0)
        levels = []
        for i in range(5):
            film.seek(i)
            levels.append(np.asarray(film.convert("RGB")).mean())
    assert levels == pytest.approx([0, 40, 80, 120, 160], abs=2)


@pytest.mark.parametrize("write", [pictures.write_mp4, pictures.write_gif])
def test_a_film_without_frames_is_refused(tmp_path, write):
    with pytest.raises(ValueError, match="at least one frame"):
        write(tmp_path / "film", [])


@pytest.mark.parametrize(("width", "strip"), [(64, 28), (448, 28), (1024, 64)])
def test_a_caption_stands_below_the_picture_and_grows_with_it(width, strip):
    image = np.full((50, width, 3), 200, np.uint8)
    sheet = pictures.captioned(image, "12")
    assert sheet.shape == (50 + strip, width, 3)
    np.testing.assert_array_equal(sheet[:50], image)
    bright = np.argwhere((sheet[50:] > 128).all(axis=2))
    assert len(bright) > 0
    # The letters are in the middle, and as high as half the strip.
    np.testing.assert_allclose(bright.mean(axis=0), [strip / 2, width / 2], atol=0.1 * strip)
    assert 0.3 < np.ptp(bright[:, 0]) / strip < 0.6
