import pytest

from facegan.base.errors import FaceGANError
from facegan.base.launch import Launch


def node_of(values):
    launch = Launch.of(values)
    return launch.machine, launch.machines


def environment(rank, world, local):
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_WORLD_SIZE": str(local),
        "LOCAL_RANK": str(rank % local),
    }


def test_without_a_launcher_there_is_one_machine():
    assert node_of({}) == (0, 1)


def test_processes_of_one_machine_are_one_node():
    assert [node_of(environment(rank, 4, 4)) for rank in range(4)] == [(0, 1)] * 4


def test_processes_of_several_machines_are_told_apart_by_machine():
    nodes = [node_of(environment(rank, 6, 2)) for rank in range(6)]
    assert nodes == [(0, 3), (0, 3), (1, 3), (1, 3), (2, 3), (2, 3)]


@pytest.mark.parametrize("values", [(4, 4, 2), (0, 5, 2), (-1, 4, 2), (0, 4, 0), ("x", 4, 2)])
def test_an_environment_that_makes_no_sense_is_one_sentence(values):
    with pytest.raises(FaceGANError, match="accelerate launch"):
        node_of(dict(zip(("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"), map(str, values), strict=True)))
