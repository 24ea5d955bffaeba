"""A photo with its faces and their measurements, and its line in the journal."""

import base64
import json
import math
from dataclasses import asdict, dataclass, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class Examination:
    """Measurements of a face that are needed only if one person is wanted, see examine.py."""

    identity: np.ndarray  # float16 (512,), the embedding by the recognition network, of length 1
    clearness: float  # length of the original embedding, smaller for covered and blurred faces; see Recogniser.embed
    closed_eyes: float  # log-odds, see eyes.read_eyes
    shades: float  # log-odds of dark glasses


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """One face: its row in the cache, and all measurements that the filters use."""

    row: int  # of the faces file
    score: float  # the detector's, 0..1
    keypoints: np.ndarray  # float32 (5, 2), pixels of the working photo
    eye_distance: float  # pixels of the working photo
    yaw: float  # degrees, see pose.Pose
    pitch: float
    roll: float
    brightness: float  # mean luma of the face, 0..255
    contrast: float  # standard deviation of the luma
    sharpness: float  # see measure.sharpness
    inside: float  # share of the face that lies inside the photo, 0..1
    certainty: float  # of the detector, 0..1, see measure.refine_keypoints
    tint: tuple[float, float]  # a* and b* of CIELAB, see measure.face_tint
    examined: Examination | None = None


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """One file: size, time and hash, by which a change is noticed; and either a problem or its faces."""

    name: str
    size: int  # bytes
    mtime_ns: int
    sha1: str = ""
    width: int = 0  # pixels of the working photo, see decode.WORKING_SIDE
    height: int = 0
    problem: str = ""  # a key of reasons.REASONS; empty if the photo could be read
    detail: str = ""  # the problem in a few words
    faces: tuple[FaceRecord, ...] = ()

    def moved(self, first_row: int) -> "PhotoRecord":
        """The same photo with ``first_row`` added to the rows of its faces."""
        return replace(self, faces=tuple(replace(face, row=face.row + first_row) for face in self.faces))


def to_line(record: PhotoRecord) -> str:
    """One line of JSON, without the line break."""
    values: dict[str, object] = {"name": record.name, "size": record.size, "mtime_ns": record.mtime_ns}
    if record.sha1:
        values["sha1"] = record.sha1
    if record.width:
        values |= {"width": record.width, "height": record.height}
    if record.problem:
        values |= {"problem": record.problem, "detail": record.detail}
    values["faces"] = [
        {
            "row": face.row,
            "score": round(face.score, 3),
            "keypoints": [round(float(value), 2) for value in face.keypoints.ravel()],
            "eye_distance": round(face.eye_distance, 2),
            "yaw": round(face.yaw, 1),
            "pitch": round(face.pitch, 1),
            "roll": round(face.roll, 1),
            "brightness": round(face.brightness, 1),
            "contrast": round(face.contrast, 1),
            "sharpness": round(face.sharpness, 4),
            "inside": round(face.inside, 3),
            "certainty": round(face.certainty, 3),
            "tint": [round(value, 1) for value in face.tint],
            **_examined_as_json(face.examined),
        }
        for face in record.faces
    ]
    # File names that are not UTF-8 (surrogateescape) become \udcXX escapes.
    return json.dumps(values, separators=(",", ":"))


def from_line(line: str) -> PhotoRecord:
    """The record of a line that ``to_line`` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is not such a line.
    """
    values = json.loads(line)
    faces = tuple(
        FaceRecord(
            **{
                **face,
                "keypoints": np.array(face["keypoints"], np.float32).reshape(5, 2),
                # Missing in the journals of older versions; NaN passes every threshold.
                "certainty": face.get("certainty", math.nan),
                "tint": tuple(face.get("tint", (math.nan, math.nan))),
                "examined": _examined_of(face.pop("examined", None)),
            }
        )
        for face in values.pop("faces")
    )
    return PhotoRecord(**values, faces=faces)


def _examined_as_json(examined: Examination | None) -> dict[str, object]:
    if examined is None:
        return {}
    numbers = {key: round(value, 2) for key, value in asdict(examined).items() if key != "identity"}
    # In base64 a kilobyte for each face; decimals would take five.
    return {"examined": {**numbers, "identity": base64.b64encode(examined.identity.tobytes()).decode()}}


def _examined_of(values: dict[str, object] | None) -> Examination | None:
    if values is None:
        return None
    identity = np.frombuffer(base64.b64decode(str(values["identity"]), validate=True), np.float16)
    return Examination(**{**values, "identity": identity})  # type: ignore[arg-type]
