"""The model card: README.md of the model folder, filled from config.json."""

from pathlib import Path

from facegan.hub import folder as layout
from facegan.hub.folder import ModelConfig

_CARD = """\
# {name}

New faces of {size}x{size} pixels from 100 random numbers each. None of these people exists; every picture below is
AI-generated.

![Generated faces of seeds 0 to 31, none chosen by hand]({samples})

## How it was made

A DCGAN (Radford et al. 2016) trained with FaceGAN.

| | |
|---|---|
{training}

## What it was trained on

{about}

| | |
|---|---|
{data}

The photos were aligned so that every pair of eyes lies in the same place; no photo is part of this folder.
{detector_licence}
## What it cannot do

- It draws {size} pixels: enlarged faces stay soft, and hair, teeth, glasses and backgrounds are often smeared.
- It knows only faces like those it was trained on, seen mostly from the front, and repeats their imbalances.
- Some seeds give distorted faces, the more the higher the truncation value. {truncation} is where the demo starts.
- It cannot draw a person who is asked for, and a face of it must not be passed off as a real person's.

## How to use it

    from facegan import FaceModel
    model = FaceModel.load("path/to/this/folder")
    images = model.generate(model.latents([1, 2, 3], truncation={truncation}))   # uint8 (3, {size}, {size}, 3)

or with diffusers

    from diffusers import DiffusionPipeline
    pipe = DiffusionPipeline.from_pretrained("path/to/this/folder", trust_remote_code=True)
    pipe(seeds=[1, 2, 3], truncation={truncation}).images

The weights are safetensors and ONNX; there is no pickle here.
"""

_INSIGHTFACE = """
The faces were found with InsightFace's SCRFD, whose pretrained weights are for non-commercial research only.
"""


def write_card(config: ModelConfig, folder: Path) -> None:
    data = dict(config.data)
    about = data.pop("about", "") or "A folder of photos, of which nothing more was said."
    text = _CARD.format(
        name=config.name,
        size=config.image_size,
        samples=layout.SAMPLES,
        training=_rows(config.training),
        about=about,
        data=_rows(data),
        detector_licence=_INSIGHTFACE if data.get("detector") == "insightface" else "",
        truncation=config.truncation,
    )
    (folder / layout.CARD).write_text(text, encoding="utf-8")


def _rows(values: dict) -> str:
    return "\n".join(f"| {name.replace('_', ' ')} | {_text(value)} |" for name, value in values.items())


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
