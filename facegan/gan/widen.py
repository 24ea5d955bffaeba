"""Networks that begin as those of a model do, which may be narrower, and draw half the size.

Growing: the model's last picture becomes six channels of the new level (colours and negatives, because rectifiers lose
one side), which the new last layer turns back into colours at twice the size; the new discriminator begins by halving
its picture into six such channels. So the first picture is the old one enlarged, and it is judged as the old one was.

New channels see everything, with the weights of a new network, and none of the old channels sees them: the weights that
lead there are 0. So the wider network does what the narrower one did, its first step moves those weights, and no two
channels are alike, which copies would have to unlearn. After Net2Net, which copies: Chen et al. 2016,
https://arxiv.org/abs/1511.05641.
"""

from collections.abc import Mapping

import torch

from facegan.gan.networks import BASE_SIZE, LATENT_SIZE, SLOPE, Discriminator, Generator, MinibatchStd

Tensors = Mapping[str, torch.Tensor]


_SAMPLES = 1_024  # latents by which the spread of a picture is measured
_SIGNS = (1.0, -1.0)
# A pixel and its neighbours in a picture doubled by repetition: together they are bilinear interpolation.
_SMOOTH = torch.tensor([0.25, 0.5, 0.25])


@torch.no_grad()
def grown_generator(weights: Tensors, last: int, upsample: str) -> dict[str, torch.Tensor]:
    """The state dict of a generator of twice the size that draws the pictures of this one, enlarged.

    `last`: channels of the new level, at least six; `upsample` of both, as Recipe has it. Raises ValueError for fewer.
    """
    _check_room(last)
    levels = sum(name.startswith("ups.") and name.endswith(".weight") for name in weights)
    up, norm = f"ups.{levels}", f"norms.{levels + 1}"
    colours, bias = weights["to_rgb.weight"], weights["to_rgb.bias"]
    mean, variance = _moments_before_tanh(weights, upsample)
    kernel = torch.empty(colours.shape[0], last, *colours.shape[2:]).normal_(0, 0.02)
    kernel[:, :6] = torch.cat([sign * colours for sign in _SIGNS], 1)
    rgb = torch.zeros(last, 3, *colours.shape[2:])
    smooth = torch.outer(_SMOOTH, _SMOOTH) if upsample == "resize" else _transposed_smooth()
    for place in range(3):
        rgb[place, place], rgb[3 + place, place] = smooth, -smooth
    eps = torch.nn.BatchNorm2d(1).eps
    shift = torch.cat([sign * mean for sign in _SIGNS])
    scale, offset = torch.ones(last), torch.zeros(last)
    # Normalisation takes mean and deviation out, and its scale and offset put them back; the bias was part of the mean.
    scale[:6], offset[:6] = (variance + eps).sqrt().repeat(2), shift
    running_mean, running_var = torch.zeros(last), torch.ones(last)
    running_mean[:6] = shift - torch.cat([sign * bias for sign in _SIGNS])
    running_var[:6] = variance.repeat(2)
    return {
        **{name: value for name, value in weights.items() if not name.startswith("to_rgb.")},
        f"{up}.weight": kernel,
        f"{norm}.weight": scale,
        f"{norm}.bias": offset,
        f"{norm}.running_mean": running_mean,
        f"{norm}.running_var": running_var,
        f"{norm}.num_batches_tracked": torch.tensor(0),
        "to_rgb.weight": rgb,
        "to_rgb.bias": torch.zeros(3),
    }


def _check_room(channels: int) -> None:
    if channels < 6:
        raise ValueError(f"a new level of {channels} channels cannot carry three colours and their negatives")


def _transposed_smooth() -> torch.Tensor:
    """Bilinear enlargement as a free 4x4 kernel."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.outer(taps, taps)


def _moments_before_tanh(weights: Tensors, upsample: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance (3,) of the colours before the hyperbolic tangent, over 1,024 fixed latents."""
    channels = [len(weights[f"norms.{i}.weight"]) for i in range(sum(n.endswith("running_mean") for n in weights))]
    generator = Generator(BASE_SIZE * 2 ** len(channels), upsample=upsample, channels=channels)
    generator.load_state_dict(weights)
    latents = torch.randn(_SAMPLES, LATENT_SIZE, generator=torch.Generator().manual_seed(0))
    drawn = torch.cat([generator.eval()(part) for part in latents.split(64)])
    colours = drawn.clamp(-1 + 1e-6, 1 - 1e-6).atanh()
    return colours.mean((0, 2, 3)), colours.var((0, 2, 3), correction=0)


@torch.no_grad()
def grown_discriminator(weights: Tensors, first: int) -> dict[str, torch.Tensor]:
    """The state dict of a discriminator of twice the size that judges a picture as this one judges it at half the size.

    `first`: channels of the new level, at least six. Raises ValueError for fewer, and for a network with normalisation.
    """
    _check_room(first)
    if any("norm" in name or "running" in name or "parametrizations" in name for name in weights):
        raise ValueError("only a discriminator without normalisation can be grown")
    numbers = sorted({int(name.split(".")[1]) for name in weights})
    grown = {
        f"layers.{int(name.split('.')[1]) + 2}.{name.split('.', 2)[2]}": value  # a convolution and a rectifier further
        for name, value in weights.items()
    }
    halve = torch.zeros(first, 3, 4, 4)
    if first > 6:
        torch.nn.init.kaiming_normal_(halve[6:], SLOPE)
    for place in range(3):
        halve[place, place, 1:3, 1:3], halve[3 + place, place, 1:3, 1:3] = 0.25, -0.25
    old = weights[f"layers.{numbers[0]}.weight"]
    after = torch.zeros(old.shape[0], first, *old.shape[2:])
    # f(x) - f(-x) = (1 + slope) x for the leaky rectifier f.
    after[:, :3], after[:, 3:6] = old / (1 + SLOPE), -old / (1 + SLOPE)
    grown[f"layers.{numbers[0] + 2}.weight"] = after
    return {"layers.0.weight": halve, "layers.0.bias": torch.zeros(first), **grown}


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
            # first steps of Adam, which are as large for all weights, bring the network back to chance level.
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
