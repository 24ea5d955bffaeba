from types import SimpleNamespace

import numpy as np
import pytest

from facegan.demo.markup import THUMBNAIL_SIZE
from facegan.demo.thumbnails import draw_thumbnails


class Drawn(SimpleNamespace):
    def generate(self, latents):
        return np.zeros((len(latents), self.size, self.size, 3), np.uint8)


@pytest.mark.parametrize(("size", "drawn"), [(64, 128), (128, 128), (256, 256)])
def test_no_thumbnail_is_enlarged_where_the_upscaler_draws_it_larger(size, drawn):
    model = Drawn(size=2 * size, base=Drawn(size=size))
    assert drawn >= THUMBNAIL_SIZE
    assert draw_thumbnails(model, np.zeros((3, 100))).shape == (3, drawn, drawn, 3)
