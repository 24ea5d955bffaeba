"""The encoder of a model folder at work: aligned faces to latents, by feedback. numpy and onnxruntime only."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from facegan.base.encoding import PASSES, SIDE
from facegan.base.errors import FaceGANError
from facegan.base.seeds import LATENT_SIZE
from facegan.model import folder as layout
from facegan.model.checks.encoder import INPUT, OUTPUT, check_encoder
from facegan.model.folder import read_part
from facegan.model.perceptual import PerceptualLoss
from facegan.model.pixel_loss import PixelLoss

Generate = Callable[[np.ndarray], np.ndarray]


class FaceEncoder:
    """Finds the latents whose face is most like a given one (facegan/gan/encoder.py has how).

    `pixel_loss` and `perceptual_loss`: of the generator whose latents they are.
    """

    def __init__(self, session: onnxruntime.InferenceSession, pixel_loss: PixelLoss, perceptual_loss: PerceptualLoss):
        self._session, self.pixel_loss, self.perceptual_loss = session, pixel_loss, perceptual_loss

    def latents(self, faces: np.ndarray, generate: Generate, passes: int = PASSES) -> np.ndarray:
        """Latents float32 (n, 100) of aligned faces uint8 (n, H, H, 3); `generate` draws latents as such faces."""
        seen = reduced(faces)
        latents = np.zeros((len(faces), LATENT_SIZE), np.float32)
        for _ in range(passes):
            pairs = np.concatenate([seen, reduced(generate(latents))], axis=1)
            latents = latents + self._session.run([OUTPUT], {INPUT: pairs})[0]
        return latents


def reduced(faces: np.ndarray) -> np.ndarray:
    """Faces uint8 (n, H, H, 3) of 64 px or a multiple as the encoder sees them: float32 (n, 3, 64, 64) in [-1, 1]."""
    n, size = faces.shape[:2]
    factor = size // SIDE
    means = faces.reshape(n, SIDE, factor, SIDE, factor, 3).mean(axis=(2, 4), dtype=np.float32)
    return np.ascontiguousarray(means.transpose(0, 3, 1, 2)) / np.float32(127.5) - 1


def read_encoder(
    folder: Path, size: int, framing: float, weights: str, generator: bytes, options: onnxruntime.SessionOptions
) -> FaceEncoder | None:
    """The encoder of a model folder whose `generator` draws faces of `size` px and `framing` with these weights.

    None where it has none.

    Raises FaceGANError with the file's name when it is broken.
    """
    file = folder / layout.ENCODER
    if not (file.exists() or file.is_symlink()):
        return None
    content = read_part(folder, layout.ENCODER)
    try:
        check_encoder(content, weights)
        if size % SIDE:
            raise ValueError(f"faces of {size} px are none that it reads")
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        step = session.run([OUTPUT], {INPUT: np.zeros((1, 6, SIDE, SIDE), np.float32)})[0]
    except ValueError as error:
        raise FaceGANError(f"{file} is no encoder of a FaceGAN model, because {error}: fit it again.") from error
    except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
        raise FaceGANError(f"{file} cannot be loaded ({error}): fit the encoder again.") from error
    if step.shape != (1, LATENT_SIZE) or not np.isfinite(step).all():  # finite weights can still add up to infinity
        raise FaceGANError(f"{file} gives no finite latents: fit the encoder again.")
    return FaceEncoder(session, PixelLoss(generator, options), PerceptualLoss(generator, framing, options))
