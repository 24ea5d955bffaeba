"""The config.json of a model folder, filled from the run. The model card is filled from it."""

import os
import platform
from pathlib import Path

import torch

from facegan.faces.reasons import REASONS
from facegan.gan.config import TrainConfig
from facegan.gan.judge import GENERATED_IN_TRAINING
from facegan.gan.trainer import Trainer
from facegan.model.card import HUB_NAME
from facegan.model.folder import ModelConfig
from facegan.runs.run_config import RunOptions


def model_config(
    options: RunOptions,
    train: TrainConfig,
    trainer: Trainer,
    report: dict,
    faces_used: int,
    faces_held_out: int,
    one_person: bool,
) -> ModelConfig:
    """The config of the generator that `trainer` exports. `report`: RUN/faces/report.json.

    It contains only what may be published: no path, and no name of a photo.
    """
    return ModelConfig(
        name=f"FaceGAN {train.size} px",
        image_size=train.size,
        channels=tuple(norm.num_features for norm in trainer.gan.generator.norms),
        curves=train.curves,
        training={
            "preset": options.preset,
            "images_seen": trainer.best.figures.get("images_seen", trainer.images_seen),
            "minutes": round(trainer.elapsed / 60),
            "device": train.device,
            "hardware": _hardware(train.device),
            "precision": train.precision,
            "seed": train.seed,
            **({"attributes": ", ".join(train.attributes)} if train.attributes else {}),
            **_start_facts(train),
            **metrics_of(trainer.best.figures),
        },
        data={
            "about": options.about_data,
            "faces_used": faces_used,
            "faces_held_out": faces_held_out,
            **_dataset_facts(options),
            **_faces_facts(report),
            **({"one_person": True} if one_person else {}),
            "contact": options.contact,
        },
    )


def metrics_of(figures: dict) -> dict:
    """The metrics for the card, without near copies, which findings.py counts on more faces."""
    shown = {name: value for name, value in figures.items() if name not in ("near_copies", "repeats")}
    return {"metrics": {**shown, "generated": GENERATED_IN_TRAINING}} if shown else {}


def _start_facts(train: TrainConfig) -> dict:
    start = train.start
    return {"started_from": start.name, "start_learned_from": start.about} if start else {}


def _hardware(device: str) -> str:
    """The hardware that the minutes of training refer to."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{os.cpu_count()} cores of {platform.machine()}" if device == "cpu" else device


def _dataset_facts(options: RunOptions) -> dict:
    """The name of a data set on the Hub; the path of a local one stays private."""
    name = options.dataset.repo if options.dataset else ""
    return {"dataset": name} if HUB_NAME.fullmatch(name) and not Path(name).exists() else {}


def _faces_facts(report: dict) -> dict:
    spread = {when: (values or {}).get("mean") for when, values in report["eye_spread_px_of_128"].items()}
    left_out = {reason: count for reason, count in report["photos"].items() if reason in REASONS}
    return {
        "photos": report["files"],
        "left_out": ", ".join(f"{count:,} {REASONS[reason].words}" for reason, count in left_out.items()),
        "detector": report["detector"],
        "framing": report["framing"],
        "eye_spread_before": spread.get("before"),
        "eye_spread_after": spread.get("after"),
    }
