"""The sheets of sliders, of a model whose faces are as light as the slider says."""

from types import SimpleNamespace

import numpy as np

from tools.slider_sheets import COLUMNS, ROWS, sheet

SIZE = 16


def model():
    def generate(latents):
        return np.broadcast_to(latents[:, :1, None, None], (len(latents), SIZE, SIZE, 3)).astype(np.uint8)

    return SimpleNamespace(
        config=SimpleNamespace(truncation=0.8),
        latents=lambda seeds, truncation: np.array([[100 + seed] for seed in seeds]),
        edit=lambda latents, values: latents + 50 * values["smile"],
        generate=generate,
    )


def test_every_seed_stands_at_both_ends_and_as_it_is():
    picture = sheet(model(), "smile", range(COLUMNS * ROWS - 3))
    blocks = picture.reshape(ROWS, -1, *picture.shape[1:])
    for number, block in enumerate(blocks):
        for column in range(COLUMNS):
            seed = number * COLUMNS + column
            cells = [block[row * (SIZE + 2) + 3, column * (SIZE + 2) + 3, 0] for row in range(3)]
            there = seed < COLUMNS * ROWS - 3
            assert cells == ([50 + seed, 100 + seed, 150 + seed] if there else [255] * 3)
