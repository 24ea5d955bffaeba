"""The small reader of ONNX against the onnx library, which the demo does without."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from facegan.model.checks.network import check_network
from facegan.model.checks.wire import read_graph
from facegan.model.folder import DEFAULT_FOLDER, ModelConfig


@pytest.fixture(params=["tiny", "default"])
def file(request, model_folder):
    return (model_folder if request.param == "tiny" else DEFAULT_FOLDER) / "generator.onnx"


def test_steps_and_attributes_are_those_that_onnx_reads(file):
    graph, model = read_graph(file.read_bytes()), onnx.load(file)
    assert len(graph.nodes) == len(model.graph.node) > 8
    for found, node in zip(graph.nodes, model.graph.node, strict=True):
        assert (found.operation, found.inputs, found.outputs) == (node.op_type, tuple(node.input), tuple(node.output))
        values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        assert found.attributes == {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}


def test_tensors_are_those_that_onnx_reads(file):
    graph, model = read_graph(file.read_bytes()), onnx.load(file)
    assert set(graph.tensors) == {tensor.name for tensor in model.graph.initializer}
    for tensor in model.graph.initializer:
        expected = numpy_helper.to_array(tensor)
        assert graph.tensors[tensor.name].dtype == expected.dtype
        np.testing.assert_array_equal(graph.tensors[tensor.name], expected)


@pytest.mark.parametrize("attribute", [-1, 2**63 - 1, -(2**63), 0.25, b"text", [3, -4, 2**40], [-(2**63)]])
def test_every_kind_of_number_is_read(attribute):
    node = helper.make_node("Relu", ["x"], ["y"], value=attribute)
    model = helper.make_model(helper.make_graph([node], "g", [], []))
    found = read_graph(model.SerializeToString()).nodes[0].attributes["value"]
    assert found == (tuple(attribute) if isinstance(attribute, list) else attribute)


def test_float32_weights_are_taken_as_well_as_float16(model_folder):
    """Where float16 would show, export.py stores float32, and then there is no Cast."""
    model = onnx.load(model_folder / "generator.onnx")
    casts = [node for node in model.graph.node if node.op_type == "Cast"]
    for cast in casts:
        tensor = next(t for t in model.graph.initializer if t.name == cast.input[0])
        wide = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(wide, cast.output[0]))
        model.graph.node.remove(cast)
    assert casts
    check_network(model.SerializeToString(), ModelConfig.read(model_folder))
