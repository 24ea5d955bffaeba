"""Who a face is: InsightFace's recognition network, out of the same pack as the detector."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegan.base.errors import FaceGANError
from facegan.faces.align import ARCFACE_KEYPOINTS, ARCFACE_SIDE, Halves, similarity_transform, warp
from facegan.faces.detectors.detector import open_session
from facegan.faces.detectors.insightface_pack import FILE_SHA256, has_published_hash
from facegan.faces.detectors.registry import DetectorChoice
from facegan.faces.options import ANYBODY, FaceOptions

# The only one for which the thresholds in identity.py were measured; buffalo_sc and buffalo_s hold it.
MODEL_FILE = "w600k_mbf.onnx"
EMBEDDING_SIZE = 512


@dataclass(frozen=True)
class RecogniserChoice:
    """A recognition network as plain data, so that a worker process can open its own."""

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
    """The recognition network beside the detector, or None when everybody is kept.

    Raises:
        FaceGANError: one person is wanted, and there is no network that knows people.
    """
    if options.person == ANYBODY:
        return None
    if choice.pack_folder is None:
        folder = options.insightface_root / "models" / "buffalo_sc"
        raise FaceGANError(
            f"--person {options.person} needs InsightFace's recognition network, and {choice.kind} has none: put its "
            f"pack buffalo_sc into {folder} and use --detector insightface, or leave --person out to keep everybody."
        )
    found = recogniser_beside(choice)
    if found is None:
        raise FaceGANError(
            f"--person {options.person} needs {MODEL_FILE}, which the pack {options.insightface_pack} does not hold: "
            "use --insightface-pack buffalo_sc, or leave --person out."
        )
    return found


def recogniser_beside(choice: DetectorChoice) -> RecogniserChoice | None:
    """The recognition network in the detector's pack, if there is one."""
    if choice.pack_folder is None or not (choice.pack_folder / MODEL_FILE).is_file():
        return None
    return RecogniserChoice(choice.pack_folder / MODEL_FILE, choice.device)


def installed_network(root: Path | None = None) -> Path | None:
    """The recognition network that training with InsightFace has fetched, if it is there whole; nothing is fetched."""
    root = FaceOptions().insightface_root if root is None else root
    try:
        folders = sorted((root.expanduser() / "models").glob("*"))
    except (RuntimeError, OSError):  # there is no home folder, or it may not be read
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
            raise FaceGANError(f"{model} cannot be loaded ({error}): delete its folder to have it fetched.") from error
        self._input = self._session.get_inputs()[0].name

    def embed(self, photo: np.ndarray | Halves, keypoints: np.ndarray) -> np.ndarray:
        """Who a face is: the embedding, float32 (512,). The cosine of two is their likeness.

        Its length, 20 to 27 for photos of 250 px, is how clearly the network saw a face: hands, masks and dark
        glasses shorten it, as do blur and distance (as in MagFace, Meng et al. 2021, arXiv:2103.06627).
        The mean with the mirror image's embedding tells people no better apart on 530 photos of one and 150 of
        others (the nearest stranger comes to 0.28 either way), so it is not worth twice the time.

        Args:
            photo: uint8 (H, W, 3).
            keypoints: (5, 2) in its pixels.
        """
        # All five points count alike here, unlike in our own pictures: that is how the network was trained.
        transform = similarity_transform(np.asarray(keypoints, float), ARCFACE_KEYPOINTS, np.ones(5))
        crop = warp(photo, transform, ARCFACE_SIDE).astype(np.float32)
        pixels = ((crop - 127.5) / 127.5).transpose(2, 0, 1)[None]
        return self._session.run(None, {self._input: np.ascontiguousarray(pixels)})[0][0]
