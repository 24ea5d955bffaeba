"""The folder for temporary files, which many libraries need as soon as they are imported."""

import tempfile

from facegan.base.errors import FaceGANError


def check_temporary_folder() -> None:
    """Raises FaceGANError when no folder for temporary files can be written."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise FaceGANError(
            "Temporary files cannot be written anywhere (TMPDIR, /tmp, /var/tmp and this folder are full or "
            "read-only): free some space in one of them, or set TMPDIR to a folder that can be written."
        ) from error
