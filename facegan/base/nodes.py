"""Which of several machines this one is."""

from collections.abc import Mapping

from facegan.base.errors import FaceGANError


def node_of(environment: Mapping[str, str]) -> tuple[int, int]:
    """The number of this machine, from 0, and how many train together.

    Args:
        environment: as os.environ; RANK, WORLD_SIZE and LOCAL_WORLD_SIZE as ``accelerate launch`` and ``torchrun``
            set them. Without them this machine is the only one.

    Raises:
        FaceGANError: the three do not fit together.
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
    try:
        rank, world, local = (int(environment.get(name, default)) for name, default in zip(names, "011", strict=True))
    except ValueError:
        rank, world, local = -1, 0, 0
    if not (0 <= rank < world and local >= 1 and world % local == 0):
        values = ", ".join(f"{name}={environment.get(name, '')}" for name in names)
        raise FaceGANError(
            f"The environment says {values}, which is no set of machines with equally many processes: start the "
            "training with accelerate launch, or unset the three."
        )
    return rank // local, world // local
