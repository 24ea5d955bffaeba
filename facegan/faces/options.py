"""The choices of the faces room."""

from dataclasses import asdict, dataclass

from facegan.base.errors import FaceGANError
from facegan.faces.align import Frame, eye_distance
from facegan.faces.detectors.detector import AUTO, DetectorOptions
from facegan.faces.detectors.registry import REGISTRY

DETECTORS = (AUTO, *REGISTRY)
DEVICES = ("cpu", "cuda")
ANYBODY, MOST_FREQUENT = "any", "auto"  # of --person, besides a number and a photo


@dataclass(frozen=True)
class FaceOptions(DetectorOptions):
    """How faces are found, framed and filtered.

    DetectorOptions and the first block decide what the cache holds: a change there starts the cache anew. The second
    block only filters what was measured: a change there costs seconds.
    """

    size: int = 64  # side of an aligned face, pixels
    # 0.8 shows chin and most hair, 0.65 the whole head, 1.2 is close; None: as wide as the photos can fill, from 0.8
    framing: float | None = None
    workers: int = 0  # processes; 0 is one a core, 1 stays in this process
    # any: everybody; auto: the person in most photos; 2: the next one; or a photo of the person. All but any make the
    # cache hold who every face is, so only the change from any or to it starts the cache anew.
    person: str = ANYBODY

    max_enlargement: float = 1.6  # beyond this the face shows interpolation rather than skin
    max_yaw: float = 30.0  # degrees; further on, the far eye and cheek begin to hide
    max_pitch: float = 30.0  # degrees
    max_roll: float = 60.0  # degrees; alignment cures roll, but a face on its side is often no face at all
    # Dark skin in ordinary light measures 25 and more: only what is lost in the dark may go.
    min_brightness: float = 22.0  # mean luma of the face, 0..255
    max_brightness: float = 235.0  # above this the highlights are burnt out
    min_contrast: float = 9.0  # standard deviation of the luma
    min_sharpness: float = 0.3  # see measure.sharpness; below it the eyes are smears
    min_inside: float = 0.95  # of the face inside the photo; cut faces turn into monsters with mirrored halves
    # Standard deviations from the tint of most faces, see filters.tint_distance: 1 % of FairFace lie beyond, in the
    # light of stages and sunsets.
    max_cast: float = 4.0
    # Of the detector on the upright face, see measure.refine_keypoints; None: the detector's own, by which 2 to 3 % of
    # FairFace go, most of them behind hands, hair and sunglasses, bowed or blurred.
    min_certainty: float | None = None
    # Correlation of two 16 x 16 pictures of faces from which they are one photo. Among 9,000 photos of celebrities the
    # pairs above 0.98 are all one photo; below 0.97 different people before black backgrounds begin.
    near_duplicate: float = 0.98
    # The next four are for one person only (--person); see eyes.read_eyes and docs/measurements/program.md.
    max_closed_eyes: float = 0.0  # log-odds
    max_shades: float = 0.5  # log-odds; dark frames around visible eyes stay below it
    # Share of the person's median clearness (records.Examination); below it are hands, masks, other people's heads.
    min_clearness: float = 0.84
    max_shades_unclear: float = -2.0  # in place of max_shades below filters.UNOBSTRUCTED of the median clearness
    min_faces: int = 100  # fewer teach a GAN nothing but to copy them
    recommended_faces: int = 1000

    def __post_init__(self) -> None:
        if not 16 <= self.size <= 1024:
            raise FaceGANError(f"The face size must be between 16 and 1024 pixels, but it is {self.size}.")
        if self.framing is not None and not 0.3 <= self.framing <= 1.5:
            raise FaceGANError(
                f"The framing must be between 0.3 (far away) and 1.5 (close), but it is {self.framing:g}."
            )
        if self.detector not in DETECTORS:
            raise FaceGANError(f"The detector must be one of {', '.join(DETECTORS)}, but it is {self.detector!r}.")
        if self.device not in DEVICES:
            raise FaceGANError(f"The detection device must be one of {', '.join(DEVICES)}, but it is {self.device!r}.")
        if self.workers < 0:
            raise FaceGANError(f"The number of workers must be 0 (one a core) or more, not {self.workers}.")
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
        """1 for the person in most photos, 2 for the next one; None when a photo says who it is, or for anybody."""
        if self.person == MOST_FREQUENT:
            return 1
        return int(self.person) if self.person.isascii() and self.person.isdigit() else None

    def to_dict(self) -> dict[str, object]:
        """Every option as JSON can hold it."""
        return {**asdict(self), "insightface_root": str(self.insightface_root)}
