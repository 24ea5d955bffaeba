"""The exponential moving average of the generator, which is what is shown and shipped."""

import copy

import torch

from facegan.gan.networks import LATENT_SIZE, Generator
from facegan.gan.processes import alone

_RECALIBRATION_BATCHES, _RECALIBRATION_BATCH = 32, 64  # 2,048 samples: statistics to about 2 % of a deviation


class Ema:
    """Averages parameters and batch-norm statistics with a half-life counted in images."""

    def __init__(self, generator: Generator, longest_half_life: float = 10_000, share: float = 0.05):
        """Half-life: `share` of the images seen, at most `longest_half_life`, so that early samples do not lag."""
        self.longest_half_life, self.share = longest_half_life, share
        self.generator = copy.deepcopy(generator).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, generator: Generator, images_seen: int, batch: int) -> None:
        half_life = max(1.0, min(self.longest_half_life, self.share * images_seen))
        weight = 1 - 0.5 ** (batch / half_life)
        mean, now = self.generator.state_dict(), generator.state_dict()
        floats = [name for name in mean if mean[name].is_floating_point()]
        torch._foreach_lerp_([mean[name] for name in floats], [now[name] for name in floats], weight)


@torch.no_grad()
def recalibrated(generator: Generator) -> Generator:
    """A copy in eval mode whose batch-norm statistics are measured anew on 2,048 fixed samples.

    Averaged statistics belong to the many networks that were averaged, not to the average of them.
    """
    generator = alone(copy.deepcopy(generator)).train()
    for norm in generator.norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    device = generator.project.weight.device
    rng = torch.Generator().manual_seed(0)
    for _ in range(_RECALIBRATION_BATCHES):
        generator(torch.randn(_RECALIBRATION_BATCH, LATENT_SIZE, generator=rng).to(device))
    return generator.eval()
