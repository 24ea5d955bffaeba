"""Checks that the pictures, the films and the index of a model folder are of the type of their names."""

import io
import json
from pathlib import Path

from PIL import Image

from facegan.base.errors import FaceGANError
from facegan.model import folder as layout

_MAX_SIDE = 8192  # px; the sheet of samples has 1038
INDEX = {"_class_name": ["pipeline", "FaceGANPipeline"], layout.DIFFUSERS: ["generator", "FaceGANGenerator"]}
# In a folder that has one of them.
INDEX_OF_UPSCALER = {layout.DIFFUSERS_UPSCALER: ["upscaler", "FaceGANUpscaler"]}
INDEX_OF_ENCODER = {layout.DIFFUSERS_ENCODER: ["encoder", "FaceGANEncoder"]}


def check_content(file: Path, name: str, content: bytes) -> None:
    """Check the content of the file `name` of PARTS, of the kinds that no loader checks.

    Raises FaceGANError with the name of `file` when it is not such a file.
    """
    try:
        if name.endswith((".png", ".webp")):
            _check_picture(content, name.rpartition(".")[2].upper())
        elif name.endswith(".mp4") and content[4:8] != b"ftyp":
            raise ValueError("it is not an MP4 film")
        elif name.endswith(".gif") and not content.startswith(b"GIF8"):
            raise ValueError("it is not a GIF")
        elif name == layout.MODEL_INDEX:
            _check_index(content)
        elif name.endswith((".md", ".py", ".json")):
            content.decode("utf-8")
    except (ValueError, OSError, SyntaxError, KeyError, RecursionError, Image.DecompressionBombError) as error:
        raise FaceGANError(f"{file} is not what its name says ({error}): export the model again.") from error


def _check_picture(content: bytes, kind: str) -> None:
    with Image.open(io.BytesIO(content), formats=[kind]) as picture:
        if max(picture.size) > _MAX_SIDE:
            raise ValueError(f"it has {picture.width} x {picture.height} pixels")
        picture.load()
        # A note in a picture may hold anything; what ours may say is decided where they are written.
        if picture.getexif():
            raise ValueError("it carries the notes of a camera")


def _check_index(content: bytes) -> None:
    values = json.loads(content)
    values = {k: v for k, v in values.items() if k != "_diffusers_version"} if isinstance(values, dict) else None
    optional = {key: one for key, one in (INDEX_OF_UPSCALER | INDEX_OF_ENCODER).items() if key in (values or {})}
    if values != INDEX | optional:
        raise ValueError("it does not name the classes of FaceGAN")
