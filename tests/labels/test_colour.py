import numpy as np
import pytest

from facegan.labels.colour import background_lightness, cheeks, hair_lightness, lab, skin
from facegan.labels.crop import places

# CIELAB of sRGB colours under D65, as Bruce Lindbloom's calculator prints them.
KNOWN = {
    (255, 255, 255): (100, 0, 0),
    (0, 0, 0): (0, 0, 0),
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (119, 119, 119): (50.03, 0, 0),
}


@pytest.mark.parametrize(("rgb", "expected"), KNOWN.items())
def test_known_colours_have_their_published_lab(rgb, expected):
    assert lab(np.array(rgb, np.uint8)) == pytest.approx(expected, abs=0.02)


def test_dark_colours_follow_the_straight_part_of_both_curves():
    # sRGB 8 is linear light 8 / 255 / 12.92 = 0.002428, under (6/29)^3: L* = (29/3)^3 Y = 903.3 Y.
    assert lab(np.array([8, 8, 8], np.uint8))[0] == pytest.approx(903.296 * 8 / 255 / 12.92, abs=1e-3)


def landmarks() -> np.ndarray:
    """Landmarks (1, 68, 2) in eye distances whose cheeks are at (-0.5, 0.6) and (0.5, 0.6)."""
    points = np.zeros((1, 68, 2))
    for side, x in ((([*range(36, 42)], 48, 31, 3), -0.5), (([*range(42, 48)], 54, 35, 13), 0.5)):
        for index in side:
            points[0, index] = (x, 0.6)
    return points


def test_skin_is_read_where_the_cheeks_are():
    points = landmarks()
    assert np.concatenate(cheeks(points)) == pytest.approx(np.array([[-0.5, 0.6], [0.5, 0.6]]))
    x, y = places(64, 1.2)
    picture = np.full((1, 64, 64, 3), (0, 0, 255), np.uint8)
    near = ((np.abs(x) - 0.5) ** 2 + (y - 0.6) ** 2) < 0.45**2
    picture[0, near] = (200, 150, 120)
    lightness, hue = skin(lab(picture), points, 1.2)[0]
    expected = lab(np.array([200, 150, 120], np.uint8))
    assert lightness == pytest.approx(expected[0], abs=0.5)
    assert hue == pytest.approx(np.degrees(np.arctan2(expected[2], expected[1])), abs=3)


def test_the_hue_of_red_and_yellow():
    for rgb, hue in (((255, 0, 0), 40.0), ((255, 255, 0), 102.85)):  # atan2(67.20, 80.09) and atan2(94.48, -21.55)
        picture = np.full((1, 64, 64, 3), rgb, np.uint8)
        assert skin(lab(picture), landmarks(), 1.0)[0, 1] == pytest.approx(hue, abs=0.05)


def test_a_half_lit_face_has_the_mean_of_its_cheeks():
    picture = np.zeros((1, 64, 64, 3), np.uint8)
    picture[:, :, 32:] = 119
    assert skin(lab(picture), landmarks(), 1.2)[0, 0] == pytest.approx(25, abs=1)


@pytest.mark.parametrize(
    ("framing", "hair_is_seen", "background_is_seen"),
    [(0.65, True, True), (0.8, True, True), (1.2, True, False), (1.5, False, False)],
)
def test_what_the_framing_does_not_show_is_not_a_number(framing, hair_is_seen, background_is_seen):
    colours = lab(np.full((3, 64, 64, 3), 119, np.uint8))
    hair, background = hair_lightness(colours, framing), background_lightness(colours, framing)
    assert hair == pytest.approx(np.full(3, 50.03 if hair_is_seen else np.nan), abs=0.02, nan_ok=True)
    assert background == pytest.approx(np.full(3, 50.03 if background_is_seen else np.nan), abs=0.02, nan_ok=True)


def test_hair_is_read_above_the_forehead_where_the_picture_shows_it():
    x, y = places(64, 0.8)
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[(y < -1.1) & (np.abs(x) < 0.8)] = 0
    picture[(np.abs(x) > 1.4)] = 119
    colours = lab(picture[None])
    assert hair_lightness(colours, 0.8) == pytest.approx([0], abs=0.01)
    assert background_lightness(colours, 0.8) == pytest.approx([50.03], abs=0.02)


def test_a_close_crop_takes_the_darkest_quarter_of_its_upper_strip_for_hair():
    x, y = places(64, 1.2)
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[(y < -0.5) & (x < -0.5)] = 119  # hair on one side; forehead and background are bright
    assert hair_lightness(lab(picture[None]), 1.2) == pytest.approx([50.03], abs=0.1)
    picture[(y < -0.5)] = 255
    assert hair_lightness(lab(picture[None]), 1.2) == pytest.approx([100], abs=0.1)


def test_a_grey_picture_has_no_hue():
    grey = np.full((1, 64, 64, 3), 119, np.uint8)
    lightness, hue = skin(lab(grey), landmarks(), 1.2)[0]
    assert lightness == pytest.approx(50.03, abs=0.02) and np.isnan(hue)
