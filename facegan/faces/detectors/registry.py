"""The detectors, and which one --detector selects.

To add a detector, write a class with `detect` (detector.Detector) in a file of this folder, and add an entry to
REGISTRY. --detector, the filters and the model card read the registry.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import AUTO, AvailableDetector, Detector, DetectorOptions, UnavailableError
from facegan.faces.detectors.insightface_pack import LICENCE, RELEASE
from facegan.faces.detectors.scrfd import InsightFaceDetector, resolve_insightface
from facegan.faces.detectors.yunet import YuNetDetector, resolve_yunet


@dataclass(frozen=True)
class DetectorChoice:
    """The selected detector as picklable data: each worker process opens its own instance."""

    kind: str  # a key of REGISTRY
    version: str  # changes when the model does; part of the cache's fingerprint
    reason: str  # why this detector: one sentence for the user
    pack_folder: Path | None = None  # InsightFace only
    device: str = "cpu"

    def open(self) -> Detector:
        """Loads the model. InsightFace takes a second, most of it for its import."""
        return REGISTRY[self.kind].open(self)

    @property
    def min_certainty(self) -> float:
        """The detector's default for FaceOptions.min_certainty."""
        return REGISTRY[self.kind].min_certainty


@dataclass(frozen=True)
class DetectorEntry:
    """Everything that the program knows about a detector."""

    # Checks that the package and its model are installed, or downloads the model. Arguments: options, the URL of the
    # packs, and `say`. Raises UnavailableError.
    resolve: Callable[[DetectorOptions, str, Callable[[str], None]], AvailableDetector]
    open: Callable[[DetectorChoice], Detector]
    # The default for FaceOptions.min_certainty. Chosen by eye on the lowest-scoring of 13,738 upright FairFace faces:
    # the 2 to 3 % below it are covered, bowed or blurred.
    min_certainty: float
    card_sentence: str  # for the model card: the detector, and the licence of its weights
    licence: str = ""  # for the user: a sentence on the licence, if the weights are not free


REGISTRY = {  # in order of preference
    "insightface": DetectorEntry(
        resolve=lambda options, release, say: resolve_insightface(options, release=release, say=say),
        open=lambda choice: InsightFaceDetector(choice.pack_folder, device=choice.device),
        min_certainty=0.71,
        card_sentence=(
            "The faces were found with InsightFace's SCRFD, whose pretrained weights are for non-commercial research "
            "only; they are not part of this folder."
        ),
        licence=LICENCE,
    ),
    "yunet": DetectorEntry(
        resolve=lambda options, release, say: resolve_yunet(),
        open=lambda choice: YuNetDetector(device=choice.device),
        min_certainty=0.9,
        card_sentence="The faces were found with YuNet (MIT licence), whose weights are not part of this folder.",
    ),
}


def choose_detector(
    options: DetectorOptions, *, release: str = RELEASE, say: Callable[[str], None] = print
) -> DetectorChoice:
    """The detector that ``options.detector`` names; for "auto", the first of the registry that is available.

    Args:
        options: the detector's name and settings.
        release: the URL that InsightFace's packs are downloaded from.
        say: takes one message for the user.

    Raises:
        FaceGANError: the named detector is not available, or none is.
    """
    why_not = ""  # why the preferred detector is not available
    for kind, entry in REGISTRY.items():
        if options.detector not in (AUTO, kind):
            continue
        try:
            found = entry.resolve(options, release, say)
        except UnavailableError as error:
            if options.detector == kind:
                raise FaceGANError(
                    f"--detector {kind} cannot be used because {error}: {error.remedy}, or use --detector "
                    f"{_alternative_to(kind)}."
                ) from error
            why_not = why_not or f"{kind}, which is more accurate, cannot be used ({error}): {error.remedy}"
            continue
        why = f"as --detector {kind} asks" if options.detector == kind else found.reason
        reason = f"{found.name} finds the faces, {why}. {entry.licence}".strip()
        if why_not:
            reason = f"{found.name} finds the faces, because {why_not} to have it. {entry.licence}".strip()
        return DetectorChoice(kind, found.version, reason, found.pack_folder, options.device)
    raise FaceGANError(f"No detector can be used, because {why_not}, or install FaceGAN again.")


def _alternative_to(kind: str) -> str:
    """Another value for --detector: the last entry of the registry, which needs no download."""
    return next(other for other in reversed(REGISTRY) if other != kind)


def make_detector(options: DetectorOptions, *, say: Callable[[str], None] = print) -> tuple[Detector, str]:
    """An open detector, and the sentence that tells the user which one it is and why."""
    choice = choose_detector(options, say=say)
    return choice.open(), choice.reason
