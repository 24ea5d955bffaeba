import threading
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageCms

from facegan.faces.sources.decode import WORKING_SIDE, decode_photo
from facegan.faces.sources.raw import camera_jpeg
from facegan.faces.sources.unreadable import UnreadablePhotoError
from tests.faces.sources.odd_files import QUARTERS, quarters, saved, tiff
from tests.faces.sources.raw_files import dng

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (255, 255, 255)


def corners(mode: str = "RGB") -> Image.Image:
    """48 x 32: red top left, green top right, blue bottom left, white bottom right."""
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[:16, :24], picture[:16, 24:], picture[16:, :24], picture[16:, 24:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(picture).convert(mode)


def assert_corners(rgb: np.ndarray, tolerance: int = 12) -> None:
    assert rgb.dtype == np.uint8
    assert rgb.shape == (32, 48, 3)
    for (y, x), colour in {(8, 12): RED, (8, 36): GREEN, (24, 12): BLUE, (24, 36): WHITE}.items():
        assert np.abs(rgb[y, x].astype(int) - colour).max() <= tolerance, (y, x, rgb[y, x])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "HEIF", "AVIF", "PPM"])
def test_formats_give_the_same_colours(kind):
    # chroma is halved by JPEG, WebP and HEIC: the corners' middles stay
    pytest.importorskip("pillow_heif").register_heif_opener()
    options = {"quality": 95} if kind in ("JPEG", "WEBP", "HEIF", "AVIF") else {}
    assert_corners(decode_photo(saved(corners(), kind, **options)).rgb, 16)


def stored_as(orientation: int, picture: np.ndarray) -> Image.Image:
    """The picture as a camera stores it that was held in another way: turned by what EXIF's orientation undoes."""
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    image = Image.fromarray(picture)
    return image.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else image


def file_of(kind: str, orientation: int) -> bytes:
    """The four quarters at 192 x 128 in a format, stored with an orientation."""
    image = stored_as(orientation, quarters(4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    if kind == "DNG":
        return dng(np.asarray(stored_as(orientation, quarters(16))), orientation)
    if kind == "deep TIFF":
        return tiff(np.asarray(image).astype(np.uint16) * 257, extratags=[(0x0112, "H", 1, orientation, True)])
    options = {} if kind in ("PNG", "TIFF") else {"quality": 95}
    if kind == "MPO":
        options |= {"save_all": True, "append_images": [image]}
    return saved(image, kind, exif=exif.tobytes(), **options)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "deep TIFF", "MPO", "HEIF", "AVIF", "DNG"])
def test_every_format_comes_out_upright_with_every_orientation(kind, orientation):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "DNG":
        pytest.importorskip("rawpy")
        if orientation not in (1, 3, 6, 8):
            pytest.skip("LibRaw turns and never mirrors, as cameras do")
    photo = decode_photo(file_of(kind, orientation))
    height, width = photo.rgb.shape[:2]
    assert height * 3 == width * 2
    corners = photo.rgb[[height // 4] * 2 + [3 * height // 4] * 2, [width // 4, 3 * width // 4] * 2]
    np.testing.assert_allclose(corners, QUARTERS, atol=25)
    assert (photo.width, photo.height) == (width, height)


def test_a_raw_file_is_more_than_its_thumbnail():
    pytest.importorskip("rawpy")
    assert decode_photo(dng(quarters(16))).rgb.shape == (512, 768, 3)


def test_a_raw_file_that_cannot_be_developed_is_refused_by_name():
    pytest.importorskip("rawpy")
    with pytest.raises(UnreadablePhotoError, match="DNG.*save it as JPEG"):
        decode_photo(dng(quarters(16))[:100_000])


@pytest.mark.parametrize(("own", "flip", "turned"), [(6, 0, 6), (None, 6, 6), (None, 5, 8), (None, 0, 1)])
def test_the_jpeg_of_a_camera_lies_as_it_says_or_else_as_the_sensor_does(own, flip, turned):
    rawpy = pytest.importorskip("rawpy")
    exif = Image.Exif()
    if own:
        exif[0x0112] = own
    thumbnail = SimpleNamespace(format=rawpy.ThumbFormat.JPEG, data=saved(corners(), "JPEG", exif=exif))
    raw = SimpleNamespace(extract_thumb=lambda: thumbnail, sizes=SimpleNamespace(flip=flip))
    image, orientation = camera_jpeg(raw)
    assert (image.size, orientation) == ((48, 32), turned)


def test_damaged_exif_does_not_lose_the_photo():
    data = saved(corners(), "JPEG", quality=95, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff garbage")
    assert_corners(decode_photo(data).rgb)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16"])
def test_modes_become_rgb(mode):
    if mode == "I;16":
        grey = np.asarray(corners("L")).astype(np.uint16) * 257
        data = saved(Image.fromarray(grey), "PNG")
    else:
        data = saved(corners(mode), "TIFF" if mode == "CMYK" else "PNG")
    rgb = decode_photo(data).rgb
    if mode in ("P", "RGBA", "CMYK"):
        assert_corners(rgb, 31)  # palettes have 51 steps between their colours
    elif mode == "1":
        assert set(np.unique(rgb)) <= {0, 255}
    else:
        grey = np.asarray(corners("L"))
        assert np.abs(rgb - grey[..., None].astype(int)).max() <= 1


def test_cmyk_jpeg_is_not_a_negative():
    rgb = decode_photo(saved(corners("CMYK"), "JPEG", quality=95)).rgb
    assert_corners(rgb, 25)


def test_transparency_becomes_white():
    image = corners("RGBA")
    image.putalpha(Image.fromarray(np.where(np.arange(48) < 24, 255, 0).astype(np.uint8)[None].repeat(32, 0)))
    rgb = decode_photo(saved(image, "PNG")).rgb
    assert tuple(rgb[8, 12]) == RED
    assert tuple(rgb[8, 36]) == WHITE


def test_palette_transparency_becomes_white():
    image = corners().quantize(8)
    clear = image.getpixel((0, 0))
    rgb = decode_photo(saved(image, "PNG", transparency=clear)).rgb
    assert tuple(rgb[8, 12]) == WHITE
    assert np.abs(rgb[8, 36].astype(int) - GREEN).max() <= 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_the_first_frame_of_an_animation(kind):
    other = Image.new("RGB", (48, 32), "black")
    data = saved(
        corners(),
        kind,
        save_all=True,
        append_images=[other],
        duration=100,
        **({"lossless": True} if kind == "WEBP" else {}),
    )
    assert_corners(decode_photo(data).rgb)


def test_a_colour_profile_becomes_srgb():
    # in this profile red and green have changed places, so the colours must change places too
    stream = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    plain = decode_photo(saved(corners(), "PNG")).rgb
    assert np.array_equal(decode_photo(saved(corners(), "PNG", icc_profile=b"broken")).rgb, plain)
    assert np.array_equal(decode_photo(saved(corners(), "PNG", icc_profile=stream)).rgb, plain)  # not an RGB profile


def test_large_photos_are_shrunk_and_their_size_is_kept():
    photo = decode_photo(saved(Image.new("RGB", (5000, 2500), RED), "JPEG"))
    assert photo.rgb.shape == (WORKING_SIDE // 2, WORKING_SIDE, 3)
    assert (photo.width, photo.height) == (5000, 2500)


def test_shrinking_does_not_alias():
    stripes = np.zeros((16, 8192, 3), np.uint8)
    stripes[:, ::2] = 255  # one pixel on, one off: grey at a quarter of the size
    rgb = decode_photo(saved(Image.fromarray(stripes), "PNG")).rgb
    assert np.abs(rgb[:, 4:-4].astype(int) - 128).max() <= 3


def test_big_photos_wait_for_each_other():
    lock = threading.Lock()
    held = []

    class Watched:
        def __enter__(self):
            held.append(lock.acquire(blocking=False))

        def __exit__(self, *error):
            lock.release()

    decode_photo(saved(corners(), "PNG"), big_photo_lock=Watched())
    assert held == []
    decode_photo(saved(Image.new("L", (6000, 5000)), "PNG"), big_photo_lock=Watched())
    assert held == [True]


def test_a_header_that_promises_too_many_pixels_is_refused_unread():
    data = bytearray(saved(Image.new("L", (8, 8)), "BMP"))
    data[18:26] = (60_000).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
    with pytest.raises(UnreadablePhotoError, match="60000 x 60000 pixels") as refused:
        decode_photo(bytes(data))
    assert refused.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("data", "reason", "words"),
    [
        (b"a letter to my friends", "not_a_picture", "image format"),
        (b"%PDF-1.7 ...", "not_a_picture", "PDF"),
        (b"PK\x03\x04 ...", "not_a_picture", "zip"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(64), "not_a_picture", "video"),
        (b"\x00\x00\x00\x18ftypheic" + b"\xde\xad\xbe\xef" * 99, "unreadable", "damaged"),
        (saved(corners(), "JPEG")[:-200], "unreadable", "(?i)truncated"),
        (saved(corners(), "PNG")[:60], "unreadable", "damaged"),
    ],
    ids=["text", "pdf", "zip", "video", "heic garbage", "half a jpeg", "half a png"],
)
def test_what_cannot_be_read_says_why(data, reason, words):
    with pytest.raises(UnreadablePhotoError, match=words) as refused:
        decode_photo(data)
    assert refused.value.reason == reason
