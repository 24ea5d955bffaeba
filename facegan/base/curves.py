"""The curves of a latent's last entries, which control attributes; what they do is in model/diffusers_networks.py."""

from facegan.base.seeds import LATENT_SIZE

# (centre, steepness) of each of the last entries of a latent, in their order; () if all stay as they are.
EntryCurves = tuple[tuple[float, float], ...]

_MAX_CENTRE, _MIN_STEEPNESS, _MAX_STEEPNESS = 4.0, 0.1, 32.0


def entry_curves(values: object) -> EntryCurves:
    """The curves in a value from a JSON file: a list of lists of two numbers.

    Raises ValueError for anything else, and for a curve that no model has.
    """
    if not isinstance(values, list) or len(values) > LATENT_SIZE:
        raise ValueError(f"curves is not a list of at most {LATENT_SIZE}")
    for curve in values:
        if not isinstance(curve, list) or len(curve) != 2 or not {*map(type, curve)} <= {int, float}:
            raise ValueError("a curve is not two numbers, its centre and its steepness")
        centre, steepness = curve
        if not (abs(centre) <= _MAX_CENTRE and _MIN_STEEPNESS <= steepness <= _MAX_STEEPNESS):
            raise ValueError(
                f"the centre of a curve is not from -{_MAX_CENTRE:g} to {_MAX_CENTRE:g}, or its steepness not from "
                f"{_MIN_STEEPNESS:g} to {_MAX_STEEPNESS:g}"
            )
    return tuple((float(centre), float(steepness)) for centre, steepness in values)
