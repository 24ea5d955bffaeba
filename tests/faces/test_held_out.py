import numpy as np

from facegan.faces.cache import FaceStore
from facegan.faces.held_out import FILE, held_out_split, hold_out, split_of

NOTHING = np.empty(0, np.int64)


def test_a_tenth_is_held_out_always_the_same():
    rows = np.arange(100, 300)
    training, held_out = held_out_split(rows)
    assert len(held_out) == 20
    assert sorted([*training, *held_out]) == list(rows)
    np.testing.assert_array_equal(held_out_split(rows)[1], held_out)
    assert len(np.unique(np.diff(held_out))) > 3  # spread over the rows, not the last ones


def test_new_faces_are_split_as_ever(tmp_path):
    rows = np.arange(100, 300)
    hold_out(tmp_path, NOTHING, rows)
    for kept, split in zip(split_of(tmp_path, rows), held_out_split(rows), strict=True):
        np.testing.assert_array_equal(kept, split)


def test_added_photos_and_other_filters_leave_every_face_on_its_side(tmp_path):
    first = np.arange(200)
    hold_out(tmp_path, NOTHING, first)
    training, held_out = split_of(tmp_path, first)
    fewer = np.setdiff1d(first, [*training[:30], *held_out[:4]])
    hold_out(tmp_path, first, fewer)
    more = np.concatenate([fewer, training[:15], held_out[:2], np.arange(200, 300)])
    hold_out(tmp_path, fewer, np.sort(more))
    later, judges = split_of(tmp_path, np.sort(more))
    assert set(judges) >= set(held_out[4:]) | set(held_out[:2])
    assert not set(later) & set(held_out)
    assert set(judges) & set(range(200)) <= set(held_out) | set(training[:15])  # these were forgotten, and are new
    assert 8 <= len(set(judges) & set(range(200, 300))) <= 13


def test_faces_from_before_it_was_kept_stay_where_they_were(tmp_path):
    rows = np.arange(100)
    training, held_out = held_out_split(rows)  # no file
    np.testing.assert_array_equal(split_of(tmp_path, rows)[1], held_out)
    more = np.arange(150)
    hold_out(tmp_path, rows, more)
    later, judges = split_of(tmp_path, more)
    assert set(training) <= set(later)
    assert set(held_out) <= set(judges)
    assert len(judges) == 15


def test_filters_that_let_nothing_through_meanwhile_leave_held_out_faces_held_out(tmp_path):
    first, more = np.arange(200), np.arange(300)
    hold_out(tmp_path, NOTHING, first)
    held_out = split_of(tmp_path, first)[1]
    hold_out(tmp_path, first, NOTHING)
    hold_out(tmp_path, NOTHING, more)
    assert set(held_out) <= set(split_of(tmp_path, more)[1])


def test_a_lost_selection_moves_no_face_to_the_other_side(tmp_path):
    first, fewer = np.arange(200), np.arange(20, 180)
    hold_out(tmp_path, None, first)
    training, held_out = split_of(tmp_path, first)
    hold_out(tmp_path, None, fewer)
    later, judges = split_of(tmp_path, fewer)
    assert set(later) <= set(training)
    assert set(judges) <= set(held_out)


def test_faces_that_are_made_anew_forget_the_split_of_those_before(tmp_path):
    FaceStore(tmp_path, {"size": 64, "framing": 0.8}).close()
    hold_out(tmp_path, NOTHING, np.arange(100))
    FaceStore(tmp_path, {"size": 64, "framing": 0.8}).close()
    assert (tmp_path / FILE).exists()
    FaceStore(tmp_path, {"size": 64, "framing": 1.0}, say=lambda _: None).close()
    assert not (tmp_path / FILE).exists()
