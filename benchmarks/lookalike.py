"""How much look-alikes are like: the bars of encoders, on generated, held-out and photographed faces.

    python -m benchmarks.lookalike facegan/assets/default --run runs/PHOTOS --photos PHOTOS
    python -m benchmarks.lookalike runs/PHOTOS/model --encoder-only --insightface-root ~/.insightface

Three sets: generated faces of seeds that the encoder has not seen, the faces that RUN has held out, and faces of photos
that are turned less than 40 degrees, found and framed as the demo does it. Each is compared with what the model draws
from the encoder's answer, and with the nearest of 10,000 random faces.

Feature distance: Euclidean, between the middle maps of EfficientNet-Lite0, each in its standard deviation over random
faces. What the faces show is read by the judge of the sliders (facegan/sliders/readings.py), their turn by landmarks.
The encoder learned by neither. Identity, with --insightface-root: how often the right one of 100 faces of a set is the
nearest to a look-alike, by the cosine of InsightFace's embeddings.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image

from facegan import FaceModel
from facegan.faces.align import Frame
from facegan.faces.cache import FaceCache
from facegan.faces.one_photo import AlignedFace
from facegan.faces.person.recognise import Recogniser, installed_network
from facegan.faces.pose import estimate_pose
from facegan.model.measurements import LOOK_ALIKES
from facegan.runs.look_alikes import Crowd, figures_of, generated_faces, held_out_faces
from facegan.sliders.judge_networks import image_features

Answer = Callable[[AlignedFace], np.ndarray]
RANDOM = 10_000  # faces of seeds from 0 on
_MOST_TURN = 40.0  # degrees
_ROOM = 0.6  # share of the aligned picture that is photo; most of FairFace is cut closer than framing 0.8 shows
_LINE = 100  # faces among which the right one shall be the nearest


def photos_in(folder: Path, model: FaceModel, count: int) -> list[AlignedFace]:
    """Aligned faces of the first photos, in a random order, that have room around a face that looks ahead."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    found = []
    for number in np.random.RandomState(0).permutation(len(paths)):
        if len(found) == count:
            break
        photo = np.asarray(Image.open(paths[number]).convert("RGB"))
        faces = model.faces_in(photo)
        if faces and abs(estimate_pose(faces[0].keypoints).yaw) < _MOST_TURN:
            face = model.aligned(photo, faces[0])
            found += [face] if face.shown.mean() > _ROOM else []
    return found


def embeddings(faces: np.ndarray, framing: float, recogniser: Recogniser) -> np.ndarray:
    """Unit vectors (n, 512) of aligned faces."""
    keypoints = Frame(faces.shape[1], framing).template()
    found = np.stack([recogniser.embed(face, keypoints) for face in faces])
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def rank_share(look_alikes: np.ndarray, faces: np.ndarray) -> float:
    """How often the right one of a line of faces is the nearest, by unit vectors (n, d) in the same order."""
    right, asked = 0, 0
    for start in range(0, len(faces) - _LINE + 1, _LINE):
        line = slice(start, start + _LINE)
        right += int((np.argmax(look_alikes[line] @ faces[line].T, axis=1) == np.arange(_LINE)).sum())
        asked += _LINE
    return right / asked if asked else float("nan")


def figures(
    model: FaceModel, found: list[AlignedFace], answer: Answer, crowd: Crowd, framing: float, network: Recogniser | None
) -> Iterator[tuple[str, str, str]]:
    """The rows of the table: what, of the look-alikes, and of the nearest random faces."""
    begun = process_time()
    answers, faces = np.concatenate([answer(face) for face in found]), np.stack([face.image for face in found])
    seconds = (process_time() - begun) / len(faces)
    alike = model.generate(answers)
    nearest = model.generate(crowd.latents[crowd.nearest(image_features(faces, framing) / crowd.scale)[0]])
    yield "s of one core an answer", f"{seconds:.2f}", ""
    yield "length of the latents, median", f"{np.median(np.linalg.norm(answers, axis=1)):.1f}", "10.0"
    measured = figures_of(model, found, answers, crowd, framing)
    for name, words, form in LOOK_ALIKES:
        yield words, *(format(value, form.replace("0%", "1%")) for value in measured[name])
    if network is not None:
        true, *others = (embeddings(images, framing, network) for images in (faces, alike, nearest))
        yield "likeness, median cosine", *(f"{np.median((true * other).sum(1)):.2f}" for other in others)
        yield f"the right one of {_LINE} is the nearest", *(f"{rank_share(other, true):.1%}" for other in others)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model")
    p.add_argument("--run", type=Path, help="whose held-out faces are tried, of the model's size and framing")
    p.add_argument("--photos", type=Path, help="a folder of photos that nothing learned from")
    p.add_argument("--count", type=int, default=1000, help="generated and held-out faces; half as many photos")
    p.add_argument("--random", type=int, default=RANDOM, help="faces to be nearer than")
    p.add_argument("--encoder-only", action="store_true", help="without the steps after it")
    p.add_argument("--insightface-root", type=Path)
    p.add_argument("--sheet", type=Path, help="a folder for pictures of faces, look-alikes and nearest random faces")
    args = p.parse_args()

    model = FaceModel.load(args.model).base
    if model.encoder is None:
        raise SystemExit(f"{args.model} has no encoder: fit one with train/fit_encoder.py.")
    framing = float(model.config.data.get("framing") or 1.0)
    network = installed_network(args.insightface_root) if args.insightface_root else None
    recogniser = Recogniser(network) if network else None

    def answer(face: AlignedFace) -> np.ndarray:
        return model.encoder.latents(face.image[None], model.generate) if args.encoder_only else model.encode_face(face)

    sets = {"generated": generated_faces(model, args.count)}
    if args.run:
        sets["held out"] = held_out_faces(FaceCache.find(args.run), args.count)
    if args.photos:
        sets["photos"] = photos_in(args.photos, model, args.count // 2)
    crowd = Crowd.of(model, framing, args.random)
    for name, faces in sets.items():
        print(f"\n{len(faces):,} {name}, nearest of {args.random:,}\n")
        print("| | look-alike | nearest random face |\n|---|---|---|", flush=True)
        for row in figures(model, faces, answer, crowd, framing, recogniser):
            print(f"| {' | '.join(row)} |", flush=True)
        if args.sheet:
            args.sheet.mkdir(parents=True, exist_ok=True)
            answers = np.concatenate([answer(face) for face in faces[:20]])
            shown = np.stack([face.image for face in faces[:20]])
            place, _ = crowd.nearest(image_features(shown, framing) / crowd.scale)
            rows = [shown, model.generate(answers), model.generate(crowd.latents[place])]
            halves = [np.concatenate(list(row[half]), axis=1) for half in (slice(10), slice(10, 20)) for row in rows]
            Image.fromarray(np.concatenate(halves)).save(args.sheet / f"{name.replace(' ', '_')}.png")


if __name__ == "__main__":
    main()
