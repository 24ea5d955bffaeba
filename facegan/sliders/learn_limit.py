"""Fits the limit of sliders: a network that predicts how sure a detector is of a face, moved by sliders or not.

The detector is YuNet, because it is part of this package. torch, by learn.py.
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
UNSURE = 5  # the percentile of unmoved faces below which the detector counts as unsure
_SHARE = UNSURE / 100  # of the faces whose predicted certainty is at the limit, that may be unsure: as of unmoved ones
_LOWEST = -4.0  # standard deviations; lower certainties count as this one
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


def least_of(predicted: np.ndarray, unsure: np.ndarray) -> float:
    """The lowest predicted certainty (n,) around which no more than _SHARE of the faces are `unsure`, bool (n,)."""
    order = np.argsort(predicted)
    window = max(len(order) // 25, 1)
    shares = np.convolve(unsure[order], np.ones(window) / window, "valid")
    place = int((shares <= _SHARE).argmax()) if (shares <= _SHARE).any() else len(shares) - 1
    return float(predicted[order[place + window // 2]])


def _ends(sliders: SliderSet, rng: np.random.RandomState) -> Iterator[dict[str, float]]:
    """Each slider alone at both ends, twice; after each of these some random sliders at random ends together."""
    names = [slider.name for slider in sliders.sliders]
    for name in (*names, *names):
        for value in (-1.0, 1.0):
            yield {name: value}
            some = rng.choice(len(names), min(_AT_ONCE, len(names)), replace=False)
            yield {names[one]: float(rng.choice([-1.0, 1.0])) for one in some}
