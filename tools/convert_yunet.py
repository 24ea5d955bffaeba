"""Writes facegan/assets/yunet: YuNet as OpenCV publishes it, for inputs of any size and number.

    python -m tools.convert_yunet face_detection_yunet_2023mar.onnx

The published file declares an input of 1 x 3 x 640 x 640, but nothing in the network depends on that. So only the
declarations change: a crop of 256 px then takes a sixth of the time, and several are one run. Needs the package onnx.
"""

import argparse
from pathlib import Path

import onnx

ASSET = Path(__file__).resolve().parent.parent / "facegan" / "assets" / "yunet" / "face_detection_yunet_2023mar.onnx"


def of_any_size(model: onnx.ModelProto) -> onnx.ModelProto:
    """The network for n pictures of height x width, multiples of 32. Its outputs hold the cells of all n."""
    for value, names in [
        (model.graph.input[0], {0: "n", 2: "height", 3: "width"}),
        *((output, {1: f"cells_{output.name}"}) for output in model.graph.output),
    ]:
        for number, name in names.items():
            dimension = value.type.tensor_type.shape.dim[number]
            dimension.Clear()
            dimension.dim_param = name
    del model.graph.value_info[:]  # the sizes of everything between
    onnx.checker.check_model(model)
    return model


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("published", type=Path)
    onnx.save(of_any_size(onnx.load(arguments.parse_args().published)), ASSET)
