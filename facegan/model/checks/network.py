"""Checks that generator.onnx is exactly the network of config.json, before onnxruntime reads it.

A format that can hold any computation can also hold one that eats all memory or reads other files. Ours is always one
chain, `steps_of`, which export.py writes, so it is compared step by step; anything else is refused.
"""

import math
from collections.abc import Iterator

import numpy as np

from facegan.base.curves import EntryCurves
from facegan.model.checks.values import BASE_SIZE
from facegan.model.checks.wire import Graph, Node, read_graph
from facegan.model.folder import ModelConfig

_CONVOLUTION = {
    "group": 1,
    "auto_pad": b"NOTSET",
    "strides": (2, 2),
    "pads": (1, 1, 1, 1),
    "output_padding": (0, 0),
    "dilations": (1, 1),
    "kernel_shape": (4, 4),
}
WITH_FLOAT_WEIGHTS = ("Gemm", "ConvTranspose", "Conv")  # the operations whose constants are all float
_FLOAT = 1  # TensorProto.DataType
_MARGIN = 1 << 18  # bytes for the names of things


def check_network(content: bytes, config: ModelConfig) -> None:
    """Raises ValueError with what is wrong with the bytes of generator.onnx."""
    steps = list(steps_of(config))
    weights = sum(math.prod(shape) for _, _, shapes in steps for shape in shapes)
    if len(content) > weights * 4 + _MARGIN:
        raise ValueError(f"it has {len(content):,} bytes, more than the network that the config describes can have")
    for operation, constants in check_chain(content, steps, "latents", "images"):
        _check_constants(operation, constants, config)


def check_chain(
    content: bytes, expected: list[tuple[str, dict, list]], first: str, last: str
) -> list[tuple[str, list[np.ndarray]]]:
    """The steps of a network as (operation, its constants as they are stored), from the bytes of its file.

    Raises ValueError unless it is the chain of the steps in `expected` (as `steps_of` gives them) from the input
    `first` to the output `last`, and nothing else, with finite numbers and floating-point weights.
    """
    graph = read_graph(content)
    for name, tensor in graph.tensors.items():
        if not np.isfinite(tensor).all():
            raise ValueError(f"the tensor {name!r} holds numbers that are not finite")
    widened, chain = _split(graph)
    names = [node.operation for node in chain]
    if names != [operation for operation, _, _ in expected]:
        raise ValueError(f"it is not the network that the config describes, but {' '.join(names[:20])[:200]}")
    value, used, found = first, set(), []
    for node, (operation, attributes, shapes) in zip(chain, expected, strict=True):
        if node.inputs[:1] != (value,) or len(node.outputs) != 1 or node.attributes != attributes:
            raise ValueError(f"its {operation} is not the one that the config describes")
        weights = [widened.get(name, name) for name in node.inputs[1:]]
        has = [graph.tensors[name].shape if name in graph.tensors else None for name in weights]
        if has != shapes:
            raise ValueError(f"its {operation} has weights of the shapes {has}, but the config says {shapes}")
        constants = [graph.tensors[name] for name in weights]
        if operation in WITH_FLOAT_WEIGHTS and any(one.dtype.kind != "f" for one in constants):
            raise ValueError(f"its {operation} has weights that are not floating-point numbers")
        found.append((operation, constants))
        used.update(weights)
        value = node.outputs[0]
    if value != last or used != set(graph.tensors):
        raise ValueError(f"it holds tensors that no step uses, or gives no {last}")
    return found


def weights_of(content: bytes) -> list[np.ndarray]:
    """The weights and biases in the bytes of a network of ours, in the order in which it uses them, as they are stored.

    Raises ValueError for bytes that `check_network` or `check_encoder` would refuse for other reasons.
    """
    graph = read_graph(content)
    widened, chain = _split(graph)
    names = [name for node in chain if node.operation in WITH_FLOAT_WEIGHTS for name in node.inputs[1:]]
    stored = [widened.get(name, name) for name in names]
    if not set(stored) <= set(graph.tensors):
        raise ValueError("a step has weights that are not stored")
    return [graph.tensors[name] for name in stored]


def _split(graph: Graph) -> tuple[dict[str, str], tuple[Node, ...]]:
    """The stored name of each weight that a leading Cast widens from float16, and the nodes after those."""
    widened = {}
    for node in graph.nodes:
        if node.operation != "Cast":
            break
        if node.attributes != {"to": _FLOAT} or len(node.inputs) != 1 or len(node.outputs) != 1:
            raise ValueError("its Cast does not widen a weight")
        if node.inputs[0] not in graph.tensors or node.outputs[0] in widened | graph.tensors:
            raise ValueError("its Cast does not widen a weight")
        widened[node.outputs[0]] = node.inputs[0]
    return widened, graph.nodes[len(widened) :]


def steps_of(config: ModelConfig) -> Iterator[tuple[str, dict, list]]:
    """Each step as (operation, attributes, shapes of its weights); in torch it is diffusers_networks.py.

    The first takes "latents", each other one the result of the step before, the last gives "images".
    """
    channels = config.channels
    if config.curves:
        yield "Sub", {}, [(config.latent_size,)]
        yield "Mul", {}, [(config.latent_size,)]
    yield "Div", {}, [()]
    yield "Erf", {}, []
    filled = channels[0] * BASE_SIZE**2
    gemm = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1}
    yield "Gemm", gemm, [(filled, config.latent_size), (filled,)]
    yield "Reshape", {"allowzero": 1}, [(4,)]
    yield "Transpose", {"perm": (0, 3, 1, 2)}, []
    for maps, drawn in zip(channels, (*channels[1:], 3), strict=True):
        yield "Relu", {}, []
        yield "ConvTranspose", _CONVOLUTION, [(maps, drawn, 4, 4), (drawn,)]
    yield "Tanh", {}, []


def whole_curves(curves: EntryCurves, latent_size: int) -> np.ndarray:
    """Centres and steepnesses, float32 (2, latent_size), of all entries of a latent from the `curves` of the last."""
    whole = np.tile(np.float32([[0], [1]]), latent_size)
    if curves:
        whole[:, -len(curves) :] = np.float32(curves).T
    return whole


def curves_of(content: bytes) -> np.ndarray | None:
    """The `whole_curves` in the bytes of a checked generator.onnx; None if it has none."""
    graph = read_graph(content)
    first, second = _split(graph)[1][:2]
    if first.operation != "Sub":
        return None
    return np.stack([graph.tensors[one.inputs[1]] for one in (first, second)])


def _check_constants(operation: str, weights: list[np.ndarray], config: ModelConfig) -> None:
    for place, name in enumerate(("Sub", "Mul")):
        if operation == name and not np.array_equal(weights[0], whole_curves(config.curves, config.latent_size)[place]):
            raise ValueError("the curves of its latents are not those of the config")
    if operation == "Div" and not math.isclose(float(weights[0]), math.sqrt(2), rel_tol=1e-3):
        raise ValueError("it does not divide the latents by the root of 2")
    if operation == "Reshape" and weights[0].tolist() != [-1, BASE_SIZE, BASE_SIZE, config.channels[0]]:
        raise ValueError("its Reshape is not the one that the config describes")
