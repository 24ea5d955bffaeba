"""The upscaler of a model folder at work: a generator's images to twice their size. numpy and onnxruntime only."""

from pathlib import Path

import numpy as np
import onnxruntime

from facegan.base.errors import FaceGANError
from facegan.model import folder as layout
from facegan.model.checks.upscaler import DETAILS, INPUT, OUTPUT, check_upscaler
from facegan.model.folder import read_part


class FaceUpscaler:
    """Draws what the smaller images lack, and leaves their means over 2x2 px as they are (gan/upscaler.py)."""

    def __init__(self, session: onnxruntime.InferenceSession):
        self._session = session

    def enlarged(self, images: np.ndarray) -> np.ndarray:
        """Images float32 (n, 3, H, W) in [-1, 1] to (n, 3, 2H, 2W), which may lie a little outside; H and W even."""
        return join(images, self._session.run([OUTPUT], {INPUT: images})[0])


def join(images: np.ndarray, details: np.ndarray) -> np.ndarray:
    """Images float32 (n, 3, 2H, 2W) of those of half the size (n, 3, H, W) and their details (n, 9, H, W)."""
    n, colours, height, width = images.shape
    across, down, diagonal = details.reshape(n, 3, colours, height, width).transpose(1, 0, 2, 3, 4)
    large = np.empty((n, colours, height, 2, width, 2), np.float32)
    large[:, :, :, 0, :, 0] = images + across + down + diagonal
    large[:, :, :, 0, :, 1] = images - across + down - diagonal
    large[:, :, :, 1, :, 0] = images + across - down - diagonal
    large[:, :, :, 1, :, 1] = images - across - down + diagonal
    return large.reshape(n, colours, 2 * height, 2 * width)


def reduced_by_two(image: np.ndarray) -> np.ndarray:
    """An image uint8 (2H, 2W, 3) as its means over 2x2 px, uint8 (H, W, 3)."""
    height, width, _ = image.shape
    means = image.reshape(height // 2, 2, width // 2, 2, 3).mean(axis=(1, 3))
    return np.rint(means).astype(image.dtype)


def read_upscaler(folder: Path, options: onnxruntime.SessionOptions) -> FaceUpscaler | None:
    """The upscaler of a model folder, None where it has none.

    Raises FaceGANError with the file's name when it is broken.
    """
    file = folder / layout.UPSCALER
    if not (file.exists() or file.is_symlink()):
        return None
    content = read_part(folder, layout.UPSCALER)
    try:
        check_upscaler(content)
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        details = session.run([OUTPUT], {INPUT: np.zeros((1, 3, 8, 8), np.float32)})[0]
    except ValueError as error:
        raise FaceGANError(f"{file} is no upscaler of a FaceGAN model, because {error}: fit it again.") from error
    except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
        raise FaceGANError(f"{file} cannot be loaded ({error}): fit the upscaler again.") from error
    if details.shape != (1, DETAILS, 8, 8) or not np.isfinite(details).all():  # finite weights can add up to infinity
        raise FaceGANError(f"{file} draws no finite details: fit the upscaler again.")
    return FaceUpscaler(session)
