"""Learns where sliders end: how sure a detector is of faces as they are drawn, and of faces with sliders at their ends.

YuNet, because it is part of this package. torch, by learn.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from facegan.faces.detectors.yunet import YuNetDetector
from facegan.sliders.learn import EPOCHS, learn_surrogate
from facegan.sliders.limit import Limit
from facegan.sliders.slider import SliderSet

Certainties = Callable[[np.ndarray], np.ndarray]  # latents (n, d) to log-odds (n,)

SAMPLES = 6_000  # faces, half of them moved; 12 ms each
SEED = 1_000_037
UNSURE = 5  # per cent of unmoved faces: of these the detector is unsure
_SHARE = UNSURE / 100  # of the faces foretold to be at the limit that are unsure, as of unmoved ones
_LOWEST = -4.0  # standard deviations: no face at all and hardly one count the same
_AT_ONCE = 4  # sliders moved together
_BATCH = 128


def certainties_by(generate: Callable[[np.ndarray], np.ndarray]) -> Certainties:
    """YuNet's certainty of the generated faces of latents, the mean of the face and its mirror image."""
    detector = YuNetDetector()

    def certainties(latents: np.ndarray) -> np.ndarray:
        found = [np.empty(0, np.float32)]
        for start in range(0, len(latents), _BATCH):
            faces = generate(latents[start : start + _BATCH])
            found.append((detector.certainties(faces) + detector.certainties(faces[:, :, ::-1])) / 2)
        return np.concatenate(found)

    return certainties


def learn_limit(sliders: SliderSet, certainties: Certainties, *, samples: int = SAMPLES, epochs: int = EPOCHS) -> Limit:
    """The limit of these sliders, whatever limit they have."""
    rng = np.random.RandomState(SEED)
    latents = rng.randn(samples, sliders.surrogate.latent_size).astype(np.float32)
    unmoved, rest = np.array_split(latents, 2)
    unlimited, ends = replace(sliders, limit=None), list(_ends(sliders, rng))
    moved = [unlimited.edit(some, values) for some, values in zip(np.array_split(rest, len(ends)), ends, strict=True)]
    latents = np.concatenate([unmoved, *moved])
    found = certainties(latents)
    usual = found[: len(unmoved)]
    scores = np.maximum((found - usual.mean()) / max(usual.std(), 1e-6), _LOWEST).astype(np.float32)
    surrogate = learn_surrogate(latents, scores[:, None], epochs=epochs)
    unsure = found < np.percentile(usual, UNSURE)
    return Limit(surrogate, least_of(surrogate.scores(latents)[:, 0], unsure))


def least_of(foretold: np.ndarray, unsure: np.ndarray) -> float:
    """The lowest foretold certainty (n,) around which no more than _SHARE of the faces are `unsure`, bool (n,)."""
    order = np.argsort(foretold)
    window = max(len(order) // 25, 1)
    shares = np.convolve(unsure[order], np.ones(window) / window, "valid")
    place = int((shares <= _SHARE).argmax()) if (shares <= _SHARE).any() else len(shares) - 1
    return float(foretold[order[place + window // 2]])


def _ends(sliders: SliderSet, rng: np.random.RandomState) -> Iterator[dict[str, float]]:
    """Every slider at both ends twice, and as often some at random ends together."""
    names = [slider.name for slider in sliders.sliders]
    for name in (*names, *names):
        for value in (-1.0, 1.0):
            yield {name: value}
            some = rng.choice(len(names), min(_AT_ONCE, len(names)), replace=False)
            yield {names[one]: float(rng.choice([-1.0, 1.0])) for one in some}
