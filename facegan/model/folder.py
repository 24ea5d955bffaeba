"""The model folder: its files, and the fields of its config.json. Defined here and nowhere else."""

import json
import math
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from facegan.base.curves import EntryCurves, entry_curves
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write
from facegan.base.seeds import LATENT_SIZE
from facegan.model.checks.values import check_values

FORMAT_VERSION = 1

CONFIG = "config.json"
ONNX = "generator.onnx"
MODEL_INDEX = "model_index.json"
PIPELINE = "pipeline.py"
DIFFUSERS = "gan"  # diffusers' calls take `generator` for the random numbers, so no component can have that name
DIFFUSERS_CONFIG = f"{DIFFUSERS}/config.json"
DIFFUSERS_WEIGHTS = f"{DIFFUSERS}/diffusion_pytorch_model.safetensors"
DIFFUSERS_CODE = f"{DIFFUSERS}/generator.py"
DIFFUSERS_ENCODER = "encoder"
ENCODER_CONFIG = f"{DIFFUSERS_ENCODER}/config.json"
ENCODER_WEIGHTS = f"{DIFFUSERS_ENCODER}/diffusion_pytorch_model.safetensors"
ENCODER_CODE = f"{DIFFUSERS_ENCODER}/encoder.py"
DIFFUSERS_UPSCALER = "upscaler"
UPSCALER_CONFIG = f"{DIFFUSERS_UPSCALER}/config.json"
UPSCALER_WEIGHTS = f"{DIFFUSERS_UPSCALER}/diffusion_pytorch_model.safetensors"
UPSCALER_CODE = f"{DIFFUSERS_UPSCALER}/upscaler.py"
DISCRIMINATOR = "discriminator.safetensors"
CARD = "README.md"
LICENCE = "LICENSE.md"
SAMPLES = "samples.png"
MORPH = "morph.mp4"
PROGRESS = "progress.mp4"
PROGRESS_GIF = "progress.gif"
ENCODER = "encoder.onnx"
UPSCALER = "upscaler.onnx"
LOOK_ALIKES = "look_alikes.webp"
SLIDERS = "sliders.json"
SLIDER_WEIGHTS = "sliders.safetensors"
LEAKAGE = "sliders.png"

DEFAULT_FOLDER = Path(__file__).parent.parent / "assets" / "default"


@dataclass(frozen=True)
class Part:
    """A file of the model folder.

    `limit` in bytes: a larger one is not ours, and reading it could take all memory. `needed`: a folder without it is
    incomplete. `draws`: what FaceModel reads, and all that the demo fetches.
    """

    path: str
    limit: int
    needed: bool = True
    draws: bool = False


_TEXT, _PICTURE, _WEIGHTS = 1 << 18, 1 << 26, 1 << 28

# The allow-list: what is not here never leaves the machine, and is never fetched.
PARTS = (
    Part(CONFIG, _TEXT, draws=True),
    Part(ONNX, _WEIGHTS, draws=True),
    Part(MODEL_INDEX, _TEXT),
    Part(PIPELINE, _TEXT),
    Part(DIFFUSERS_CONFIG, _TEXT),
    Part(DIFFUSERS_WEIGHTS, _WEIGHTS),
    Part(DIFFUSERS_CODE, _TEXT),
    # For a training that starts from the model. An old model has none, nor has one of one person.
    Part(DISCRIMINATOR, _WEIGHTS, needed=False),
    Part(CARD, _TEXT),
    Part(LICENCE, _TEXT, needed=False),  # came with the push
    Part(SAMPLES, _PICTURE),
    Part(MORPH, _PICTURE),
    Part(PROGRESS, _PICTURE, needed=False),  # an old model may have none
    Part(PROGRESS_GIF, _PICTURE, needed=False),
    # A generator may be too rough for sliders.
    Part(SLIDERS, 1 << 20, needed=False, draws=True),
    Part(SLIDER_WEIGHTS, 1 << 24, needed=False, draws=True),
    Part(LEAKAGE, _PICTURE, needed=False),
    # Where one was fitted, or came with the model that training started from.
    Part(UPSCALER, 1 << 24, needed=False, draws=True),
    # The same upscaler for diffusers.
    Part(UPSCALER_CONFIG, _TEXT, needed=False),
    Part(UPSCALER_WEIGHTS, 1 << 24, needed=False),
    Part(UPSCALER_CODE, _TEXT, needed=False),
    Part(ENCODER, 1 << 23, needed=False, draws=True),  # where one was fitted
    # The same encoder for diffusers.
    Part(ENCODER_CONFIG, _TEXT, needed=False),
    Part(ENCODER_WEIGHTS, 1 << 24, needed=False),
    Part(ENCODER_CODE, _TEXT, needed=False),
    Part(LOOK_ALIKES, _PICTURE, needed=False),
)
PART = {part.path: part for part in PARTS}

# Files that torch, joblib or numpy would unpickle, which runs whatever code they hold.
_PICKLES = {".bin", ".ckpt", ".dill", ".joblib", ".npy", ".npz", ".pickle", ".pkl", ".pt", ".pth"}


def read_part(folder: Path, path: str) -> bytes:
    """The bytes of the file `path` of PARTS.

    Raises FaceGANError with its name when it is missing, larger than its limit, no plain file, or a link that leads
    out of the folder. A link into the blobs of the Hub's cache, which is how a snapshot there is made, is followed.
    """
    file = folder / path
    try:
        resolved = file.resolve(strict=True)
        root = folder.resolve()
        blobs = root.parent.parent / "blobs" if root.parent.name == "snapshots" else None
        if resolved != root / path and resolved.parent != blobs:
            raise FaceGANError(f"{file} is a link: put the file itself there.")
        if not stat.S_ISREG(resolved.stat().st_mode):  # reading a pipe would never end
            raise FaceGANError(f"{file} is not a plain file: export the model again.")
        with resolved.open("rb") as opened:
            content = opened.read(PART[path].limit + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise FaceGANError(f"{file} is missing: export the model again.") from None
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        # The system's own text has the path that the links lead to, which the page of a model need not show.
        why = getattr(error, "strerror", None) or error
        raise FaceGANError(f"{file} cannot be read ({why}): export the model again.") from error
    if len(content) > PART[path].limit:
        raise FaceGANError(
            f"{file} has more than {PART[path].limit / 1e6:,.1f} MB, which no FaceGAN model has: export it again."
        )
    return content


def refuse_pickles(folder: Path) -> None:
    """Raises FaceGANError for a file that is loaded by running code, in the folder or in a component for diffusers."""
    for inside in (folder, *(folder / one for one in (DIFFUSERS, DIFFUSERS_UPSCALER, DIFFUSERS_ENCODER))):
        try:
            paths = sorted(inside.iterdir())
        except (OSError, ValueError):
            continue  # whoever reads a missing file reports it
        for path in paths:
            if path.suffix.lower() in _PICKLES:
                raise FaceGANError(
                    f"{path} is of a kind that can run code when it is loaded, and no part of a FaceGAN "
                    "model: remove it if you trust the rest."
                )


def refuse_strays(folder: Path) -> None:
    """Raises FaceGANError when the folder holds anything but plain files of PARTS, or lacks one that is needed."""
    folders = {str(Path(part.path).parent) for part in PARTS}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise FaceGANError(f"{path} is a link, and only plain files are published: remove it.")
        if name not in PART and not (path.is_dir() and name in folders):
            raise FaceGANError(f"{path} is not part of a FaceGAN model and would not be published: remove it.")
    for part in PARTS:
        if part.needed and not (folder / part.path).is_file():
            raise FaceGANError(f"{folder / part.path} is missing: export the model again.")


@dataclass(frozen=True)
class ModelConfig:
    """What config.json holds.

    `channels` are the generator's feature maps from 4x4 upwards, `curves` those of the last entries of a latent
    (diffusers_networks.FaceGANGenerator); `training` and `data` tell how and on what it was trained, as numbers and
    short texts that may be published: see facts.py.
    """

    name: str
    image_size: int
    channels: tuple[int, ...]
    latent_size: int = LATENT_SIZE
    curves: EntryCurves = ()
    truncation: float = 0.8  # what the demo starts with
    training: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """A figure that could not be measured, NaN in Python, is null in JSON. Without curves there is no entry."""
        values = asdict(self)
        if not self.curves:
            del values["curves"]
        return json.dumps(_finite(values), indent=2) + "\n"

    def save(self, folder: Path) -> None:
        """Raises ValueError for what `read` would refuse, before anything is written."""
        text = self.to_json()
        _parse(text)
        atomic_write(folder / CONFIG, text)

    @classmethod
    def read(cls, folder: Path) -> "ModelConfig":
        """Raises FaceGANError, naming the file, when config.json is missing, broken or of another format."""
        path = folder / CONFIG
        if not path.exists():
            raise FaceGANError(f"There is no model in {folder}: give a folder that holds {CONFIG} and {ONNX}.")
        try:
            return _parse(read_part(folder, CONFIG).decode("utf-8"))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FaceGANError(f"{path} is not the config of a FaceGAN model ({error}): export it again.") from error
        except FaceGANError as error:
            raise FaceGANError(str(error) if str(path) in str(error) else f"{path}: {error}") from None


def _finite(value: object) -> object:
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _parse(text: str) -> ModelConfig:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a number")

    values = json.loads(text, parse_constant=refuse)
    if not isinstance(values, dict):
        raise ValueError("it is not a JSON object")
    version = values.get("format_version")
    if type(version) is not int:
        raise ValueError("it has no format_version")
    if version != FORMAT_VERSION:
        raise FaceGANError(
            f"It has format version {version}, but this program reads version {FORMAT_VERSION}: update FaceGAN, "
            "or train the model again."
        )
    check_values(values)
    curves = entry_curves(values.get("curves", []))
    return ModelConfig(**{**values, "channels": tuple(values["channels"]), "curves": curves})
