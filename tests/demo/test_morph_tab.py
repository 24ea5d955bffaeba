import asyncio
import io
import json
import re
from html import unescape
from urllib.parse import parse_qsl

import av
import gradio as gr
import numpy as np
import pytest
from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.base.latent_paths import slerp
from facegan.base.pictures import enlarge
from facegan.demo.films import draw_position, draw_strip, film_frames
from facegan.demo.morph_tab import Morphs
from facegan.demo.render import Renderer
from facegan.demo.state import MorphState
from facegan.model.face import Mixed, Seed
from facegan.model.face_text import to_json
from facegan.model.provenance import read_recipe, recipe_of


@pytest.fixture
def morphs(model, outbox):
    return Morphs(model, outbox, Renderer())


@pytest.fixture
def film(morphs, returned):
    """film(...): what a caller of /morph fetches, as a file in memory."""
    return lambda *arguments, **named: io.BytesIO(returned(asyncio.run(morphs.endpoint(*arguments, **named))))


def gif_frames(file):
    with Image.open(file) as film:
        frames = []
        for i in range(film.n_frames):
            film.seek(i)
            frames.append(np.asarray(film.convert("RGB")).astype(int))
    return frames


def test_a_morph_begins_and_ends_on_the_faces_of_its_seeds(model, face):
    frames = list(film_frames(model, MorphState((3, 9, 4), 0.8, 5, loop=False)))
    assert len(frames) == 11
    for frame, seed in ((0, 3), (5, 9), (10, 4)):
        assert np.array_equal(frames[frame], face(seed, 0.8))
    assert not np.array_equal(frames[2], frames[0])


def test_a_loop_leads_back_without_showing_the_first_face_twice(model, face):
    frames = list(film_frames(model, MorphState((3, 9), 0.8, 4, loop=True)))
    assert len(frames) == 8
    assert np.array_equal(frames[4], face(9, 0.8))
    assert not np.array_equal(frames[7], frames[0])
    first, last = model.latents([3, 9], 0.8)
    assert np.array_equal(frames[7], model.generate(slerp(last, first, 0.75)[None])[0])


def test_a_gif_has_the_frames_in_order(film, face):
    frames = gif_frames(film("3, 9, 4", frames_per_leg=4, loop=False, format="gif", truncation=0.8))
    assert len(frames) == 9
    # 256 colours cannot show every shade, but each frame is nearest to the face at its place.
    faces = [enlarge(face(seed, 0.8), 256).astype(int) for seed in (3, 9, 4)]
    for frame, place in ((0, 0), (4, 1), (8, 2)):
        distances = [np.abs(frames[frame] - other).mean() for other in faces]
        assert distances[place] < 0.3 * min(np.delete(distances, place))


def test_an_mp4_has_the_frames_in_order(film, face):
    with av.open(film("3, 9", frames_per_leg=6, loop=True, truncation=0.8)) as video:
        assert video.streams.video[0].codec_context.name == "h264"
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in video.decode(video=0)]
    assert len(frames) == 12
    assert frames[0].shape == (384, 384, 3)
    for frame, seed in ((0, 3), (6, 9)):
        assert np.abs(frames[frame] - enlarge(face(seed, 0.8), 384)).mean() < 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1",), "2 to 12 faces"),
        (("1, -2",), "A seed must be a whole number"),
        (("1, 2", 0), "frames_per_leg must be a whole number from 1 to 60"),
        (("1, 2", 61), "frames_per_leg"),
        (("1, 2", 5, "yes"), "loop must be true or false"),
        (("1, 2", 5, True, "avi"), "format must be one of mp4, gif"),
        (("1, 2", 5, True, "mp4", -0.1), "truncation must be a number from 0 to 1.5"),
        (("1, 2", 5, True, ["gif"]), "format must be one of mp4, gif"),
        ((["1", "2"],), "faces must be a text"),
        (("1, " * 2000,), "faces must be a text of at most"),
        ((",".join("12345678901"), 60), "at most 600 frames as MP4"),
        ((",".join("12345678901"), 30, True, "gif"), "at most 300 frames as GIF"),
    ],
)
def test_morph_says_which_argument_is_wrong(morphs, arguments, message):
    with pytest.raises(FaceGANError, match=message):
        asyncio.run(morphs.endpoint(*arguments))


@pytest.mark.parametrize(
    ("loop", "position", "a", "b", "part"),
    [(False, 0.25, 3, 9, 0.5), (False, 0.75, 9, 4, 0.5), (True, 5 / 6, 4, 3, 0.5), (True, 0.1, 3, 9, 0.3)],
)
def test_the_slider_shows_the_face_at_its_place_on_the_path(model, pictures_in, loop, position, a, b, part):
    html = draw_position(model, MorphState((3, 9, 4), 0.8, loop=loop, position=position))
    point = slerp(model.latents([a], 0.8)[0], model.latents([b], 0.8)[0], part)
    expected = enlarge(model.generate(point[None])[0], 256).astype(int)
    assert np.abs(pictures_in(html)[0] - expected).max() <= 1
    assert f"{part:.0%} of the way from seed {a} to {b}" in html


@pytest.mark.parametrize(("position", "seed"), [(0, 3), (0.5, 9), (1, 4)])
def test_the_slider_names_the_stops(model, position, seed):
    assert f"<figcaption>seed {seed}<" in draw_position(
        model, MorphState((3, 9, 4), 0.8, loop=False, position=position)
    )


def test_the_link_follows_the_walk(morphs):
    link = 'data-query="seeds=3,9&amp;truncation=0.8&amp;frames=24&amp;loop=1&amp;position=0.25"'
    query = {"seeds": "3, 9", "truncation": "0.8", "position": "0.25"}
    assert link in morphs.figure(query)
    assert link in morphs.figure(query, preview=True)
    strip, here = morphs.show("3, 9", 0.8, 24, True, 0.25)
    assert link in here
    assert "data-query" not in strip  # of two the page would follow the first


def test_a_link_brings_the_place_of_the_walk_back(morphs, pictures_in):
    opened, complaints = morphs.open_page({"seeds": "3,9", "frames": "10", "loop": "0", "position": "0.25"})
    tabs, *settings, position, strip, here = opened
    assert complaints == []
    assert (tabs.selected, settings, position) == ("morph", ["3, 9", 0.7, 10, False], 0.25)
    assert [len(pictures_in(html)) for html in (strip, here)] == [2, 1]
    assert morphs.open_page({"seed": "7"}) == ((gr.skip(),) * 8, [])


def test_the_strip_shows_the_stops_and_whether_the_morph_leads_back(model, face, pictures_in):
    state = MorphState((3, 9), 0.8, loop=True)
    html = draw_strip(model, state)
    first, second = pictures_in(html)
    assert np.array_equal(first, enlarge(face(3, 0.8), 128))
    assert np.array_equal(second, enlarge(face(9, 0.8), 128))
    assert "fg-back" in html
    assert "fg-back" not in draw_strip(model, MorphState((3, 9), 0.8, loop=False))


def test_wrong_seeds_are_explained_in_place_and_leave_the_film(morphs):
    strip, here = morphs.show("1, -2", 0.8, 24, True, 0)
    assert "A seed must be a whole number" in strip
    assert here == ""


def test_the_film_of_a_link_is_that_of_its_path(morphs, model):
    content, name = asyncio.run(morphs.film_of({"seeds": "3,9", "frames": "4", "format": "gif"}, "visitor"))
    assert name == "morph-3-9.gif"
    assert len(gif_frames(io.BytesIO(content))) == 8
    assert read_recipe(content) == recipe_of(model, [3, 9], 0.7, frames_per_leg=4, loop=True)


@pytest.mark.parametrize("query", [{}, {"seeds": "1"}, {"seeds": "3,9", "format": "avi"}])
def test_a_link_to_no_morph_has_no_film(morphs, query):
    with pytest.raises(FaceGANError):
        asyncio.run(morphs.film_of(query, "visitor"))


def test_a_morph_leads_through_any_faces_and_its_link_stays_short(morphs, model, pictures_in):
    steps = [json.dumps(to_json(Mixed(Seed.of(f"Anna {i}"), Mixed(Seed(i), Seed(99), 0.3), 0.7))) for i in range(12)]
    strip, here = morphs.show(", ".join(steps), 0.8, 24, True, 0)
    assert len(pictures_in(strip)) == 12
    query = unescape(re.search(r'data-query="([^"]+)"', here)[1])
    assert len(query) < 2000
    opened, complaints = morphs.open_page(dict(parse_qsl(query)))
    assert complaints == []
    assert pictures_in(opened[-1])[0].tobytes() == pictures_in(here)[0].tobytes()


def test_a_morph_names_its_faces(morphs):
    strip, here = morphs.show("Anna, <b>", 0.8, 24, True, 0.25)
    assert "50% of the way from Anna to &lt;b&gt;" in here
    assert "<span>Anna</span>" in strip
    assert "<b>" not in strip + here
