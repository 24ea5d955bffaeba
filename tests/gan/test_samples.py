import numpy as np
import torch
from PIL import Image

from facegan.gan.samples import FILM, save_grid, write_film
from facegan.stamp import read_stamp


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
