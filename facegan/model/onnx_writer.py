"""Writes small networks as ONNX without the package onnx, which the demo does not install; checks/wire.py reads ONNX.

Sources: https://protobuf.dev/programming-guides/encoding and onnx.proto3 for the numbers of the fields.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

OPSET, IR_VERSION = 18, 10  # which every onnxruntime that the demo may have reads
FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_INT, _INTS, _TEXT = 2, 7, 3  # AttributeProto.AttributeType


@dataclass(frozen=True)
class Step:
    """One operation: the names of its inputs, that of its output, and attributes of int, str or tuples of int."""

    operation: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, int | str | tuple[int, ...]] = field(default_factory=dict)


def to_onnx(
    steps: Iterable[Step], constants: Mapping[str, np.ndarray], inputs: Iterable[str], outputs: Iterable[str]
) -> bytes:
    """A network of float32 arrays as the bytes of an ONNX file; `constants` are float32 or int64.

    It has no shapes: onnxruntime infers them.
    """
    graph = [_bytes(1, _step(step)) for step in steps]
    graph.append(_text(2, "network"))
    graph += [_bytes(5, _tensor(name, value)) for name, value in constants.items()]
    kind = _bytes(2, _bytes(1, _number(1, FLOAT)))  # a type without a shape
    graph += [_bytes(11, _text(1, name) + kind) for name in inputs]
    graph += [_bytes(12, _text(1, name) + kind) for name in outputs]
    return _number(1, IR_VERSION) + _bytes(8, _text(1, "") + _number(2, OPSET)) + _bytes(7, b"".join(graph))


def _step(step: Step) -> bytes:
    found = [_text(1, name) for name in step.inputs] + [_text(2, step.output), _text(4, step.operation)]
    return b"".join(found + [_bytes(5, _attribute(*one)) for one in step.attributes.items()])


def _attribute(name: str, value: int | str | Sequence[int]) -> bytes:
    if isinstance(value, str):
        return _text(1, name) + _text(4, value) + _number(20, _TEXT)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS)


def _tensor(name: str, value: np.ndarray) -> bytes:
    kind = _INT64 if value.dtype == np.int64 else FLOAT
    raw = np.ascontiguousarray(value, "<i8" if kind == _INT64 else "<f4").tobytes()
    return b"".join(_number(1, side) for side in value.shape) + _number(2, kind) + _text(8, name) + _bytes(9, raw)


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode("utf-8"))


def _bytes(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
