"""Grids of samples from the same latents over time, and the films made of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facegan.base import pictures
from facegan.base.files import atomic_write
from facegan.gan.networks import Generator

SEEDS = range(32)  # of the faces that are drawn over time, the same as in samples.png and in the demo
_COLUMNS = 8
FILM, GIF = "progress.mp4", "progress.gif"
_FILM_SECONDS, _FRAMES_PER_SECOND = 20, 24
_FILM_WIDTH = 1024  # px, to which grids are scaled: wider films exceed the size limit of a model folder
_SQUARE_COLUMNS, _GIF_SIDE = 4, 256  # 4 x 4 faces; px
_GIF_FRAMES = (48, 24, 12)  # maximum numbers, tried in turn until the file is small enough
_GIF_BYTES = 3_000_000  # larger GIFs load slowly on the Hub
_GIF_FRAMES_PER_SECOND = 6


@torch.no_grad()
def draw(generator: Generator, latents: torch.Tensor) -> np.ndarray:
    """Images uint8 (n, H, W, 3) of latents (n, 100)."""
    images = generator(latents).float().clamp(-1, 1).add(1).mul(127.5).round().byte()
    return images.permute(0, 2, 3, 1).cpu().numpy()


def save_grid(generator: Generator, latents: torch.Tensor, folder: Path, images_seen: int) -> Path:
    """Write the faces of the latents as folder/000000012345.png, atomically, and return its path. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = pictures.grid(draw(generator, latents), _COLUMNS)
    path = folder / f"{images_seen:012d}.png"
    recipe = {"shows": "training", "images_seen": images_seen}
    atomic_write(path, pictures.encode_png(sheet, recipe, compact=True))
    return path


def forget_after(folder: Path, images_seen: int) -> None:
    """Remove the grids with more images seen: the run drew them after its last checkpoint and will draw them again."""
    for path in folder.glob("*.png"):
        if int(path.stem) > images_seen:
            path.unlink()


def next_sample(images_seen: int) -> int:
    """Images seen at the next grid: after 4 % more images, at least 500 and at most 25,000."""
    return images_seen + int(np.clip(images_seen * 0.04, 500, 25_000))


def write_films(folder: Path, recipe: Mapping) -> list[Path]:
    """Write the MP4 and the GIF of all grids of a folder into it; `recipe` as in `write_film`."""
    film, gif = folder / FILM, folder / GIF
    write_film(folder, film, recipe)
    write_gif(folder, gif, recipe)
    return [film, gif]


def write_film(folder: Path, to: Path, recipe: Mapping) -> None:
    """All grids of the folder in order as an MP4 of at most about 20 seconds, the last one held for two.

    `recipe`: the latents of the grids, for the stamp of the film.
    """
    grids = sorted(folder.glob("*.png"))
    step = max(1, -(-len(grids) // (_FILM_SECONDS * _FRAMES_PER_SECOND // 2)))
    chosen = [*grids[::step], *grids[-1:] * _FRAMES_PER_SECOND]

    def frames() -> Iterator[np.ndarray]:
        for path in chosen:
            with Image.open(path) as picture:
                # Lanczos, not nearest neighbour: it looks better and takes half the bytes.
                size = (_FILM_WIDTH, _FILM_WIDTH * picture.height // picture.width)
                sheet = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
                yield pictures.captioned(sheet, seen(path))

    # All 32 faces change in every frame: at a rate factor of 18 the film would be larger than the model.
    pictures.write_mp4(to, frames(), _FRAMES_PER_SECOND // 2, rate_factor=25, recipe={"shows": "training", **recipe})


def write_gif(folder: Path, to: Path, recipe: Mapping) -> None:
    """The first sixteen faces of the grids from the first to the last, four by four, as a GIF of at most 3 MB."""
    grids = sorted(folder.glob("*.png"))
    for most in _GIF_FRAMES:
        chosen = [grids[i] for i in np.linspace(0, len(grids) - 1, min(most, len(grids))).round().astype(int)]
        held = [*chosen, *grids[-1:] * (2 * _GIF_FRAMES_PER_SECOND)]
        frames = (pictures.captioned(sixteen(path, _GIF_SIDE), seen(path)) for path in held)
        pictures.write_gif(to, frames, _GIF_FRAMES_PER_SECOND, recipe={"shows": "training", **recipe})
        if to.stat().st_size <= _GIF_BYTES:
            return


def sixteen(grid: Path, width: int) -> np.ndarray:
    """The first sixteen faces of a saved grid four by four, uint8 (H, width, 3); H is less than `width` if fewer."""
    with Image.open(grid) as picture:
        sheet = np.asarray(picture.convert("RGB"))
    side = sheet.shape[1] // _COLUMNS
    cells = sheet.reshape(-1, side, _COLUMNS, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    square = pictures.grid(cells[: _SQUARE_COLUMNS**2], _SQUARE_COLUMNS)
    height = width * square.shape[0] // square.shape[1]
    return np.asarray(Image.fromarray(square).resize((width, height), Image.Resampling.LANCZOS))


def seen(grid: Path) -> str:
    """The caption of a saved grid: its images seen."""
    return f"{int(grid.stem):,} images seen"
