"""Files that visitors may bring in place of a photo: GOOD are read, BAD are answered by one sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from facegan.model.photo import MOST_BYTES


def saved(kind, image=None, **options):
    stream = io.BytesIO()
    (image or Image.new("RGB", (120, 120), (180, 150, 140))).save(stream, kind, **options)
    return stream.getvalue()


def bomb():
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def damaged(kind, **options):
    """A picture file of this kind whose second half is gone."""
    rng = np.random.RandomState(0)
    content = saved(kind, Image.fromarray(rng.randint(0, 256, (200, 200, 3)).astype(np.uint8)), **options)
    return content[: len(content) // 2]


def heif():
    """An HEIC file, whose decoder only the training installs: the demo may answer that it cannot read it."""
    pillow_heif = pytest.importorskip("pillow_heif")
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), (20, 20, 20))).save(stream)
    return stream.getvalue()


JPEG, LIGHT, DARK = (
    saved("JPEG"),
    Image.new("RGB", (90, 120), (200, 190, 180)),
    Image.new("RGB", (90, 120), (20, 20, 20)),
)
# Unusual photos, which are read like any other.
GOOD = {
    "grey": saved("JPEG", Image.new("L", (90, 120), 180)),
    "cmyk": saved("JPEG", Image.new("CMYK", (90, 120), (10, 20, 30, 0))),
    "progressive": saved("JPEG", LIGHT, progressive=True),
    "palette": saved("PNG", LIGHT.quantize(4)),
    "transparent": saved("PNG", Image.new("RGBA", (90, 120), (200, 180, 170, 128))),
    "black and white": saved("PNG", Image.new("1", (90, 120), 1)),
    "animated gif": saved("GIF", LIGHT, save_all=True, append_images=[DARK]),
    "animated webp": saved("WEBP", LIGHT, save_all=True, append_images=[DARK]),
    "animated png": saved("PNG", LIGHT, save_all=True, append_images=[DARK]),
    "16 bits": saved("PNG", Image.fromarray(np.full((90, 120), 50_000, np.uint16))),
    "webp": saved("WEBP"),
    "avif": saved("AVIF"),
    "bmp": saved("BMP"),
    "tiff": saved("TIFF"),
    "wide": saved("JPEG", Image.new("RGB", (3000, 80), (200, 190, 180))),
}
BAD = {
    "empty": b"",
    "one byte": b"\xff",
    "text": b"hello, this is no picture at all",
    "json": b'{"photo": 5}',
    "zeros": bytes(5000),
    "noise": bytes(np.random.RandomState(0).randint(0, 256, 4000).astype(np.uint8)),
    "cut jpeg": JPEG[: len(JPEG) // 3],
    "cut at the head": JPEG[:20],
    "cut png": damaged("PNG"),
    "cut webp": damaged("WEBP"),
    "cut avif": damaged("AVIF"),
    "png with a broken body": saved("PNG")[:60] + bytes(400),
    "too many bytes": JPEG + bytes(MOST_BYTES),
    "bomb": bomb(),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="5"/></svg>',
    "xml": b'<?xml version="1.0"?><svg/>',
    "html": b"<!DOCTYPE html><p>photo</p>",
    "pdf": b"%PDF-1.7 photo",
    "zip": b"PK\x03\x04" + bytes(100),
    "film": b"\x00\x00\x00\x20ftypisom" + bytes(100),
    "pickle": b"\x80\x04K\x01.",
    "heic, broken": b"\x00\x00\x00\x18ftypheic" + bytes(200),
    "jpeg xl": b"\xff\x0a" + bytes(100),
    "photoshop": b"8BPS\x00\x01" + bytes(200),
    "one pixel": saved("PNG", Image.new("RGB", (1, 1))),
    "tiny": saved("PNG", Image.new("RGB", (20, 400), (200, 200, 200))),
    "no face": saved("JPEG", Image.new("RGB", (300, 300), (20, 20, 20))),
    "animated, no face": saved("GIF", DARK, save_all=True, append_images=[DARK]),
    "cmyk, no face": saved("JPEG", Image.new("CMYK", (90, 120), (0, 0, 0, 255))),
    "git lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n",
}
