import pytest
from PIL import Image

from facegan.faces.sources.decode import decode_photo
from facegan.faces.sources.formats import how_to_install
from facegan.faces.sources.unreadable import UnreadablePhotoError
from tests.faces.sources.odd_files import quarters, saved
from tests.faces.sources.raw_files import dng


@pytest.fixture
def without_libraries(monkeypatch):
    """A Python that has neither pillow-heif nor rawpy, and a Pillow without AVIF."""
    Image.init()
    for name in ("pillow_heif", "rawpy"):
        monkeypatch.setitem(__import__("sys").modules, name, None)  # an import then raises ImportError
    for name in ("HEIF", "AVIF"):
        monkeypatch.delitem(Image.OPEN, name, raising=False)


def heic() -> bytes:
    pytest.importorskip("pillow_heif").register_heif_opener()
    return saved(Image.fromarray(quarters(4)), "HEIF")


FILES = {"HEIC": heic, "AVIF": lambda: saved(Image.fromarray(quarters(4)), "AVIF"), "raw": lambda: dng(quarters(4))}
CONTENT = {kind: make() for kind, make in FILES.items()}


@pytest.mark.parametrize(
    ("kind", "library", "command"),
    [("HEIC", "pillow-heif", "pillow-heif"), ("AVIF", "Pillow", "pillow"), ("raw", "rawpy", "rawpy")],
)
def test_a_format_without_its_library_is_refused_by_the_name_of_that(without_libraries, kind, library, command):
    with pytest.raises(UnreadablePhotoError, match=library) as refused:
        decode_photo(CONTENT[kind])
    assert refused.value.reason == "no_library"
    assert how_to_install(str(refused.value)).split()[-1] == command


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"\xff\x0a" + bytes(60), "JPEG XL"), (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(60), "JPEG XL"),
     (b"v/1\x01" + bytes(60), "OpenEXR")],
)  # fmt: skip
def test_a_picture_that_nothing_here_reads_is_named(data, name):
    with pytest.raises(UnreadablePhotoError, match=name) as refused:
        decode_photo(data)
    assert refused.value.reason == "unreadable"


@pytest.mark.parametrize(
    ("content", "reason", "word"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 5\n", "not_downloaded", "git lfs pull"),
        (bytes(5000), "unreadable", "zeros"),
    ],
    ids=["Git LFS", "zeros"],
)
def test_a_file_whose_content_is_elsewhere_says_so(content, reason, word):
    with pytest.raises(UnreadablePhotoError, match=word) as error:
        decode_photo(content)
    assert error.value.reason == reason
