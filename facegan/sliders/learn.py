"""Fits the surrogate to the scores of generated faces. torch, for its optimiser and its gradients."""

import numpy as np

from facegan.sliders.surrogate import Surrogate, squash

HIDDEN = 256  # units of each of the two layers
EPOCHS = 60
BATCH = 256
RATE, DECAY = 2e-3, 1e-2  # of AdamW; the rate is annealed to zero by a cosine
DROPOUT = 0.1
_ONE_THREAD = 1  # the matrices are too small to share


def learn_surrogate(
    latents: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    hidden: int = HIDDEN,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> Surrogate:
    """The surrogate that predicts `scores` from `latents` with the least squared error.

    Args:
        latents: float32 (n, d).
        scores: float32 (n, k) in standard deviations; NaN where a face does not show one; it is ignored.
        weights: float (n,), the weight of each face; None for equal weights.
    """
    import torch
    from torch import nn

    threads = torch.get_num_threads()
    torch.set_num_threads(_ONE_THREAD)
    state = torch.get_rng_state()  # a run goes on with its own random numbers
    torch.manual_seed(seed)
    try:
        known = np.isfinite(scores)
        count = known * (np.ones(len(latents)) if weights is None else weights)[:, None]
        x = torch.from_numpy(squash(np.asarray(latents, np.float32))[0])
        y = torch.from_numpy(np.where(known, scores, 0).astype(np.float32))
        w = torch.from_numpy((count / count.mean()).astype(np.float32))
        d, k = x.shape[1], y.shape[1]
        linear = nn.Linear(d, k, bias=False)
        deep = nn.Sequential(
            nn.Linear(d, hidden), nn.Tanh(), nn.Dropout(DROPOUT),
            nn.Linear(hidden, hidden), nn.Tanh(), nn.Dropout(DROPOUT), nn.Linear(hidden, k),
        )  # fmt: skip
        # All weights start random. If the linear part starts at the ridge solution, the deep part hardly learns
        # anything: together they then explain 0.77 of a smile's variance instead of 0.85.
        parameters = [*linear.parameters(), *deep.parameters()]
        optimiser = torch.optim.AdamW(parameters, RATE, weight_decay=DECAY)
        steps = max(1, epochs * (len(x) // BATCH or 1))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for step in range(steps):
            at = step * BATCH % max(len(x) - BATCH + 1, 1)
            if at < BATCH:
                order = torch.randperm(len(x))
            rows = order[at : at + BATCH]
            loss = (w[rows] * (linear(x[rows]) + deep(x[rows]) - y[rows]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    finally:
        torch.set_rng_state(state)
        torch.set_num_threads(threads)
    first, second, last = (deep[i] for i in (0, 3, 6))
    return Surrogate(_array(linear.weight).T.copy(), *(
        (_array(layer.weight).T.copy(), _array(layer.bias)) for layer in (first, second, last)
    ))  # fmt: skip


def _array(tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float32)
