"""What a latent does to the generator's early features, from the weights of generator.onnx. torch, on the CPU."""

import numpy as np

from facegan.model.checks.network import curves_of, weights_of, whole_curves
from facegan.model.checks.values import BASE_SIZE

LEVELS = 2  # up-samplings: maps of 16 px, where a face has its shapes and no texture yet


class EarlyFeatures:
    """The maps (n, c, s, s) after `levels` up-samplings, before their ReLU."""

    def __init__(self, onnx: bytes, levels: int = LEVELS):
        """`onnx`: the bytes of a checked generator.onnx."""
        import torch

        weights = [torch.from_numpy(np.array(weight, np.float32)) for weight in weights_of(onnx)]
        curves = curves_of(onnx)
        self._curves = whole_curves((), len(weights[0].T)) if curves is None else curves
        self._project, self._ups = weights[:2], list(zip(weights[2::2], weights[3::2], strict=True))[:levels]

    def maps(self, latents: np.ndarray) -> np.ndarray:
        """Of latents float32 (n, d)."""
        return self._run(latents)[0].numpy()

    def effect(self, latents: np.ndarray) -> np.ndarray:
        """J'J float32 (n, d, d) of the Jacobian J of the maps with respect to z = 2 Phi(g) - 1, at latents (n, d).

        The maps are piecewise linear in z, so each column of J is a unit vector that goes through the layers without
        their biases and with the ReLUs of the face.
        """
        import torch
        import torch.nn.functional as F

        found, units = [], torch.eye(latents.shape[1])
        # By the chain rule: how fast the dense layer's input changes with z, (n, d). Without curves all are 1.
        rates = self._curves[1] * np.exp((np.square(latents) - np.square(self._curved(latents))) / 2)
        columns = _first_maps(units @ self._project[0].T)
        for latent, rate in zip(latents, rates, strict=True):
            _, passed = self._run(latent[None])
            tangents = columns * torch.from_numpy(rate).float()[:, None, None, None]
            for (kernel, _), on in zip(self._ups, passed, strict=True):
                tangents = F.conv_transpose2d(tangents * on, kernel, stride=2, padding=1)
            flat = tangents.flatten(1)
            found.append((flat @ flat.T).numpy())
        return np.stack(found)

    def _curved(self, latents: np.ndarray) -> np.ndarray:
        centre, steepness = self._curves
        return (latents - centre) * steepness

    def _run(self, latents: np.ndarray) -> tuple:
        """The maps, and where each ReLU before them lets through."""
        import torch
        import torch.nn.functional as F

        z = torch.erf(torch.from_numpy(self._curved(np.asarray(latents, np.float32))) / 2**0.5)
        x, passed = _first_maps(z @ self._project[0].T + self._project[1]), []
        for kernel, bias in self._ups:
            passed.append(x > 0)
            x = F.conv_transpose2d(F.relu(x), kernel, bias, stride=2, padding=1)
        return x, passed


def _first_maps(x):  # noqa: ANN001, ANN202 - tensors, and torch is imported late
    return x.unflatten(1, (BASE_SIZE, BASE_SIZE, -1)).permute(0, 3, 1, 2)
