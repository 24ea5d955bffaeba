from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.base.latent_paths import point_on_path
from facegan.base.pictures import encode_png
from facegan.base.stamp import as_text
from facegan.model.face import Edited, Kept, Mixed, Neighbour, Seed, latent_of
from facegan.model.provenance import Recipe, Swing, check_recipe, parse_recipe, read_recipe, recipe_of

SOUND = {"model": "user/faces", "weights": "0123456789abcdef", "seeds": [7], "truncation": 0.8}


@pytest.fixture(scope="module")
def model(model_folder):
    return FaceModel.load(model_folder)


def test_a_recipe_comes_back_as_it_went_in(model):
    image = model.generate(model.latents([7], 0.8))[0]
    recipe = recipe_of(model, [7], 0.8, sliders={"smile": 1, "age": 0})
    assert recipe == Recipe("test faces", model.weights, (7,), 0.8, sliders={"smile": 1.0})
    assert read_recipe(encode_png(image, recipe.to_dict())) == recipe
    assert read_recipe(encode_png(image)) is None
    morph = recipe_of(model, range(3), 0.8, frames_per_leg=24, loop=False, position=0.25)
    assert parse_recipe(as_text(morph.to_dict())) == morph
    assert morph.is_morph
    assert not recipe.is_film
    animation = replace(recipe, swing=Swing("smile", -0.5, 24))
    assert parse_recipe(as_text(animation.to_dict())) == animation
    assert animation.is_film
    assert not animation.is_morph


@pytest.mark.parametrize(
    "faces",
    [
        [Seed.of("Anna")],
        [Mixed(Seed(1), Seed.of("Anna"), 0.25)],
        [Edited(Neighbour(Seed(1), 5, 0.3, ("age",)), {"smile": 0.5}, ("age",))],
        [Seed(1), Seed(2, truncation=0.5), Kept.of(np.linspace(-2, 2, 100, dtype=np.float32))],
    ],
)
def test_any_face_comes_back_as_it_went_in(model, faces):
    recipe = recipe_of(model, faces, 0.8)
    assert parse_recipe(as_text(recipe.to_dict())) == recipe
    assert list(recipe.shown) == faces


def test_an_edited_seed_is_told_as_earlier_versions_read_it(model):
    edited = Edited(Seed(7), {"smile": 0.5}, ("age",))
    recipe = recipe_of(model, [edited], 0.8)
    assert recipe == recipe_of(model, [7], 0.8, {"smile": 0.5}, lock=["age"])
    assert (recipe.seeds, recipe.shown) == ((7,), (edited,))


def test_the_face_of_a_picture_is_the_same_wherever_it_goes(model):
    def drawn(face, truncation):
        return latent_of(model, face, truncation)

    assert np.array_equal(drawn(recipe_of(model, [7], 0.5).face, 1), model.latents([7], 0.5)[0])
    walk = recipe_of(model, [3, 9, 4], 0.5, frames_per_leg=24, loop=True, position=0.75)
    points = model.latents([3, 9, 4, 3], 0.5)
    assert np.allclose(drawn(walk.face, 1), point_on_path(points, 0.75), atol=1e-6)
    with pytest.raises(FaceGANError, match="several faces"):
        recipe_of(model, [1, 2], 0.5).face  # noqa: B018


def test_a_model_of_the_hub_is_named_with_its_commit(model):
    fetched = FaceModel(model.config, model._session, "user/faces@0a1b2c", weights=model.weights)
    recipe = recipe_of(fetched, [7], 0.8)
    assert (recipe.model, recipe.revision) == ("user/faces", "0a1b2c")


def test_weights_tell_models_apart(model, model_folder):
    assert FaceModel.load(model_folder).weights == model.weights
    assert FaceModel.load().weights != model.weights


def test_the_pictures_of_a_model_folder_carry_what_draws_them(model, model_folder):
    samples = read_recipe((model_folder / "samples.png").read_bytes())
    assert (samples.weights, samples.seeds, samples.truncation) == (model.weights, tuple(range(32)), 0.8)
    morph = read_recipe((model_folder / "morph.mp4").read_bytes())
    assert (morph.weights, morph.seeds, morph.frames_per_leg, morph.loop) == (model.weights, tuple(range(6)), 24, True)
    with Image.open(model_folder / "samples.png") as picture:
        assert "trainedAlgorithmicMedia" in picture.info["XML:com.adobe.xmp"]


def test_what_a_later_version_adds_is_left_out():
    assert check_recipe({**SOUND, "lens": "wide"}) == Recipe("user/faces", "0123456789abcdef", (7,), 0.8)


@pytest.mark.parametrize(
    "values",
    [
        {"model": ""},
        {"model": 5},
        {"model": "x" * 201},
        {"model": "a\nb"},
        {"weights": "../../etc/passwd"},
        {"weights": None},
        {"seeds": []},
        {"swing": {}},
        {"swing": "smile"},
        {"swing": {"slider": "a b", "reach": 1, "frames_per_leg": 24}},
        {"swing": {"slider": "smile", "reach": 2, "frames_per_leg": 24}},
        {"swing": {"slider": "smile", "reach": 1, "frames_per_leg": 0}},
        {"swing": {"slider": "smile", "reach": 1, "frames_per_leg": 24, "lens": "wide"}},
        {"seeds": [-1]},
        {"seeds": [2**32]},
        {"seeds": [True]},
        {"seeds": [1.0]},
        {"seeds": ["1"]},
        {"seeds": list(range(101))},
        {"seeds": {"0": 1}},
        {"faces": [7]},
        {"seeds": [], "faces": {}},
        {"seeds": [], "faces": [7] * 101},
        {"seeds": [], "faces": [{"mix": [1], "amount": 0.5}]},
        {"truncation": float("nan")},
        {"truncation": float("inf")},
        {"truncation": -0.1},
        {"truncation": 10**400},
        {"truncation": "1"},
        {"truncation": None},
        {"sliders": [1]},
        {"sliders": {"smile": "1"}},
        {"sliders": {"<b>": 1}},
        {"sliders": {"": 1}},
        {"sliders": {f"s{n}": 1 for n in range(101)}},
        {"loop": True},
        {"frames_per_leg": 24},
        {"loop": 1, "frames_per_leg": 24},
        {"loop": True, "frames_per_leg": 0},
        {"loop": True, "frames_per_leg": "24"},
        {"position": 2},
        {"revision": "a\nb"},
        {"revision": "x" * 201},
    ],
)
def test_a_recipe_that_no_picture_of_ours_has_is_refused(values):
    with pytest.raises(FaceGANError, match="damaged or not from FaceGAN"):
        check_recipe({**SOUND, **values})


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 3999, "1" * 3999, "x" * 10**6, '{"model": NaN}'])
def test_a_text_that_is_no_recipe_is_refused(text):
    with pytest.raises(FaceGANError, match="damaged or not from FaceGAN"):
        parse_recipe(text)


def test_pictures_of_a_training_run_say_that_they_cannot_be_opened():
    with pytest.raises(FaceGANError, match="training run"):
        check_recipe({"shows": "training", "images_seen": 5})
