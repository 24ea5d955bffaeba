"""A generator whose faces say everything about their latents, with an entanglement that is known in closed form."""

import numpy as np

from facegan.sliders.slider import Slider, SliderSet, even_pace
from facegan.sliders.surrogate import Surrogate, squash

D = 12
NAMES = ("smile", "gender", "age")
# Gradients in z: the smile goes with gender, and gender with age, as in the data of the first system.
W = np.zeros((D, 3), np.float32)
W[0, 0], W[1, 0], W[1, 1], W[2, 1], W[2, 2], W[3, 2] = 1.0, 0.8, 1.0, 0.6, 1.0, 0.9


def linear_surrogate(bend=0.0):
    """Scores that are z @ W, and with `bend` a product of the first two numbers on top."""
    first = np.zeros((D, 2), np.float32)
    first[0, 0] = first[1, 1] = 1.0
    last = np.zeros((2, 3), np.float32)
    last[1, 1] = bend
    second = np.array([[1, 1], [1, -1]], np.float32)
    return Surrogate(
        W, (first, np.zeros(2, np.float32)), (second, np.zeros(2, np.float32)), (last, np.zeros(3, np.float32))
    )


def toy_set(bend=0.0, weights=None, names=NAMES):
    """A SliderSet of the three attributes with ends at +-1."""
    k = len(names)
    return SliderSet(
        tuple(Slider(name, name.capitalize()) for name in names),
        names,
        np.ones((k, k), np.float32) if weights is None else weights,
        np.tile(np.float32([-1, 1]), (k, 1)),
        even_pace(k),
        W.T.copy(),
        np.zeros_like(W.T),
        linear_surrogate(bend),
    )


def scores(latents):
    return squash(latents)[0] @ W
