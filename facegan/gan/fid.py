"""Inception FID, for comparison with published figures; an extra, because its network is fetched and large."""

import numpy as np
import torch

from facegan.base.errors import FaceGANError


class _Pixels(torch.utils.data.Dataset):
    """Images uint8 (n, H, W, 3) as torch-fidelity wants them: uint8 (3, H, W)."""

    def __init__(self, images: np.ndarray):
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.images[index].transpose(2, 0, 1)))


def inception_fid(real: np.ndarray, generated: np.ndarray) -> float:
    """FID of images uint8 (n, H, W, 3) by torch-fidelity. Compare only for equal numbers against the same faces.

    Raises FaceGANError when torch-fidelity is not installed or its network cannot be fetched.
    """
    try:
        from torch_fidelity import calculate_metrics
    except ImportError as error:
        raise FaceGANError(
            "--fid needs torch-fidelity: run pip install -r train/requirements-fid.txt (in an environment of its own "
            f"if torchvision makes trouble). {error}"
        ) from error
    try:
        found = calculate_metrics(
            input1=_Pixels(real), input2=_Pixels(generated), fid=True, cuda=torch.cuda.is_available(), verbose=False
        )
    except OSError as error:  # urllib's errors are
        raise FaceGANError(f"The Inception network for FID could not be fetched: {error}.") from error
    return round(float(found["frechet_inception_distance"]), 3)
