"""How this process was launched: its rank, and on how many machines the others run."""

from collections.abc import Mapping
from dataclasses import dataclass

from facegan.base.errors import FaceGANError

# As ``accelerate launch`` and ``torchrun`` set them, with the values of a single process.
_DEFAULTS = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}


@dataclass(frozen=True)
class Launch:
    """The processes that train together, equally many on each machine."""

    rank: int = 0  # of this process, from 0
    processes: int = 1
    processes_here: int = 1  # on this machine

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Launch":
        """Read RANK, WORLD_SIZE and LOCAL_WORLD_SIZE; without them there is a single process.

        Args:
            environment: as os.environ.

        Raises:
            FaceGANError: the three contradict each other.
        """
        try:
            rank, world, local = (int(environment.get(name, default)) for name, default in _DEFAULTS.items())
        except ValueError:
            rank, world, local = -1, 0, 0
        if not (0 <= rank < world and local >= 1 and world % local == 0):
            values = ", ".join(f"{name}={environment.get(name, '')}" for name in _DEFAULTS)
            raise FaceGANError(
                f"The environment variables {values} contradict each other: start the training with accelerate launch, "
                "or unset the three."
            )
        return cls(rank, world, local)

    @property
    def machine(self) -> int:
        """The number of this machine, from 0."""
        return self.rank // self.processes_here

    @property
    def machines(self) -> int:
        return self.processes // self.processes_here
