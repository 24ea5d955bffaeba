import av
import numpy as np
import pytest
import torch
from PIL import Image

from facegan.base.stamp import read_stamp
from facegan.gan import samples
from facegan.gan.samples import FILM, GIF, save_grid, write_film, write_films


class Levels(torch.nn.Module):
    """Draws a flat picture of the first latent number."""

    def forward(self, latents):
        return latents[:, :1, None, None].expand(-1, 3, 16, 16)


def test_grids_and_their_film_say_that_they_are_generated(tmp_path):
    latents = torch.zeros(8, 100)
    latents[:, 0] = torch.linspace(-1, 1, 8)
    for images_seen in (0, 500):
        path = save_grid(Levels(), latents, tmp_path, images_seen)
    assert read_stamp(path.read_bytes()) == {"shows": "training", "images_seen": 500}
    sheet = np.asarray(Image.open(path))
    assert sheet[0, ::16, 0].tolist() == [0, 36, 73, 109, 146, 182, 219, 255]
    write_film(tmp_path, tmp_path / FILM, {"seeds": [0, 1], "truncation": 1.0})
    content = (tmp_path / FILM).read_bytes()
    assert read_stamp(content) == {"shows": "training", "seeds": [0, 1], "truncation": 1.0}
    assert b"trainedAlgorithmicMedia" in content


@pytest.mark.parametrize("side", [8, 256])
def test_a_film_is_as_wide_whatever_the_size_of_the_faces(tmp_path, side):
    Image.fromarray(np.zeros((4 * side, 8 * side, 3), np.uint8)).save(tmp_path / "000000000500.png")
    write_film(tmp_path, tmp_path / FILM, {"seeds": [0]})
    with av.open(str(tmp_path / FILM)) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (1024, 512 + 64)  # with the caption


def cells_of(gif):
    """The mean red of each face, which dithering keeps, and where the caption is bright: one pair a frame."""
    for number in range(gif.n_frames):
        gif.seek(number)
        frame = np.asarray(gif.convert("RGB")).astype(int)
        faces = frame[:256, :, 0].reshape(4, 64, 4, 64)[:, 8:56, :, 8:56].mean(axis=(1, 3))
        yield faces, (frame[256:] > 128).any(axis=2)


def test_the_gif_shows_sixteen_faces_from_the_first_to_the_last_with_the_images_seen(tmp_path):
    """Face i is grey, the lighter the higher its number; every grid is a shade lighter than the one before."""
    for images_seen in range(0, 60_000, 1000):
        latents = torch.zeros(32, 100)
        latents[:, 0] = torch.linspace(-1, 0.5, 32) + images_seen / 150_000
        save_grid(Levels(), latents, tmp_path, images_seen)
    assert write_films(tmp_path, {"seeds": [0], "truncation": 1.0}) == [tmp_path / FILM, tmp_path / GIF]
    content = (tmp_path / GIF).read_bytes()
    assert read_stamp(content) == {"shows": "training", "seeds": [0], "truncation": 1.0}
    assert len(content) <= 3_000_000
    with Image.open(tmp_path / GIF) as gif:
        assert gif.size == (256, 256 + 28)
        assert gif.n_frames == 48  # the last one, held, is one frame
        frames = list(cells_of(gif))
    for images_seen, (faces, _) in ((0, frames[0]), (59_000, frames[-1])):
        expected = (torch.linspace(-1, 0.5, 32)[:16] + images_seen / 150_000 + 1) * 127.5
        np.testing.assert_allclose(faces.ravel(), expected, atol=6)  # in 256 colours
    assert all(caption.any() for _, caption in frames)
    assert not np.array_equal(frames[0][1], frames[-1][1])


def test_a_gif_that_is_too_large_has_fewer_frames(tmp_path, monkeypatch):
    for images_seen in range(0, 30_000, 1000):
        save_grid(Levels(), torch.full((16, 100), images_seen / 30_000), tmp_path, images_seen)
    monkeypatch.setattr(samples, "_GIF_BYTES", 1)
    samples.write_gif(tmp_path, tmp_path / GIF, {})
    with Image.open(tmp_path / GIF) as gif:
        assert gif.n_frames == 12
