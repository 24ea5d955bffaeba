"""What photos have and aligned or generated faces lack: other light, blur, noise, compression, and a loose framing.

The encoder sees faces with these changes and answers for the faces without them.
"""

import math

import torch
import torch.nn.functional as F

_TURN, _ZOOM, _SHIFT = 4.0, 0.06, 0.03  # degrees, share, share of the side: the errors of keypoints on hard photos
_LIGHT, _CAST, _CONTRAST, _SATURATION = 0.12, 0.06, 0.15, 0.25  # of the range from -1 to 1, and shares
_NOISE = 0.12  # of the same range, the most
_BLOCK = 8  # px, of JPEG's cosine transform
_COARSEST = 0.5  # of the same range: the step of the highest frequency at the strongest compression


def change(faces: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Faces float32 (n, 3, H, H) in [-1, 1] as photos might show them; each change to a half of them."""
    n = len(faces)
    faces = framed_otherwise(faces, _drawn(rng, n, 4) * _some(rng, n))
    faces = lit_otherwise(faces, _drawn(rng, n, 6) * _some(rng, n))
    faces = blurred(faces, _some(rng, n)[:, 0] * torch.rand(n, generator=rng))
    noise = torch.randn(faces.shape, generator=rng)
    faces = faces + noise * (_NOISE * _some(rng, n) * torch.rand(n, 1, generator=rng) ** 2)[..., None, None]
    return compressed(faces, _some(rng, n)[:, 0] * torch.rand(n, generator=rng) ** 2).clamp(-1, 1)


def framed_otherwise(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Turned, zoomed and shifted by amounts (n, 4) from -1 to 1 of the most; borders are reflected."""
    angle, zoom = amounts[:, 0] * math.radians(_TURN), 1 + amounts[:, 1] * _ZOOM
    across, down = angle.cos() * zoom, angle.sin() * zoom
    shift = 2 * _SHIFT * amounts[:, 2:]
    matrix = torch.stack([across, -down, shift[:, 0], down, across, shift[:, 1]], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(matrix, list(faces.shape), align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="reflection", align_corners=False)


def lit_otherwise(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Lighter or darker, with a cast, another contrast and saturation, by amounts (n, 6) from -1 to 1 of the most."""
    light, cast, contrast, saturation = amounts[:, :1], amounts[:, 1:4], amounts[:, 4], amounts[:, 5]
    grey = faces.mean(1, keepdim=True)
    faces = grey + (faces - grey) * (1 + _SATURATION * saturation)[:, None, None, None]
    level = faces.mean((1, 2, 3), keepdim=True)
    faces = level + (faces - level) * (1 + _CONTRAST * contrast)[:, None, None, None]
    return faces + (_LIGHT * light + _CAST * cast)[..., None, None]


def blurred(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Mixed by amounts (n,) from 0 to 1 with what a photo of a quarter of the size would show."""
    size = faces.shape[-1]
    small = F.interpolate(F.avg_pool2d(faces, 4), (size, size), mode="bilinear", align_corners=False)
    return faces + (small - faces) * amounts[:, None, None, None]


def compressed(faces: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """As JPEG does it: the cosine transform of 8 x 8 px, rounded to steps that grow with the frequency.

    `amounts` (n,) from 0 to 1 of the coarsest steps.
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


def _drawn(rng: torch.Generator, n: int, count: int) -> torch.Tensor:
    return 2 * torch.rand(n, count, generator=rng) - 1


def _some(rng: torch.Generator, n: int) -> torch.Tensor:
    """1 for a half of n, else 0; (n, 1)."""
    return (torch.rand(n, 1, generator=rng) < 0.5).float()
