"""All measurements of aligned faces, by networks and from pixels. The readers of attributes.py choose from them."""

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import as_file, files

import numpy as np

from facegan.labels.colour import background_lightness, hair_lightness, lab, skin
from facegan.labels.crop import face_crops, to_places
from facegan.labels.networks import EXPRESSIONS, NetworkOutputs, run_networks
from facegan.labels.points import mouth_opening, poses
from facegan.labels.probe import AttributeProbe


@dataclass(frozen=True)
class Evidence:
    """Of n faces; every property is float32 (n,) unless it says otherwise, and computed when it is first read."""

    framing: float
    outputs: NetworkOutputs
    colours: np.ndarray  # CIELAB (n, H, H, 3)

    @classmethod
    def of(cls, images: np.ndarray, framing: float) -> "Evidence":
        """Runs the networks on aligned faces uint8 (n, H, H, 3)."""
        return cls(framing, run_networks(face_crops(images, framing)), lab(images))

    @cached_property
    def happiness(self) -> np.ndarray:
        """Log-odds of "happy" in FaceExpressionNet's softmax."""
        return happiness(self.outputs)

    @cached_property
    def heads(self) -> dict[str, np.ndarray]:
        """The scores (n,) of each shipped head, by name."""
        return dict(zip(heads().names, heads().scores_of(self.outputs.features).T, strict=True))

    @cached_property
    def mouth_opening(self) -> np.ndarray:
        """The gap between the inner lips, in eye distances."""
        return mouth_opening(self.outputs.points)

    @property
    def yaw(self) -> np.ndarray:
        """Degrees, as all three angles of the head; their signs are those of faces.pose.Pose."""
        return self._poses[0]

    @property
    def pitch(self) -> np.ndarray:
        return self._poses[1]

    @property
    def roll(self) -> np.ndarray:
        return self._poses[2]

    @property
    def skin_lightness(self) -> np.ndarray:
        """L* of the cheeks, 0..100."""
        return self._skin[0]

    @property
    def skin_hue(self) -> np.ndarray:
        """The hue of the cheeks in degrees; NaN in grey pictures."""
        return self._skin[1]

    @cached_property
    def hair_lightness(self) -> np.ndarray:
        """L* of the hair; NaN where the picture is too close to show it."""
        return hair_lightness(self.colours, self.framing)

    @cached_property
    def background_lightness(self) -> np.ndarray:
        """L* beside the head; NaN where the picture is too close to show it."""
        return background_lightness(self.colours, self.framing)

    @cached_property
    def _poses(self) -> np.ndarray:
        return poses(self.outputs.points).T

    @cached_property
    def _skin(self) -> np.ndarray:
        return skin(self.colours, to_places(self.outputs.points), self.framing).T


def happiness(outputs: NetworkOutputs) -> np.ndarray:
    """Log-odds float32 (n,) of "happy" in FaceExpressionNet's softmax."""
    happy = EXPRESSIONS.index("happy")
    others = np.delete(outputs.expressions, happy, axis=1)
    highest = others.max(axis=1)
    return outputs.expressions[:, happy] - highest - np.log(np.exp(others - highest[:, None]).sum(axis=1))


@cache
def heads() -> AttributeProbe:
    """The shipped heads for gender, age and glasses, which tools/fit_label_heads.py fits."""
    with as_file(files("facegan").joinpath("assets", "label_heads")) as folder:
        return AttributeProbe.load(folder)
