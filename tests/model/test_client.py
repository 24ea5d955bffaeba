import errno

import hf_xet
import httpx
import pytest
from huggingface_hub import errors

from facegan.model.client import HubError, Unreachable, network_errors


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


def wrapped(cause):
    """As the client wraps what ended an upload."""
    error = RuntimeError("Error while uploading 'generator.onnx' to the Hub.")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (wrapped(OSError("[Errno 104] Connection reset by peer")), Unreachable, "reached: the connection broke off"),
        (wrapped(wrapped(OSError("[Errno 111] Connection refused"))), Unreachable, "reached: it refuses"),
        (wrapped(ValueError("chunk_size should be an integer")), HubError, "refuses a file"),
        (wrapped(KeyError("href")), Unreachable, "cannot be reached"),
        (RuntimeError("CAS Client Error: Request timed out"), Unreachable, "reached: it takes too long"),
        (hf_xet.XetAuthenticationError("no token"), Unreachable, r"cannot be reached \(no token\)"),
    ],
)
def test_what_ends_an_upload_is_told_as_if_nothing_were_wrapped_around_it(error, kind, said):
    with pytest.raises(kind, match=said), network_errors("user/faces"):
        raise error


@pytest.mark.parametrize(
    "error",
    [NotADirectoryError(errno.ENOTDIR, "Not a directory", "/home/me/token"), OSError(errno.ENOSPC, "No space left")],
)
def test_a_folder_that_cannot_be_used_is_not_the_networks_fault_and_is_not_named(error):
    with pytest.raises(Unreachable, match="this machine cannot be used") as caught, network_errors("user/faces"):
        raise error
    assert error.strerror in str(caught.value)
    assert "/home" not in str(caught.value)
    assert "reached" not in str(caught.value)


def test_a_mistake_of_this_program_stays_one():
    with pytest.raises(AttributeError), network_errors("user/faces"):
        raise AttributeError("sha")


def test_what_the_hub_refuses_stays_what_it_is():
    with pytest.raises(HubError, match="it is private"), network_errors("user/faces"):
        raise HubError("it is private")


@pytest.mark.parametrize(
    "settings",
    [
        {"ALL_PROXY": "socks5://127.0.0.1:1"},
        {"HTTPS_PROXY": "nonsense://127.0.0.1:1"},
        {"NO_PROXY": "[::1]"},
    ],
)
def test_settings_of_a_proxy_that_cannot_be_used_are_named(settings, monkeypatch):
    _set_proxies(settings, monkeypatch)
    with pytest.raises(Unreachable, match="unset HTTP_PROXY"), network_errors("user/faces"):
        httpx.Client()


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_a_proxy_that_does_not_answer_is_named_without_its_password(name, monkeypatch):
    _set_proxies({name: "http://me:secret@127.0.0.1:1"}, monkeypatch)
    with pytest.raises(Unreachable, match=name.upper()) as raised, network_errors("user/faces"):
        raise errors.HTTPError("[Errno 111] Connection refused")
    assert "secret" not in str(raised.value)


def test_a_proxy_that_the_hub_is_excepted_from_is_not_blamed(monkeypatch):
    _set_proxies({"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "huggingface.co"}, monkeypatch)
    with pytest.raises(Unreachable) as raised, network_errors("user/faces"):
        raise errors.HTTPError("[Errno 111] Connection refused")
    assert "proxy" not in str(raised.value)


def _set_proxies(settings, monkeypatch):
    for name in ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"):
        for form in (name, name.lower()):
            monkeypatch.delenv(form, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
