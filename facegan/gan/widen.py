"""Initial weights for networks that are larger than those of the model from which training starts.

Growing doubles the image size. The colours of the model's output become six channels of the new level (the colours and
their negatives, because a ReLU loses negative values). The new last layer turns them back into colours at twice the
size. The new first layer of the discriminator reduces its input by two and gives six such channels. So at first the
grown generator draws the old images enlarged, and the grown discriminator gives them the old logits.

Widening adds channels. New channels have random weights and get input from all channels, but the weights from new to
old channels are 0. So the wider network computes what the narrower one did; these weights change in the first step. No
two channels are equal, unlike in Net2Net (Chen et al. 2016, https://arxiv.org/abs/1511.05641), which copies channels.
"""

from collections.abc import Mapping

import torch

from facegan.base.curves import EntryCurves
from facegan.base.seeds import LATENT_SIZE
from facegan.gan.networks import BASE_SIZE, SLOPE, Discriminator, Generator, MinibatchStd

Tensors = Mapping[str, torch.Tensor]

_SAMPLES = 1_024  # latents from which the moments of the colours are estimated
_SIGNS = (1.0, -1.0)  # colours and their negatives
# Nearest-neighbour up-sampling followed by these weights is bilinear interpolation.
_SMOOTH = torch.tensor([0.25, 0.5, 0.25])


@torch.no_grad()
def grown_generator(weights: Tensors, last: int, upsample: str, curves: EntryCurves = ()) -> dict[str, torch.Tensor]:
    """The state dict of a generator of twice the size that draws the images of this one, enlarged.

    `last`: channels of the new level; ValueError for fewer than six. `upsample`: of both, a value of Recipe.upsample.
    `curves`: of the entries of their latents.
    """
    _check_channels(last)
    levels = sum(name.startswith("ups.") and name.endswith(".weight") for name in weights)
    up, norm = f"ups.{levels}", f"norms.{levels + 1}"
    colours, bias = weights["to_rgb.weight"], weights["to_rgb.bias"]
    mean, variance = _moments_before_tanh(weights, upsample, curves)
    kernel = torch.empty(colours.shape[0], last, *colours.shape[2:]).normal_(0, 0.02)
    kernel[:, :6] = torch.cat([sign * colours for sign in _SIGNS], 1)
    rgb = torch.zeros(last, 3, *colours.shape[2:])
    smooth = torch.outer(_SMOOTH, _SMOOTH) if upsample == "resize" else _transposed_smooth()
    for place in range(3):
        rgb[place, place], rgb[3 + place, place] = smooth, -smooth
    eps = torch.nn.BatchNorm2d(1).eps
    shift = torch.cat([sign * mean for sign in _SIGNS])
    scale, offset = torch.ones(last), torch.zeros(last)
    # Batch norm removes the mean (which includes the bias) and the deviation; its scale and offset restore both.
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


def _check_channels(channels: int) -> None:
    if channels < 6:
        raise ValueError(f"a new level of {channels} channels cannot carry three colours and their negatives")


def _transposed_smooth() -> torch.Tensor:
    """Bilinear enlargement as a free 4x4 kernel."""
    taps = torch.tensor([0.25, 0.75, 0.75, 0.25])
    return torch.outer(taps, taps)


def _moments_before_tanh(weights: Tensors, upsample: str, curves: EntryCurves) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance (3,) of the generator's output before tanh, over 1,024 fixed latents."""
    channels = [len(weights[f"norms.{i}.weight"]) for i in range(sum(n.endswith("running_mean") for n in weights))]
    generator = Generator(BASE_SIZE * 2 ** len(channels), upsample=upsample, channels=channels, curves=curves)
    generator.load_state_dict(weights)
    latents = torch.randn(_SAMPLES, LATENT_SIZE, generator=torch.Generator().manual_seed(0))
    drawn = torch.cat([generator.eval()(part) for part in latents.split(64)])
    colours = drawn.clamp(-1 + 1e-6, 1 - 1e-6).atanh()
    return colours.mean((0, 2, 3)), colours.var((0, 2, 3), correction=0)


@torch.no_grad()
def grown_discriminator(weights: Tensors, first: int) -> dict[str, torch.Tensor]:
    """The state dict of a discriminator of twice the size: its logits are those of this one for the reduced image.

    `first`: channels of the new level. Raises ValueError for fewer than six, and for a network with normalisation.
    """
    _check_channels(first)
    if any("norm" in name or "running" in name or "parametrizations" in name for name in weights):
        raise ValueError("only a discriminator without normalisation can be grown")
    numbers = sorted({int(name.split(".")[1]) for name in weights})
    grown = {
        f"layers.{int(name.split('.')[1]) + 2}.{name.split('.', 2)[2]}": value  # after two new layers
        for name, value in weights.items()
    }
    halve = torch.zeros(first, 3, 4, 4)
    if first > 6:
        torch.nn.init.kaiming_normal_(halve[6:], SLOPE)
    for place in range(3):
        halve[place, place, 1:3, 1:3], halve[3 + place, place, 1:3, 1:3] = 0.25, -0.25
    old = weights[f"layers.{numbers[0]}.weight"]
    after = torch.zeros(old.shape[0], first, *old.shape[2:])
    # f(x) - f(-x) = (1 + slope) x for the leaky ReLU f.
    after[:, :3], after[:, 3:6] = old / (1 + SLOPE), -old / (1 + SLOPE)
    grown[f"layers.{numbers[0] + 2}.weight"] = after
    return {"layers.0.weight": halve, "layers.0.bias": torch.zeros(first), **grown}


@torch.no_grad()
def initialise_from(network: Generator | Discriminator, weights: Tensors) -> None:
    """Initialise a new network so that it computes the same as one with equally many or fewer channels.

    Exceptions: with MinibatchStd the logits of a wider discriminator differ a little at first, because new channels
    count in the standard deviation; and attribute outputs that `weights` does not have keep their random weights.

    Raises ValueError (or RuntimeError from load_state_dict) if the layers differ or `weights` has more channels.
    """
    wide = network.state_dict()
    if {name: value.shape for name, value in wide.items()} == {name: value.shape for name, value in weights.items()}:
        network.load_state_dict(weights)
        return
    if set(wide) != set(weights):
        raise ValueError("the networks have different layers")
    for name, value in weights.items():
        if any(a > b for a, b in zip(value.shape, wide[name].shape, strict=True)):
            raise ValueError(f"{name} has more channels in the given weights than in the network")
    if isinstance(network, Generator):
        _widen_generator(wide, weights)
    else:
        _widen_discriminator(wide, weights, sum(isinstance(layer, MinibatchStd) for layer in network.layers))


def _widen_generator(wide: Tensors, narrow: Tensors) -> None:
    """Write the weights into the tensors of the wider network, in place."""
    places = BASE_SIZE**2
    old = narrow["project.weight"].unflatten(0, (places, -1))  # places, channels, latents
    wide["project.weight"].unflatten(0, (places, -1))[:, : old.shape[1]] = old
    for name, value in narrow.items():
        if value.dim() == 1:  # of batch normalisation, and the bias of to_rgb
            wide[name][: len(value)] = value
        elif value.dim() == 4:
            kept_in, kept_out = value.shape[:2]
            wide[name][kept_in:, :kept_out] = 0
            wide[name][:kept_in, :kept_out] = value


def _widen_discriminator(wide: Tensors, narrow: Tensors, std_maps: int) -> None:
    """The same for a discriminator. `std_maps`: the number of MinibatchStd maps, which follow those of the channels."""
    for name, value in narrow.items():
        if value.dim() == 1:
            wide[name][: len(value)] = value
        elif value.dim() == 4:
            kept_out, kept_in = value.shape[:2]
            # New channels get the scale of the trained ones. Otherwise the first steps of Adam, which have the same
            # size for all weights, bring the network back to chance level: in the default model the scales of the first
            # level differ by a factor of 15.
            wide[name][kept_out:] *= min(1.0, float(value.square().mean() / wide[name].square().mean()) ** 0.5)
            wide[name][:kept_out, kept_in:] = 0
            wide[name][:kept_out, :kept_in] = value
        elif value.dim() == 2:
            before = value.unflatten(1, (-1, BASE_SIZE**2))
            now = wide[name].unflatten(1, (-1, BASE_SIZE**2))[: len(value)]
            kept = before.shape[1] - std_maps
            now[:, kept:] = 0
            now[:, :kept] = before[:, :kept]
            now[:, now.shape[1] - std_maps :] = before[:, kept:]
