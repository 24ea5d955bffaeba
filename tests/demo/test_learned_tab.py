from pathlib import Path

import numpy as np
import pytest

from facegan.base.pictures import write_gif, write_mp4
from facegan.demo.learned_tab import Learned
from facegan.demo.markup import how_it_learned
from facegan.model.film import Film
from facegan.model.folder import ModelConfig
from facegan.model.load import FaceModel


@pytest.fixture
def filmed(model, tmp_path):
    """The model with an MP4 and a GIF, and the folder that they lie in."""
    frames = [np.full((16, 16, 3), level, np.uint8) for level in (0, 90, 180)]
    write_mp4(tmp_path / "progress.mp4", frames)
    write_gif(tmp_path / "progress.gif", frames)
    films = tuple(Film(tmp_path, path) for path in ("progress.mp4", "progress.gif"))
    return FaceModel(model.config, model._session, films=films), tmp_path


def test_opening_the_tab_brings_the_films_as_they_are(filmed):
    model, folder = filmed
    shown, trouble, mp4, gif = Learned(model).open()
    assert trouble == ""
    assert shown == mp4.value["path"]
    for button, path in ((mp4, "progress.mp4"), (gif, "progress.gif")):
        assert Path(button.value["path"]).read_bytes() == (folder / path).read_bytes()
        assert button.visible


def test_a_film_that_cannot_be_had_is_told_and_breaks_nothing(filmed):
    model, folder = filmed
    (folder / "progress.mp4").write_bytes(b"<html>not found</html>")
    shown, trouble, mp4, gif = Learned(model).open()
    assert shown is None
    assert "not an MP4 film" in trouble
    assert (mp4.visible, gif.visible) == (False, True)


def test_the_words_tell_the_figures_of_the_run():
    config = ModelConfig("f", 16, (8, 4), training={"images_seen": 90_000, "minutes": 12}, data={"faces_used": 300})
    html = how_it_learned(config)
    for text in ("90,000 images", "300 faces, each about 300 times", "12 minutes", "At first there is noise"):
        assert text in html
    started = ModelConfig("f", 16, (8, 4), training={"started_from": "user/<b>@1"})
    html = how_it_learned(started)
    assert "user/&lt;b&gt;@1, whose faces then turn" in html
    assert "Images seen." not in html
