"""The stamp as other programs read it: Pillow, an XML parser, and FFmpeg's libraries."""

import io
import json
import struct
import xml.etree.ElementTree as ElementTree
import zlib

import av
import numpy as np
import pytest
from PIL import Image

from facegan.base import pictures
from facegan.base.stamp import GENERATED, MAX_CHARACTERS, as_text, read_stamp, stamp

RECIPE = {"model": "a <b> & c ]]> \u2603", "seeds": [1, 7], "truncation": 0.8, "sliders": {"smile": -0.5}}
IPTC, OURS = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}", "{urn:facegan#}"


@pytest.fixture(params=["png", "gif", "mp4", "jpeg", "webp", "png by Pillow", "one picture as gif"])
def stamped(request, tmp_path):
    """A stamped file of each kind as (its format, its bytes)."""
    image = np.random.RandomState(0).randint(0, 256, (16, 16, 3)).astype(np.uint8)
    path = tmp_path / "picture"
    if request.param == "png":
        path.write_bytes(pictures.encode_png(image, RECIPE))
    elif request.param == "gif":
        pictures.write_gif(path, [image, image // 2], recipe=RECIPE)
    elif request.param == "mp4":
        pictures.write_mp4(path, [image, image // 2], recipe=RECIPE)
    elif request.param == "jpeg":
        path.write_bytes(pictures.encode_jpeg(image, RECIPE))
    elif request.param == "webp":
        path.write_bytes(pictures.encode_webp(image, RECIPE))
    else:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "gif" if "gif" in request.param else "png")
        path.write_bytes(stamp(file.getvalue(), RECIPE))
    return ("gif" if "gif" in request.param else request.param[:3]), path.read_bytes()


def packet_of(content):
    """The XMP packet as its own delimiters say."""
    start = content.index(b"<?xpacket begin=")
    return content[start : content.index(b'<?xpacket end="r"?>', start) + 19]


def test_the_packet_is_xml_that_says_how_the_picture_was_made(stamped):
    root = ElementTree.fromstring(packet_of(stamped[1]))
    assert next(root.iter(f"{IPTC}DigitalSourceType")).text == GENERATED
    assert json.loads(next(root.iter(f"{OURS}recipe")).text) == RECIPE


def test_it_is_read_back(stamped):
    assert read_stamp(stamped[1]) == RECIPE


def test_other_programs_find_it_where_the_format_has_its_place(stamped):
    kind, content = stamped
    packet = packet_of(content)
    if kind == "mp4":
        with av.open(io.BytesIO(content), options={"export_xmp": "1"}) as film:
            assert film.metadata["xmp"].encode() == packet
            assert json.loads(film.metadata["comment"]) == RECIPE
            assert sum(1 for _ in film.decode(video=0)) == 2
        return
    with Image.open(io.BytesIO(content)) as picture:
        if kind == "png":
            assert picture.info["XML:com.adobe.xmp"].encode() == packet
            assert json.loads(picture.info["facegan"]) == RECIPE
        elif kind in ("jpe", "web"):
            assert picture.info["xmp"] == packet
        elif b"NETSCAPE" in content:  # written by us, with its comment
            assert json.loads(picture.info["comment"]) == RECIPE
        picture.load()


def test_a_png_has_whole_chunks_and_its_pixels_are_untouched():
    image = np.random.RandomState(1).randint(0, 256, (5, 7, 3)).astype(np.uint8)
    content = pictures.encode_png(image, RECIPE)
    names, place = [], 8
    while place < len(content):
        length, name = struct.unpack(">I4s", content[place : place + 8])
        body = content[place + 4 : place + 8 + length]
        assert struct.unpack(">I", content[place + 8 + length : place + 12 + length])[0] == zlib.crc32(body)
        names.append(name)
        place += 12 + length
    assert names == [b"IHDR", b"iTXt", b"tEXt", b"IDAT", b"IEND"]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), image)


def test_a_gif_is_a_chain_of_blocks_to_the_end(tmp_path):
    """Walked as a program does that knows the blocks' lengths only: XMP stands between them without lengths."""
    pictures.write_gif(tmp_path / "film.gif", [np.full((16, 16, 3), n * 60, np.uint8) for n in range(3)], recipe=RECIPE)
    content = (tmp_path / "film.gif").read_bytes()
    place = 13 + (3 << (content[10] & 7) + 1 if content[10] & 128 else 0)
    images = 0
    while content[place] != 0x3B:
        if content[place] == 0x21:
            place += 2
        else:
            assert content[place] == 0x2C
            images += 1
            flags = content[place + 9]
            place += 11 + (3 << (flags & 7) + 1 if flags & 128 else 0)
        while content[place]:
            place += 1 + content[place]
        place += 1
    assert (place, images) == (len(content) - 1, 3)
    with Image.open(io.BytesIO(content)) as film:
        assert (film.n_frames, film.info["loop"]) == (3, 0)


def test_an_mp4_is_a_chain_of_boxes_to_the_end(tmp_path):
    pictures.write_mp4(tmp_path / "film.mp4", [np.zeros((16, 16, 3), np.uint8)], recipe=RECIPE)
    content, names, place = (tmp_path / "film.mp4").read_bytes(), [], 0
    while place < len(content):
        size, name = struct.unpack(">I4s", content[place : place + 8])
        names.append(name)
        place += size
    assert place == len(content)
    assert names[0] == b"ftyp"
    assert names[-2:] == [b"uuid", b"free"]  # the last is for exiv2, see stamp.py


def test_without_a_recipe_nothing_is_claimed(tmp_path):
    image = np.zeros((16, 16, 3), np.uint8)
    pictures.write_mp4(tmp_path / "film.mp4", [image])
    for content in (pictures.encode_png(image), (tmp_path / "film.mp4").read_bytes(), b""):
        assert read_stamp(content) is None
        assert b"trainedAlgorithmicMedia" not in content


@pytest.mark.parametrize(
    "content",
    [
        b"<facegan:recipe>",
        b"<facegan:recipe>{}",
        b"<facegan:recipe>[1]</facegan:recipe>",
        b"<facegan:recipe>{</facegan:recipe>",
        b"<facegan:recipe>" + b"[" * 3000 + b"</facegan:recipe>",
        b'<facegan:recipe>{"a":"' + b"x" * 5000 + b'"}</facegan:recipe>',
        b"<facegan:recipe>\xff\xfe</facegan:recipe>",
    ],
)
def test_a_broken_stamp_is_refused(content):
    with pytest.raises(ValueError):
        read_stamp(content)


def test_other_files_and_long_recipes_are_refused():
    with pytest.raises(ValueError, match="only PNG, JPEG, GIF and MP4"):
        stamp(b"II*\0 a photo", RECIPE)
    with pytest.raises(ValueError, match="longer"):
        as_text({"model": "x" * MAX_CHARACTERS})
