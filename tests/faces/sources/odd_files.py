"""Odd picture files that other programs read, each of the same picture: four coloured quarters.

What OpenCV and ImageMagick show of them is what `facegan.faces.sources.decode` has to give.
"""

import io
import struct
import zlib

import cv2
import numpy as np
import tifffile
from PIL import Image, ImageCms

QUARTERS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (255, 255, 255))  # top left, top right, bottom left, right
HEIGHT, WIDTH = 32, 48


def quarters(scale: int = 1) -> np.ndarray:
    """The picture, uint8 (32 x scale, 48 x scale, 3)."""
    picture = np.array(QUARTERS, np.uint8).reshape(2, 2, 3)
    return picture.repeat(HEIGHT // 2 * scale, axis=0).repeat(WIDTH // 2 * scale, axis=1)


def saved(image: Image.Image, kind: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tiff(samples: np.ndarray, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, **options)
    return stream.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with another chunk behind its header."""
    return png[:33] + chunk(name, body) + png[33:]


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with another segment at its beginning."""
    return jpeg[:2] + b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def deep_png(samples: np.ndarray) -> bytes:
    """uint16 (H, W) or (H, W, 3 or 4) as a PNG of 16 bits."""
    height, width = samples.shape[:2]
    colour = {2: 0, 3: 2}[samples.ndim] if samples.ndim == 2 or samples.shape[2] == 3 else 6
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def encoded(suffix: str, rgb: np.ndarray) -> bytes:
    """What OpenCV writes of RGB or RGBA."""
    return cv2.imencode(suffix, np.ascontiguousarray(rgb[..., [2, 1, 0, *range(3, rgb.shape[2])]]))[1].tobytes()


def odd_colour_files() -> dict[str, bytes]:
    """The files in colour, by a name that says what is odd."""
    image, large = Image.fromarray(quarters()), Image.fromarray(quarters(4))
    jpeg, png = saved(large, "JPEG", quality=95), saved(image, "PNG")
    rgb = quarters()
    deep = rgb.astype(np.uint16) * 257
    few = {bits: (rgb.astype(np.uint32) * (2**bits - 1) // 255).astype(np.uint16) for bits in (10, 12)}
    clear = np.dstack([rgb, np.zeros((HEIGHT, WIDTH), np.uint8)])  # nobody filled in its alpha
    full = np.full((HEIGHT, WIDTH), 65535, np.uint16)
    lab = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    cmyk = np.asarray(image.convert("CMYK"))
    progressive = saved(large, "JPEG", quality=95, progressive=True)
    return {
        "jpeg without its end": jpeg[:-2],
        "jpeg cut by 12 bytes": jpeg[:-12],
        "jpeg with bytes behind its end": jpeg + bytes(5000),
        "jpeg with a flashpix segment": with_segment(jpeg, 0xE2, b"FPXR" + bytes(60_000)),
        "jpeg with damaged exif": with_segment(jpeg, 0xE1, b"Exif\0\0MM\0*" + b"\xff" * 40),
        "jpeg with much exif": with_segment(
            jpeg, 0xE1, b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\xe0\xfd\0\0\x1a" + bytes(7) + b"A" * 65_000
        ),  # fmt: skip
        "jpeg with damaged photoshop data": with_segment(jpeg, 0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0\xff\xff"),
        "jpeg with a short jfif": with_segment(jpeg, 0xE0, b"JFIF\0\x01"),
        "jpeg with two jfif": with_segment(jpeg, 0xE0, b"JFIF\0\x01\x01" + bytes(7)),
        "jpeg with an empty segment": with_segment(jpeg, 0xE0, b""),
        "jpeg with damaged mpf": with_segment(jpeg, 0xE2, b"MPF\0MM\0*\0\0\0\x08\0\x01\xb0\x01" + bytes(8)),
        "jpeg with an empty mpf": with_segment(jpeg, 0xE2, b"MPF\0"),
        "jpeg with a short profile": with_segment(jpeg, 0xE2, b"ICC_PROFILE\0"),
        "jpeg with a part of a profile": with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\x01\x09abc"),
        "jpeg with a short adobe segment": with_segment(jpeg, 0xEE, b"Adobe"),
        "jpeg with a large xmp": with_segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x" * 20_000),
        "jpeg with a large comment": with_segment(jpeg, 0xFE, b"c" * 65_000),
        "jpeg with fill bytes": jpeg[:2] + b"\xff\xff\xff" + jpeg[2:],
        "jpeg of cmyk": saved(large.convert("CMYK"), "JPEG", quality=95),
        "jpeg of rgb": saved(large, "JPEG", quality=95, keep_rgb=True),
        "jpeg with restarts": saved(large, "JPEG", quality=95, restart_marker_rows=1),
        "jpeg progressive": progressive,
        "jpeg progressive without its end": progressive[:-2],
        "jpeg with several pictures": saved(large, "MPO", save_all=True, append_images=[image], quality=95),
        "png without its end": png[:-12],
        "png cut by 20 bytes": saved(large, "PNG")[:-20],
        "png with bytes behind its end": png + b"x" * 100,
        "png with a wrong check sum of a text": png[:33] + chunk(b"tEXt", b"Comment\0hi")[:-1] + b"\0" + png[33:],
        "png with a large text": with_chunk(png, b"zTXt", b"Raw\0\0" + zlib.compress(b"x" * 3_000_000)),
        "png with a large xmp": with_chunk(
            png, b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + zlib.compress(b"<x>" * 1_500_000)
        ),
        "png with many texts": png[:33]
        + b"".join(chunk(b"zTXt", b"k%d\0\0" % i + zlib.compress(b"y" * 900_000)) for i in range(80))
        + png[33:],
        "png with a damaged profile": with_chunk(png, b"iCCP", b"x\0\0garbage"),
        "png with a large profile": with_chunk(png, b"iCCP", b"x\0\0" + zlib.compress(bytes(2_000_000))),
        "png with an unknown profile": with_chunk(png, b"iCCP", b"x\0\x09" + zlib.compress(bytes(200))),
        "png with a short resolution": with_chunk(png, b"pHYs", b"\0\0"),
        "png with a short gamma": with_chunk(png, b"gAMA", b"\0"),
        "png with short chromaticities": with_chunk(png, b"cHRM", b"\0\0\0"),
        "png with an empty srgb": with_chunk(png, b"sRGB", b""),
        "png with damaged exif": with_chunk(png, b"eXIf", b"garbage"),
        "png with a short text": with_chunk(png, b"iTXt", b"a\0"),
        "png with a short transparency": with_chunk(png, b"tRNS", b"\0"),
        "png with no animation": with_chunk(png, b"acTL", struct.pack(">II", 0, 0)),
        "png with half an animation": with_chunk(png, b"acTL", b"\0"),
        "png with a damaged frame": with_chunk(png, b"fcTL", bytes(26)),
        "png of 16 bits": deep_png(deep),
        "png of 12 bits in 16": deep_png(few[12]),
        "png of 10 bits in 16": deep_png(few[10]),
        "png of 16 bits with alpha": deep_png(np.dstack([deep, full])),
        "png with an empty alpha": saved(Image.fromarray(clear), "PNG"),
        "png palette": saved(image.quantize(16), "PNG"),
        "png palette with alpha": saved(image.quantize(16), "PNG", transparency=bytes([255] * 16)),
        "png of 2 bits": saved(image.quantize(4), "PNG", bits=2),
        "gif with bytes behind its end": saved(image, "GIF") + b"zz",
        "bmp palette": saved(image.quantize(16), "BMP"),
        "bmp with an empty alpha": encoded(".bmp", clear),
        "bmp without its last pixels": saved(image, "BMP")[:-6],
        "webp with an empty alpha": saved(Image.fromarray(clear), "WEBP", lossless=True, exact=True),
        "webp without its last bytes": saved(large, "WEBP", quality=95)[:-2],
        "webp with damaged exif": saved(image, "WEBP", lossless=True, exif=b"junk"),
        "tiff of 16 bits": tiff(deep),
        "tiff of 12 bits in 16": tiff(few[12]),
        "tiff of 10 bits in 16": tiff(few[10]),
        "tiff of 32 bits": tiff(rgb.astype(np.uint32) * 16_843_009, photometric="rgb"),
        "tiff of 16 bits, motorola": tiff(deep, byteorder=">"),
        "tiff of 16 bits in planes": tiff(np.moveaxis(deep, 2, 0), photometric="rgb", planarconfig="separate"),
        "tiff of 16 bits in tiles": tiff(quarters(4).astype(np.uint16) * 257, tile=(64, 64)),
        "tiff of 16 bits with a predictor": tiff(deep, compression="zlib", predictor=True),
        "tiff of 16 bits with alpha": tiff(np.dstack([deep, full]), photometric="rgb", extrasamples=["unassalpha"]),
        "tiff of floats": tiff((rgb / 255).astype(np.float32), photometric="rgb"),
        "tiff of doubles": tiff(rgb / 255, photometric="rgb"),
        "tiff in planes": tiff(np.moveaxis(rgb, 2, 0), photometric="rgb", planarconfig="separate"),
        "tiff with a fourth channel": tiff(clear, photometric="rgb", extrasamples=["unspecified"]),
        "tiff with five channels": tiff(np.dstack([rgb, rgb[..., :2]]), photometric="rgb"),
        "tiff of cmyk": saved(image.convert("CMYK"), "TIFF"),
        "tiff of cmyk with 16 bits": tiff(cmyk.astype(np.uint16) * 257, photometric="separated"),
        "tiff of lab": saved(lab, "TIFF"),
        "tiff as jpeg": saved(large, "TIFF", compression="jpeg", quality=95),
        "tiff with lzw": saved(image, "TIFF", compression="tiff_lzw"),
        "tiff with zstd": saved(image, "TIFF", compression="zstd"),
        "tiff with two pages": tiff(np.stack([rgb, rgb // 2]), photometric="rgb"),
        "tiff that is large": tiff(rgb, bigtiff=True),
        "tiff palette": saved(image.quantize(16), "TIFF"),
        "jpeg 2000": saved(large, "JPEG2000"),
        "jpeg 2000 without its box": saved(large, "JPEG2000", no_jp2=True),
        "jpeg 2000 of 16 bits": encoded(".jp2", quarters(4).astype(np.uint16) * 257),
        "ppm as text": f"P3 {WIDTH} {HEIGHT} 255\n{' '.join(map(str, rgb.ravel()))}".encode(),
        "ppm of 16 bits": f"P6 {WIDTH} {HEIGHT} 65535\n".encode() + deep.astype(">u2").tobytes(),
        "ppm without its last pixels": saved(image, "PPM")[:-5],
        "photoshop": photoshop(rgb),
    }


def odd_grey_files() -> dict[str, bytes]:
    """The files in grey."""
    grey = np.asarray(Image.fromarray(quarters()).convert("L"))
    twelve = (grey.astype(np.uint32) * 4095 // 255).astype(np.uint16)
    return {
        "png of 12 bits in 16": deep_png(twelve),
        "tiff of 12 bits in 16": tiff(twelve),
        "tiff of 32 bits": tiff(grey.astype(np.uint32) * 16_843_009),
        "tiff of floats": tiff((grey / 255).astype(np.float32)),
        "tiff of floats a little above 1": tiff((grey / 255 * 1.03).astype(np.float32)),
        "tiff of floats up to 255": tiff(grey.astype(np.float32)),
        "tiff of floats with a hole": tiff(np.where(np.arange(WIDTH) == 47, np.nan, grey / 255).astype(np.float32)),
        "tiff of half floats": tiff((grey / 255).astype(np.float16)),
        "tiff of doubles": tiff(grey / 255),
        "tiff of inverse 8 bits": tiff(255 - grey, photometric="miniswhite"),
        "tiff of inverse 16 bits": tiff(65535 - grey.astype(np.uint16) * 257, photometric="miniswhite"),
        "jpeg": saved(Image.fromarray(quarters(4)).convert("L"), "JPEG", quality=95),
        "png with alpha": saved(Image.fromarray(quarters()).convert("LA"), "PNG"),
    }


def photoshop(rgb: np.ndarray) -> bytes:
    """A Photoshop file with nothing but its flattened picture."""
    height, width, channels = rgb.shape
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, channels, height, width, 8, 3)
    return header + bytes(12) + struct.pack(">H", 0) + np.moveaxis(rgb, 2, 0).tobytes()
