import numpy as np
import pytest

from facegan.base.errors import FaceGANError
from facegan.base.pictures import write_gif, write_mp4
from facegan.demo.learned_tab import read
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


def test_the_films_are_served_as_they_are(filmed):
    model, folder = filmed
    for path in ("progress.mp4", "progress.gif"):
        assert read(model, path) == (folder / path).read_bytes()


def test_only_films_of_the_model_are_served(filmed):
    model, _ = filmed
    assert read(model, "config.json") is None
    assert read(model, "../progress.mp4") is None


def test_a_film_that_cannot_be_had_is_one_sentence(filmed):
    model, folder = filmed
    (folder / "progress.mp4").write_bytes(b"<html>not found</html>")
    with pytest.raises(FaceGANError, match="not an MP4 film"):
        read(model, "progress.mp4")
    assert read(model, "progress.gif")


def test_the_words_tell_the_figures_of_the_run():
    config = ModelConfig("f", 16, (8, 4), training={"images_seen": 90_000, "minutes": 12}, data={"faces_used": 300})
    html = how_it_learned(config)
    for text in ("90,000 images", "300 faces, each about 300 times", "12 minutes", "At first there is noise"):
        assert text in html
    started = ModelConfig("f", 16, (8, 4), training={"started_from": "user/<b>@1"})
    html = how_it_learned(started)
    assert "user/&lt;b&gt;@1, whose faces then turn" in html
    assert "Images seen." not in html
