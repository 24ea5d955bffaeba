"""How this process was launched: its rank, and on how many machines the others run."""

from collections.abc import Mapping
from dataclasses import dataclass

from facegan.base.errors import FaceGANError

_NAMES = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")  # as ``accelerate launch`` and ``torchrun`` set them


@dataclass(frozen=True)
class Launch:
    """The processes that train together, equally many on each machine."""

    rank: int = 0  # of this process, from 0
    processes: int = 1
    processes_here: int = 1  # on this machine

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Launch":
        """As RANK, WORLD_SIZE and LOCAL_WORLD_SIZE say; a single process without them.

        Args:
            environment: as os.environ.

        Raises:
            FaceGANError: the three contradict each other.
        """
        try:
            rank, world, local = (
                int(environment.get(name, default)) for name, default in zip(_NAMES, "011", strict=True)
            )
        except ValueError:
            rank, world, local = -1, 0, 0
        if not (0 <= rank < world and local >= 1 and world % local == 0):
            values = ", ".join(f"{name}={environment.get(name, '')}" for name in _NAMES)
            raise FaceGANError(
                f"The environment has {values}, which is no set of machines with equally many processes: start the "
                "training with accelerate launch, or unset the three."
            )
        return cls(rank, world, local)

    @property
    def machine(self) -> int:
        """The number of this machine, from 0."""
        return self.rank // self.processes_here

    @property
    def machines(self) -> int:
        return self.processes // self.processes_here
