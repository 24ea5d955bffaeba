"""Small good sliders for model folders of 100 latent numbers."""

import numpy as np

from facegan.sliders.slider import Slider, SliderSet, even_pace
from facegan.sliders.surrogate import Surrogate


def small_sliders() -> SliderSet:
    """Smile is the latent's first number, age its second; the smile takes nothing along."""
    linear = np.zeros((100, 2), np.float32)
    linear[0, 0] = linear[1, 1] = 1.0
    none = np.zeros((2, 2), np.float32), np.zeros(2, np.float32)
    surrogate = Surrogate(linear, (np.zeros((100, 2), np.float32), np.zeros(2, np.float32)), none, none)
    quality = {"leakage_mean": 0.1, "leakage_mean_before": 0.4, "crossing": 0.95, "monotone": 0.9}
    judged = {"names": ["smile", "age"], "sliders": ["smile", "age"], "leakage": [[1.0, 0.1], [0.1, 1.0]],
              "before": [[1.0, 0.4], [0.4, 1.0]], "leakage_mean": 0.1, "leakage_mean_before": 0.4, "seeds": 50,
              "leakage_agreed": 0.05, "cells": {}}  # fmt: skip
    return SliderSet(
        (Slider("smile", "Smile", quality=quality, note="Pure."), Slider("age", "Age", quality=quality, note="Pure.")),
        ("smile", "age"),
        np.ones((2, 2), np.float32),
        np.float32([[-1, 1], [-1, 1]]),
        even_pace(2),
        linear.T.copy(),
        np.zeros_like(linear.T),
        surrogate,
        {"left_out": {"glasses": "the generator does not say it clearly enough"}, "judged": judged},
    )
