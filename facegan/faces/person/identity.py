"""Groups faces by identity, from their embeddings."""

from dataclasses import dataclass

import numpy as np

from facegan.faces.records import Examination, FaceRecord

# Cosine from which on two faces are neighbours. Of 530 photos of one person 99 % of the pairs are above 0.41; of
# 150,000 pairs of this person's and other people's faces the highest is 0.36 (benchmarks/person.py).
NEIGHBOUR = 0.4
# Cosine to the mean of a group from which on a face belongs to it. In the same photos the lowest of the person is 0.49,
# the highest of others 0.28; any value from 0.3 to 0.45 gives the same group. The upper end separates families best.
SAME_PERSON = 0.45
# The most groups that are looked for: a crowd has thousands of people, and nobody needs the 50th most frequent one.
MOST_GROUPS = 50
LANDMARKS = 8192  # faces among which neighbours are counted, in 3 seconds: enough to find frequent people
_ROUNDS = 20  # at most, of updating a group's mean and members; five usually suffice
_ROWS = 1024  # faces that are compared with all landmarks at a time: 32 MB


@dataclass(frozen=True)
class Group:
    """The faces of one person."""

    members: np.ndarray  # int64 (m,), indices of the faces, ascending
    centre: np.ndarray  # float32 (d,), their mean, of length 1
    photos: int  # the number of photos with them


@dataclass(frozen=True)
class People:
    """The people in the photos, the most frequent first, and which of them is wanted."""

    groups: list[Group]  # their members are rows of the faces file, ascending
    wanted: int  # index of the wanted person's group
    clearness: float  # the median of the wanted person's faces, see Examination

    @property
    def person(self) -> Group:
        """The group of the wanted person."""
        return self.groups[self.wanted]

    def likeness(self, face: FaceRecord) -> float:
        """The cosine of a face and the mean of the wanted person's faces."""
        return float(self.person.centre @ examination(face).identity.astype(np.float32))

    def is_wanted(self, face: FaceRecord) -> bool:
        """Whether the face is the wanted person's."""
        at = np.searchsorted(self.person.members, face.row)
        return bool(at < len(self.person.members) and self.person.members[at] == face.row)


def group_faces(embeddings: np.ndarray, photos: np.ndarray, *, most: int = MOST_GROUPS) -> list[Group]:
    """The groups of faces that are in at least two photos, the one in most photos first.

    The face with the most neighbours starts a group: the faces near the group's mean, which moves to where the faces
    are densest (mean shift with a flat kernel on the sphere, Comaniciu and Meer 2002). When no remaining face has a
    neighbour, each face goes to the nearest mean. In 512 dimensions the mean of many photos of a person is much closer
    to another photo than two photos are to each other, and chains of similar faces do not join two people as in single
    linkage. Time grows with faces times groups: all pairs, as agglomerative clustering needs them, are never compared.

    Args:
        embeddings: float32 (n, d) of length 1.
        photos: int64 (n,), the index of the photo of each face.
        most: the most groups that are looked for.
    """
    if not len(embeddings):
        return []
    landmarks = np.unique(np.linspace(0, len(embeddings) - 1, min(LANDMARKS, len(embeddings))).round().astype(int))
    sampled = embeddings[landmarks]
    neighbours = _count(sampled, sampled) - 1  # without the face itself
    left = np.ones(len(embeddings), bool)  # faces without a group
    centres: list[np.ndarray] = []
    while len(centres) < most and neighbours.max(initial=0) > 0:
        seed = int(landmarks[neighbours.argmax()])
        members, centre = _settle(embeddings, left, seed)
        members[seed] = True  # even if the mean has moved away from it, so that the loop ends
        centres.append(centre)
        left &= ~members
        removed = members[landmarks]
        neighbours -= _count(sampled, sampled[removed])
        neighbours[~left[landmarks]] = 0
    return _groups(embeddings, photos, centres)


def nearest_group(groups: list[Group], embedding: np.ndarray) -> int | None:
    """The index of the group that a face (d,) belongs to, or None."""
    if not groups:
        return None
    likeness = np.stack([group.centre for group in groups]) @ embedding
    best = int(likeness.argmax())
    return best if likeness[best] >= SAME_PERSON else None


def _count(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each of ``rows`` how many of ``others`` are its neighbours, int64."""
    blocks = (rows[start : start + _ROWS] @ others.T for start in range(0, len(rows), _ROWS))
    return np.concatenate([(block >= NEIGHBOUR).sum(axis=1) for block in blocks])


def _settle(embeddings: np.ndarray, left: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The result of mean shift from one face: the members of the group, bool (n,), and their mean (d,)."""
    members = left & (embeddings @ embeddings[seed] >= NEIGHBOUR)
    for _ in range(_ROUNDS):
        centre = _mean(embeddings[members])
        near = left & (embeddings @ centre >= SAME_PERSON)
        if not near.any() or np.array_equal(near, members):
            break
        members = near
    return members, centre


def _groups(embeddings: np.ndarray, photos: np.ndarray, centres: list[np.ndarray]) -> list[Group]:
    if not centres:
        return []
    likeness = embeddings @ np.stack(centres).T
    nearest = np.where(likeness.max(axis=1) >= SAME_PERSON, likeness.argmax(axis=1), -1)
    groups = []
    for index in range(len(centres)):
        members = np.flatnonzero(nearest == index)
        frequency = len(np.unique(photos[members]))
        if frequency > 1:
            groups.append(Group(members, _mean(embeddings[members]), frequency))
    # Among equally frequent people the one with more faces, then the one whose face comes first.
    return sorted(groups, key=lambda group: (-group.photos, -len(group.members), group.members[0]))


def _mean(embeddings: np.ndarray) -> np.ndarray:
    total = embeddings.sum(axis=0, dtype=np.float64)
    return (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)


def examination(face: FaceRecord) -> Examination:
    """The examination of a face, in a cache that was made with --person."""
    assert face.examined is not None, "the cache was made with --person any"
    return face.examined
