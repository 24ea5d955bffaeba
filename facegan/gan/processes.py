"""One training on several processes, GPUs or machines, started by `accelerate launch train/train.py ...`.

Every process draws the random numbers of the whole batch and uses its share, a block of rows. Gradients and batch-norm
statistics are averaged, so the result is that of one process with the same batch, to rounding. torch's
DistributedDataParallel is made for one network with one loss; averaging the gradients has the same effect.
"""

import os
from collections.abc import Iterable
from datetime import timedelta

import torch
from torch import nn

from facegan.base.launch import Launch


class Processes:
    """The processes of one training: rank, count and communication. In a single process all calls do nothing."""

    def __init__(self, device: str = "cpu"):
        launch = Launch.of(os.environ)
        self.count, self.rank = launch.processes, 0
        self.device, self.on_this_machine = torch.device(device), 1
        if self.count > 1:
            from accelerate import PartialState

            # The others wait while the main process aligns the photos, which can take hours.
            state = PartialState(cpu=device == "cpu", timeout=timedelta(days=1))
            self.rank, self.count, self.device = state.process_index, state.num_processes, state.device
            self.on_this_machine = launch.processes_here

    @property
    def main(self) -> bool:
        """True in the one process that writes files and prints messages."""
        return self.rank == 0

    @property
    def machines(self) -> int:
        """The number of machines, each with as many processes."""
        return self.count // self.on_this_machine

    @property
    def first_on_this_machine(self) -> bool:
        """True in one process of each machine."""
        return self.rank % self.on_this_machine == 0

    def share(self, batch: int) -> slice:
        """The rows of a batch that this process trains on."""
        return _block(batch, self.rank, self.count)

    def part(self, position: int, batch: int, sharded: bool) -> tuple[int, int, slice]:
        """What this process reads of the batch at `position` images seen, as the arguments of FaceBatches.batch.

        `sharded`: every machine has its own faces, a shard of the data set.
        """
        if not sharded:
            return position, batch, self.share(batch)
        here = batch // self.machines
        return position // self.machines, here, _block(here, self.rank % self.on_this_machine, self.on_this_machine)

    def wait(self) -> None:
        """Wait until all processes have reached this call."""
        if self.count > 1:
            torch.distributed.barrier()

    @torch.no_grad()
    def average(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace the tensors by their means over all processes, in one all-reduce."""
        if self.count == 1:
            return
        tensors = list(tensors)
        flat = torch.cat([t.reshape(-1) for t in tensors])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for tensor, mean in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(mean.view(tensor.shape))

    def broadcast(self, value: float) -> float:
        """The main process's value, in all processes: for decisions that depend on the clock, on Ctrl-C or on files."""
        if self.count == 1:
            return value
        tensor = torch.tensor([value], dtype=torch.float64, device=self.device)
        torch.distributed.broadcast(tensor, 0)
        return tensor.item()

    def place(self, network: nn.Module) -> nn.Module:
        """The network on this device in channels-last format, with synchronised batch normalisation."""
        return self.with_synced_batch_norm(network.to(self.device, memory_format=torch.channels_last))

    def autocast(self, precision: str) -> torch.autocast:
        """The context that computes in `precision`, a value of TrainConfig.precision."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=precision == "bfloat16")

    def optimizer_step(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        """One step down the gradient of `loss`, averaged over all processes."""
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.average(p.grad for group in optimizer.param_groups for p in group["params"])
        optimizer.step()

    def with_synced_batch_norm(self, network: nn.Module) -> nn.Module:
        """The network, changed in place so that batch normalisation uses the batch of all processes."""
        if self.count == 1:
            return network
        if self.device.type == "cuda":
            return nn.SyncBatchNorm.convert_sync_batchnorm(network)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = _SyncedBatchNorm
        return network


def with_local_batch_norm(network: nn.Module) -> nn.Module:
    """Undo `with_synced_batch_norm` in place, so that one process can run the network without the others."""
    for parent in list(network.modules()):
        for name, module in parent.named_children():
            if isinstance(module, _SyncedBatchNorm | nn.SyncBatchNorm):
                norm = nn.BatchNorm2d(module.num_features).to(module.weight.device)
                norm.load_state_dict(module.state_dict())
                setattr(parent, name, norm.train(module.training))
    return network


def _block(batch: int, number: int, count: int) -> slice:
    """The rows of one of `count` equal blocks of a batch."""
    size = batch // count
    return slice(number * size, (number + 1) * size)


class _AllReduceSum(torch.autograd.Function):
    """The sum over all processes, with a gradient: the sum of the gradients of all processes."""

    @staticmethod
    def forward(_, values: torch.Tensor) -> torch.Tensor:
        values = values.clone()
        torch.distributed.all_reduce(values)
        return values

    @staticmethod
    def backward(_, gradient: torch.Tensor) -> torch.Tensor:
        return _AllReduceSum.forward(_, gradient)


class _SyncedBatchNorm(nn.BatchNorm2d):
    """torch.nn.SyncBatchNorm for the CPU, which torch supports on GPUs only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        values = x.float()
        moments = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))])
        mean, square = _AllReduceSum.apply(moments) / torch.distributed.get_world_size()
        variance = square - mean.square()
        with torch.no_grad():
            count = x.numel() / x.shape[1] * torch.distributed.get_world_size()
            self.num_batches_tracked += 1
            weight = 1 / self.num_batches_tracked.item() if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, weight)
            self.running_var.lerp_(variance * count / (count - 1), weight)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (values * scale[:, None, None] + (self.bias - mean * scale)[:, None, None]).to(x.dtype)
