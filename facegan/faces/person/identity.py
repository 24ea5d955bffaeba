"""Faces grouped by who they are: a function of their embeddings, in memory that grows with their number only."""

from dataclasses import dataclass

import numpy as np

from facegan.faces.records import Examination, FaceRecord

# Cosine from which two faces are neighbours. Of 530 photos of one person 99 % of the pairs lie above 0.41; of 150,000
# pairs of his faces with somebody else's the highest is 0.36 (benchmarks/person.py).
NEIGHBOUR = 0.4
# Cosine to the mean of a group from which a face belongs to it. There his faces begin at 0.49, strangers end at 0.28;
# any value from 0.3 to 0.45 gives the same group. The upper end keeps families apart best.
SAME_PERSON = 0.45
# Groups that are looked for. Nobody asks for the 50th most frequent person, and a crowd has thousands.
MOST_GROUPS = 50
LANDMARKS = 8192  # faces among which neighbours are counted: enough to know who is frequent, in 3 seconds
_ROUNDS = 20  # of a group's mean and its members; they settle after five
_ROWS = 1024  # faces compared at a time with all landmarks: 32 MB


@dataclass(frozen=True)
class Group:
    """The faces of one person."""

    members: np.ndarray  # int64 (m,), indices of the faces, ascending
    centre: np.ndarray  # float32 (d,), their mean, of length 1
    photos: int  # in how many photos they are


@dataclass(frozen=True)
class People:
    """The people in the photos, the most frequent first, and the one who is wanted."""

    groups: list[Group]  # their members are rows of the faces file, ascending
    wanted: int  # which of them
    clearness: float  # the median of the wanted person's faces, see Examination

    @property
    def person(self) -> Group:
        """The wanted one."""
        return self.groups[self.wanted]

    def likeness(self, face: FaceRecord) -> float:
        """The cosine of a face and the mean of the person's faces."""
        return float(self.person.centre @ examination(face).identity.astype(np.float32))

    def is_wanted(self, face: FaceRecord) -> bool:
        """Whether the face is the person's."""
        at = np.searchsorted(self.person.members, face.row)
        return bool(at < len(self.person.members) and self.person.members[at] == face.row)


def group_faces(embeddings: np.ndarray, photos: np.ndarray, *, most: int = MOST_GROUPS) -> list[Group]:
    """The groups of faces that are in at least two photos, the one in most photos first.

    The face with most neighbours begins a group; the group is what lies near its mean, and its mean moves to where
    that is densest (mean shift with a flat kernel, Comaniciu and Meer 2002, on the sphere). When no face has a
    neighbour any more, each face goes to the nearest mean. Among 512 coordinates the mean of many photos of a person
    is much nearer to another photo than two photos are to each other, and no chain of lookalikes joins two people as
    in single linkage. The comparison of all with all that agglomerative clustering needs is never made: time grows
    with the faces times the groups.

    Args:
        embeddings: float32 (n, d) of length 1.
        photos: int64 (n,), which photo a face is in.
        most: how many groups are looked for.
    """
    if not len(embeddings):
        return []
    landmarks = np.unique(np.linspace(0, len(embeddings) - 1, min(LANDMARKS, len(embeddings))).round().astype(int))
    there = embeddings[landmarks]
    neighbours = _count(there, there) - 1  # not itself
    left = np.ones(len(embeddings), bool)
    centres: list[np.ndarray] = []
    while len(centres) < most and neighbours.max(initial=0) > 0:
        seed = int(landmarks[neighbours.argmax()])
        members, centre = _settle(embeddings, left, seed)
        members[seed] = True  # so that the loop ends, wherever the mean went
        centres.append(centre)
        left &= ~members
        gone = members[landmarks]
        neighbours -= _count(there, there[gone])
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
    """The group that the mean shift from one face ends in: its members, bool (n,), and their mean (d,)."""
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
    # Of equally frequent people the one with more faces, then the one that comes first.
    return sorted(groups, key=lambda group: (-group.photos, -len(group.members), group.members[0]))


def _mean(embeddings: np.ndarray) -> np.ndarray:
    total = embeddings.sum(axis=0, dtype=np.float64)
    return (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)


def examination(face: FaceRecord) -> Examination:
    """The examination of a face in a cache that was made for one person."""
    assert face.examined is not None, "the cache was made with --person any"
    return face.examined
