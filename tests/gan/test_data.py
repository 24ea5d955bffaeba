import numpy as np
import pytest
import torch

from facegan.gan.attributes import FaceAttributes
from facegan.gan.data import FaceBatches, as_floats

IMAGES = np.random.RandomState(0).randint(0, 256, (20, 4, 4, 3)).astype(np.uint8)
ROWS = np.arange(3, 17)


def seen(batches, position, count):
    """(row, mirrored) of each image of a batch, found by comparing."""
    result = []
    for image in batches.batch(position, count).images:
        pixels = image.permute(1, 2, 0).numpy()
        result += [(row, False) for row in range(20) if np.array_equal(IMAGES[row], pixels)]
        result += [(row, True) for row in range(20) if np.array_equal(IMAGES[row, :, ::-1], pixels)]
    return result


def test_every_epoch_shows_every_selected_face_once_in_another_order():
    batches = FaceBatches(IMAGES, ROWS, seed=1)
    epochs = [[row for row, _ in seen(batches, start, 14)] for start in (0, 14)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(ROWS)
    assert epochs[0] != epochs[1]


def test_half_of_the_faces_are_mirrored():
    batches = FaceBatches(IMAGES, ROWS, seed=1)
    mirrored = [mirrored for _, mirrored in seen(batches, 0, 14 * 40)]
    assert np.mean(mirrored) == pytest.approx(0.5, abs=0.06)


def test_a_run_that_goes_on_sees_what_it_would_have_seen():
    whole = FaceBatches(IMAGES, ROWS, seed=1).batch(0, 50).images
    fresh = FaceBatches(IMAGES, ROWS, seed=1)
    torch.testing.assert_close(fresh.batch(23, 27).images, whole[23:], atol=0, rtol=0)
    assert not torch.equal(FaceBatches(IMAGES, ROWS, seed=2).batch(0, 50).images, whole)


def test_what_was_read_ahead_is_not_taken_for_something_else():
    whole = FaceBatches(IMAGES, ROWS, seed=1).batch(0, 60).images
    batches = FaceBatches(IMAGES, ROWS, seed=1)
    for position, count, share in ((0, 8, None), (8, 8, None), (0, 8, None), (40, 4, None), (44, 8, slice(2, 4))):
        found = batches.batch(position, count, share or slice(None)).images
        assert torch.equal(found, whole[position : position + count][share or slice(None)])


def test_every_face_comes_with_its_attributes_and_a_mirror_image_with_its_own():
    known = FaceAttributes(("smile", "turn"), ROWS, np.stack([ROWS, ROWS + 100.0], 1).astype("f4"), np.array([1, -1]))
    batches = FaceBatches(IMAGES, ROWS, seed=1, attributes=known)
    faces = batches.batch(0, 40)
    expected = [(row, -row - 100 if mirrored else row + 100) for row, mirrored in seen(batches, 0, 40)]
    assert faces.attributes.tolist() == [list(pair) for pair in expected]
    assert {turn > 0 for _, turn in expected} == {True, False}
    shared = batches.batch(0, 40, slice(10, 20))
    assert torch.equal(shared.attributes, faces.attributes[10:20])


def test_values_and_shape():
    batch = FaceBatches(IMAGES, ROWS, seed=1).batch(0, 5).images
    assert batch.shape == (5, 3, 4, 4)
    assert batch.dtype == torch.uint8
    assert batch.is_contiguous(memory_format=torch.channels_last)
    floats = as_floats(torch.tensor([0, 51, 255], dtype=torch.uint8))
    torch.testing.assert_close(floats, torch.tensor([-1.0, -0.6, 1.0]))
    with pytest.raises(ValueError, match="at least one"):
        FaceBatches(IMAGES, ROWS[:0], seed=1)
