"""FaceGAN: photos in, a face generator out.

    from facegan import FaceModel
    model = FaceModel.load()                        # the embedded default, a folder, or "user/name" on the Hub
    images = model.generate(model.latents([1, 2]))  # uint8 (2, H, W, 3)

Both names load on first use, so that the demo imports no torch and training no onnxruntime session.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import facegan.base.telemetry  # noqa: F401

if TYPE_CHECKING:
    from facegan.model.diffusers_model import FaceGANPipeline
    from facegan.model.load import FaceModel

__version__ = "0.1.0"
__all__ = ["FaceGANPipeline", "FaceModel"]

_HOMES = {"FaceModel": "facegan.model.load", "FaceGANPipeline": "facegan.model.diffusers_model"}


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'facegan' has no attribute {name!r}")
