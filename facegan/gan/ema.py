"""The exponential moving average (EMA) of the generator, which is what samples show and what is exported."""

import copy

import torch

from facegan.base.seeds import LATENT_SIZE
from facegan.gan.networks import Generator
from facegan.gan.processes import with_local_batch_norm

RECALIBRATION_BATCHES, _RECALIBRATION_BATCH = 32, 64  # 2,048 samples give means to 2 % of a standard deviation


def half_life(images_seen: int) -> float:
    """The half-life in images: 5 % of `images_seen` at first, so that early samples do not lag; later nearly 10 %.

    It grows because the generator changes ever more slowly. At 660,000 images held-out KID x 100 was 5.36 with a
    half-life of 10,000 images, 4.83 with 30,000, 4.72 with 60,000 and 4.77 with 120,000 (docs/measurements/recipes.md).
    """
    return max(1.0, 0.05 * images_seen, 0.1 * (images_seen - 100_000))


class Ema:
    """Averages parameters and batch-norm statistics with the half-life `half_life`."""

    def __init__(self, generator: Generator):
        self.generator = copy.deepcopy(generator).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, generator: Generator, images_seen: int, batch: int) -> None:
        weight = 1 - 0.5 ** (batch / half_life(images_seen))
        mean, now = self.generator.state_dict(), generator.state_dict()
        floats = [name for name in mean if mean[name].is_floating_point()]
        torch._foreach_lerp_([mean[name] for name in floats], [now[name] for name in floats], weight)


@torch.no_grad()
def recalibrated(generator: Generator) -> Generator:
    """A copy in eval mode, with batch-norm statistics recomputed from 2,048 fixed samples.

    The average of the statistics of many networks is not the statistics of the average network.
    """
    generator = with_local_batch_norm(copy.deepcopy(generator)).train()
    for norm in generator.norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    device = generator.project.weight.device
    rng = torch.Generator().manual_seed(0)
    for _ in range(RECALIBRATION_BATCHES):
        generator(torch.randn(_RECALIBRATION_BATCH, LATENT_SIZE, generator=rng).to(device))
    return generator.eval()
