"""What the judge of sliders reads from a face: heads on the networks of judge_networks.py, and colours of pixels.

Sliders are fitted with other networks, and with the colours of other places of the face. tools/fit_judge_heads.py fits
the heads to people's labels if there are any. A slider is judged only if `names` has its attribute. To have a new
attribute judged, add it to that tool, or its colour to COLOURS and `_colours`.
"""

from functools import cache
from importlib.resources import as_file, files

import numpy as np

from facegan.labels.attributes import ODD
from facegan.labels.colour import MIN_CHROMA, in_box, lab
from facegan.labels.crop import places
from facegan.labels.probe import AttributeProbe
from facegan.sliders.judge_networks import can_recognise, identity_embeddings, image_features

RECOGNISED = ("gender", "age")  # read by the recognition network as well, where it is on this machine
COLOURS = ("skin_lightness", "skin_hue", "hair_lightness", "background_lightness")
# Fixed places, without landmarks: the ridge of the nose and a patch of each cheek (left, top, right, bottom in eye
# distances; mirrored where they lie on one side). The median over them leaves out nostrils and glasses.
_SKIN = ((-0.12, 0.1, 0.12, 0.5), (0.38, 0.4, 0.68, 0.75))
_HAIR = (-0.9, -1.7, 0.9, -0.6)
_HAIR_SHARE = 25  # per cent: the darkest of what lies there
_BACKGROUND = (1.05, -1.9, 1.5, -1.2)  # both upper corners, above the place by which the sliders are fitted
_FEWEST_PIXELS = 8  # of a place; with fewer a picture is too close to show it


@cache
def heads() -> AttributeProbe:
    """The readings of assets/judge_heads, of `image_features`."""
    return _load("judge_heads")


@cache
def people_heads() -> AttributeProbe:
    """Those of RECOGNISED in assets/judge_people_heads, of `image_features` and `identity_embeddings` side by side."""
    return _load("judge_people_heads")


def _load(folder: str) -> AttributeProbe:
    with as_file(files("facegan").joinpath("assets", folder)) as found:
        return AttributeProbe.load(found)


def names() -> tuple[str, ...]:
    """What the judge reads, in the order of `read_faces`."""
    return (*heads().names, *COLOURS)


def read_faces(images: np.ndarray, framing: float, *, mirror: bool = True, people: bool = True) -> np.ndarray:
    """Readings float32 (n, j) of aligned faces uint8 (n, H, H, 3).

    Args:
        images: the faces.
        framing: of the images.
        mirror: the mean of the face and its mirror image, which halves the error of a reading and takes twice as long.
            The recognition network reads the face alone: mirrored it differs by a tenth of a standard deviation.
        people: gender and age with the recognition network where it is on this machine: on held-out photos gender has
            an AUC of 0.994 in place of 0.978 (docs/sliders.md). It takes three times as long as the rest.
    """
    seen = image_features(images, framing)
    scores = heads().scores_of(seen)
    if mirror:
        back = np.where(np.isin(heads().names, ODD), -1, 1)
        mirrored = image_features(np.ascontiguousarray(images[:, :, ::-1]), framing)
        scores = (scores + heads().scores_of(mirrored) * back) / 2
        seen = (seen + mirrored) / 2
    if people and can_recognise():
        columns = [heads().names.index(name) for name in RECOGNISED]
        scores[:, columns] = people_heads().scores_of(
            np.concatenate([seen, identity_embeddings(images, framing)], axis=1)
        )
    return np.concatenate([scores, _colours(images, framing)], axis=1).astype(np.float32)


def _colours(images: np.ndarray, framing: float) -> np.ndarray:
    colours = lab(images)
    x, y = places(images.shape[1], framing)
    on_skin = np.any([in_box(x, y, box) for box in _SKIN], axis=0)
    skin = np.median(colours[:, on_skin], axis=1)
    hue = np.degrees(np.arctan2(skin[:, 2], skin[:, 1]))
    hue[np.hypot(skin[:, 1], skin[:, 2]) < MIN_CHROMA] = np.nan
    above = in_box(x, y, _HAIR)
    hair = background = np.full(len(images), np.nan)
    if above.sum() >= _FEWEST_PIXELS:
        hair = np.percentile(colours[:, above, 0], _HAIR_SHARE, axis=1)
    corners = in_box(x, y, _BACKGROUND)
    if corners.sum() >= _FEWEST_PIXELS:
        background = np.median(colours[:, corners, 0], axis=1)
    return np.stack([skin[:, 0], hue, hair, background], axis=1)
