"""Which pairs are drawn, which count, and what their folder holds."""

import io
from argparse import Namespace

import numpy as np
import pytest

from facegan.gan.known_latents import LatentsOfPictures
from tools import draw_faces
from tools.drawn_faces.basis import Basis
from tools.drawn_faces.pairs import (
    LEFT_OUT,
    PairsOf,
    are_steady,
    can_be_drawn,
    ends_of,
    left_out_of,
    numbers_of,
    paths_of,
)

SMILES = PairsOf("smile", 2.0, 1, 384)


@pytest.fixture(scope="module")
def fitted():
    return Basis.load(draw_faces.BASIS)


def test_the_two_of_a_pair_differ_in_one_attribute_and_in_nothing_else(fitted):
    pairs = [ends_of(draw_faces.picture_latents(1, number), fitted, "smile", 2.0) for number in range(60)]
    kept = [ends for ends in pairs if can_be_drawn(ends, fitted)]
    assert 20 < len(kept) < 60
    move = fitted.moves[fitted.names.index("smile")]
    for low, high in (fitted.to_u(ends) for ends in kept):
        along = (high - low) @ move / (move @ move)
        assert along > 1
        np.testing.assert_allclose(high - low, along * move, atol=1e-5)
    # Where the limit of distance brings one end nearer to the mean, the others would differ, too.
    bent = [fitted.to_u(ends) for ends in pairs if not can_be_drawn(ends, fitted)]
    others = [np.abs((high - low) - (high - low) @ move / (move @ move) * move).max() for low, high in bent]
    assert np.median(others) > 0.01


def test_a_pair_is_steady_if_only_the_attribute_moves():
    names = ("smile", "gender", "turn", "yaw", "pitch")
    rng = np.random.RandomState(0)
    low = rng.randn(400, 5)
    high = low + 0.1 * rng.randn(400, 5)
    high[:, 0] += 3
    high[:100, 1] += 2
    assert not are_steady(low, high, names, "smile")[:100].any()
    assert are_steady(low, high, names, "smile")[100:].all()
    assert not are_steady(low, high, names, "smile", most=0.001)[100:].any()
    # The pose says the same as the turn, and the pitch of keypoints answers to a smile.
    turned = low + 0.1 * rng.randn(400, 5)
    turned[:, 2:4] += 2
    assert are_steady(low, turned, names, "turn").all()
    nodding = high.copy()
    nodding[100:, 4] += 2
    assert are_steady(low, nodding, names, "smile")[100:].all()
    assert not are_steady(low, nodding, names, "gender").any()


def test_what_neither_picture_shows_does_not_count_and_what_one_shows_does():
    rng = np.random.RandomState(0)
    low = rng.randn(50, 2)
    high = low.copy()
    low[:20, 1] = high[:10, 1] = np.nan
    np.testing.assert_array_equal(
        are_steady(low, high, ("smile", "hair_lightness"), "smile"), np.r_[np.ones(10), np.zeros(10), np.ones(30)] > 0
    )


def test_a_folder_holds_pairs_of_one_kind(tmp_path):
    with pytest.raises(ValueError, match="holds no pairs"):
        PairsOf.load(tmp_path)
    SMILES.save(tmp_path)
    SMILES.save(tmp_path)  # as when drawing goes on
    assert PairsOf.load(tmp_path) == SMILES
    with pytest.raises(ValueError, match="smile at 2 deviations.*choose another folder"):
        PairsOf("age", 2.0, 1, 384).save(tmp_path)
    assert PairsOf.load(tmp_path) == SMILES


def test_only_whole_pairs_count(tmp_path):
    for path in (*paths_of(tmp_path, 3), paths_of(tmp_path, 4)[0], *paths_of(tmp_path, 12)):
        path.write_bytes(b"a picture")
    assert numbers_of(tmp_path) == [3, 12]
    assert left_out_of(tmp_path) == {}
    (tmp_path / LEFT_OUT).write_text('{"number": 5, "why": "no clear face"}\n')
    assert left_out_of(tmp_path) == {5: "no clear face"}


def test_as_many_pairs_are_drawn_as_asked_for_and_none_is_half(tmp_path, monkeypatch, fitted, capsys):
    """With pictures that hold nothing, of which every third is rejected."""
    monkeypatch.setattr(draw_faces, "_drawn", lambda g, basis, size: io.BytesIO(b"a picture"))
    monkeypatch.setattr(draw_faces, "_rejection_reason", lambda file, g, basis: "blurred" if g[0] > 0.4 else "")
    args = Namespace(
        basis=draw_faces.BASIS, out=tmp_path / "smile", attribute="smile", distance=2.0, seed=1, size=384, count=5,
        processes=1,
    )  # fmt: skip
    draw_faces.draw_pairs(args)
    first = numbers_of(args.out)
    assert len(first) == 5
    args.count = 12
    draw_faces.draw_pairs(args)
    numbers = numbers_of(args.out)
    assert len(numbers) == 12
    assert numbers[:5] == first
    assert len(list(args.out.glob("*.jpg"))) == 24
    left_out = left_out_of(args.out)
    assert set(left_out.values()) == {"blurred", "too far from other people"}
    assert sorted([*left_out, *numbers]) == list(range(max(*left_out, *numbers) + 1))
    latents = LatentsOfPictures.load(args.out / "latents.safetensors")
    assert latents.names[:2] == (f"{first[0]:06d}_low.jpg", f"{first[0]:06d}_high.jpg")
    column = fitted.names.index("smile") - len(fitted.names)
    np.testing.assert_array_equal(latents.latents[:, column], np.tile([-2.0, 2.0], 12))
    args.attribute = "age"
    with pytest.raises(SystemExit, match="choose another folder"):
        draw_faces.draw_pairs(args)
    args.attribute = "beard"
    with pytest.raises(SystemExit, match="must be one of gender"):
        draw_faces.draw_pairs(args)
