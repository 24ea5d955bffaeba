"""The model folder: which files it holds and what its config.json says. Decided here and nowhere else."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from facegan.errors import FaceGANError

FORMAT_VERSION = 1

CONFIG = "config.json"
ONNX = "generator.onnx"
MODEL_INDEX = "model_index.json"
PIPELINE = "pipeline.py"
DIFFUSERS = "gan"  # diffusers' calls take `generator` for the random numbers, so no component can have that name
CARD = "README.md"
SAMPLES = "samples.png"
MORPH = "morph.mp4"
PROGRESS = "progress.mp4"

DEFAULT_FOLDER = Path(__file__).parent.parent / "assets" / "default"


@dataclass(frozen=True)
class ModelConfig:
    """What config.json holds.

    `channels` are the generator's feature maps from 4x4 upwards; `training` and `data` tell how and on what it was
    trained, as numbers and short texts that may be published.
    """

    name: str
    image_size: int
    channels: tuple[int, ...]
    latent_size: int = 100
    truncation: float = 0.8  # what the demo starts with
    training: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def save(self, folder: Path) -> None:
        (folder / CONFIG).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "ModelConfig":
        """Raises FaceGANError, naming the file, when config.json is missing, broken or of another format."""
        path = folder / CONFIG
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = values["format_version"]
            if version != FORMAT_VERSION:
                raise FaceGANError(
                    f"{path} has format version {version}, but this program reads version {FORMAT_VERSION}: "
                    "update FaceGAN, or train the model again."
                )
            return cls(**{**values, "channels": tuple(values["channels"])})
        except FileNotFoundError:
            raise FaceGANError(
                f"There is no model in {folder}: give a folder that holds {CONFIG} and {ONNX}."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FaceGANError(f"{path} is not the config of a FaceGAN model ({error}): export it again.") from error
