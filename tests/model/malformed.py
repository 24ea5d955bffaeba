"""Two hundred ways in which a model folder can be broken or hostile. Each is a function of a good folder.

`CASES["what is wrong"] = (damage, readers)`: the readers that must refuse it, by the names in test_malformed.py.
"""

import json
import os
import pickle
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

from facegan.model.folder import DISCRIMINATOR, SLIDER_WEIGHTS, SLIDERS
from facegan.model.slider_files import write_sliders
from tests.model.sliders import small_sliders

ONNX, CONFIG = "generator.onnx", "config.json"
WEIGHTS, GAN_CONFIG = "gan/diffusion_pytorch_model.safetensors", "gan/config.json"
CANARY = "FACEGAN_TEST_CANARY"  # the environment variable with the file that no folder may create
FACE, PIPE, PUSH, START = "FaceModel", "FaceGANPipeline", "push", "start"
EVERY = (FACE, PIPE, PUSH)
Damage = Callable[[Path], object]
CASES: dict[str, tuple[Damage, tuple[str, ...]]] = {}


class Bomb:
    """Unpickling it creates the canary."""

    def __reduce__(self):
        return eval, (f"open(__import__('os').environ[{CANARY!r}], 'w').close()",)


def case(name: str, damage: Damage, readers: tuple[str, ...]) -> None:
    assert name not in CASES, name
    CASES[name] = (damage, readers)


# -- config.json ---------------------------------------------------------------------------------------------------


def config(**values: object) -> Damage:
    def change(folder: Path) -> None:
        content = json.loads((folder / CONFIG).read_text())
        (folder / CONFIG).write_text(json.dumps({**content, **values}))

    return change


def without(name: str) -> Damage:
    def change(folder: Path) -> None:
        content = json.loads((folder / CONFIG).read_text())
        del content[name]
        (folder / CONFIG).write_text(json.dumps(content))

    return change


def write(path: str, content: bytes) -> Damage:
    return lambda folder: (folder / path).write_bytes(content)


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else 0


INF, NAN = float("inf"), float("nan")
BAD_VALUES = {
    "name": [None, True, 5, [], {}, "", "x" * 300, "two\nlines", "\x00"],
    "curves": [None, 5, "flat", [], [2.0], [[0.0]], [[0, 1]], [[0.0, 0.0]], [[0.0, INF]], [[NAN, 1.0]], [[0.0, 2.0]]],
    "image_size": [None, True, "16", 15, 0, -16, 2**40, 16.0, INF, [16], 32],
    "channels": [
        None,
        8,
        "84",
        [],
        [8],
        [8, 4, 4],
        [8, 0],
        [8, -4],
        [8, 4.0],
        [8, True],
        [8, 10**9],
        [8, "4"],
        [8] * 99,
    ],
    "latent_size": [None, True, "100", 99, 0, -1, 10**12, 100.0, [100]],
    "truncation": [None, True, "1", -0.1, 2, INF, NAN, [1]],
    "format_version": [None, True, "1", 0, 2, 99, 1.0, -1],
    "training": [None, [], "x", {"a": NAN}, {"a": INF}, {"a": nested(9)}, {"": 1}, {"a": "x" * 5000}, {"a": 10**40}],
    "data": [None, 3, {"a": "Caf\udce9"}, {"a\n": 1}, {"a": [0] * 999}, {str(i): i for i in range(600)}, {"x" * 99: 1}],
    "surprise": [1],
    "__class__": ["os.system"],
}
for key, values in BAD_VALUES.items():
    for number, value in enumerate(values):
        case(f"config {key} {number}", config(**{key: value}), EVERY)
for key in ("name", "image_size", "channels", "format_version"):
    case(f"config without {key}", without(key), EVERY)
RAW = {
    "nothing": b"",
    "a list": b"[1]",
    "a text": b'"config"',
    "null": b"null",
    "a thousand brackets": b"[" * 100_000,
    "not UTF-8": b"\xff\xfe{}",
    "a megabyte of blanks": b" " * 1_000_000,
    "a number of a million digits": b'{"format_version": ' + b"9" * 200_000 + b"}",
    "YAML that would call": b"!!python/object/apply:os.system ['true']",
    "a pickle": pickle.dumps(Bomb()),
}
for name, content in RAW.items():
    case(f"config is {name}", write(CONFIG, content), EVERY)


def cut(path: str, seed: int) -> Damage:
    def change(folder: Path) -> None:
        content = (folder / path).read_bytes()
        (folder / path).write_bytes(content[: random.Random(seed).randrange(len(content) - 2)])

    return change


for number in range(12):
    case(f"config cut off {number}", cut(CONFIG, number), EVERY)
    case(f"network cut off {number}", cut(ONNX, number), (FACE, PUSH))
    case(f"weights cut off {number}", cut(WEIGHTS, number), (PIPE, PUSH))


# -- generator.onnx ------------------------------------------------------------------------------------------------


def network(change: Callable[[onnx.ModelProto], object]) -> Damage:
    def damage(folder: Path) -> None:
        model = onnx.load(folder / ONNX)
        change(model)
        (folder / ONNX).write_bytes(model.SerializeToString())

    return damage


def tensor(model: onnx.ModelProto, part: str) -> TensorProto:
    return next(t for t in model.graph.initializer if part in t.name)


def node(model: onnx.ModelProto, operation: str) -> onnx.NodeProto:
    return next(n for n in model.graph.node if n.op_type == operation)


def one_value(value: float) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        found = tensor(model, "project.weight")
        array = numpy_helper.to_array(found).copy()
        array.flat[7] = value
        found.CopyFrom(numpy_helper.from_array(array, found.name))

    return change


def reshape(part: str, shape: tuple[int, ...]) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        del (dims := tensor(model, part).dims)[:]
        dims.extend(shape)

    return change


def external(place: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        found = tensor(model, "ups.0.weight")
        found.ClearField("raw_data")
        found.data_location = TensorProto.EXTERNAL
        found.external_data.add(key="location", value=place)

    return change


def attribute(operation: str, name: str, value: object) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        found = node(model, operation)
        kept = [a for a in found.attribute if a.name != name]
        del found.attribute[:]
        found.attribute.extend([*kept, helper.make_attribute(name, value)])

    return change


def insert(operation: str, domain: str = "", **attributes: object) -> Callable[[onnx.ModelProto], None]:
    """An operation more, between the last two."""

    def change(model: onnx.ModelProto) -> None:
        last = model.graph.node[-1]
        extra = helper.make_node(operation, [last.input[0]], ["extra"], domain=domain, **attributes)
        last.input[0] = "extra"
        model.graph.node.insert(len(model.graph.node) - 1, extra)
        if domain:
            model.opset_import.add(domain=domain, version=1)

    return change


def constant(part: str, array: np.ndarray) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        found = next(t for t in model.graph.initializer if list(t.dims) == list(part))
        found.CopyFrom(numpy_helper.from_array(array, found.name))

    return change


def subgraph() -> onnx.GraphProto:
    return helper.make_graph([], "inner", [], [])


NETWORKS = {
    "a NaN": one_value(NAN),
    "an infinity": one_value(INF),
    "a weight with another shape": reshape("ups.0.weight", (4, 8, 4, 4)),
    "a weight with huge dimensions": reshape("ups.0.weight", (2**40, 2**40)),
    "a weight with negative dimensions": reshape("ups.0.weight", (-8, -4, 4, 4)),
    "a weight without dimensions": reshape("ups.0.weight", ()),
    "a weight that is empty": reshape("ups.0.weight", (0, 2**62)),
    "weights in another file": external("weights.bin"),
    "weights in a file above": external("../../../../etc/passwd"),
    "weights in a file at the root": external("/etc/passwd"),
    "weights on a device": external("/dev/zero"),
    "an operator of a stranger": insert("Evil", "com.example"),
    "an operator of Microsoft": insert("Gelu", "com.microsoft"),
    "an operator of Python": insert("PyOp", "ai.onnx.contrib"),
    "an unknown operator": insert("Evil"),
    "a loop": insert("Loop", body=subgraph()),
    "a branch": insert("If", then_branch=subgraph(), else_branch=subgraph()),
    "a step more": insert("Relu"),
    "a step of random numbers": insert("RandomNormalLike"),
    "a step that repeats": insert("Tile"),
    "a step less": lambda m: m.graph.node.remove(node(m, "Transpose")),
    "a huge stride": attribute("ConvTranspose", "strides", [2**30, 2**30]),
    "a huge dilation": attribute("ConvTranspose", "dilations", [2**30, 2**30]),
    "a huge padding of the output": attribute("ConvTranspose", "output_padding", [2**20, 2**20]),
    "a shape of the output": attribute("ConvTranspose", "output_shape", [2**20, 2**20]),
    "an attribute that is a tensor": attribute("Relu", "t", numpy_helper.from_array(np.zeros(3))),
    "an attribute that is a graph": attribute("Relu", "g", subgraph()),
    "another factor": attribute("Gemm", "alpha", NAN),
    "another order": attribute("Transpose", "perm", [3, 2, 1, 0]),
    "another type": attribute("Cast", "to", TensorProto.STRING),
    "another view": constant((4,), np.array([-1, 2, 8, 8], np.int64)),
    "a view of a huge size": constant((4,), np.array([2**40, 4, 4, 8], np.int64)),
    "a division by zero": constant((), np.float32(0)),
    "a tensor more": lambda m: m.graph.initializer.append(numpy_helper.from_array(np.zeros(9, np.float32), "more")),
    "a tensor twice": lambda m: m.graph.initializer.append(m.graph.initializer[0]),
    "a tensor of texts": lambda m: m.graph.initializer.append(helper.make_tensor("s", TensorProto.STRING, [1], [b"x"])),
    "a sparse tensor": lambda m: m.graph.sparse_initializer.add(),
    "a function": lambda m: m.functions.add(name="Relu", domain="x"),
    "a training part": lambda m: m.training_info.add(),
    "another name of the input": lambda m: node(m, "Div").input.__setitem__(0, "noise"),
    "another name of the output": lambda m: node(m, "Tanh").output.__setitem__(0, "pictures"),
    "steps in a circle": lambda m: node(m, "Erf").input.__setitem__(0, "images"),
    "no graph": lambda m: m.ClearField("graph"),
    "no operators": lambda m: m.ClearField("opset_import"),
    "a thousand steps": lambda m: m.graph.node.extend(
        [helper.make_node("Relu", ["x"], [f"y{i}"]) for i in range(2000)]
    ),
}
for name, change in NETWORKS.items():
    case(f"network with {name}", network(change), (FACE, PUSH))
NETWORK_BYTES = {
    "nothing": b"",
    "a pickle": pickle.dumps(Bomb()),
    "an archive of torch": b"PK\x03\x04archive/data.pkl" + pickle.dumps(Bomb()),
    "noise": random.Random(0).randbytes(5000),
    "a length beyond the end": b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    "a number without an end": b"\x08" + b"\xff" * 40,
    "megabytes of nothing": b"\x08\x0a" * 2_000_000,
}
for name, content in NETWORK_BYTES.items():
    case(f"network is {name}", write(ONNX, content), (FACE, PUSH))


# -- the weights for diffusers ---------------------------------------------------------------------------------------


def tensors(path: str, change: Callable[[dict], object]) -> Damage:
    def damage(folder: Path) -> None:
        content = {name: array.copy() for name, array in load_file(folder / path).items()}
        change(content)
        save_file(content, folder / path)

    return damage


def header(values: object, body: bytes = b"", length: int | None = None) -> bytes:
    text = json.dumps(values).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


ENTRY = {"dtype": "F16", "shape": [2**40, 2**40], "data_offsets": [0, 4]}
WEIGHT_CHANGES = {
    "a NaN": lambda w: w["project.bias"].__setitem__(0, NAN),
    "an infinity": lambda w: w["project.bias"].__setitem__(0, INF),
    "numbers that add up to infinity": lambda w: w.update(
        {k: np.full(v.shape, 3e38, np.float32) for k, v in w.items()}
    ),
    "a tensor less": lambda w: w.pop("ups.0.bias"),
    "a tensor more": lambda w: w.update(more=np.zeros(3, np.float32)),
    "a path for a name": lambda w: w.update({"../../etc/passwd": np.zeros(3, np.float32)}),
    "another shape": lambda w: w.update({"ups.0.weight": w["ups.0.weight"].transpose(1, 0, 2, 3).copy()}),
    "whole numbers": lambda w: w.update({"ups.0.bias": np.zeros(4, np.int64)}),
    "double numbers": lambda w: w.update({"ups.0.bias": np.zeros(4, np.float64)}),
}
for name, change in WEIGHT_CHANGES.items():
    case(f"weights with {name}", tensors(WEIGHTS, change), (PIPE, PUSH))
WEIGHT_BYTES = {
    "nothing": b"",
    "a pickle": pickle.dumps(Bomb()),
    "a header of a terabyte": header({}, length=2**40),
    "huge dimensions": header({"project.weight": ENTRY}, b"1234"),
    "tensors beyond the end": header({"project.weight": {**ENTRY, "shape": [2], "data_offsets": [0, 2**40]}}),
    "a header of brackets": struct.pack("<Q", 50_000) + b"[" * 50_000,
}
for name, content in WEIGHT_BYTES.items():
    case(f"weights are {name}", write(WEIGHTS, content), (PIPE, PUSH))
GAN_CONFIGS = {
    "nothing": b"",
    "a list": b"[]",
    "other channels": b'{"_class_name": "FaceGANGenerator", "channels": [8, 8], "latent_size": 100}',
    "another class": b'{"_class_name": "os.system", "channels": [8, 4], "latent_size": 100}',
    "no channels": b'{"_class_name": "FaceGANGenerator", "latent_size": 100}',
    "a thousand brackets": b"[" * 100_000,
    "a pickle": pickle.dumps(Bomb()),
}
for name, content in GAN_CONFIGS.items():
    case(f"config for diffusers is {name}", write(GAN_CONFIG, content), (PIPE, PUSH))
SWAPPED = {
    "other weights than the network": lambda w: w["project.weight"].__imul__(-1),
    "weights in another order than the network": lambda w: w.update({"ups.0.bias": w["ups.0.bias"][::-1].copy()}),
    "nothing but zeros": lambda w: [weight.fill(0) for weight in w.values()],
}
for name, change in SWAPPED.items():
    case(f"weights are {name}", tensors(WEIGHTS, change), (PIPE, PUSH))
INDEXES = {
    "nothing": b"",
    "another module": b'{"_class_name": ["os", "system"], "gan": ["generator", "FaceGANGenerator"]}',
    "another component": b'{"_class_name": ["pipeline", "FaceGANPipeline"], "gan": ["subprocess", "Popen"]}',
    "a component more": b'{"_class_name": ["pipeline", "FaceGANPipeline"], "gan": ["generator", "FaceGANGenerator"], '
    b'"more": ["torch", "load"]}',
}
for name, content in INDEXES.items():
    case(f"index is {name}", write("model_index.json", content), (PUSH,))


# -- the discriminator -----------------------------------------------------------------------------------------------


DISCRIMINATOR_CHANGES = {
    "a NaN": lambda w: w["layers.0.weight"].__setitem__((0, 0, 0, 0), NAN),
    "an infinity": lambda w: w["layers.0.bias"].__setitem__(0, INF),
    "whole numbers": lambda w: w.update({"layers.0.bias": np.zeros(4, np.int64)}),
    "a count that is none": lambda w: w.update({"layers.3.num_batches_tracked": np.array(NAN)}),
    "a tensor less": lambda w: w.pop("layers.0.bias"),
    "a tensor more": lambda w: w.update({"me.jpg": np.zeros((3, 60, 60), np.float16)}),
    "nothing but a tensor more": lambda w: (w.clear(), w.update({"me.jpg": np.zeros((3, 60, 60), np.float16)})),
    "no tensor": lambda w: w.clear(),
    "another shape": lambda w: w.update({"layers.0.weight": w["layers.0.weight"][:2].copy()}),
    "counts of another shape": lambda w: w.update({"layers.3.num_batches_tracked": np.zeros(9, np.int64)}),
}
for name, change in DISCRIMINATOR_CHANGES.items():
    case(f"discriminator with {name}", tensors(DISCRIMINATOR, change), (START, PUSH))
for name, content in WEIGHT_BYTES.items():
    case(f"discriminator is {name}", write(DISCRIMINATOR, content), (START, PUSH))


# -- sliders -----------------------------------------------------------------------------------------------------------


def sliders(
    told: Callable[[dict], object] = lambda _: None, moved: Callable[[dict], object] = lambda _: None
) -> Damage:
    """Good sliders are put into the folder, and then damaged."""

    def damage(folder: Path) -> None:
        write_sliders(small_sliders(), folder)
        content = json.loads((folder / SLIDERS).read_text())
        told(content)
        (folder / SLIDERS).write_text(json.dumps(content))
        tensors = load_file(folder / SLIDER_WEIGHTS)
        moved(tensors)
        save_file(tensors, folder / SLIDER_WEIGHTS)

    return damage


def sliders_are(path: str, content: bytes) -> Damage:
    def damage(folder: Path) -> None:
        write_sliders(small_sliders(), folder)
        (folder / path).write_bytes(content)

    return damage


def without_part(path: str) -> Damage:
    def damage(folder: Path) -> None:
        write_sliders(small_sliders(), folder)
        (folder / path).unlink()

    return damage


SLIDER_FACTS = {
    "another format": lambda s: s.update(format=6),
    "a field more": lambda s: s.update(surprise=1),
    "surprises without tensors": lambda s: s.update(format=4, surprises=[{**s["sliders"][0], "name": "surprise_1"}]),
    "no sliders": lambda s: s.update(sliders=[]),
    "a slider twice": lambda s: s["sliders"].append(s["sliders"][0]),
    "a name that is a path": lambda s: s["scores"].__setitem__(1, "../../etc/passwd"),
    "a thousand scores": lambda s: s.update(scores=[f"s{i}" for i in range(1000)]),
    "a note of a megabyte": lambda s: s["sliders"][0].update(note="x" * 100_000),
    "deep facts": lambda s: s.update(facts={"a": nested(50)}),
    "a number that is not finite": lambda s: s["facts"].update(a=NAN),
    "a number of 400 digits": lambda s: s["facts"].update(a=10**400),
    "a name that no call can have": lambda s: (
        s["sliders"][0].update(name="class"),
        s["scores"].__setitem__(0, "class"),
    ),
    "a name of the page": lambda s: (s["sliders"][0].update(name="seed"), s["scores"].__setitem__(0, "seed")),
    "a quality that is a text": lambda s: s["sliders"][0].update(quality="good"),
}
for name, change in SLIDER_FACTS.items():
    case(f"sliders with {name}", sliders(told=change), (FACE, PUSH))
SLIDER_TENSORS = {
    "a NaN": lambda t: t["linear"].__setitem__((0, 0), NAN),
    "a huge number": lambda t: t["linear"].__setitem__((0, 0), 1e30),
    "large numbers everywhere": lambda t: [t[name].fill(1e4) for name in ("linear", "first", "second", "last")],
    "a tensor less": lambda t: t.pop("ends"),
    "a tensor more": lambda t: t.update(more=np.zeros(3, np.float32)),
    "another shape": lambda t: t.update(linear=t["linear"].T.copy()),
    "whole numbers": lambda t: t.update(ends=np.zeros((2, 2), np.int64)),
    "a negative weight": lambda t: t["weights"].__setitem__((0, 0), -1),
}
for name, change in SLIDER_TENSORS.items():
    case(f"slider tensors with {name}", sliders(moved=change), (FACE, PUSH))
SLIDER_BYTES = {"nothing": b"", "a pickle": pickle.dumps(Bomb()), "a header of a terabyte": header({}, length=2**40)}
for name, content in SLIDER_BYTES.items():
    case(f"sliders are {name}", sliders_are(SLIDERS, content), (FACE, PUSH))
    case(f"slider tensors are {name}", sliders_are(SLIDER_WEIGHTS, content), (FACE, PUSH))
for path in (SLIDERS, SLIDER_WEIGHTS):
    case(f"{path} is missing beside the other", without_part(path), (FACE, PUSH))


# -- files where others should be ------------------------------------------------------------------------------------


def replace_by(path: str, make: Callable[[Path], object]) -> Damage:
    def damage(folder: Path) -> None:
        (folder / path).unlink()
        make(folder / path)

    return damage


def copy_outside(path: Path) -> Path:
    """A good file of the same name outside the folder, for a link that leads out to it."""
    outside = path.parents[1] / f"outside-{path.name}"
    outside.write_bytes(b"{}")
    return outside


def folder_elsewhere(folder: Path) -> None:
    shutil.move(folder / "gan", folder.parent / "elsewhere")
    (folder / "gan").symlink_to(folder.parent / "elsewhere")


READERS = {CONFIG: EVERY, ONNX: (FACE, PUSH), WEIGHTS: (PIPE, PUSH), GAN_CONFIG: (PIPE, PUSH)}
for path, readers in READERS.items():
    case(f"{path} is missing", lambda folder, path=path: (folder / path).unlink(), readers)
for path, readers in {**READERS, DISCRIMINATOR: (START, PUSH)}.items():
    case(f"{path} is a folder", replace_by(path, Path.mkdir), readers)
    case(f"{path} is a pipe", replace_by(path, os.mkfifo), readers)
    case(f"{path} is a link to itself", replace_by(path, lambda p: p.symlink_to(p)), readers)
    case(f"{path} is a link out of the folder", replace_by(path, lambda p: p.symlink_to(copy_outside(p))), readers)
    case(f"{path} is a link to the users", replace_by(path, lambda p: p.symlink_to("/etc/passwd")), readers)
    case(f"{path} is a link to a device", replace_by(path, lambda p: p.symlink_to("/dev/zero")), readers)
case("the folder for diffusers is a link", folder_elsewhere, (PIPE, PUSH))
for suffix in ("bin", "ckpt", "dill", "joblib", "npy", "npz", "pickle", "pkl", "pt", "pth"):
    case(f"a pickle .{suffix}", write(f"weights.{suffix}", pickle.dumps(Bomb())), EVERY)
    case(
        f"a pickle .{suffix} for diffusers", write(f"gan/diffusion_pytorch_model.{suffix}", pickle.dumps(Bomb())), EVERY
    )
