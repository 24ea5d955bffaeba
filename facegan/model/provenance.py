"""The provenance of a generated picture: its recipe, which stamp.py writes into PNG, GIF and MP4.

A recipe is the model and the faces (face.py) that it drew.

path.write_bytes(encode_png(image, recipe_of(model, [7], 0.8).to_dict()))
recipe = read_recipe(path.read_bytes())        # of anybody's file; every value is checked
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from facegan.base.errors import FaceGANError
from facegan.base.seeds import MAX_SEED
from facegan.base.stamp import parse, read_stamp
from facegan.model.face import Edited, Face, Mixed, Seed, pinned, reduced
from facegan.model.face_text import SLIDER_NAME, from_json, to_json
from facegan.model.load import FaceModel

MOST_SEEDS = 100  # in one picture; the sheet of samples has 32
MOST_SLIDERS = 100
_MOST_FRAMES = 10_000
_MOST_LETTERS = 200  # of the names of models and revisions, as in config.json
_WEIGHTS = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Swing:
    """A film in which one slider goes from 0, where the face is as it is, to `reach` and back.

    It takes `frames_per_leg` frames there and as many back. What a face locks is held firmly meanwhile.
    """

    slider: str
    reach: float
    frames_per_leg: int


@dataclass(frozen=True)
class Recipe:
    """What draws a picture again.

    `model` is its name on the Hub, "user/name", or what its config calls it; `revision` the commit on the Hub, else
    empty; `weights` is FaceModel.weights, which shows whether a model is the same. `sliders` by name, without
    those at 0, and `lock` the attributes that are held more firmly meanwhile. A morph has `frames_per_leg` and
    `loop`; `position`, from 0 to 1, is a single face on its path. An animation has a `swing`. Faces that are more than
    seeds and sliders are in `faces`, and `seeds` is empty.
    """

    model: str
    weights: str
    seeds: tuple[int, ...]
    truncation: float
    revision: str = ""
    sliders: Mapping[str, float] = field(default_factory=dict)
    frames_per_leg: int | None = None
    loop: bool | None = None
    position: float | None = None
    lock: tuple[str, ...] = ()
    faces: tuple[Face, ...] = ()
    swing: Swing | None = None

    @property
    def is_film(self) -> bool:
        return self.is_morph or self.swing is not None

    @property
    def is_morph(self) -> bool:
        return self.loop is not None

    @property
    def shown(self) -> tuple[Face, ...]:
        """The faces that the picture shows, or that the film leads through."""
        if self.faces:
            return self.faces
        seeds = tuple(map(Seed, self.seeds))
        return tuple(Edited(seed, self.sliders, self.lock) for seed in seeds) if self.sliders else seeds

    @property
    def current(self) -> Face:
        """The one face of a picture, at the recipe's truncation. Raises FaceGANError for a picture of several."""
        shown = self.shown
        if self.is_morph and self.position is not None:
            stops = shown + shown[: 1 if self.loop else 0]
            leg = min(int(self.position * (len(stops) - 1)), len(stops) - 2)
            part = self.position * (len(stops) - 1) - leg
            return reduced(Mixed(stops[leg], stops[leg + 1], part))
        if len(shown) != 1:
            raise FaceGANError("This picture shows several faces: choose one with a single face.")
        return reduced(shown[0])

    @property
    def face(self) -> Face:
        """The same, with a truncation of its own: it stays the same wherever it goes."""
        return pinned(self.current, self.truncation)

    def to_dict(self) -> dict:
        """For stamp.py: without what is empty."""
        values = {**vars(self), "seeds": list(self.seeds), "sliders": dict(self.sliders), "lock": list(self.lock)}
        values["faces"] = [to_json(face) for face in self.faces]
        values["swing"] = vars(self.swing) if self.swing else None
        return {name: value for name, value in values.items() if value is not None and value not in ("", {}, [])}


def recipe_of(
    model: FaceModel,
    faces: Iterable[int | Face],
    truncation: float,
    sliders: Mapping[str, float] | None = None,
    frames_per_leg: int | None = None,
    loop: bool | None = None,
    position: float | None = None,
    lock: Iterable[str] = (),
) -> Recipe:
    """The recipe of what `model` draws of the faces; a number is a seed. `sliders` and `lock` move all of them."""
    name, _, revision = model.origin.partition("@")
    shown = [Seed(face) if isinstance(face, int) else face for face in faces]
    moved, lock = {slider: float(value) for slider, value in (sliders or {}).items() if value}, tuple(lock)
    if len(shown) == 1 and isinstance(shown[0], Edited) and not moved and loop is None:
        moved = {slider: value for slider, value in shown[0].sliders.items() if value}
        shown, lock = [shown[0].of], shown[0].lock
    if all(isinstance(face, Seed) and face == Seed(face.number) for face in shown):  # as earlier versions read it
        seeds, faces = tuple(face.number for face in shown), ()
    else:
        seeds, faces = (), tuple(Edited(face, moved, lock) if moved else face for face in shown)
        moved, lock = {}, () if moved else lock
    path = (frames_per_leg, loop, position, lock, faces)
    return Recipe(name or model.name, model.weights, seeds, round(float(truncation), 6), revision, moved, *path)


def read_recipe(content: bytes) -> Recipe | None:
    """The recipe in the bytes of a PNG, GIF or MP4, None where there is none. Raises FaceGANError as `check_recipe`."""
    try:
        values = read_stamp(content)
    except ValueError:
        raise _broken() from None
    return None if values is None else check_recipe(values)


def parse_recipe(text: str) -> Recipe:
    """The recipe of its JSON. Raises FaceGANError as `check_recipe`."""
    try:
        return check_recipe(parse(text))
    except ValueError:
        raise _broken() from None


def check_recipe(values: Mapping) -> Recipe:
    """The recipe with these values, which are untrusted.

    Raises FaceGANError when one is missing or is none that a picture of this program has. Names that a later version
    may have added are left out.
    """
    if "shows" in values:
        raise FaceGANError("This picture belongs to a training run: choose one of a model's faces, or a morph.")
    seeds, sliders, lock = values.get("seeds", []), values.get("sliders", {}), values.get("lock", [])
    faces = values.get("faces", [])
    sound = (
        all(isinstance(values.get(name, ""), str) for name in ("model", "weights", "revision"))
        and all(_is_name(values.get(name, "")) for name in ("model", "revision"))
        and values.get("model", "").strip()
        and _WEIGHTS.fullmatch(values.get("weights", ""))
        and isinstance(seeds, list)
        and isinstance(faces, list)
        and 1 <= len(seeds) + len(faces) <= MOST_SEEDS
        and not (seeds and faces)
        and all(_is_whole(seed, 0, MAX_SEED) for seed in seeds)
        and _is_number(values.get("truncation"), 0, 100)
        and isinstance(sliders, dict)
        and len(sliders) <= MOST_SLIDERS
        and all(SLIDER_NAME.fullmatch(name) and _is_number(value, -100, 100) for name, value in sliders.items())
        and isinstance(lock, list)
        and len(lock) <= MOST_SLIDERS
        and all(isinstance(name, str) and SLIDER_NAME.fullmatch(name) for name in lock)
        and ("loop" in values) == ("frames_per_leg" in values)
        and isinstance(values.get("loop", True), bool)
        and _is_whole(values.get("frames_per_leg", 1), 1, _MOST_FRAMES)
        and _is_number(values.get("position", 0), 0, 1)
        and ("swing" not in values or _is_swing(values["swing"]))
    )
    if not sound:
        raise _broken()
    known = {one.name: values[one.name] for one in fields(Recipe) if one.name in values}
    try:
        made = tuple(map(from_json, faces))
    except FaceGANError:
        raise _broken() from None
    swing = Swing(**values["swing"]) if "swing" in values else None
    return Recipe(**{**known, "seeds": tuple(seeds), "lock": tuple(lock), "faces": made, "swing": swing})


def _broken() -> FaceGANError:
    return FaceGANError("What this picture says of itself is damaged or not from FaceGAN: choose another one.")


def _is_name(text: str) -> bool:
    """A page that shows it must escape it."""
    return len(text) <= _MOST_LETTERS and text.isprintable()


def _is_swing(values: object) -> bool:
    return (
        isinstance(values, dict)
        and set(values) == {one.name for one in fields(Swing)}
        and isinstance(values["slider"], str)
        and bool(SLIDER_NAME.fullmatch(values["slider"]))
        and _is_number(values["reach"], -1, 1)
        and _is_whole(values["frames_per_leg"], 1, _MOST_FRAMES)
    )


def _is_whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_number(value: object, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most  # never true for NaN
