"""The model card: README.md and LICENSE.md of the model folder, filled from config.json."""

import re
from pathlib import Path

from facegan.base.files import atomic_write_all
from facegan.faces.detectors.registry import REGISTRY
from facegan.model import folder as layout
from facegan.model.facts import one_line, table
from facegan.model.folder import ModelConfig
from facegan.model.measurements import (
    NEAR_COPIES_ALLOWED,
    look_alikes_table,
    memorisation_of,
    metrics_of,
    protocol_of,
    shares_table,
)
from facegan.model.slider_card import sliders_section
from facegan.model.slider_files import read_sliders
from facegan.sliders.slider import SliderSet

_TASK = "unconditional-image-generation"
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)  # of a data set; a few have no user

_CARD = """\
---
{metadata}
---

# {name}

New faces of {size}x{size} pixels from 100 random numbers each. {people} Every picture below is AI-generated.

![AI-generated faces of seeds 0 to 31, none chosen by hand]({samples})

[A morph through the faces of seeds 0 to 5]({morph}), as a film{progress}.

## How it was made

A DCGAN (Radford et al. 2016, https://arxiv.org/abs/1511.06434) trained with FaceGAN.{upscaler}

| | |
|---|---|
{training}

## What it was trained on

{about}

| | |
|---|---|
{data}

The photos were aligned so that every pair of eyes lies in the same place. Photos in which no face was found, or one
that is blurred, turned away, cut off or a copy of another, were left out. No photo is part of this folder.

## How good it is

{metrics}

{memorisation}
{shares}{sliders}{look_alikes}
## What it is for, and what it cannot do

It is for play, teaching and research: to see what a small generator learns, to draw faces for sketches and games, to
have faces for tests that belong to nobody.

- It draws {size} pixels: enlarged faces stay soft, and hair, teeth, glasses and backgrounds are often smeared.
- It knows only faces like those it was trained on, seen mostly from the front, and repeats their imbalances.
- Some seeds give distorted faces, the more the higher the truncation value. {truncation} is where the demo starts.
- {whom} It must not be used to deceive, to harass or to get past a check of identity.

## Licences

{licences}

## How to use it

With FaceGAN, on onnxruntime, without code from this folder:

```python
from facegan import FaceModel

model = FaceModel.load("{source}")
images = model.generate(model.latents([1, 2, 3], truncation={truncation}))  # uint8 (3, {size}, {size}, 3)
```

With FaceGAN and diffusers, on torch, without code from this folder:

```python
from facegan import FaceGANPipeline

pipe = FaceGANPipeline.from_pretrained("{source}")
images = pipe(seeds=[1, 2, 3], truncation={truncation}).images
```

With diffusers alone, which runs the Python files of this folder (`{pipeline}`, `{code}` and those of other parts):

```python
from diffusers import DiffusionPipeline

pipe = DiffusionPipeline.from_pretrained("{source}", trust_remote_code=True)
images = pipe(seeds=[1, 2, 3], truncation={truncation}).images
```

The three draw the same faces. The first adds in another order than the other two, so of 10,000 colour values at most
one differs, and by one of 256 levels. The weights are safetensors and ONNX; there is no pickle here.{discriminator}

## If you are in the photos

If you believe that a photo of you was used, or that a face drawn here is too much like yours, {contact}
"""

# The files that the card describes only if the folder has them, by the arguments of `render_card`.
OPTIONAL_PARTS = {
    "film": layout.PROGRESS,
    "discriminator": layout.DISCRIMINATOR,
    "upscaler": layout.UPSCALER,
    "encoder": layout.ENCODER,
    "examples": layout.LOOK_ALIKES,
}

_OWN = "The code in this folder is part of FaceGAN and under the MIT licence."

_DISCRIMINATOR = (
    " `{file}` is the network that learned to tell its faces from photos: a training of FaceGAN that starts from this "
    "model (`--init {source}`) goes on with both."
)

_UPSCALER = (
    " It draws {size}x{size} pixels, and `{file}`, a second network, doubles them. Reduced by two the images are the "
    "generator's own, so the figures below, which are of those, hold for both."
)

_LOOK_ALIKES = """
## Look-alikes

`model.encode(photo)` finds the face that this model can draw and that is most like the one in a photo: with `{file}`,
then by attributes, pixels and the feature maps of a pre-trained network. It is a look-alike and not a copy. {whom}
`FaceGANPipeline` has the encoder alone, as a component: `pipe(latents=pipe.encode(faces)).images`, for faces that are
framed as this model's own are.
{examples}{figures}"""
_EXAMPLES = {
    "held_out": """
![Twenty drawn faces, each to the left of its look-alike; none chosen by hand]({picture})

Twenty faces that were held out from the training, each to the left of its look-alike. They were drawn: no photo of
anybody is part of this folder. Nobody chose them, but faces that are read as younger than 40 are not among them.
""",
    "generated": """
![Twenty generated faces, each to the left of its look-alike; none chosen by hand]({picture})

Twenty faces that this model itself has drawn, each to the left of its look-alike. Photos of people must not be part of
this folder, so none is shown here; of a photo the look-alike is less alike than of these. Nobody chose them.
""",
}
_FIGURES = """
{table}

Networks that the encoder did not learn from read the faces and their look-alikes. {random}
What a look-alike has to beat is the one of them that is nearest by features.
"""
_WHOM = {
    False: "It is nobody's picture, and must not be passed off as one of the person in the photo.",
    True: "Whoever is in the photo, it shows the person whom this model learned from.",
}

_NOBODY = (
    "None of these people exists.",
    ("It cannot draw a person who is asked for, and a face of it must not be passed off as a real person's."),
)
_SOMEBODY = (
    "**They are pictures of one real person, made up.**",
    (
        "It draws one real person, so it may be made, kept, used and passed on only with that person's consent, and no "
        "picture of it may be passed off as a photo."
    ),
)


def render_card(
    config: ModelConfig,
    repository: str | None = None,
    film: bool = True,
    sliders: SliderSet | None = None,
    discriminator: bool = False,
    upscaler: bool = False,
    encoder: bool = False,
    examples: bool = False,
) -> str:
    """The card's text; `repository` is the model's name on the Hub, if it is there.

    `film` and `discriminator` to `examples`: whether the folder has these files (OPTIONAL_PARTS). Raises FaceGANError
    with the field's name when a measurement in the config is incomplete.
    """
    about = str(config.data.get("about") or "A folder of photos, of which nothing more was said.")
    source = repository or "path/to/this/folder"
    people, whom = _SOMEBODY if config.data.get("one_person") is True else _NOBODY
    return _CARD.format(
        metadata=_metadata(config),
        name=one_line(config.name),
        size=config.image_size * (2 if upscaler else 1),
        upscaler=_UPSCALER.format(size=config.image_size, file=layout.UPSCALER) if upscaler else "",
        people=people,
        whom=whom,
        samples=layout.SAMPLES,
        morph=layout.MORPH,
        progress=f", and [how it learned]({layout.PROGRESS})" if film else "",
        training=table(config, "training"),
        about=one_line(about),
        data=table(config, "data", leave_out=("about", "contact")),
        metrics=_metrics(config),
        shares=_shares(config),
        sliders=sliders_section(sliders),
        look_alikes=_look_alikes(config, examples) if encoder else "",
        memorisation=_memorisation(config),
        licences=_licences(config),
        truncation=config.truncation,
        source=source,
        discriminator=_DISCRIMINATOR.format(file=layout.DISCRIMINATOR, source=source) if discriminator else "",
        pipeline=layout.PIPELINE,
        code=layout.DIFFUSERS_CODE,
        contact=_contact(config, repository),
    )


def _look_alikes(config: ModelConfig, examples: bool) -> str:
    found, table = config.training.get("look_alikes"), look_alikes_table(config)
    found = found if isinstance(found, dict) else {}
    shown = _EXAMPLES.get(str(found.get("shown")), "") if examples else ""
    random = found.get("random")
    return _LOOK_ALIKES.format(
        file=layout.ENCODER,
        whom=_WHOM[config.data.get("one_person") is True],
        examples=shown.format(picture=layout.LOOK_ALIKES),
        figures=_FIGURES.format(
            table=table,
            random=f"{random:,} random faces were drawn." if type(random) is int else "Random faces were drawn.",
        )
        if table
        else "",
    )


def render_licence(config: ModelConfig) -> str:
    return f"# Licences of {one_line(config.name)}\n\n{_licences(config)}\n"


def write_card(config: ModelConfig, folder: Path) -> None:
    """Write README.md and LICENSE.md of a model folder that is not on the Hub."""
    parts = {name: (folder / path).exists() for name, path in OPTIONAL_PARTS.items()}
    card = render_card(config, sliders=read_sliders(folder, config), **parts)
    atomic_write_all({folder / layout.CARD: card, folder / layout.LICENCE: render_licence(config)})


def _metadata(config: ModelConfig) -> str:
    """What the Hub reads, in YAML. The client's own class checks it."""
    from huggingface_hub import EvalResult, ModelCardData

    metrics = metrics_of(config)
    results = [
        EvalResult(
            task_type=_TASK,
            dataset_type="photos",
            # The Hub takes figures of one type and split for figures of one set, under the first one's name.
            dataset_name="training faces" if metric.kind == "kid_train" else "held-out faces",
            dataset_split="train" if metric.kind == "kid_train" else "held-out",
            metric_type=metric.kind,
            metric_name=metric.name,
            metric_value=metric.value,
        )
        for metric in metrics
    ]
    return ModelCardData(
        license="other",
        license_name="see-the-chain-of-licences",
        license_link=layout.LICENCE,
        library_name="diffusers",
        pipeline_tag=_TASK,
        tags=["facegan", "gan", "dcgan", "faces", "onnx", "ai-generated"],
        metrics=[metric.kind for metric in metrics] or None,
        datasets=_datasets(config),
        model_name=config.name if results else None,
        eval_results=results or None,
    ).to_yaml()


def _datasets(config: ModelConfig) -> list[str] | None:
    name = str(config.data.get("dataset") or "")
    return [name] if HUB_NAME.fullmatch(name) else None


def _metrics(config: ModelConfig) -> str:
    metrics = metrics_of(config)
    if not metrics:
        return (
            "No metric was measured: it takes at least four faces that are held out from training. The faces above are "
            "what there is to judge by."
        )
    rows = [
        f"| {metric.name} | {metric.value:.4g}{'' if metric.spread is None else f' ± {metric.spread:.2g}'} |"
        for metric in metrics
    ]
    return "\n".join(["| | |", "|---|---|", *rows, "", protocol_of(config)])


def _memorisation(config: ModelConfig) -> str:
    report = memorisation_of(config)
    if report is None:
        return "Whether it repeats faces of its training photos was not measured."
    text = f"{report.near_copies:.2%} of the generated faces are near copies of a training face. "
    if report.distance_ratio is not None:
        text += (
            f"The nearest training face is {report.distance_ratio:.2f} times as far away as the nearest held-out one; "
            "1 means that nothing is copied. "
        )
    text += one_line(report.protocol)
    if report.allowed and report.near_copies > NEAR_COPIES_ALLOWED:
        text += " **Its maker chose to publish it in spite of its near copies.**"
    return text


def _shares(config: ModelConfig) -> str:
    shares = shares_table(config)
    if not shares:
        return ""
    faces = config.training["shares"]["faces"]
    return (
        f"\n### Who is among the faces\n\n{shares}\n\n"
        f"As networks and colours read up to {faces:,} training and {faces:,} generated faces: gender and age as "
        "people would guess them, skin tone as the lightness of the cheeks in the picture, which follows the light, "
        "too. They err, so these are shares of how faces look, and say nothing of any person.\n"
    )


def _licences(config: ModelConfig) -> str:
    about = one_line(str(config.data.get("about") or "nothing was said about them or their licence."))
    detector = REGISTRY.get(str(config.data.get("detector")))
    lines = [f"The photos: {about}", detector.card_sentence if detector else "", _OWN]
    return "\n".join(f"- {line}" for line in lines if line) + (
        "\n\nThe weights may be used as far as each link of this chain allows, so for non-commercial research at most "
        "where one of them says so."
    )


def _contact(config: ModelConfig, repository: str | None) -> str:
    contact = one_line(str(config.data.get("contact") or ""))
    if contact:
        return f"write to {contact} and ask for it to be taken down."
    if repository:
        return "open a discussion on the Community tab of this repository and ask for it to be taken down."
    return "turn to whoever gave you this folder."
