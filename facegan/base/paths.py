"""Paths for libraries that accept only UTF-8."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def utf8_alias(path: Path) -> Iterator[Path]:
    """The path itself if it is UTF-8, else a symbolic link to it that exists inside the `with` block.

    On Linux a file name may be any bytes. Python represents those that are not UTF-8 as lone surrogates, which
    libraries in Rust and C++ refuse: safetensors, FFmpeg and onnxruntime.
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
