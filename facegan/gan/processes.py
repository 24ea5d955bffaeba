"""One training on several processes, GPUs or machines, started by `accelerate launch train/train.py ...`.

Every process draws the random numbers of the whole batch and takes its share, a block of rows. Gradients and
batch-norm statistics are averaged, so the run is that of one process with the same batch, to rounding. The wrappers
of torch (DistributedDataParallel) are made for one network with one loss; averaging gradients is the same in less.
"""

import os
from collections.abc import Iterable
from datetime import timedelta

import torch
from torch import nn

from facegan.base.launch import Launch


class Processes:
    """The processes that train together: rank, count, and what they have to agree upon. Alone, everything is free."""

    def __init__(self, device: str = "cpu"):
        launch = Launch.of(os.environ)
        self.count, self.rank = launch.processes, 0
        self.device, self.on_this_machine = torch.device(device), 1
        if self.count > 1:
            from accelerate import PartialState

            # A day: the others wait while the first one aligns the photos.
            state = PartialState(cpu=device == "cpu", timeout=timedelta(days=1))
            self.rank, self.count, self.device = state.process_index, state.num_processes, state.device
            self.on_this_machine = launch.processes_here

    @property
    def main(self) -> bool:
        """True in the one process that writes files and speaks."""
        return self.rank == 0

    @property
    def machines(self) -> int:
        return self.count // self.on_this_machine

    @property
    def first_here(self) -> bool:
        """True in one process of each machine."""
        return self.rank % self.on_this_machine == 0

    def share(self, batch: int) -> slice:
        """This process's rows of a whole batch of all processes."""
        return _block(batch, self.rank, self.count)

    def part(self, position: int, batch: int, apart: bool) -> tuple[int, int, slice]:
        """Of the batch at `position` images seen: the place, the number of faces and the rows that this process reads.

        `apart`: every machine has other faces, and goes through its own.
        """
        if not apart:
            return position, batch, self.share(batch)
        here = batch // self.machines
        return position // self.machines, here, _block(here, self.rank % self.on_this_machine, self.on_this_machine)

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            torch.distributed.barrier()

    @torch.no_grad()
    def average(self, tensors: Iterable[torch.Tensor]) -> None:
        """Put the mean over all processes into the tensors, in one message."""
        if self.count == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([t.reshape(-1) for t in tensors])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(mean.view(tensor.shape))

    def agree(self, value: float) -> float:
        """The main process's value, for decisions that depend on clocks, keys or files."""
        if self.count == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64, device=self.device)
        torch.distributed.broadcast(told, 0)
        return told.item()

    def joined(self, network: nn.Module) -> nn.Module:
        """The network with batch normalisation over the whole batch in place of this process's share."""
        if self.count == 1:
            return network
        if self.device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(network)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = _SyncedBatchNorm
        return network


def alone(network: nn.Module) -> nn.Module:
    """Undo `joined` in place: a network that one process may run while the others do something else."""
    for parent in list(network.modules()):
        for name, module in parent.named_children():
            if isinstance(module, _SyncedBatchNorm | nn.SyncBatchNorm):
                norm = nn.BatchNorm2d(module.num_features).to(module.weight.device)
                norm.load_state_dict(module.state_dict())
                setattr(parent, name, norm.train(module.training))
    return network


def _block(batch: int, number: int, count: int) -> slice:
    size = batch // count
    return slice(number * size, (number + 1) * size)


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs, for every one of them used it."""

    @staticmethod
    def forward(_, values: torch.Tensor) -> torch.Tensor:
        values = values.clone()
        torch.distributed.all_reduce(values)
        return values

    @staticmethod
    def backward(_, gradient: torch.Tensor) -> torch.Tensor:
        return _Sum.forward(_, gradient)


class _SyncedBatchNorm(nn.BatchNorm2d):
    """torch.nn.SyncBatchNorm runs on GPUs only; this is the same for a CPU."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        values = x.float()
        moments = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))])
        mean, square = _Sum.apply(moments) / torch.distributed.get_world_size()
        variance = square - mean.square()
        with torch.no_grad():
            count = x.numel() / x.shape[1] * torch.distributed.get_world_size()
            self.num_batches_tracked += 1
            weight = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, weight)
            self.running_var.lerp_(variance * count / (count - 1), weight)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (values * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]).to(x.dtype)
