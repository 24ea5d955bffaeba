"""A folder of everything that people and disks put among photos, for the test that none of it crashes."""

import io
import os
import random
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def save(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A valid PNG header that promises many pixels, and almost no data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def write_broken(folder: Path, photo: np.ndarray) -> dict[str, str]:
    """Fills a folder; returns each name with the reason that the report must give, "read" for what is a photo.

    Args:
        folder: an empty folder.
        photo: a photo with one good face, uint8 (H, W, 3).
    """
    face = Image.fromarray(photo)
    grey = Image.new("L", (200, 150), 128)
    noise = bytes(random.Random(0).randrange(256) for _ in range(4000))
    jpeg = save(face, "JPEG", quality=92)
    grey16 = Image.fromarray(np.asarray(face.convert("L")).astype(np.uint16) * 257)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("photo.jpg", jpeg)
    clear = face.quantize(64)
    frames = [face.resize((200, 200)), grey.convert("RGB").resize((200, 200))]

    contents = {
        "empty.jpg": (b"", "unreadable"),
        "truncated.jpg": (jpeg[: len(jpeg) // 2], "unreadable"),
        "text.jpg": (b"This is a letter.", "not_a_picture"),
        "png_inside.jpg": (save(face, "PNG"), "read"),
        "jpeg_inside.png": (save(face.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"), "read"),
        "no_suffix": (save(face.rotate(4), "JPEG"), "read"),
        "one_pixel.png": (save(Image.new("RGB", (1, 1)), "PNG"), "no_face"),
        "one_row.png": (save(Image.new("RGB", (5000, 1)), "PNG"), "no_face"),
        "hundred_megapixels.png": (save(Image.new("L", (10_000, 10_000), 90), "PNG", compress_level=1), "no_face"),
        "animated.gif": (save(frames[0], "GIF", save_all=True, append_images=frames[1:]), "read"),
        "animated.webp": (save(frames[0], "WEBP", save_all=True, append_images=frames[1:]), "read"),
        "cmyk.jpg": (save(face.convert("CMYK"), "JPEG", quality=90), "read"),
        "sixteen_bits.png": (save(grey16, "PNG"), "read"),
        "palette.png": (save(clear, "PNG", transparency=clear.getpixel((0, 0))), "read"),
        "zip.png": (zipped.getvalue(), "not_a_picture"),
        "garbage.heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + noise, "unreadable"),
        "noise.png": (noise, "not_a_picture"),
        "damaged_exif.jpg": (save(face, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + noise[:90]), "read"),
        "damaged_middle.png": (without_its_middle(save(face, "PNG")), "unreadable"),
        "paper.pdf": (b"%PDF-1.4\n%%EOF", "not_a_picture"),
        "notes.txt": ("caf\u00e9".encode("latin-1"), "not_a_picture"),
        "table.csv": (b"file,smile\na.jpg,1\n", "not_a_picture"),
        "film.mp4": (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2" + noise, "not_a_picture"),
        "film.jpg": (b"\x1aE\xdf\xa3" + noise, "not_a_picture"),
        "bomb.png": (png_bomb(60_000, 60_000), "unreadable"),
        "bomb_below_the_limit.png": (png_bomb(10_000, 10_000), "unreadable"),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_picture"),
        "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "not_a_picture"),
    }
    expected = {}
    for name, (data, reason) in contents.items():
        (folder / name).write_bytes(data)
        expected[name] = reason
    (folder / "folder.jpg").mkdir()
    expected["folder.jpg"] = "not_a_picture"
    (folder / "link.jpg").symlink_to(folder / "nowhere.jpg")
    expected["link.jpg"] = "unreadable"
    os.mkfifo(folder / "pipe.jpg")  # opening it would wait for ever
    expected["pipe.jpg"] = "not_a_picture"
    (folder / ".hidden.jpg").write_bytes(jpeg)
    if os.geteuid() != 0:  # root may read everything
        (folder / "secret.jpg").write_bytes(jpeg)
        (folder / "secret.jpg").chmod(0)
        expected["secret.jpg"] = "unreadable"
    return expected


def without_its_middle(data: bytes) -> bytes:
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]
