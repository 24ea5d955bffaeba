import base64
import json
import unicodedata
import zlib

import numpy as np
import pytest

from facegan import FaceModel
from facegan.base.errors import FaceGANError
from facegan.base.latent_paths import slerp
from facegan.base.stamp import MAX_CHARACTERS
from facegan.model.face import (
    Alike,
    Edited,
    Kept,
    Mixed,
    Neighbour,
    Seed,
    file_name,
    latent_of,
    pinned,
    reduced,
    root,
    title,
)
from facegan.model.face_text import MOST_TEXT, as_text, compacted, from_json, from_text, to_json

ANNA = Seed.of("Anna")
FACES = [
    Seed(7),
    ANNA,
    Seed(7, truncation=0.5),
    Edited(ANNA, {"smile": 1.0}, ("age",)),
    Mixed(Seed(7), Edited(ANNA, {"smile": -0.5}), 0.25),
    Alike(Seed(7), ANNA, ("smile", "mouth_open")),
    Neighbour(Mixed(Seed(1), Seed(2), 0.5), 99, 0.3, ("age",)),
    Kept.of(np.linspace(-2, 2, 100, dtype=np.float32)),
]


@pytest.fixture(scope="module")
def model():
    """The default model, whose sliders are fitted."""
    return FaceModel.load()


@pytest.mark.parametrize("face", FACES)
def test_a_face_in_writing_is_the_same_face(face):
    assert from_json(json.loads(json.dumps(to_json(face)))) == face
    text = as_text(face)
    assert from_text(text) == face
    assert len(text) < 300
    assert from_text(json.dumps(to_json(face)) if not isinstance(face, Seed) else text) == face


@pytest.mark.parametrize(
    ("text", "face"),
    [
        ("7", Seed(7)),
        (" 007 ", Seed(7)),
        ("4294967295", Seed(2**32 - 1)),
        ("Anna", ANNA),
        ("nan", Seed.of("nan")),
        ("Infinity", Seed.of("Infinity")),
        ("1 7", Seed.of("1 7")),
        ("Smith, John", Seed.of("Smith, John")),
        ("{Anna", None),
        ("~Anna", None),
        ("-3", None),
        ("7.5", None),
        ("4294967296", None),
        ("9" * 400, None),
        ("", None),
        (" \t", None),
        ("a\0b", None),
        ("\ud800", None),
        ("x" * 101, None),
        ("x" * 5000, None),
        ("~" + "x" * 50, None),
        ("~.abc", None),
    ],
)
def test_a_text_is_a_number_or_a_name(text, face):
    if face is None:
        with pytest.raises(FaceGANError):
            from_text(text)
    else:
        assert from_text(text) == face
        assert from_text(as_text(face)) == face


@pytest.mark.parametrize("text", ["1 7", "Smith, John", "a;b", "a\u00e9 b", "~"])
def test_what_divides_a_list_is_not_in_the_text_of_a_name(text):
    written = as_text(Seed.of(text))
    assert not set(",;\n") & set(written)
    assert written == text or written.startswith("~")


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        1.5,
        -1,
        2**32,
        [],
        {},
        "",
        "7",
        "a\nb",
        {"seed": "7"},
        {"seed": 7, "truncation": "1"},
        {"seed": 7, "truncation": float("nan")},
        {"of": 7},
        {"of": 7, "sliders": []},
        {"of": 7, "sliders": {"smile": 2}},
        {"of": 7, "sliders": {"smile": True}},
        {"of": 7, "sliders": {"<b>": 1}},
        {"of": 7, "sliders": {f"s{i}": 1 for i in range(101)}},
        {"of": 7, "sliders": {"smile": 1}, "lock": "age"},
        {"mix": 7, "amount": 0.5},
        {"mix": [1, 2, 3], "amount": 0.5},
        {"mix": [1, 2], "amount": 1.5},
        {"mix": [1, 2]},
        {"of": 1, "like": 2},
        {"of": 1, "step": 1, "distance": float("inf")},
        {"of": 1, "step": -1, "distance": 0.5},
        {"latent": 7},
        {"latent": "////////"},
        {"latent": "AAAAAAA"},
        {"latent": "AADAfwAA"},
    ],
)
def test_what_is_no_face_is_refused(value):
    with pytest.raises(FaceGANError, match="no face"):
        from_json(value)


def test_a_face_too_deep_or_unpacked_too_long_is_refused():
    deep = 7
    for _ in range(40):
        deep = {"of": deep, "sliders": {}}
    with pytest.raises(FaceGANError, match="no face"):
        from_json(deep)
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000_000, 9)).decode().rstrip("=")
    with pytest.raises(FaceGANError):
        from_text("~" + bomb[:3900])


def test_each_face_is_drawn_as_it_says(model):
    g, other = model.latents([7], 0.8), model.latents([8], 0.8)
    assert np.array_equal(latent_of(model, Seed(7), 0.8), g[0])
    assert np.array_equal(latent_of(model, Seed(7, truncation=0.8), 1.2), g[0])
    edited = Edited(Seed(7), {"smile": 1.0}, ("age",))
    assert np.array_equal(latent_of(model, edited, 0.8), model.edit(g, {"smile": 1.0}, ("age",))[0])
    mixed = Mixed(edited, Seed(8), 0.25)
    assert np.array_equal(
        latent_of(model, mixed, 0.8), slerp(model.edit(g, {"smile": 1.0}, ("age",))[0], other[0], 0.25)
    )
    assert np.array_equal(latent_of(model, pinned(mixed, 0.8), 1.2), latent_of(model, mixed, 0.8))


def test_the_expression_of_another_face_is_taken_and_the_rest_stays(model):
    """On average of 16 faces."""
    of = [Seed(number) for number in range(16)]
    other = [Edited(face, {"smile": 1.0, "age": 0.5}) for face in of]
    found = [Alike(*both, ("smile",)) for both in zip(of, other, strict=True)]
    scores = [
        model.slider_set.surrogate.scores(np.stack([latent_of(model, face, 0.8) for face in faces])).mean(axis=0)
        for faces in (of, other, found)
    ]
    smile, age = (model.slider_set.scores.index(name) for name in ("smile", "age"))
    gap, moved = scores[1] - scores[0], scores[2] - scores[0]
    assert gap[smile] > 0.5
    assert moved[smile] == pytest.approx(gap[smile], rel=0.3)
    assert abs(moved[age]) < 0.1 * gap[age]


def test_a_neighbour_is_as_far_as_it_says_and_keeps_what_it_holds(model):
    g = latent_of(model, Seed(7), 0.8)
    for distance in (0.0, 0.2, 1.0):
        near = latent_of(model, Neighbour(Seed(7), 3, distance), 0.8)
        cosine = near @ g / np.linalg.norm(near) / np.linalg.norm(g)
        assert np.arccos(np.clip(cosine, -1, 1)) == pytest.approx(distance * np.pi / 2, abs=2e-3)
        assert np.linalg.norm(near) == pytest.approx(np.linalg.norm(g), rel=1e-4)
    age = model.slider_set.scores.index("age")

    def strays(hold):
        faces = [Neighbour(Seed(7), seed, 0.4, hold) for seed in range(8)]
        latents = np.stack([g, *(latent_of(model, face, 0.8) for face in faces)])
        scores = model.slider_set.surrogate.scores(latents)[:, age]
        return np.abs(scores[1:] - scores[0]).mean()

    assert strays(("age",)) < 0.3 * strays(())


def test_a_kept_latent_is_the_same_face_to_the_eye(model):
    g = latent_of(model, ANNA, 0.8)
    kept = latent_of(model, Kept.of(g), 1.2)
    images = model.generate(np.stack([g, kept])).astype(int)
    assert np.abs(images[0] - images[1]).mean() < 1
    assert Kept.of(kept) == Kept.of(g)
    assert np.array_equal(Kept.of(np.zeros(100, np.float32)).point(), np.zeros(100))


def test_a_face_that_has_gone_through_a_hundred_hands_is_still_a_short_text(model):
    face = ANNA
    for step in range(100):
        face = compacted(model, Neighbour(Mixed(face, Seed(step), 0.1), step, 0.2, ("smile",)), 0.8)
        assert len(as_text(face)) <= MOST_TEXT
        assert from_text(as_text(face)) == face
    latent_of(model, face, 0.8)


def test_the_descendants_of_repeated_faces_still_fit_into_a_recipe(model):
    """A code of repeated parts is short, and what it stands for is not."""
    sliders = {slider.name: 0.123 for slider in model.all_sliders}
    face = Edited(ANNA, sliders)
    for step in range(5):
        first, second = (compacted(model, one, 0.8) for one in (face, Edited(Seed(step), sliders)))
        face = Alike(first, Mixed(first, second, 0.5), ("smile",))
        assert from_text(as_text(face)) == face
        assert len(json.dumps(to_json(face))) < MAX_CHARACTERS


@pytest.mark.parametrize(
    "face",
    [
        Edited(Seed(7), {"beret": 1.0}),
        Edited(Seed(7), {"smile": 1.0}, ("beret",)),
        Alike(Seed(7), Seed(8), ("beret",)),
        Neighbour(Seed(7), 1, 0.5, ("beret",)),
        Kept.of(np.ones(99, np.float32)),
    ],
)
def test_what_a_model_cannot_draw_is_said(model, face):
    with pytest.raises(FaceGANError, match="This model cannot draw that face"):
        latent_of(model, face, 0.8)


def test_a_face_has_a_title_and_a_root():
    assert [title(face) for face in FACES[:2]] == ["seed 7", f"Anna, seed {ANNA.number}"]
    assert title(FACES[4]) == "seed 7 and Anna"
    assert root(FACES[6]) == Seed(1)


@pytest.mark.parametrize(
    ("face", "words", "name"),
    [
        (Neighbour(Mixed(ANNA, Seed(7), 0.4), 3, 0.2), "Anna and seed 7, evolved", "Anna-7"),
        (Neighbour(Neighbour(Mixed(ANNA, Edited(Seed(7), {"smile": 1.0}), 0.4), 3, 0.2), 4, 0.2),
         "Anna and seed 7, evolved", "Anna-7"),
        (Edited(Mixed(ANNA, Seed(7), 0.4), {"smile": 1.0}), "Anna and seed 7, edited", "Anna-7"),
        (Mixed(Mixed(ANNA, Seed(7), 0.5), Edited(ANNA, {"smile": 1.0}), 0.5), "Anna and seed 7", "Anna-7"),
        (Mixed(Mixed(ANNA, Seed(7), 0.5), Seed.of("Zoë"), 0.5), "Anna, seed 7 and Zoë", "Anna-7-Zoe"),
        (Mixed(Mixed(Seed(1), Seed(2), 0.5), Mixed(Seed(3), Seed(4), 0.5), 0.5), "seed 1, seed 2 and 2 more", "1-2-3"),
        (Mixed(Kept("aaaaaaaa"), Kept("bbbbbbbb"), 0.5), "a face and another", "kept-kept"),
        (Mixed(ANNA, Alike(ANNA, Seed(7), ("smile",)), 0.5), "Anna, like seed 7", "Anna-7"),
    ],
)  # fmt: skip
def test_a_child_is_called_by_both_parents(face, words, name):
    assert (title(face), file_name(face)) == (words, name)
    assert len(file_name(Mixed(face, Seed.of("Ma" * 40), 0.5))) < 60


@pytest.mark.parametrize(
    "name", ["Zo\u00eb", "\u00c5sa", "Jos\u00e9 Mar\u00eda", "\u0627\u0645\u06cc\u0631", "\u4f1f", "Stra\u00dfe"]
)
def test_a_name_is_one_face_however_it_is_written(name):
    ways = [unicodedata.normalize("NFD", name), f"  {name}\t", name.upper(), name.lower(), f"\u00a0{name}"]
    assert {from_text(way).number for way in ways} == {Seed.of(name).number}


@pytest.mark.parametrize(
    ("face", "same"),
    [
        (Mixed(Seed(1), Seed(2), 0), Seed(1)),
        (Mixed(Seed(1), Seed(2), 1.0), Seed(2)),
        (Mixed(Neighbour(Seed(1), 5, 0), Edited(Seed(2), {}), 0.5), Mixed(Seed(1), Seed(2), 0.5)),
        (Neighbour(Alike(Seed(1), Seed(2), ()), 5, 0.5), Neighbour(Seed(1), 5, 0.5)),
        (Edited(Edited(Seed(1), {}), {"smile": 0.5}), Edited(Seed(1), {"smile": 0.5})),
    ],
)
def test_steps_that_change_nothing_are_left_out(face, same):
    assert reduced(face) == same
