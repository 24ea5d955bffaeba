"""What a slider may be called. Its name stands in links to the page and in calls, where some words are taken."""

import keyword
import re

# Of calls: the demo's endpoints, whose parameters the sliders of /edit join, and gradio_client.
_CALLS = {"seed", "seeds", "count", "truncation", "lock", "frames_per_leg", "loop", "format",
          "self", "api_name", "fn_index", "headers", "result_callbacks"}  # fmt: skip
# Of links to the page: demo/state.py.
_LINKS = {"seed", "truncation", "count", "first", "seeds", "frames", "loop", "position", "lock"}
RESERVED = frozenset({*keyword.kwlist, *_CALLS, *_LINKS})

_WORD = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)


def check_name(name: object, what: str) -> None:
    """Raises ValueError, naming `what` holds it, for what cannot be the name of a slider or a score."""
    if not isinstance(name, str) or not _WORD.fullmatch(name):
        raise ValueError(f"{str(name)[:80]!r} in {what} is not a name of letters, digits and _")
    if name in RESERVED:
        raise ValueError(f"{name!r} in {what} is a word of links or calls that means something else there")
