"""Exports a trained generator as the weights of a model folder, and checks each file."""

import json
import math
import shutil
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save

from facegan.base.errors import FaceGANError
from facegan.base.paths import utf8_alias
from facegan.base.seeds import latents_of
from facegan.gan.networks import Discriminator, Generator
from facegan.model import diffusers_networks
from facegan.model import folder as layout
from facegan.model import pipeline as pipeline_module
from facegan.model.checks.network import WITH_FLOAT_WEIGHTS, steps_of, whole_curves
from facegan.model.diffusers_networks import BASE_SIZE, FaceGANGenerator
from facegan.model.folder import ModelConfig
from facegan.model.load import to_uint8
from facegan.model.onnx_writer import IR_VERSION, OPSET

_TOLERANCE = 2  # of 256 levels: nobody can see it, and float16 takes half the bytes
_PARITY_SEEDS = range(64)


@torch.no_grad()
def shipped_form(generator: Generator) -> FaceGANGenerator:
    """The same function as `generator` in eval mode, its batch normalisation and up-sampling folded; float32, CPU."""
    source = {name: value.detach().double().cpu() for name, value in generator.state_dict().items()}

    def affine(level: int) -> tuple[torch.Tensor, torch.Tensor]:
        norm = f"norms.{level}."
        scale = source[norm + "weight"] / (source[norm + "running_var"] + generator.norms[level].eps).sqrt()
        return scale, source[norm + "bias"] - source[norm + "running_mean"] * scale

    channels = tuple(norm.num_features for norm in generator.norms)
    shipped = FaceGANGenerator(channels, generator.project.in_features, generator.curves)
    scale, shift = affine(0)
    shipped.project.weight.copy_(source["project.weight"] * scale.repeat(BASE_SIZE**2)[:, None])
    shipped.project.bias.copy_(shift.repeat(BASE_SIZE**2))
    for level, up in enumerate(generator.ups, start=1):
        scale, shift = affine(level)
        shipped.ups[level - 1].weight.copy_(up.transposed_weight().double().cpu() * scale[:, None, None])
        shipped.ups[level - 1].bias.copy_(shift)
    shipped.ups[-1].weight.copy_(generator.to_rgb.transposed_weight())
    shipped.ups[-1].bias.copy_(generator.to_rgb.bias)
    return shipped.eval()


def export_weights(generator: FaceGANGenerator, folder: Path) -> None:
    """Write the same weights as ONNX and for diffusers.

    They are stored as float16 where no value of 64 faces moves by more than two of 256 levels, else as float32;
    the arithmetic is float32 either way. Raises FaceGANError when the files do not draw what `generator` draws.
    """
    halved = _rounded_to_half(generator)
    half = np.abs(_draw(halved) - _draw(generator)).max() <= _TOLERANCE
    stored = halved if half else generator
    (folder / layout.ONNX).write_bytes(_as_onnx(stored, half))
    _write_diffusers(stored, folder, half)
    for name, drawn in {
        layout.ONNX: _draw_onnx(folder / layout.ONNX, stored.config.latent_size),
        f"{layout.DIFFUSERS}/": _draw(load_diffusers(folder)),
    }.items():
        difference = int(np.abs(drawn - _draw(stored)).max())
        if difference > 1:
            raise FaceGANError(
                f"{name} differs from the trained generator by {difference} of 256 levels, so it was not exported: "
                "please report this with your versions of torch and onnxruntime."
            )


def export_discriminator(discriminator: Discriminator, folder: Path) -> None:
    """Write it as float16, for trainings that start from the model; of its last layer only the row of the logit.

    Left out, so that they begin with a new one, is a discriminator with spectral normalisation, which is of all rows
    together, and one with a number that float16 does not have.
    """
    last = f"layers.{len(discriminator.layers) - 1}."
    weights = {}
    for name, value in discriminator.state_dict().items():
        kept = (value[:1] if name.startswith(last) else value).cpu().contiguous()
        weights[name] = kept.half() if kept.is_floating_point() else kept
    spectral = any(".parametrizations." in name for name in weights)
    if not spectral and all(value.isfinite().all() for value in weights.values()):
        (folder / layout.DISCRIMINATOR).write_bytes(save(weights))


def load_diffusers(folder: Path) -> FaceGANGenerator:
    """The generator in the folder's diffusers part, float32 on the CPU."""
    with utf8_alias(folder / layout.DIFFUSERS) as there:
        return FaceGANGenerator.from_pretrained(there, low_cpu_mem_usage=False).eval()


def _write_diffusers(generator: FaceGANGenerator, folder: Path, half: bool) -> None:
    target = folder / layout.DIFFUSERS
    shutil.rmtree(target, ignore_errors=True)
    rounded = _new_like(generator)
    rounded.load_state_dict(generator.state_dict())
    (rounded.half() if half else rounded).save_pretrained(target, safe_serialization=True)
    shutil.copyfile(diffusers_networks.__file__, target / "generator.py")
    shutil.copyfile(pipeline_module.__file__, folder / layout.PIPELINE)
    index = {
        "_class_name": ["pipeline", "FaceGANPipeline"],
        "_diffusers_version": version("diffusers"),
        layout.DIFFUSERS: ["generator", "FaceGANGenerator"],
    }
    (folder / layout.MODEL_INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _as_onnx(generator: FaceGANGenerator, half: bool) -> bytes:
    """From latents float32 [n, 100] to images float32 [n, 3, H, W] in [-1, 1], any n."""
    channels, latent_size = tuple(generator.config.channels), generator.config.latent_size
    curves = tuple(map(tuple, generator.config.curves))
    side = BASE_SIZE * 2 ** len(channels)
    centre, steepness = whole_curves(curves, latent_size)
    constants = {
        **({"centre": centre, "steepness": steepness} if curves else {}),
        "root of 2": np.array(math.sqrt(2), np.float32),
        **{name: generator.state_dict()[name].numpy() for name in ("project.weight", "project.bias")},
        "first map": np.array([-1, BASE_SIZE, BASE_SIZE, channels[0]]),
        **{name: value.numpy() for name, value in generator.ups.state_dict(prefix="ups.").items()},
    }
    steps = list(steps_of(ModelConfig("", side, channels, latent_size, curves)))
    shapes = {"latents": [latent_size], "images": [3, side, side]}
    return chain_to_onnx("generator", steps, constants, shapes, half)


def chain_to_onnx(
    name: str,
    steps: list[tuple[str, dict, list]],
    constants: dict[str, np.ndarray],
    shapes: dict[str, list[int]],
    half: bool,
) -> bytes:
    """A chain of steps as the bytes of an ONNX file.

    Args:
        name: of the graph.
        steps: (operation, attributes, shapes of its constants), the one after the other, as `steps_of` gives them.
        constants: of all steps in their order, by name.
        shapes: of the input and of the output, by name, without the batch.
        half: store float32 constants as float16; the arithmetic is float32 either way.
    """
    (first, taken), (last, given) = shapes.items()
    remaining = iter(constants.items())
    widened, chain, stored, value = [], [], [], first
    for number, (operation, attributes, needed) in enumerate(steps, start=1):
        inputs, result = [value], last if number == len(steps) else f"step {number}"
        for constant_name, constant in islice(remaining, len(needed)):
            inputs.append(constant_name)
            # onnxruntime folds the Cast when it loads the file. Other constants are small.
            if half and operation in WITH_FLOAT_WEIGHTS and constant.dtype == np.float32:
                stored_name = f"{constant_name}.half"
                widened.append(helper.make_node("Cast", [stored_name], [constant_name], to=TensorProto.FLOAT))
                stored.append(numpy_helper.from_array(constant.astype(np.float16), stored_name))
            else:
                stored.append(numpy_helper.from_array(constant, constant_name))
        chain.append(helper.make_node(operation, inputs, [result], name=f"{number} {operation}", **attributes))
        value = result
    source = helper.make_tensor_value_info(first, TensorProto.FLOAT, ["batch", *taken])
    target = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", *given])
    graph = helper.make_graph([*widened, *chain], name, [source], [target], stored)
    versions = {"ir_version": IR_VERSION, "opset_imports": [helper.make_opsetid("", OPSET)]}
    model = helper.make_model(graph, producer_name="facegan", **versions)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _new_like(generator: FaceGANGenerator) -> FaceGANGenerator:
    config = generator.config
    return FaceGANGenerator(config.channels, config.latent_size, config.curves)


def _rounded_to_half(generator: FaceGANGenerator) -> FaceGANGenerator:
    rounded = _new_like(generator).eval()
    rounded.load_state_dict({name: value.half().float() for name, value in generator.state_dict().items()})
    return rounded


@torch.no_grad()
def _draw(generator: FaceGANGenerator) -> np.ndarray:
    """int (64, H, W, 3) in 0 .. 255 of the parity seeds, by torch."""
    latents = torch.from_numpy(latents_of(_PARITY_SEEDS, generator.config.latent_size))
    return to_uint8(generator(latents).numpy()).astype(int)


def _draw_onnx(path: Path, latent_size: int) -> np.ndarray:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    return to_uint8(session.run(["images"], {"latents": latents_of(_PARITY_SEEDS, latent_size)})[0]).astype(int)
