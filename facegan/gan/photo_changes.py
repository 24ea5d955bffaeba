"""Degrades faces to what photos look like: other light, blur, noise, compression, and keypoint errors in the framing.

The encoder learns to map faces with these changes to the latents of the faces without them.
"""

import math

import torch
import torch.nn.functional as F

# The largest changes. Degrees, factor, share of the side: the errors of keypoints on difficult photos.
_ROTATION, _ZOOM, _SHIFT = 4.0, 0.06, 0.03
_BRIGHTNESS, _CAST = 0.12, 0.06  # pixel values, which range from -1 to 1
_CONTRAST, _SATURATION = 0.15, 0.25  # relative
_NOISE = 0.12  # standard deviation of pixel values
_BLOCK = 8  # px, the side of a block of JPEG's cosine transform
_COARSEST = 0.5  # quantisation step of the highest frequency at the strongest compression, pixel values


def change(faces: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Faces float32 (n, 3, H, H) in [-1, 1] as photos might show them; each change is made to half of them."""
    n = len(faces)
    faces = reframed(faces, _uniform(rng, n, 4) * _random_half(rng, n))
    faces = relit(faces, _uniform(rng, n, 6) * _random_half(rng, n))
    faces = blurred(faces, _random_half(rng, n)[:, 0] * torch.rand(n, generator=rng))
    noise = torch.randn(faces.shape, generator=rng)
    faces = faces + noise * (_NOISE * _random_half(rng, n) * torch.rand(n, 1, generator=rng) ** 2)[..., None, None]
    return compressed(faces, _random_half(rng, n)[:, 0] * torch.rand(n, generator=rng) ** 2).clamp(-1, 1)


def reframed(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Rotated, zoomed and shifted by `amounts` (n, 4), -1 to 1 of the largest change; borders are reflected."""
    angle, zoom = amounts[:, 0] * math.radians(_ROTATION), 1 + amounts[:, 1] * _ZOOM
    across, down = angle.cos() * zoom, angle.sin() * zoom
    shift = 2 * _SHIFT * amounts[:, 2:]
    matrix = torch.stack([across, -down, shift[:, 0], down, across, shift[:, 1]], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(faces.shape), align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)


def relit(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """With another brightness, colour cast, contrast and saturation, by `amounts` (n, 6), -1 to 1 of the largest."""
    light, cast, contrast, saturation = amounts[:, :1], amounts[:, 1:4], amounts[:, 4], amounts[:, 5]
    grey = faces.mean(1, keepdim=True)
    faces = grey + (faces - grey) * (1 + _SATURATION * saturation)[:, None, None, None]
    level = faces.mean((1, 2, 3), keepdim=True)
    faces = level + (faces - level) * (1 + _CONTRAST * contrast)[:, None, None, None]
    return faces + (_BRIGHTNESS * light + _CAST * cast)[..., None, None]


def blurred(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Blended by `amounts` (n,), 0 to 1, with the same face at a quarter of the resolution."""
    size = faces.shape[-1]
    small = F.interpolate(F.avg_pool2d(faces, 4), (size, size), mode="bilinear", align_corners=False)
    return faces + (small - faces) * amounts[:, None, None, None]


def compressed(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Compressed as by JPEG: the cosine transform of 8 x 8 px, quantised in steps that grow with the frequency.

    `amounts` (n,), 0 to 1: factors on the coarsest steps.
    """
    n, _, size, _ = faces.shape
    place = torch.arange(_BLOCK, dtype=torch.float32)
    basis = torch.cos(math.pi / _BLOCK * (place + 0.5) * place[:, None]) * math.sqrt(2 / _BLOCK)
    basis[0] /= math.sqrt(2)
    blocks = faces.view(n, 3, size // _BLOCK, _BLOCK, size // _BLOCK, _BLOCK).transpose(3, 4)
    waves = basis @ blocks @ basis.T
    steps = (place + place[:, None] + 1) / (2 * _BLOCK - 1) * _COARSEST
    steps = (steps * amounts[:, None, None]).clamp_min(1e-6)[:, None, None, None]
    return (basis.T @ (waves / steps).round().mul(steps) @ basis).transpose(3, 4).reshape(faces.shape)


def _uniform(rng: torch.Generator, n: int, count: int) -> torch.Tensor:
    """Uniform random numbers (n, count) in [-1, 1)."""
    return 2 * torch.rand(n, count, generator=rng) - 1


def _random_half(rng: torch.Generator, n: int) -> torch.Tensor:
    """1 or 0 with equal probability, (n, 1)."""
    return (torch.rand(n, 1, generator=rng) < 0.5).float()
