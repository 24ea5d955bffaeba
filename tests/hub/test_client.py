import pytest

from facegan.hub.client import HubError, Unreachable, network_errors


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("[Errno -2] Name or service not known"), "cannot be reached: there seems to be no connection to the"),
        (OSError("[Errno 11001] getaddrinfo failed"), "cannot be reached: there seems to be no connection to the"),
        (OSError("[Errno 101] Network is unreachable"), "cannot be reached: there seems to be no connection to the"),
        (OSError("[Errno 111] Connection refused"), "cannot be reached: it refuses the connection"),
        (OSError("The read operation timed out"), "cannot be reached: it takes too long to answer"),
        (OSError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate"), "cannot be reached: its certificate cannot"),
        (OSError("[Errno 5] Something strange"), r"cannot be reached \(Something strange\)"),
    ],
)
def test_a_dead_network_is_told_in_words_for_people(error, said):
    with pytest.raises(Unreachable, match=said) as caught, network_errors("user/faces"):
        raise error
    assert "Errno" not in str(caught.value)


def test_what_the_hub_refuses_stays_what_it_is():
    with pytest.raises(HubError, match="it is private"), network_errors("user/faces"):
        raise HubError("it is private")
