import numpy as np
import pytest

from facegan import FaceModel
from facegan.labels.label import label_faces
from facegan.model.folder import ModelConfig
from facegan.model.look_alike import frame_of, labelled_alike, readings_of


@pytest.fixture(scope="module")
def model():
    return FaceModel.load()


def test_the_attributes_of_a_face_are_taken(model):
    sliders, framing = model.slider_set, model.config.data["framing"]
    latents = model.latents(range(1, 7), 0.8)
    faces = model.generate(latents)
    wanted = label_faces(faces, framing, mirror=True)
    begin = model.latents(range(11, 17), 0.8)
    moved = np.stack(
        [labelled_alike(readings_of(sliders, face, framing), one) for face, one in zip(faces, begin, strict=True)]
    )
    before, after = (label_faces(model.generate(one), framing, mirror=True) for one in (begin, moved))
    for name in ("gender", "smile", "skin_lightness"):
        apart = [np.abs(found[name] - wanted[name]).mean() for found in (before, after)]
        assert apart[1] < 0.6 * apart[0], name


def test_of_sliders_of_earlier_versions_nothing_is_read(model):
    from dataclasses import replace

    face = model.generate(model.latents([3]))[0]
    assert readings_of(replace(model.slider_set, facts={}), face, 0.8) is None
    assert readings_of(None, face, 0.8) is None


@pytest.mark.parametrize(("framing", "found"), [(0.8, 0.8), (1.1, 1.1), (None, 0.8), ("close", 0.8), (99, 0.8)])
def test_faces_are_framed_as_the_model_says_where_that_makes_sense(framing, found):
    frame = frame_of(ModelConfig("m", 64, (8, 8, 8, 8), data={"framing": framing}))
    assert (frame.size, frame.framing) == (64, found)
