"""Paths for libraries that take only names in UTF-8."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def utf8_alias(path: Path) -> Iterator[Path]:
    """The path itself, or for the time of the block a link to it where its name is not UTF-8.

    Linux takes any bytes for a name, and Python keeps those that are no text as lone surrogates, which libraries in
    Rust and C++ refuse: safetensors, FFmpeg and onnxruntime.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory() as folder:
            link = Path(folder) / f"link{path.suffix}"
            link.symlink_to(path.absolute())
            yield link
    else:
        yield path
