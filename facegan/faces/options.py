"""FaceOptions: how faces are found, framed and filtered, with all thresholds."""

from dataclasses import asdict, dataclass

from facegan.base.errors import FaceGANError
from facegan.faces.align import Frame, eye_distance
from facegan.faces.detectors.detector import AUTO, DetectorOptions
from facegan.faces.detectors.registry import REGISTRY

DETECTORS = (AUTO, *REGISTRY)
DEVICES = ("cpu", "cuda")
MIN_FRAMING, MAX_FRAMING = 0.3, 1.5  # see FaceOptions.framing
ANYBODY, MOST_FREQUENT = "any", "auto"  # of --person, besides a number and a photo


@dataclass(frozen=True)
class FaceOptions(DetectorOptions):
    """How faces are found, framed and filtered.

    After a change in DetectorOptions or in the first block all photos are read again. The second block has the
    thresholds of the filters, whose changes take seconds.
    """

    size: int = 64  # side of an aligned face, pixels
    # 0.8 shows chin and most hair, 0.65 the whole head, 1.2 is close; None: as wide as the photos can fill, from 0.8
    framing: float | None = None
    workers: int = 0  # processes that measure photos; 0: one per core; 1: this process
    # any: everybody; auto: the person in most photos; 2: the second most frequent; or a photo of the person. With all
    # but any the cache has an embedding of each face, so the photos are read again only after a change from or to any.
    person: str = ANYBODY

    max_enlargement: float = 1.6  # above it a face shows interpolation rather than skin
    max_yaw: float = 30.0  # degrees; above it the far eye and cheek begin to disappear
    max_pitch: float = 30.0  # degrees
    max_roll: float = 60.0  # degrees; alignment removes roll, but a detection on its side is often not a face
    # Dark skin in ordinary light has 25 and more, and must not be rejected.
    min_brightness: float = 22.0  # mean luma of the face, 0..255
    max_brightness: float = 235.0  # above it the highlights are clipped
    min_contrast: float = 9.0  # standard deviation of the luma
    min_sharpness: float = 0.3  # see measure.sharpness; below it the eyes cannot be made out
    min_inside: float = 0.95  # share of the face inside the photo; the rest would be filled with its mirror image
    # Standard deviations from the median tint, see filters.tint_distance. 1 % of FairFace are above, in stage light and
    # at sunset.
    max_cast: float = 4.0
    # The detector's score on the upright face, see measure.refine_keypoints; None: DetectorEntry.min_certainty, which
    # rejects 2 to 3 % of FairFace: mostly faces behind hands, hair and sunglasses, bowed or blurred.
    min_certainty: float | None = None
    # Correlation of 16 x 16 pictures of two faces from which on they are near-duplicates. Among 9,000 photos of
    # celebrities all pairs above 0.98 are the same photo; below 0.97 some show different people before black
    # backgrounds.
    near_duplicate: float = 0.98
    # The next four are used only with --person; see eyes.read_eyes and docs/measurements/program.md.
    max_closed_eyes: float = 0.0  # log-odds
    max_shades: float = 0.5  # log-odds of dark glasses; dark frames around visible eyes are below
    # Share of the person's median clearness (records.Examination); faces behind hands, masks and other heads are below.
    min_clearness: float = 0.84
    max_shades_unclear: float = -2.0  # replaces max_shades if the clearness is below filters.UNOBSTRUCTED
    min_faces: int = 100  # with fewer a GAN learns only to copy them
    recommended_faces: int = 1000

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 1024:
            raise FaceGANError(f"The face size must be between 16 and 1024 pixels, but it is {self.size}.")
        if self.framing is not None and not MIN_FRAMING <= self.framing <= MAX_FRAMING:
            raise FaceGANError(
                f"The framing must be between {MIN_FRAMING} (far away) and {MAX_FRAMING} (close), but it is "
                f"{self.framing:g}."
            )
        if self.detector not in DETECTORS:
            raise FaceGANError(f"The detector must be one of {', '.join(DETECTORS)}, but it is {self.detector!r}.")
        if self.device not in DEVICES:
            raise FaceGANError(f"The detection device must be one of {', '.join(DEVICES)}, but it is {self.device!r}.")
        if self.workers < 0:
            raise FaceGANError(f"The number of workers must be 0 (one per core) or more, not {self.workers}.")
        if not self.person or self.person_number == 0:
            raise FaceGANError(
                f"--person takes any, auto, a number from 1 or a photo of the person, but it is {self.person!r}."
            )

    @property
    def frame(self) -> Frame:
        """What an aligned picture shows, once the framing is chosen."""
        assert self.framing is not None, "framing.choose_framing comes first"
        return Frame(self.size, self.framing)

    @property
    def min_eye_distance(self) -> float:
        """Pixels between the eyes below which a face is too small."""
        return eye_distance(self.frame.template()) / self.max_enlargement

    @property
    def person_number(self) -> int | None:
        """1 for the most frequent person, 2 for the second; None if --person is a photo or "any"."""
        if self.person == MOST_FREQUENT:
            return 1
        return int(self.person) if self.person.isascii() and self.person.isdigit() else None

    def to_dict(self) -> dict[str, object]:
        """JSON-able values of all options."""
        return {**asdict(self), "insightface_root": str(self.insightface_root)}
