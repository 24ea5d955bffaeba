"""Files for Gradio to send. They lie in its cache, which the page's `delete_cache` empties by age."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from facegan.base.pictures import encode_png


def cached_path(name: str) -> Path:
    """A path that ends in `name` for a file that nobody else writes."""
    root = Path(get_upload_folder())
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=root)) / name


def file_data(path: Path) -> dict:
    """A cached file in the form in which an endpoint returns it."""
    return gr.FileData(path=str(path), orig_name=path.name, size=path.stat().st_size).model_dump()


def cached_png(image: np.ndarray, name: str, recipe: Mapping) -> dict:
    """An uint8 image (H, W, 3) as a file that an endpoint returns, stamped with its recipe."""
    path = cached_path(name)
    path.write_bytes(encode_png(image, recipe))
    return file_data(path)
