"""The proxies of the environment: HTTP_PROXY, ALL_PROXY, NO_PROXY and others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_proxies() -> Iterator[None]:
    """For requests to this machine: no proxy can answer them, and with some proxy settings httpx fails at once."""
    kept = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    for name in kept:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)
