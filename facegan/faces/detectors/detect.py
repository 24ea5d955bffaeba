"""Which detector finds the faces.

A detector is one entry of REGISTRY and the file that it leads to. --detector, the filters and the model card read what
they need of a detector there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facegan.base.errors import FaceGANError
from facegan.faces.detectors.detector import AUTO, Detector, DetectorOptions, FoundDetector, UnavailableError
from facegan.faces.detectors.insightface_pack import LICENCE, RELEASE
from facegan.faces.detectors.scrfd import InsightFaceDetector, find_insightface
from facegan.faces.detectors.yunet import YuNetDetector, find_yunet


@dataclass(frozen=True)
class DetectorChoice:
    """A detector as plain data, so that a worker process can open its own."""

    kind: str  # a key of REGISTRY
    version: str  # changes when the model does; part of the cache's fingerprint
    reason: str  # one sentence for the user
    pack_folder: Path | None = None  # of InsightFace
    device: str = "cpu"

    def open(self) -> Detector:
        """Loads the model. Takes a second for InsightFace, whose import is most of it."""
        return REGISTRY[self.kind].open(self)

    @property
    def min_certainty(self) -> float:
        """The detector's own FaceOptions.min_certainty."""
        return REGISTRY[self.kind].min_certainty


@dataclass(frozen=True)
class Entry:
    """All that the program knows of a detector."""

    # From the options, where packs are fetched from, and what takes lines for the user. Raises UnavailableError.
    find: Callable[[DetectorOptions, str, Callable[[str], None]], FoundDetector]
    open: Callable[[DetectorChoice], Detector]
    # Below it an upright face is covered, bowed or blurred, by looking at the lowest of 13,738: 2 to 3 % of them.
    min_certainty: float
    in_card: str  # for the model card: a sentence with the licence of the detector's weights
    licence: str = ""  # a sentence for the user of a detector whose weights are not free


REGISTRY = {  # the best first
    "insightface": Entry(
        find=lambda options, release, say: find_insightface(options, release=release, say=say),
        open=lambda choice: InsightFaceDetector(choice.pack_folder, device=choice.device),
        min_certainty=0.71,
        in_card=(
            "The faces were found with InsightFace's SCRFD, whose pretrained weights are for non-commercial research "
            "only; they are not part of this folder."
        ),
        licence=LICENCE,
    ),
    "yunet": Entry(
        find=lambda options, release, say: find_yunet(),
        open=lambda choice: YuNetDetector(device=choice.device),
        min_certainty=0.9,
        in_card="The faces were found with YuNet (MIT licence), whose weights are not part of this folder.",
    ),
}


def choose_detector(
    options: DetectorOptions, *, release: str = RELEASE, say: Callable[[str], None] = print
) -> DetectorChoice:
    """The detector that ``options.detector`` names, or the first of the registry that can be had.

    Raises:
        FaceGANError: the one that was asked for by name cannot be had.
    """
    why_not = ""
    for kind, entry in REGISTRY.items():
        if options.detector not in (AUTO, kind):
            continue
        try:
            found = entry.find(options, release, say)
        except UnavailableError as error:
            if options.detector == kind:
                raise FaceGANError(
                    f"--detector {kind} cannot be used because {error}: {error.remedy}, or use --detector "
                    f"{_another_than(kind)}."
                ) from error
            why_not = why_not or f"{kind}, which is more accurate, cannot be used ({error}): {error.remedy}"
            continue
        why = f"as --detector {kind} asks" if options.detector == kind else found.reason
        reason = f"{found.name} finds the faces, {why}. {entry.licence}".strip()
        if why_not:
            reason = f"{found.name} finds the faces, because {why_not} to have it. {entry.licence}".strip()
        return DetectorChoice(kind, found.version, reason, found.pack_folder, options.device)
    raise FaceGANError(f"No detector can be used, because {why_not}, or install FaceGAN again.")


def _another_than(kind: str) -> str:
    """What a user can give instead: the last of the registry needs no download."""
    return next(other for other in reversed(REGISTRY) if other != kind)


def make_detector(options: DetectorOptions, *, say: Callable[[str], None] = print) -> tuple[Detector, str]:
    """An open detector, and the sentence that says which one it is and why."""
    choice = choose_detector(options, say=say)
    return choice.open(), choice.reason
