import unicodedata

import numpy as np
import pytest

from facegan.base.seeds import MAX_SEED, latents_of, seed_of_name


@pytest.mark.parametrize(
    ("seed", "first_three", "last"),
    [  # written down on 22 November 2026 and never to change
        (0, [1.7640524, 0.4001572, 0.978738], 0.4019894),
        (42, [0.4967141, -0.1382643, 0.6476886], -0.2345871),
        (MAX_SEED, [0.6484086, 0.6693235, -1.0805438], -0.0990834),
    ],
)
def test_seeds_are_forever(seed, first_three, last):
    latent = latents_of([seed])[0]
    np.testing.assert_allclose(latent[:3], first_three, atol=1e-6)
    assert latent[99] == pytest.approx(last, abs=1e-6)


def test_truncation_scales_the_latent():
    np.testing.assert_allclose(latents_of([7], truncation=0.5), latents_of([7]) / 2, rtol=1e-6)
    assert not latents_of([7], truncation=0).any()


def test_each_seed_stands_alone():
    np.testing.assert_array_equal(latents_of([3, 1, 2])[1], latents_of([1])[0])
    assert latents_of([3, 1, 2]).shape == (3, 100)
    assert latents_of([]).shape == (0, 100)
    assert latents_of([1]).dtype == np.float32


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_a_seed_out_of_range_is_refused_by_name(seed):
    with pytest.raises(ValueError, match=str(seed)):
        latents_of([seed])


def test_a_name_has_the_seed_that_it_had_yesterday():
    # Worked out by hand: printf anna | sha256sum
    assert seed_of_name(" ANNA ") == int("55579b55", 16)


@pytest.mark.parametrize("name", ["Yılmaz", "İrem", "Ilgaz Çelik", "Straße", "Σοφίας", "Lê Nguyễn", "ǰana"])
def test_a_name_is_the_same_in_capitals_and_in_small_letters(name):
    forms = [name.upper(), name.lower(), name.swapcase(), unicodedata.normalize("NFD", name), f" {name.upper()}\n"]
    assert {seed_of_name(form) for form in forms} == {seed_of_name(name)}


def test_two_thousand_names_are_two_thousand_faces():
    first = [
        "Anna",
        "Ben",
        "Clara",
        "David",
        "Emma",
        "Felix",
        "Grace",
        "Hugo",
        "Ida",
        "Jonas",
        "Kira",
        "Leo",
        "Mia",
        "Noah",
        "Olga",
        "Paul",
        "Quinn",
        "Rosa",
        "Sam",
        "Tara",
        "Uma",
        "Viktor",
        "Wanda",
        "Xenia",
        "Yusuf",
        "Zoe",
        "Amina",
        "Björn",
        "Chloé",
        "Dmitri",
        "Élodie",
        "Fatima",
        "Gökhan",
        "Håkon",
        "Ines",
        "José",
        "Kai",
        "Linh",
        "Mohammed",
        "Ngozi",
        "Ōtani",
        "Priya",
        "Rania",
        "Søren",
        "Thandiwe",
        "Ülkü",
        "Violeta",
        "Wei",
        "Ximena",
        "Zsófia",
    ]
    last = [
        "Ahmed",
        "Berg",
        "Costa",
        "Dubois",
        "Evans",
        "Fischer",
        "García",
        "Huang",
        "Ivanov",
        "Jensen",
        "Khan",
        "Lopez",
        "Müller",
        "Nguyen",
        "Okafor",
        "Patel",
        "Qureshi",
        "Rossi",
        "Schmidt",
        "Tanaka",
        "Uzun",
        "Virtanen",
        "Wang",
        "Xu",
        "Yılmaz",
        "Zhang",
        "Adams",
        "Bauer",
        "Chen",
        "Díaz",
        "Eriksen",
        "Ferrari",
        "Gupta",
        "Haddad",
        "Ito",
        "Jones",
        "Kowalski",
        "Lindqvist",
        "Meyer",
        "Novák",
    ]
    names = [f"{a} {b}" for a in first for b in last]
    assert len(names) == 2000
    seeds = {seed_of_name(name) for name in names}
    assert len(seeds) == 2000
    assert max(seeds) <= MAX_SEED
    assert len({latents_of([seed]).tobytes() for seed in seeds}) == 2000
