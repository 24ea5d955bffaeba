"""Checkpoints: one safetensors file each, with the JSON values in its header, so that one rename replaces both."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from facegan.base.disk import remedy
from facegan.base.errors import FaceGANError
from facegan.base.files import atomic_write

_KEPT = 2  # the newest, and the one before in case the newest is damaged


def save_checkpoint(
    folder: Path, images_seen: int, tensors: dict[str, torch.Tensor], values: dict, keep: Sequence[int] = ()
) -> Path:
    """Write `tensors` and the JSON-able `values` as the checkpoint of `images_seen`, and remove older checkpoints.

    The newest two stay, and those whose images_seen is in `keep`. Writing is atomic: a temporary file is flushed to
    the disk and renamed, so a kill at any moment leaves only complete checkpoints. Raises FaceGANError when the disk
    is full or not writable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{images_seen:012d}.safetensors"
    content = save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, {"values": json.dumps(values)})
    try:
        atomic_write(path, content, flush=True)
    except OSError as error:
        raise FaceGANError(
            f"The checkpoint could not be written to {folder} ({error.strerror}): {remedy(error)}, and go on "
            "with --resume; earlier checkpoints are intact."
        ) from error
    for old in sorted(folder.glob("*.safetensors"))[:-_KEPT]:
        if int(old.stem) not in keep:
            old.unlink()
    return path


def load_checkpoint(
    folder: Path, say: Callable[[str], None] = print, newest: int | None = None
) -> tuple[dict[str, torch.Tensor], dict] | None:
    """The newest readable checkpoint as (tensors, values), or None. Damaged ones are skipped with a message.

    `newest`: ignore checkpoints with more images seen.
    """
    for path in sorted(folder.glob("*.safetensors"), reverse=True):
        if newest is not None and int(path.stem) > newest:
            continue
        try:
            # Not safe_open, which maps the file into memory: not every file system can.
            content = path.read_bytes()
            return load(content), json.loads(_metadata(content)["values"])
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            say(f"The checkpoint {path.name} cannot be read ({error}); the one before it is used.")
    return None


def _metadata(content: bytes) -> dict:
    """The metadata in the header of a safetensors file, whose first 8 bytes are the length of the header."""
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end])["__metadata__"]


@contextmanager
def incompatible_version_reported(run: Path) -> Iterator[None]:
    """Turn errors while a readable checkpoint is restored into a FaceGANError: another version wrote it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        what = f"it has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise FaceGANError(
            f"The checkpoint in {run / 'checkpoint'} was written by an incompatible version of FaceGAN ({what}): start "
            "a new run with another --out; this one is left as it is."
        ) from error


def forget_after(folder: Path, images_seen: int) -> None:
    """Remove the checkpoints with more images seen."""
    for path in folder.glob("*.safetensors"):
        if int(path.stem) > images_seen:
            path.unlink()


def module_tensors(prefix: str, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {f"{prefix}.{name}": value for name, value in module.state_dict().items()}


def optimizer_tensors(prefix: str, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Adam's moments and step counts by parameter number; its hyper-parameters are in the run's config."""
    state = optimizer.state_dict()["state"]
    return {
        f"{prefix}.{i}.{name}": torch.as_tensor(value) for i, slots in state.items() for name, value in slots.items()
    }


def with_prefix(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name[len(prefix) + 1 :]: value for name, value in tensors.items() if name.startswith(prefix + ".")}


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Restore the tensors of `optimizer_tensors`, without their prefix."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        number, slot = name.split(".", 1)
        like = parameters[int(number)]
        if value.shape == like.shape:
            # Fused Adam needs the moments in the memory format of their weights (channels last).
            value = torch.empty_like(like).copy_(value)
        state.setdefault(int(number), {})[slot] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
