"""Read protocol buffers without onnx, which the demo does not install: the wire format, and the parts of ONNX we use.

Sources: https://protobuf.dev/programming-guides/encoding and onnx.proto3 for the numbers of the fields.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TYPES = {1: np.dtype("<f4"), 7: np.dtype("<i8"), 10: np.dtype("<f2")}  # TensorProto.DataType
_MOST = 1000  # nodes and tensors; ours have a few dozen
Value = int | memoryview


@dataclass(frozen=True)
class Node:
    """One operation: `attributes` are int, float, bytes or a tuple of int."""

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, int | float | bytes | tuple[int, ...]]


@dataclass(frozen=True)
class Graph:
    """The operations in order, the constants by name, and the name of the graph."""

    nodes: tuple[Node, ...]
    tensors: dict[str, np.ndarray]
    name: str = ""


def read_graph(content: bytes) -> Graph:
    """The graph of an ONNX file.

    Raises ValueError for bytes that are not ONNX and for everything our networks have no use for: tensors in other
    files, own functions, foreign operator domains, subgraphs, training parts, sparse tensors.
    """
    graphs, domains = [], []
    for number, value in _fields(memoryview(content)):
        if number == 7:
            graphs.append(value)
        elif number == 8:
            domains.append(_texts(value, 1))
        elif number in (20, 25):
            raise ValueError("it holds functions or a training part")
    if len(graphs) != 1 or isinstance(graphs[0], int):
        raise ValueError("it does not hold one graph")
    if any(name not in ("", "ai.onnx") for names in domains for name in names) or not domains:
        raise ValueError("it uses operators that are not ONNX's own")
    name, nodes = "", []
    tensors: dict[str, np.ndarray] = {}
    for number, value in _fields(graphs[0]):
        if len(nodes) + len(tensors) > _MOST:
            raise ValueError("it has more steps than any of our networks")
        if number == 1:
            nodes.append(_node(value))
        elif number == 2:
            name = _text(value)
        elif number == 5:
            key, tensor = _tensor(value)
            if key in tensors:
                raise ValueError(f"it holds two tensors {key!r}")
            tensors[key] = tensor
        elif number == 15:
            raise ValueError("it holds sparse tensors")
    return Graph(tuple(nodes), tensors, name)


def _node(message: Value) -> Node:
    inputs, outputs, operation, attributes = [], [], "", {}
    for number, value in _fields(message):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            operation = _text(value)
        elif number == 5:
            name, content = _attribute(value)
            if name in attributes:
                raise ValueError(f"{operation or 'an operation'} has two attributes {name!r}")
            attributes[name] = content
        elif number == 7 and _text(value) not in ("", "ai.onnx"):
            raise ValueError(f"{operation or 'an operation'} is of the domain {_text(value)!r}")
    return Node(operation, tuple(inputs), tuple(outputs), attributes)


def _attribute(message: Value) -> tuple[str, int | float | bytes | tuple[int, ...]]:
    name, found, whole = "", [], []
    for number, value in _fields(message):
        if number == 1:
            name = _text(value)
        elif number == 2 and len(_bytes(value)) == 4:
            found.append(struct.unpack("<f", _bytes(value))[0])
        elif number == 3:
            found.append(_whole(value))
        elif number == 4:
            found.append(bytes(_bytes(value)))
        elif number == 8:
            whole += [value] if isinstance(value, int) else list(_varints(value))
        elif number not in (13, 20):  # its documentation and its type
            raise ValueError(f"the attribute {name!r} holds a tensor or a graph of its own")
    if len(found) + bool(whole) != 1:
        raise ValueError(f"the attribute {name!r} has {len(found)} values")
    return name, found[0] if found else tuple(_signed(number) for number in whole)


def _tensor(message: Value) -> tuple[str, np.ndarray]:
    name, kind, shape, raw = "", 0, [], None
    for number, value in _fields(message):
        if number == 1:
            shape += [value] if isinstance(value, int) else list(_varints(value))
        elif number == 2:
            kind = _whole(value)
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = _bytes(value)
        elif number not in (12, 16):  # its documentation and what the exporter noted
            raise ValueError(f"the tensor {name!r} keeps its numbers somewhere else")
    if kind not in _TYPES or raw is None:
        raise ValueError(f"the tensor {name!r} is of a type that our networks do not use")
    count = math.prod(shape)  # in whole numbers of Python, which do not overflow
    if not count or count * _TYPES[kind].itemsize != len(raw):
        raise ValueError(f"the tensor {name!r} has {len(raw):,} bytes, which is not its shape {tuple(shape[:8])}")
    return name, np.frombuffer(raw, _TYPES[kind]).reshape(shape)


def _fields(message: Value) -> Iterator[tuple[int, Value]]:
    """(number, value) of every field: int for numbers, a view of the bytes for everything else."""
    data, at = _bytes(message), 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
        else:
            if kind == _BYTES:
                length, at = _varint(data, at)
            elif kind in (_FIXED32, _FIXED64):
                length = 4 if kind == _FIXED32 else 8
            else:
                raise ValueError("it is not a protocol buffer")
            if length > len(data) - at:
                raise ValueError("it is cut off")
            value, at = data[at : at + length], at + length
        yield number, value


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for i in range(10):
        if at + i >= len(data):
            raise ValueError("it is cut off")
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at + i + 1
    raise ValueError("it is not a protocol buffer")


def _varints(data: memoryview) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _signed(number: int) -> int:
    """int64, which the wire carries as its two's complement."""
    return number - (1 << 64) if number >= 1 << 63 else number


def _whole(value: Value) -> int:
    if not isinstance(value, int):
        raise ValueError("a number is missing")
    return _signed(value)


def _bytes(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a text is missing")
    return value


def _text(value: Value) -> str:
    return str(_bytes(value), "utf-8")


def _texts(message: Value, wanted: int) -> list[str]:
    return [_text(value) for number, value in _fields(message) if number == wanted] or [""]
