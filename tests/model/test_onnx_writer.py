import numpy as np
import onnxruntime
import pytest

from facegan.model.checks.wire import read_graph
from facegan.model.onnx_writer import Step, to_onnx

CONSTANTS = {"weights": np.arange(12, dtype=np.float32).reshape(3, 4), "shape": np.array([-1, 2, 2])}
STEPS = [
    Step("Gemm", ("x", "weights"), "product", {"transB": 0}),
    Step("Reshape", ("product", "shape"), "square"),
    Step("Transpose", ("square",), "y", {"perm": (0, 2, 1)}),
]


def test_onnxruntime_computes_what_was_written():
    session = onnxruntime.InferenceSession(to_onnx(STEPS, CONSTANTS, ("x",), ("y",)))
    x = np.random.RandomState(0).randn(300, 3).astype(np.float32)
    expected = (x @ CONSTANTS["weights"]).reshape(-1, 2, 2).transpose(0, 2, 1)
    assert session.run(["y"], {"x": x})[0] == pytest.approx(expected, abs=1e-5)


def test_our_reader_reads_what_was_written():
    graph = read_graph(to_onnx(STEPS, CONSTANTS, ("x",), ("y",)))
    assert [node.operation for node in graph.nodes] == ["Gemm", "Reshape", "Transpose"]
    assert graph.nodes[2].attributes == {"perm": (0, 2, 1)}
    assert all(np.array_equal(graph.tensors[name], value) for name, value in CONSTANTS.items())
