"""FID with Inception features, for comparison with published values. Optional, because it downloads a large network."""

import numpy as np
import torch

from facegan.base.errors import FaceGANError


class _Pixels(torch.utils.data.Dataset):
    """Images uint8 (n, H, W, 3) in the form that torch-fidelity expects: uint8 (3, H, W) each."""

    def __init__(self, images: np.ndarray):
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.images[index].transpose(2, 0, 1)))


def inception_fid(real: np.ndarray, generated: np.ndarray) -> float:
    """Compute the FID between two sets of images uint8 (n, H, W, 3) with torch-fidelity.

    Compare only values for the same real images and equal numbers of generated ones, because FID is biased.

    Raises FaceGANError when torch-fidelity is not installed or its network cannot be fetched.
    """
    try:
        from torch_fidelity import calculate_metrics
    except ImportError as error:
        raise FaceGANError(
            "--fid needs torch-fidelity. Install it with: pip install -r train/requirements-fid.txt (in a separate "
            f"environment if torchvision conflicts). {error}"
        ) from error
    try:
        found = calculate_metrics(
            input1=_Pixels(real), input2=_Pixels(generated), fid=True, cuda=torch.cuda.is_available(), verbose=False
        )
    except OSError as error:  # the base class of urllib's errors
        raise FaceGANError(f"The Inception network for FID could not be fetched: {error}.") from error
    return round(float(found["frechet_inception_distance"]), 3)
