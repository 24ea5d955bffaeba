"""FaceModel: a model folder ready to draw faces. numpy and onnxruntime only."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from pathlib import Path

import numpy as np
import onnxruntime

from facegan.base import commands
from facegan.base.errors import FaceGANError, NoModel
from facegan.base.seeds import latents_of
from facegan.faces.one_photo import AlignedFace, FoundFace, align, find_faces
from facegan.model import folder as layout
from facegan.model.checks.network import check_network
from facegan.model.encoder import FaceEncoder, read_encoder
from facegan.model.fetch import Found, earlier_copies, find_model
from facegan.model.film import FILMS, Film
from facegan.model.folder import ModelConfig, read_part, refuse_pickles
from facegan.model.look_alike import find_look_alike, frame_of
from facegan.model.slider_files import read_sliders
from facegan.model.upscaler import FaceUpscaler, read_upscaler, reduced_by_two
from facegan.sliders.slider import Slider, SliderSet

# Images at once, without and with an upscaler: bounds memory (about 100 MB at 128 and 256 px), costs no speed on a CPU.
_BATCH, _UPSCALED_BATCH = 64, 12
_DRAWS = tuple(part.path for part in layout.PARTS if part.draws)


class FaceModel:
    """A generator of faces, loaded with `FaceModel.load()`.

    Attributes: `config` (ModelConfig), `name`, `size` (px, the height and width of its images), `origin` (where on
    the Hub it came from, "user/name@commit", else an empty text), `note` (a sentence when it is an older copy),
    `weights` (16 hexadecimal digits that tell its network from every other), `films` (of its training, to be read
    when they are wanted), `encoder` (None for a model that cannot encode), `upscaler` (None for a model whose images
    are as large as its generator draws them).
    """

    def __init__(
        self,
        config: ModelConfig,
        session: onnxruntime.InferenceSession,
        origin: str = "",
        note: str = "",
        sliders: SliderSet | None = None,
        weights: str = "",
        films: tuple[Film, ...] = (),
        encoder: FaceEncoder | None = None,
        upscaler: FaceUpscaler | None = None,
    ):
        self.config, self.origin, self.note, self.weights = config, origin, note, weights
        self.slider_set, self.films, self.encoder, self.upscaler = sliders, films, encoder, upscaler
        self._session = session

    @classmethod
    def load(cls, source: str | Path | None = None) -> "FaceModel":
        """The embedded default, the model folder `source`, or "user/name" or "user/name@revision" on the Hub.

        A model on the Hub is fetched once and kept in the Hub's cache; only the files that draw, never code. When the
        Hub cannot be reached, what an earlier call fetched is used. Raises FaceGANError with the file's name when the
        folder is not a model, and with what to do when it cannot be fetched.
        """
        return cls._of(find_model(source, _DRAWS, FILMS))

    @classmethod
    def load_earlier(cls, source: str) -> "FaceModel | None":
        """The newest copy of "user/name" that an earlier call fetched and that is a model; None where there is none.

        For when what lies on the Hub now is none.
        """
        for found in earlier_copies(source, _DRAWS, FILMS):
            with suppress(FaceGANError):
                return cls._of(found)
        return None

    @classmethod
    def _of(cls, found: Found) -> "FaceModel":
        try:
            config, session, content = _open(found.folder)
            weights = digest_of(content)
            sliders = read_sliders(found.folder, config)
            framing = frame_of(config).framing
            encoder = read_encoder(found.folder, config.image_size, framing, weights, content, _session_options())
            upscaler = read_upscaler(found.folder, _session_options())
        except FaceGANError as error:
            if not found.origin:
                raise
            # Without the path of the Hub's cache: the demo shows the sentence to visitors.
            raise NoModel(str(error).replace(str(found.folder), found.origin)) from error
        films = tuple(Film(found.origin or found.folder, path) for path in found.extras)
        return cls(config, session, found.origin, found.note, sliders, weights, films, encoder, upscaler)

    @property
    def name(self) -> str:
        return self.config.name

    @property
    def size(self) -> int:
        return self.config.image_size * (2 if self.upscaler else 1)

    @property
    def base(self) -> "FaceModel":
        """The same model without its upscaler: its images are of `config.image_size` px, as those it learned from.

        The means over 2x2 px of the larger images are these, so what is measured on them holds for both.
        """
        if self.upscaler is None:
            return self
        found = copy(self)
        found.upscaler = None
        return found

    @property
    def sliders(self) -> tuple[Slider, ...]:
        """The sliders in order; empty for a model without any."""
        return self.slider_set.sliders if self.slider_set else ()

    @property
    def surprises(self) -> tuple[Slider, ...]:
        """Sliders that were found without labels; empty for a model without any. They are edited like the others."""
        return self.slider_set.surprises.sliders if self.slider_set and self.slider_set.surprises else ()

    @property
    def all_sliders(self) -> tuple[Slider, ...]:
        """`sliders`, then `surprises`."""
        return (*self.sliders, *self.surprises)

    def latents(self, seeds: Iterable[int], truncation: float = 1.0) -> np.ndarray:
        """Latents float32 (n, 100) of the seeds; `truncation` 1.0 is the full variety.

        Less makes them alike and softer; near 0, where training never was, little of a face is left.
        """
        return latents_of(list(seeds), self.config.latent_size, truncation)

    def edit(self, latents: np.ndarray, values: Mapping[str, float], lock: Iterable[str] = ()) -> np.ndarray:
        """Latents float32 (n, 100) of the same faces with their sliders moved; `latents` itself is not changed.

        model.generate(model.edit(model.latents([7]), {"smile": 1.0}, lock=("gender",)))

        `values` by the sliders' names, from -1 to 1: 0 leaves the face as it is, 1 and -1 take the attribute to two
        standard deviations above and below the mean of all faces, and between them it goes evenly. Every other
        attribute is held still; `lock` names those to hold more firmly, at some cost for the rest. It takes one to
        four milliseconds a face and draws nothing.

        Raises ValueError for latents of another shape, the name of no slider, or a value outside -1 to 1.
        """
        latents = self._checked(latents)
        if self.slider_set is None:
            if values or tuple(lock):
                raise ValueError(f"This model has no sliders: fit them with {commands.FIT_SLIDERS}.")
            return latents.copy()
        return self.slider_set.edit(latents, values, lock)

    def edit_like(self, latents: np.ndarray, others: np.ndarray, names: Iterable[str]) -> np.ndarray:
        """Latents float32 (n, 100) of the same faces with the attributes `names` of the faces `others` (n, 100).

        model.edit_like(model.latents([7]), model.latents([8]), ["smile"])        # face 7 with the smile of face 8

        All other attributes are held. Raises ValueError for latents of another shape or the name of no slider.
        """
        latents, others, names = self._checked(latents), self._checked(others), tuple(names)
        if self.slider_set is None:
            if names:
                raise ValueError(f"This model has no sliders: fit them with {commands.FIT_SLIDERS}.")
            return latents.copy()
        return self.slider_set.edit_like(latents, others, names)

    def generate(self, latents: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        """Images uint8 (n, H, W, 3) of the latents (n, 100).

        Raises ValueError for latents of another shape or with values that are not finite.
        """
        latents = self._checked(latents)
        size = self.size
        images = np.empty((len(latents), size, size, 3), np.uint8)
        at_once = _UPSCALED_BATCH if self.upscaler else _BATCH
        for start in range(0, len(latents), at_once):
            batch = latents[start : start + at_once]
            drawn = self._session.run(["images"], {"latents": batch})[0]
            images[start : start + at_once] = to_uint8(self.upscaler.enlarged(drawn) if self.upscaler else drawn)
        return images

    def encode(self, photo: np.ndarray, strength: float = 1.0) -> np.ndarray:
        """Latents float32 (1, 100) of the look-alike of a person: of the largest face in a photo uint8 (H, W, 3).

        model.generate(model.encode(photo))         # the look-alike; `model.edit` moves its sliders

        `strength` from 0 to 1 scales the latents: 1 is as close to the photo as the model comes, less is more like a
        typical face. Raises FaceGANError, in one sentence for users, for a photo without a face, and for a model
        without an encoder; ValueError for an array that is no photo, or another strength.
        """
        return self.encode_face(self.largest_face(photo), strength)

    def largest_face(self, photo: np.ndarray) -> AlignedFace:
        """The largest face of a photo uint8 (H, W, 3), aligned as the model's faces are. Raises as `encode` does."""
        faces = self.faces_in(photo)
        if not faces:
            raise FaceGANError(
                "No face was found in this photo: choose one that shows a face from the front, in good light and not "
                "too small. Drawings, animals and faces behind masks are not found."
            )
        return self.aligned(photo, faces[0])

    def faces_in(self, photo: np.ndarray) -> list[FoundFace]:
        """The faces of a photo uint8 (H, W, 3), the largest first; none is no error. Raises ValueError for others."""
        return find_faces(_checked_photo(photo))

    def aligned(self, photo: np.ndarray, face: FoundFace) -> AlignedFace:
        """A face of the photo uint8 (H, W, 3) as the model's faces are framed."""
        return align(photo, face, frame_of(self.config))

    def encode_face(self, face: AlignedFace | np.ndarray, strength: float = 1.0) -> np.ndarray:
        """`encode` for a face that is aligned already; as an array it is uint8 (H, H, 3), H = `size` or `base.size`."""
        if self.encoder is None:
            raise FaceGANError(
                f"This model has no encoder, which look-alikes need: fit one with {commands.FIT_ENCODER}."
            )
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must be from 0 to 1, not {strength}.")
        size = self.base.size
        if not isinstance(face, AlignedFace):
            twice = self.upscaler is not None and face.shape == (self.size, self.size, 3)
            face = AlignedFace(reduced_by_two(face) if twice else face)
        if face.image.shape != (size, size, 3) or face.image.dtype != np.uint8:
            raise ValueError(f"face must be uint8 ({size}, {size}, 3), not {face.image.shape}.")
        return find_look_alike(self.base, face)[None] * np.float32(strength)

    def _checked(self, latents: np.ndarray | Sequence[Sequence[float]]) -> np.ndarray:
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.config.latent_size:
            raise ValueError(f"latents must have shape (n, {self.config.latent_size}), not {latents.shape}.")
        if not np.isfinite(latents).all():
            raise ValueError("latents must be finite numbers.")
        return latents


def _open(folder: Path) -> tuple[ModelConfig, onnxruntime.InferenceSession, bytes]:
    """Config, network and the network's bytes of a model folder, checked before and after onnxruntime has read it."""
    refuse_pickles(folder)
    config = ModelConfig.read(folder)
    file, content = folder / layout.ONNX, read_part(folder, layout.ONNX)
    try:
        check_network(content, config)
        # From the bytes that were checked, so that nobody can exchange the file in between.
        session = onnxruntime.InferenceSession(
            content, _session_options(), _providers(onnxruntime.get_available_providers())
        )
        images = session.run(["images"], {"latents": latents_of([0, 1], config.latent_size)})[0]
    except ValueError as error:
        raise FaceGANError(f"{file} is not the network of a FaceGAN model, because {error}.") from error
    except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
        raise FaceGANError(f"{file} cannot be loaded ({error}): export it again.") from error
    # Finite weights can still add up to infinity. Written so that it is true for NaN as well; onnxruntime's tanh may
    # be a rounding above 1.
    if images.shape != (2, 3, config.image_size, config.image_size) or not np.abs(images).max() <= 1.001:
        raise FaceGANError(f"{file} does not draw finite images of {config.image_size} px: train the model again.")
    return config, session, content


def digest_of(network: bytes) -> str:
    """FaceModel.weights of the bytes of generator.onnx."""
    return hashlib.sha256(network).hexdigest()[:16]


def _checked_photo(photo: np.ndarray) -> np.ndarray:
    photo = np.asarray(photo)
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or min(photo.shape) < 1:
        raise ValueError(f"photo must be uint8 (H, W, 3), not {photo.dtype} {photo.shape}.")
    return photo


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
