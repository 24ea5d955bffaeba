"""The identity of a face as an embedding, by the recognition network in the detector's InsightFace pack."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import ARCFACE_KEYPOINTS, ARCFACE_SIDE, Halves, similarity_transform, warp
from facegan.faces.detectors.detector import open_session
from facegan.faces.detectors.insightface_pack import FILE_SHA256, has_published_hash
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.options import ANYBODY, FaceOptions

# The network for which the thresholds in identity.py were measured; the packs buffalo_sc and buffalo_s have it.
MODEL_FILE = "w600k_mbf.onnx"
EMBEDDING_SIZE = 512


@dataclass(frozen=True)
class RecogniserChoice:
    """A recognition network as picklable data: each worker process opens its own instance."""

    model: Path
    device: str = "cpu"

    @property
    def version(self) -> str:
        """Changes when the model does; part of the cache's fingerprint."""
        return f"{self.model.stem}-{FILE_SHA256[self.model.name][:16]}"

    def open(self) -> "Recogniser":
        """Loads the model."""
        return Recogniser(self.model, device=self.device)


def choose_recogniser(options: FaceOptions, choice: DetectorChoice) -> RecogniserChoice | None:
    """The recognition network in the detector's pack; None if everybody is kept.

    Raises:
        FaceGANError: one person is wanted, and there is no recognition network.
    """
    if options.person == ANYBODY:
        return None
    if choice.pack_folder is None:
        folder = options.insightface_root / "models" / "buffalo_sc"
        raise FaceGANError(
            f"--person {options.person} needs InsightFace's recognition network, and {choice.kind} has none: put its "
            f"pack buffalo_sc into {folder} and use --detector insightface, or leave --person out to keep everybody."
        )
    found = recogniser_in_pack(choice)
    if found is None:
        raise FaceGANError(
            f"--person {options.person} needs {MODEL_FILE}, which the pack {options.insightface_pack} lacks: "
            "use --insightface-pack buffalo_sc, or leave --person out."
        )
    return found


def recogniser_in_pack(choice: DetectorChoice) -> RecogniserChoice | None:
    """The recognition network in the detector's pack, if there is one."""
    if choice.pack_folder is None or not (choice.pack_folder / MODEL_FILE).is_file():
        return None
    return RecogniserChoice(choice.pack_folder / MODEL_FILE, choice.device)


def installed_network(root: Path | None = None) -> Path | None:
    """The recognition network of a pack on the disk, if it is there undamaged. Nothing is downloaded."""
    root = FaceOptions().insightface_root if root is None else root
    try:
        folders = sorted((root.expanduser() / "models").glob("*"))
    except (RuntimeError, OSError):  # there is no home folder, or it cannot be read
        return None
    for folder in folders:
        if has_published_hash(folder / MODEL_FILE):
            return folder / MODEL_FILE
    return None


class Recogniser:
    """Embeddings by MobileFaceNet trained on WebFace600K with ArcFace (Deng et al. 2019, arXiv:1801.07698)."""

    def __init__(self, model: Path, *, device: str = "cpu") -> None:
        """Loads the network.

        Raises:
            FaceGANError: the file is damaged.
        """
        try:
            self._session = open_session(model.read_bytes(), device)
        except Exception as error:  # onnxruntime has a dozen error classes and no base of its own
            raise FaceGANError(
                f"{model} cannot be loaded ({error}): delete its folder, so that it is downloaded again."
            ) from error
        self._input = self._session.get_inputs()[0].name

    def embed(self, photo: np.ndarray | Halves, keypoints: np.ndarray) -> np.ndarray:
        """The embedding of a face, float32 (512,). The cosine of two embeddings is the likeness of the faces.

        Its length, 20 to 27 for photos of 250 px, shows how clearly the network sees a face: it is smaller with hands,
        masks, dark glasses, blur and distance (as in MagFace, Meng et al. 2021, arXiv:2103.06627). Averaging with the
        embedding of the mirror image would take twice the time and not separate people better: on 530 photos of one
        person and 150 of others the highest likeness of another person is 0.28 either way.

        Args:
            photo: uint8 (H, W, 3).
            keypoints: (5, 2) in its pixels.
        """
        # Equal weights for the five points, unlike in align.py, because the network was trained in this way.
        transform = similarity_transform(np.asarray(keypoints, float), ARCFACE_KEYPOINTS, np.ones(5))
        crop = warp(photo, transform, ARCFACE_SIDE).astype(np.float32)
        pixels = ((crop - 127.5) / 127.5).transpose(2, 0, 1)[None]
        return self._session.run(None, {self._input: np.ascontiguousarray(pixels)})[0][0]
