"""FaceModel: a model folder ready to draw faces. numpy and onnxruntime only."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from facegan.errors import FaceGANError
from facegan.hub import folder as layout
from facegan.hub.folder import ModelConfig
from facegan.latent.seeds import latents_of

_BATCH = 64  # images at once: bounds memory (about 100 MB at 128 px) and costs no speed on a CPU


class FaceModel:
    """A generator of faces, loaded with `FaceModel.load()`.

    Attributes: `config` (ModelConfig), `name`, `size` (px, the height and width of its images).
    """

    def __init__(self, config: ModelConfig, session: onnxruntime.InferenceSession):
        self.config = config
        self._session = session

    @classmethod
    def load(cls, source: str | Path | None = None) -> "FaceModel":
        """The embedded default, or the model folder `source`.

        Raises FaceGANError with the file's name when the folder is not a model.
        """
        folder = Path(source).expanduser() if source is not None else layout.DEFAULT_FOLDER
        config = ModelConfig.read(folder)
        try:
            session = onnxruntime.InferenceSession(
                str(folder / layout.ONNX), _session_options(), _providers(onnxruntime.get_available_providers())
            )
        except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
            raise FaceGANError(f"{folder / layout.ONNX} cannot be loaded ({error}): export it again.") from error
        expected = [None, 3, config.image_size, config.image_size]
        found = session.get_outputs()[0].shape
        if found[1:] != expected[1:] or session.get_inputs()[0].shape[1:] != [config.latent_size]:
            raise FaceGANError(
                f"{folder / layout.ONNX} draws {found[1:]}, but {layout.CONFIG} says {expected[1:]}: "
                "the two files belong to different models, export it again."
            )
        return cls(config, session)

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def size(self) -> int:
        return self.config.image_size

    def latents(self, seeds: Iterable[int], truncation: float = 1.0) -> np.ndarray:
        """Latents float32 (n, 100) of the seeds; `truncation` 1.0 is full variety, 0 the average face."""
        return latents_of(list(seeds), self.config.latent_size, truncation)

    def generate(self, latents: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Images uint8 (n, H, W, 3) of the latents (n, 100).

        Raises ValueError for latents of another shape or with values that are not finite.
        """
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.config.latent_size:
            raise ValueError(f"latents must have shape (n, {self.config.latent_size}), not {latents.shape}.")
        if not np.isfinite(latents).all():
            raise ValueError("latents must be finite numbers.")
        size = self.size
        images = np.empty((len(latents), size, size, 3), np.uint8)
        for start in range(0, len(latents), _BATCH):
            batch = latents[start : start + _BATCH]
            images[start : start + _BATCH] = to_uint8(self._session.run(["images"], {"latents": batch})[0])
        return images


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Float (n, 3, H, W) in [-1, 1] to uint8 (n, H, W, 3), rounded to the nearest level."""
    return np.rint((images.transpose(0, 2, 3, 1).clip(-1, 1) + 1) * 127.5).astype(np.uint8)


def _session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    # A worker thread that spins while it waits takes the core that the page needs: 15 ms a face became 7 on two.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _providers(available: list[str]) -> list[str]:
    """CUDA where onnxruntime has it, and always the CPU."""
    return [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in available]
