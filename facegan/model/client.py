"""The Hub's client: its errors as one sentence each, and a time limit for a network that does not answer."""

import errno
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment

T = TypeVar("T")

MAX_SILENCE = 4.0  # s without a byte after which a network counts as dead: nobody waits for longer than 5 s


class HubError(Exception):
    """The Hub refuses. The message is the reason, to stand after "because"."""


class NotAModel(HubError):
    """The repository exists and does not hold a FaceGAN model."""


class Unreachable(Exception):
    """The Hub does not answer. The message is the reason, to stand after "because"."""


def fail_on_silence(silence: float, work: Callable[[Callable[[], None]], T]) -> T:
    """What `work(alive)` returns or raises. `work` calls `alive` when something arrives.

    Raises Unreachable when nothing arrived for `silence` seconds. The client's own time limits do not do: they start
    again with every attempt, and do not cover the look-up of a host name.
    """
    last, done, result = [time.monotonic()], threading.Event(), []

    def alive() -> None:
        last[0] = time.monotonic()

    def run() -> None:
        try:
            result.append((work(alive), None))
        except BaseException as error:  # handed to the caller below
            result.append((None, error))
        done.set()

    # A daemon, because it cannot be stopped and must not hold up the end of the program.
    threading.Thread(target=run, daemon=True, name="hub").start()
    while not done.wait(max(0.01, last[0] + silence - time.monotonic())):
        if time.monotonic() - last[0] >= silence:
            raise Unreachable(f"the Hub has not answered for {silence:g} seconds")
    value, error = result[0]
    if error is not None:
        raise error
    return value


@contextmanager
def network_errors(repository: str) -> Iterator[None]:
    """Translate the client's errors about `repository` into HubError and Unreachable."""
    try:
        yield
    except Exception as error:
        translated = _translated(error, repository)
        if translated is None:
            raise
        raise translated from error


def _translated(error: BaseException, repository: str) -> Exception | None:
    """The HubError or Unreachable for an error of the client; None for any other error."""
    from huggingface_hub import errors

    if _is_proxy_error(error):
        return Unreachable(
            f"the proxy that this machine's settings name cannot be used ({_shortened(error)}); correct or unset "
            "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY"
        )
    if isinstance(error, RuntimeError):
        # So the client wraps whatever ended an upload, and so hf_xet reports most of its own trouble.
        inner = _translated(error.__cause__, repository) if error.__cause__ else None
        return inner or Unreachable(f"the Hub cannot be reached{_in_plain_words(error.__cause__ or error)}")
    if isinstance(error, errors.OfflineModeIsEnabled):
        return Unreachable("the Hub is switched off by HF_HUB_OFFLINE")
    if isinstance(error, errors.LocalTokenNotFoundError):
        return HubError(NO_TOKEN)
    if isinstance(error, errors.HFValidationError):
        return HubError(f"{repository!r} is not a name of the form USER/NAME")
    if isinstance(error, errors.HfHubHTTPError):
        return _http_error(error, repository)
    if isinstance(error, ValueError):  # what the Hub says of a card's metadata
        return HubError(f"the Hub refuses a file ({_shortened(error)})")
    if isinstance(error, OSError) and (error.filename or error.errno in _DISK_ERRNOS):
        # Without the name of the file: a page that visitors see shows this sentence.
        return Unreachable(
            f"the folder of the Hub's client on this machine cannot be used ({error.strerror}; "
            "HF_HOME says where it is)"
        )
    if isinstance(error, errors.HTTPError | OSError):
        return Unreachable(f"the Hub cannot be reached{_through_proxy()}{_in_plain_words(error)}")
    return None


def _is_proxy_error(error: BaseException) -> bool:
    """Whether the client failed on the settings of a proxy, before it sent anything."""
    said = str(error).lower()
    if isinstance(error, ImportError):
        return "socks" in said
    return type(error).__name__ == "InvalidURL" or (isinstance(error, ValueError) and "proxy" in said)


def _through_proxy() -> str:
    """Which setting sends requests to the Hub through a proxy; its value may hold a password, so it is not shown."""
    from huggingface_hub import constants

    hub = urlsplit(constants.ENDPOINT)
    if proxy_bypass_environment(hub.netloc):
        return ""
    names = [f"{scheme}_PROXY" for scheme in (hub.scheme.upper(), "ALL")]
    name = next((name for name in names if os.environ.get(name) or os.environ.get(name.lower())), None)
    return f" through the proxy that {name} names" if name else ""


# Errors of the disk, which a failed write raises without a file name. The network raises none of them.
_DISK_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_NO_NETWORK = "there seems to be no connection to the internet"
# Patterns in the systems' error messages, and what they mean in plain words; the first match counts.
_PLAIN_WORDS = (
    (r"name or service|name resolution|nodename|getaddrinfo|no address", _NO_NETWORK),
    (r"network is unreachable|no route", _NO_NETWORK),
    (r"refused", "it refuses the connection"),
    (r"timed? ?out", "it takes too long to answer"),
    (r"certificate|ssl", "its certificate cannot be checked"),
    (r"proxy", "the proxy does not let it through"),
    (r"reset|disconnected|aborted|closed", "the connection broke off"),
)


def _in_plain_words(error: BaseException) -> str:
    said = _shortened(error)
    words = next((words for pattern, words in _PLAIN_WORDS if re.search(pattern, said, re.IGNORECASE)), None)
    if words:
        return f": {words}"
    said = re.sub(r"\[[^\]]*\]\s*", "", said)  # the system's number of the error
    return f" ({said})" if said else ""


def _shortened(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


NO_TOKEN = "there is no token for the Hub: run `hf auth login`, or set HF_TOKEN to one with write access"
_BAD_TOKEN = "the Hub refuses the token: make a new one with write access and run `hf auth login`, or set HF_TOKEN"


def _http_error(error: Exception, repository: str) -> Exception:
    from huggingface_hub import errors

    code = error.response.status_code if error.response is not None else 0
    said = " ".join((error.server_message or "").split())[:200]
    if isinstance(error, errors.RevisionNotFoundError):
        return HubError("it has no such revision")
    if isinstance(error, errors.GatedRepoError):
        return HubError("one has to ask for access to it on its page")
    if isinstance(error, errors.RepositoryNotFoundError) or code == 404:
        return HubError(f"the Hub knows no {repository}, or your token may not see it")
    if code == 401:
        return HubError(_BAD_TOKEN)
    if code == 403:
        return HubError(f"the token has no right to do this to {repository}" + (f" ({said})" if said else ""))
    if code in (409, 412):
        return HubError(f"{repository} was changed by somebody else meanwhile" + (f" ({said})" if said else ""))
    if code == 429 or code >= 500:
        return Unreachable(f"the Hub has trouble of its own (it answers {code})")
    return HubError(f"the Hub answers {code}" + (f" ({said})" if said else ""))
