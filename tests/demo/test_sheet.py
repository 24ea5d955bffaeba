from dataclasses import replace

import pytest

from facegan.demo.sheet import footer


@pytest.mark.parametrize("name", ["FaceGAN 128 px", "facegan-mine", "Mine"])
def test_the_footer_says_facegan_once(edited_model, name):
    assert footer(replace(edited_model.config, name=name)).casefold().count("facegan") == 1
