"""Networks beside the generator as components for diffusers: a folder with config, weights and code, and the index."""

import json
import shutil
from pathlib import Path

from diffusers.models.modeling_utils import ModelMixin

from facegan.base.files import atomic_write
from facegan.model import diffusers_networks
from facegan.model import folder as layout


def put_component(folder: Path, network: ModelMixin, code: str, entry: dict[str, list[str]]) -> None:
    """Write `network` as float16 into a model folder, its code as `code`, and the index's `entry`."""
    drop_component(folder, entry)
    (name,) = entry
    network.half().save_pretrained(folder / name, safe_serialization=True)
    shutil.copyfile(diffusers_networks.__file__, folder / code)
    _write_index(folder, _index(folder) | entry)


def drop_component(folder: Path, entry: dict[str, list[str]]) -> None:
    """Remove a component from a model folder and its index, where it is there."""
    for name in entry:
        shutil.rmtree(folder / name, ignore_errors=True)
    _write_index(folder, {key: one for key, one in _index(folder).items() if key not in entry})


def _index(folder: Path) -> dict:
    return json.loads((folder / layout.MODEL_INDEX).read_text("utf-8"))


def _write_index(folder: Path, index: dict) -> None:
    atomic_write(folder / layout.MODEL_INDEX, json.dumps(index, indent=2) + "\n")
