"""Networks that begin as those of a model do, which may be narrower.

New channels see everything, with the weights of a new network, and none of the old channels sees them: the weights that
lead there are 0. So the wider network does what the narrower one did, its first step moves those weights, and no two
channels are alike, which copies would have to unlearn. After Net2Net, which copies: Chen et al. 2016,
https://arxiv.org/abs/1511.05641.
"""

from collections.abc import Mapping

import torch

from facegan.gan.networks import BASE_SIZE, Discriminator, Generator, MinibatchStd

Tensors = Mapping[str, torch.Tensor]


@torch.no_grad()
def begin_as(network: Generator | Discriminator, weights: Tensors) -> None:
    """Makes a new network do what one of the same kind, with as many channels or fewer, does by its state dict.

    A discriminator that also sees how a batch varies sees that of new channels too, so a wider one's logits differ at
    first; and readings of attributes that the narrow one has not keep their new weights.

    Raises ValueError (or RuntimeError, as load_state_dict) when the networks have other layers, or more channels.
    """
    mine = network.state_dict()
    if {name: value.shape for name, value in mine.items()} == {name: value.shape for name, value in weights.items()}:
        network.load_state_dict(weights)
        return
    if set(mine) != set(weights):
        raise ValueError("the networks have other layers")
    for name, value in weights.items():
        if any(a > b for a, b in zip(value.shape, mine[name].shape, strict=True)):
            raise ValueError(f"{name} is larger in the network that there is")
    if isinstance(network, Generator):
        _widen_generator(mine, weights)
    else:
        _widen_discriminator(mine, weights, sum(isinstance(layer, MinibatchStd) for layer in network.layers))


def _widen_generator(mine: Tensors, narrow: Tensors) -> None:
    places = BASE_SIZE**2
    old = narrow["project.weight"].unflatten(0, (places, -1))  # places, channels, latents
    mine["project.weight"].unflatten(0, (places, -1))[:, : old.shape[1]] = old
    for name, value in narrow.items():
        if value.dim() == 1:  # of the normalisations, and the bias of the colours
            mine[name][: len(value)] = value
        elif value.dim() == 4:
            kept_in, kept_out = value.shape[:2]
            mine[name][kept_in:, :kept_out] = 0
            mine[name][:kept_in, :kept_out] = value


def _widen_discriminator(mine: Tensors, narrow: Tensors, varying: int) -> None:
    """`varying`: maps behind those of all channels that say how a batch varies."""
    for name, value in narrow.items():
        if value.dim() == 1:
            mine[name][: len(value)] = value
        elif value.dim() == 4:
            kept_out, kept_in = value.shape[:2]
            # Where new channels are much louder than the trained ones (15 times at the first level of the default) the
            # first steps of Adam, which are as large for all weights, make the network clueless.
            mine[name][kept_out:] *= min(1.0, float(value.square().mean() / mine[name].square().mean()) ** 0.5)
            mine[name][:kept_out, kept_in:] = 0
            mine[name][:kept_out, :kept_in] = value
        elif value.dim() == 2:
            before = value.unflatten(1, (-1, BASE_SIZE**2))
            now = mine[name].unflatten(1, (-1, BASE_SIZE**2))[: len(value)]
            kept = before.shape[1] - varying
            now[:, kept:] = 0
            now[:, :kept] = before[:, :kept]
            now[:, now.shape[1] - varying :] = before[:, kept:]
