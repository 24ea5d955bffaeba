"""The surrogate: a small smooth network that predicts a face's scores from its latent, with its exact gradient.

Scoring a picture takes milliseconds and has no gradient here; the surrogate takes microseconds and has a gradient at
every latent, in closed form. It is fitted once to the scores of some ten thousand generated faces (learn.py), and every
slider follows it. numpy only.
"""

from dataclasses import dataclass

import numpy as np

_ROOT = np.float32(np.sqrt(2 / np.pi))
_CUBE = np.float32(0.044715)
MAX_LIPSCHITZ = 1000.0  # standard deviations per unit of the latent, for untrusted surrogates; the default's is 30


@dataclass(frozen=True)
class Surrogate:
    """scores = z A + h C + c with z = squash(g), h = tanh(tanh(z W + a) V + b).

    All float32: `linear` A (d, k), `first` W (d, m) and a (m,), `second` V (m, m) and b (m,), `last` C (m, k) and
    c (k,). Scores are in standard deviations of the population around its mean.
    """

    linear: np.ndarray
    first: tuple[np.ndarray, np.ndarray]
    second: tuple[np.ndarray, np.ndarray]
    last: tuple[np.ndarray, np.ndarray]

    @property
    def latent_size(self) -> int:
        return self.linear.shape[0]

    def scores(self, latents: np.ndarray) -> np.ndarray:
        """Scores float32 (n, k) of latents (n, d)."""
        return self._forward(latents)[0]

    def gradients(self, latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores float32 (n, k), and their gradients (n, k, d) with respect to the latent."""
        scores, slope, first, second = self._forward(latents)
        # Backpropagation from the scores to z, through both tanh: d tanh(x) = 1 - tanh(x)^2.
        back = (1 - second**2)[:, None, :] * self.last[0].T[None]
        back = (back @ self.second[0].T) * (1 - first**2)[:, None, :]
        return scores, (back @ self.first[0].T + self.linear.T[None]) * slope[:, None, :]

    def lipschitz(self) -> float:
        """A Lipschitz constant of the scores: an upper bound, from the spectral norms of the matrices.

        The derivative of tanh is at most 1, and that of `squash` at most 0.8.
        """
        one, two, three = (np.linalg.norm(m.astype(np.float64), 2) for m, _ in (self.first, self.second, self.last))
        return float(np.linalg.norm(self.linear.astype(np.float64), 2) + one * two * three)

    def _forward(self, latents: np.ndarray) -> tuple[np.ndarray, ...]:
        z, slope = squash(np.asarray(latents, np.float32))
        first = np.tanh(z @ self.first[0] + self.first[1])
        second = np.tanh(first @ self.second[0] + self.second[1])
        return z @ self.linear + second @ self.last[0] + self.last[1], slope, first, second


def squash(latents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2 Phi(g) - 1, the generator's first operation, to within 4e-4, and its slope. float32, any shape.

    The approximation by tanh is that of Hendrycks and Gimpel 2016 (https://arxiv.org/abs/1606.08415); numpy has no erf.
    """
    z = np.tanh(_ROOT * (latents + _CUBE * latents**3))
    return z, (1 - z**2) * _ROOT * (1 + 3 * _CUBE * latents**2)
