"""Groups of made-up embeddings, whose truth is known, against the average linkage of scipy."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from facegan.faces.person.identity import SAME_PERSON, Group, group_faces, nearest_group


def embeddings(sizes: list[int], likeness: float = 0.6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Faces of some people, two of one person with about this cosine, and whose they are; shuffled."""
    rng = np.random.RandomState(seed)
    people = np.repeat(np.arange(len(sizes)), sizes)
    centres, own = rng.randn(len(sizes), 512), rng.randn(len(people), 512)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    faces = np.sqrt(likeness) * centres[people] + np.sqrt(1 - likeness) * own
    order = rng.permutation(len(people))
    return (faces / np.linalg.norm(faces, axis=1, keepdims=True))[order].astype(np.float32), people[order]


def members(groups: list[Group]) -> list[set[int]]:
    return [set(group.members.tolist()) for group in groups]


def test_every_person_is_a_group_and_the_most_frequent_comes_first():
    faces, people = embeddings([5, 40, 12, 1, 1, 1])
    groups = group_faces(faces, np.arange(len(faces)))
    assert members(groups) == [set(np.flatnonzero(people == person).tolist()) for person in (1, 2, 0)]
    assert [group.photos for group in groups] == [40, 12, 5]
    for group in groups:
        mean = faces[group.members].mean(axis=0)
        assert np.allclose(group.centre, mean / np.linalg.norm(mean), atol=1e-5)


def test_the_groups_are_those_of_average_linkage():
    faces, _ = embeddings([30, 20, 10, 6, 3, 2, 1, 1, 1, 1], likeness=0.5, seed=1)
    labels = fcluster(linkage(faces, "average", metric="cosine"), 1 - 0.3, criterion="distance")
    sets = [set(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)]
    groups = members(group_faces(faces, np.arange(len(faces))))
    assert sorted(map(sorted, groups)) == sorted(sorted(one) for one in sets if len(one) > 1)


def test_the_order_of_the_faces_changes_nothing():
    faces, _ = embeddings([50, 30, 5, 1, 1], likeness=0.45, seed=2)
    order = np.random.RandomState(3).permutation(len(faces))
    straight = members(group_faces(faces, np.arange(len(faces))))
    shuffled = group_faces(faces[order], np.arange(len(faces)))
    assert [set(order[group.members].tolist()) for group in shuffled] == straight


def test_frequency_is_counted_in_photos():
    faces, people = embeddings([12, 8])
    photos = np.where(people == 0, 0, np.arange(len(people)))  # twelve faces of one sheet against eight photos
    groups = group_faces(faces, photos)
    assert members(groups) == [set(np.flatnonzero(people == 1).tolist())]


def test_more_faces_than_are_counted_among_each_other(monkeypatch):
    monkeypatch.setattr("facegan.faces.person.identity.LANDMARKS", 40)
    faces, people = embeddings([100, 60, 1, 1])
    groups = group_faces(faces, np.arange(len(faces)))
    assert members(groups) == [set(np.flatnonzero(people == person).tolist()) for person in (0, 1)]


def test_no_more_groups_than_are_wanted():
    faces, people = embeddings([9, 8, 7])
    assert members(group_faces(faces, np.arange(len(faces)), most=1)) == [set(np.flatnonzero(people == 0).tolist())]


@pytest.mark.parametrize("sizes", [[], [1], [1, 1, 1]])
def test_strangers_are_no_group(sizes):
    faces, _ = embeddings(sizes) if sizes else (np.empty((0, 512), np.float32), None)
    assert group_faces(faces, np.arange(len(faces))) == []


def test_the_group_of_another_face():
    faces, people = embeddings([20, 10])
    groups = group_faces(faces, np.arange(len(faces)))
    again, whose = embeddings([20, 10], seed=0)
    assert nearest_group(groups, again[whose == 1][0]) == 1
    stranger, _ = embeddings([1], seed=9)
    assert nearest_group(groups, stranger[0]) is None
    assert nearest_group([], stranger[0]) is None
    centre = groups[0].centre
    aside = stranger[0] - (stranger[0] @ centre) * centre
    aside /= np.linalg.norm(aside)
    for cosine, expected in ((SAME_PERSON + 0.01, 0), (SAME_PERSON - 0.01, None)):
        assert nearest_group(groups[:1], cosine * centre + np.sqrt(1 - cosine**2) * aside) == expected
