"""The stamp of generated pictures: a mark that they are AI-generated, and the recipe that draws them again.

Both are in one XMP packet (ISO 16684-1), for which PNG, JPEG, WebP, GIF and MP4 each have a place. The mark is the
IPTC's Digital Source Type "trainedAlgorithmicMedia", by which programs and platforms recognise AI-generated media. For
programs that do not read XMP the recipe is stored as plain text as well: under the key "facegan" in PNG, as the comment
of GIF and MP4.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from uuid import UUID

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"  # with photos
OF_PHOTOS = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"  # several photos, none of them generated
MAX_CHARACTERS = 4000  # of a recipe; twelve seeds and forty sliders take 1,500

_PACKET = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:facegan="urn:facegan#">
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
<xmp:CreatorTool>FaceGAN</xmp:CreatorTool>
<facegan:recipe>{recipe}</facegan:recipe>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""
_OPENS, _ENDS = b"<facegan:recipe>", b"</facegan:recipe>"

PNG_SIGNATURE, _GIF = b"\x89PNG\r\n\x1a\n", b"GIF8"
_PNG_HEADER = 33  # bytes: the signature and the chunk IHDR, which has to come first
_JPEG = b"\xff\xd8\xff"
# XMP is stored in a GIF without the length byte that GIF expects before every sub-block of up to 255 bytes. A reader
# that takes bytes of the packet for lengths ends up in this trailer, which leads it to the 0 that ends the block.
_GIF_TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_MP4_UUID = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes  # of XMP; ISO 16684-3
# An empty box of 32 bytes. Exiv2 counts the length of a box from the end of its header, so it reads past the last box.
_MP4_END = struct.pack(">I4s24x", 32, b"free")


def as_text(recipe: Mapping) -> str:
    """The recipe as JSON in ASCII that needs no escaping in XML. Raises ValueError for one that is too long."""
    text = json.dumps(recipe, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"a recipe of {len(text)} characters is longer than {MAX_CHARACTERS}.")
    return text


def packet(recipe: Mapping, source: str = GENERATED) -> bytes:
    """The XMP packet with the mark `source` and the recipe, for encoders that embed it themselves (WebP)."""
    return _PACKET.format(source=source, recipe=as_text(recipe)).encode()


def stamp(content: bytes, recipe: Mapping, source: str = GENERATED) -> bytes:
    """The bytes of a PNG, JPEG, GIF or MP4 file with the mark `source` and the recipe added; the pixels are unchanged.

    The comments of GIF and MP4 are written by pictures.py. Raises ValueError for another kind of file.
    """
    text, xmp = as_text(recipe), packet(recipe, source)
    if content.startswith(PNG_SIGNATURE):
        chunks = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp) + png_chunk(
            b"tEXt", b"facegan\0" + text.encode()
        )
        return content[:_PNG_HEADER] + chunks + content[_PNG_HEADER:]
    if content.startswith(_JPEG):
        data = b"http://ns.adobe.com/xap/1.0/\0" + xmp
        segment = b"\xff\xe1" + struct.pack(">H", 2 + len(data)) + data
        # After the JFIF segment, which has to come first.
        start = 4 + int.from_bytes(content[4:6], "big") if content[2:4] == b"\xff\xe0" else 2
        return content[:start] + segment + content[start:]
    if content.startswith(_GIF) and content.endswith(b";"):
        block = b"\x21\xff\x0bXMP DataXMP" + xmp + _GIF_TRAILER
        return b"GIF89a" + content[6:-1] + block + b";"  # GIF87a has no such blocks
    if content[4:8] == b"ftyp":
        return content + struct.pack(">I4s", 24 + len(xmp), b"uuid") + _MP4_UUID + xmp + _MP4_END
    raise ValueError("only PNG, JPEG, GIF and MP4 are stamped.")


def is_stamped(content: bytes) -> bool:
    """Whether the bytes of a file contain our stamp, intact or not."""
    return _OPENS in content


def read_stamp(content: bytes) -> dict | None:
    """The recipe in the bytes of a file, None without a stamp; its content is not checked.

    Searches for the packet, which is uncompressed in all formats. Raises ValueError for a damaged one.
    """
    start = content.find(_OPENS)
    if start < 0:
        return None
    start += len(_OPENS)
    end = content.find(_ENDS, start, start + MAX_CHARACTERS + len(_ENDS))
    return parse(content[start : max(end, start)].decode("latin-1"))


def parse(text: str) -> dict:
    """What `as_text` wrote. Raises ValueError for anything else."""
    try:
        recipe = json.loads(text) if len(text) <= MAX_CHARACTERS else None
    except RecursionError:
        recipe = None
    if not isinstance(recipe, dict):
        raise ValueError("the recipe is not a JSON object.")
    return recipe


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file: its length, its four-character type, the data and their checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
