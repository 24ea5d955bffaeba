"""FaceGANPipeline as `from facegan import FaceGANPipeline`: loads a folder or a Hub repository without its code."""

from pathlib import Path

import torch

from facegan.base.errors import FaceGANError
from facegan.base.seeds import latents_of
from facegan.model import folder as layout
from facegan.model import pipeline
from facegan.model.fetch import find_model
from facegan.model.folder import ModelConfig, refuse_pickles
from facegan.model.generator import FaceGANGenerator
from facegan.model.tensors import read_weights

_PARTS = (layout.CONFIG, layout.DIFFUSERS_CONFIG, layout.DIFFUSERS_WEIGHTS)


class FaceGANPipeline(pipeline.FaceGANPipeline):
    """The pipeline that lies in every model folder, with a loader that runs nothing of the folder."""

    @classmethod
    def from_pretrained(cls, source: str | Path | None = None, revision: str | None = None) -> "FaceGANPipeline":
        """The embedded default, a model folder, or "user/name" on the Hub, at "@revision" or `revision`; float32, CPU.

        Fetches only config and safetensors. Raises FaceGANError with the file's name when one is not what it should be.
        """
        if revision is not None and isinstance(source, str):
            source = f"{source}@{revision}"
        folder = find_model(source, _PARTS).folder
        refuse_pickles(folder)
        return cls(load_generator(folder))


def load_generator(folder: Path) -> FaceGANGenerator:
    """The generator of a folder's part for diffusers, each tensor checked; float32 on the CPU, in eval mode.

    Raises FaceGANError with the file's name when one is not what it should be, or when it draws no finite images.
    """
    config = ModelConfig.read(folder)
    weights = read_weights(folder, config)
    generator = FaceGANGenerator(config.channels, config.latent_size)
    generator.load_state_dict({name: torch.from_numpy(value.copy()).float() for name, value in weights.items()})
    with torch.no_grad():
        images = generator.eval()(torch.from_numpy(latents_of([0, 1], config.latent_size)))
    if not images.isfinite().all():  # finite weights can still add up to infinity
        raise FaceGANError(f"{folder / layout.DIFFUSERS_WEIGHTS} does not draw finite images: train the model again.")
    return generator
