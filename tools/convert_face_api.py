"""Converts the label networks of npm @vladmandic/face-api 1.7.15 to ONNX.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python -m tools.convert_face_api package --out facegan/assets/face_api

The published weights are quantized to bytes with a scale and a zero point. The ONNX files hold exactly those bytes, and
onnxruntime dequantizes them when it loads a file. tools/face_api_answers.mjs records the outputs of the original
JavaScript, with which tests/labels/test_networks.py compares.

This is a tool for maintainers, not a command of training; so it is in tools/ and not in train/.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIDE = 112  # px, of every network's input
MEAN_RGB = (122.782, 117.001, 104.298)  # of TinyXception.ts and FaceFeatureExtractor.ts
HEADER = "From npm @vladmandic/face-api 1.7.15 (MIT, see LICENSE beside this file), by tools/convert_face_api.py."


@dataclass(frozen=True)
class Weight:
    """One published tensor: (values - zero) * scale, or plain float32 values where the scale is 0."""

    values: np.ndarray
    scale: float = 0.0
    zero: int = 0


def read_weights(folder: Path, name: str) -> dict[str, Weight]:
    """The tensors of folder/name-weights_manifest.json and folder/name.bin, in TensorFlow's layouts."""
    data = (folder / f"{name}.bin").read_bytes()
    manifest = json.loads((folder / f"{name}-weights_manifest.json").read_text(encoding="utf-8"))
    weights, at = {}, 0
    for entry in manifest[0]["weights"]:
        count = int(np.prod(entry["shape"]))
        packed = entry.get("quantization")
        dtype = np.dtype(packed["dtype"] if packed else "<f4")
        values = np.frombuffer(data, dtype, count, at).reshape(entry["shape"])
        at += count * dtype.itemsize
        if packed:
            zero = -packed["min"] / packed["scale"]
            if abs(zero - round(zero)) < 1e-5 and 0 <= round(zero) <= 255:
                weights[entry["name"]] = Weight(values, packed["scale"], round(zero))
                continue
            # If the range does not include 0, as of one bias, no byte is the zero point.
            values = (values * packed["scale"] + packed["min"]).astype(np.float32)
        weights[entry["name"]] = Weight(values)
    if at != len(data):
        raise SystemExit(f"{name}.bin has {len(data)} bytes, but its manifest describes {at}.")
    return weights


class Graph:
    """Builds one ONNX graph. Every method that adds nodes returns the name of their output."""

    def __init__(self, weights: dict[str, Weight]):
        self.weights, self.nodes, self.constants = weights, [], []

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def weight(self, name: str, layout: tuple[int, ...] = ()) -> str:
        """A published tensor, dequantized, with its axes in ONNX's order."""
        weight = self.weights[name]
        values = weight.values.transpose(layout) if layout else weight.values
        if not weight.scale:
            return self.constant(name, values)
        stored = self.constant(f"{name}.u8", values)
        scale = self.constant(f"{name}.scale", np.float32(weight.scale))
        zero = self.constant(f"{name}.zero", np.uint8(weight.zero))
        return self.add("DequantizeLinear", stored, scale, zero)

    def conv(self, x: str, name: str, stride: int = 1) -> str:
        kernel = self.weight(f"{name}/filters", (3, 2, 0, 1))
        return self.add("Conv", x, kernel, self.weight(f"{name}/bias"), strides=[stride] * 2, auto_pad="SAME_UPPER")

    def separable(self, x: str, name: str, stride: int = 1) -> str:
        depth = self.weight(f"{name}/depthwise_filter", (2, 3, 0, 1))
        groups = self.weights[f"{name}/depthwise_filter"].values.shape[2]
        x = self.add("Conv", x, depth, strides=[stride] * 2, auto_pad="SAME_UPPER", group=groups)
        return self.add("Conv", x, self.weight(f"{name}/pointwise_filter", (3, 2, 0, 1)), self.weight(f"{name}/bias"))

    def relu(self, x: str) -> str:
        return self.add("Relu", x)

    def images(self) -> str:
        """Normalises RGB 0..255 (n, 112, 112, 3) as in training, and transposes it to NCHW."""
        x = self.add("Sub", "images", self.constant("mean", np.array(MEAN_RGB, np.float32)))
        x = self.add("Div", x, self.constant("range", np.float32(255)))
        return self.add("Transpose", x, perm=[0, 3, 1, 2])

    def pooled(self, x: str) -> str:
        return self.add("Flatten", self.add("GlobalAveragePool", x))

    def places(self, x: str) -> str:
        """Features that keep the position in the face, for probes: the means of 3 x 3 cells of a 14 x 14 map."""
        sizes = self.constant("cells", np.array([5, 4, 5], np.int64))
        means = []
        for band in self.split(x, sizes, axis=2):
            means += [self.pooled(cell) for cell in self.split(band, sizes, axis=3)]
        return self.add("Concat", *means, axis=1)

    def split(self, x: str, sizes: str, axis: int) -> list[str]:
        name = f"split_{len(self.nodes)}"
        parts = [f"{name}_{i}" for i in range(3)]
        self.nodes.append(helper.make_node("Split", [x, sizes], parts, name=name, axis=axis))
        return parts

    def dense(self, x: str, name: str) -> str:
        return self.add("Gemm", x, self.weight(f"{name}/weights"), self.weight(f"{name}/bias"))

    def save(self, path: Path, outputs: dict[str, str]) -> None:
        """Writes the file. `outputs` maps each public name to the node that computes it."""
        nodes = [*self.nodes, *(helper.make_node("Identity", [node], [name]) for name, node in outputs.items())]
        graph = helper.make_graph(
            nodes,
            path.stem,
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", SIDE, SIDE, 3])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            self.constants,
            doc_string=HEADER,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        del model.graph.value_info[:]  # only the shapes of the outputs are needed
        onnx.checker.check_model(model)
        onnx.save(model, path)
        print(f"{path}: {path.stat().st_size:,} bytes")


def age_gender(graph: Graph) -> dict[str, str]:
    """AgeGenderNet.ts on TinyXception.ts with two main blocks."""

    def reduction(x: str, name: str, first: bool = False) -> str:
        y = graph.separable(x if first else graph.relu(x), f"{name}/separable_conv0")
        y = graph.separable(graph.relu(y), f"{name}/separable_conv1")
        y = graph.add("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        return graph.add("Add", y, graph.conv(x, f"{name}/expansion_conv", 2))

    x = graph.relu(graph.conv(graph.images(), "entry_flow/conv_in", 2))
    x = reduction(x, "entry_flow/reduction_block_0", first=True)
    x = reduction(x, "entry_flow/reduction_block_1")
    for block in range(2):
        y = x
        for i in range(3):
            y = graph.separable(graph.relu(y), f"middle_flow/main_block_{block}/separable_conv{i}")
        x = graph.add("Add", x, y)
    in_places = graph.places(x)
    x = reduction(x, "exit_flow/reduction_block")
    x = graph.relu(graph.separable(x, "exit_flow/separable_conv"))
    features = graph.pooled(x)
    return {
        "age": graph.dense(features, "fc/age"),
        "gender": graph.dense(features, "fc/gender"),
        "features": features,
        "places": in_places,
    }


def dense_blocks(graph: Graph, blocks: int, convolutions: int) -> str:
    """FaceFeatureExtractor.ts (4 blocks of 4) and TinyFaceFeatureExtractor.ts (3 of 3), with their pooling."""
    x = graph.images()
    for block in range(blocks):
        first = graph.conv if block == 0 else graph.separable
        total = x = graph.relu(first(x, f"dense{block}/conv0", 2))
        for i in range(1, convolutions):
            total = graph.add("Add", total, graph.separable(x, f"dense{block}/conv{i}"))
            x = graph.relu(total)
    return graph.pooled(x)


def expression(graph: Graph) -> dict[str, str]:
    """FaceExpressionNet.ts: logits of neutral, happy, sad, angry, fearful, disgusted, surprised."""
    features = dense_blocks(graph, 4, 4)
    return {"expressions": graph.dense(features, "fc"), "features": features}


def landmarks(graph: Graph) -> dict[str, str]:
    """FaceLandmark68TinyNet.ts: 68 points, x and y in shares of the input's side."""
    points = graph.dense(dense_blocks(graph, 3, 3), "fc")
    shape = graph.constant("points_shape", np.array([-1, 68, 2], np.int64))
    return {"points": graph.add("Reshape", points, shape)}


NETWORKS = {
    "age_gender_model": age_gender,
    "face_expression_model": expression,
    "face_landmark_68_tiny_model": landmarks,
}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("package", type=Path, help="the unpacked npm package")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for name, build in NETWORKS.items():
        graph = Graph(read_weights(args.package / "model", name))
        graph.save(args.out / f"{name}.onnx", build(graph))


if __name__ == "__main__":
    main()
